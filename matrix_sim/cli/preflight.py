"""The look at the endpoints with which a run begins, and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from matrix_sim.errors import RunFailure

if TYPE_CHECKING:
    from matrix_sim.config import RunConfig


def look_before_founding(config: RunConfig, say: Callable[[str], None]) -> Callable[[bool], None]:
    """What `open_run` has done before it founds a society.

    A run that took replies along (`--fork`) may need nothing else: what keeps its endpoints from
    answering is then only told. A request that no reply is there for meets it again.
    """

    def look(taken_along: bool) -> None:
        try:
            asyncio.run(demand_endpoints(config, founding=True))
        except RunFailure as failure:
            if not taken_along:
                raise
            said = str(failure).splitlines()[:-1]
            say("note: " + "\n  ".join([*said, "The run begins with the replies it took along."]))

    return look


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
