"""The look at the endpoints with which a run begins, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matrix_sim.errors import RunFailure

if TYPE_CHECKING:
    from matrix_sim.config import RunConfig


async def demand_endpoints(config: RunConfig, *, founding: bool) -> None:
    """See that every endpoint of a run that has one answers, takes the key and has the model.

    Raises:
        RunFailure: with everything that keeps one from it.
    """
    from matrix_sim.llm.preflight import places_of, preflight, roles_asked

    places = places_of(config, roles_asked(config, founding=founding))
    problems = [failure.detail for failure in await preflight(places, config.secrets)]
    if problems:
        raise RunFailure(
            "\n  ".join(problems) + "\nNothing was asked of a model. `matrix-sim check-models` "
            "looks at the endpoints more closely."
        )
