"""What the verbs that hand on the data sets of a run share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matrix_sim.errors import UsageError

if TYPE_CHECKING:
    from matrix_sim.export.finished import FinishedDataset, FinishedRun

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The run directory.")]
ShareOption = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Share of the people whose rows are for testing; 0: all for training."
    ),
]
LicenceOption = Annotated[
    str | None,
    typer.Option(
        "--license",
        metavar="ID",
        help="Of the data set, as the Hugging Face hub abbreviates it, such as cc-by-4.0; "
        "without it that of the personas.",
    ),
]
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")


def chosen_datasets(run: FinishedRun, names: Sequence[str]) -> tuple[FinishedDataset, ...]:
    """The data sets of these names; all of them without any.

    Raises:
        UsageError: there is none, or none of that name.
    """
    by_name = {one.config.label: one for one in run.datasets}
    if not by_name:
        raise UsageError(
            "the run has no data sets; add 'datasets' to its config and start it again"
        )
    for name in names:
        if name not in by_name:
            raise UsageError(f"--dataset {name}: the run has {', '.join(by_name)}")
    return tuple(one for name, one in by_name.items() if not names or name in names)


def no_rows(run: Path, datasets: Sequence[FinishedDataset]) -> UsageError:
    """Why there is nothing to hand on, and what to do; `datasets` have no row."""
    from matrix_sim.synthesis.funnel import funnel_of
    from matrix_sim.text import counted

    refused = {
        one.config.label: funnel_of(one.candidates, one.config.count).refused for one in datasets
    }
    told = [f"{name} ({counted(why)})" if why else name for name, why in refused.items()]
    advice = "'matrix-sim generate' makes them"
    if any(refused.values()):
        advice = "all was refused so far; see what for, and mend that, before more is made"
    return UsageError(f"{run}: no accepted rows yet in {' and '.join(told)}; {advice}")


def checked_licence(licence: str | None) -> str | None:
    """The licence, if it can be one.

    Raises:
        UsageError: it is no abbreviation.
    """
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise UsageError(
            f"--license {licence}: give it as the hub abbreviates it, such as cc-by-4.0 or mit"
        )
    return licence
