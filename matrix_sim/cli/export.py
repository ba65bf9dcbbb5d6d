"""`matrix-sim export`: the data sets of a run as trainers read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matrix_sim.cli.datasets import (
    LicenceOption,
    RunArgument,
    ShareOption,
    checked_licence,
    chosen_datasets,
    no_rows,
)
from matrix_sim.cli.options import JsonOption
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.split import TEST_SHARE
from matrix_sim.text import printable

if TYPE_CHECKING:
    from matrix_sim.export.dataset import Exported
    from matrix_sim.export.stale import Stale

FormatsOption = Annotated[
    list[FormatName] | None,
    typer.Option("--format", help="For which trainer; may be repeated. [default: trl]"),
]


def export(
    run: RunArgument,
    formats: FormatsOption = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this data set; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; RUN/exports without it.")
    ] = None,
    test_share: ShareOption = TEST_SHARE,
    licence: LicenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the data sets of RUN to DIR/NAME/FORMAT, each with a card; it may still be going on."""
    import json

    from matrix_sim.export import finished
    from matrix_sim.export.dataset import EXPORTS, export_dataset
    from matrix_sim.export.stale import stale_exports

    licence = checked_licence(licence)
    read = finished.read_datasets(run)
    chosen = chosen_datasets(read, dataset or ())
    places = [(one, name) for one in chosen for name in dict.fromkeys(formats or (FormatName.TRL,))]
    made = [
        export_dataset(
            read, one, name, out or run / EXPORTS, test_share=test_share, licence=licence
        )
        for one, name in places
    ]
    written = [one for one in made if one is not None]
    if not written:
        raise no_rows(run, chosen)
    empty = [one.config.label for one in chosen if not any(c.accepted for c in one.candidates)]
    rows = dict.fromkeys(empty) | {one.name: one.rows for one in written}
    stale = stale_exports(out or run / EXPORTS, [one.config.label for one in read.datasets], rows)
    if as_json:
        figures = {
            "exports": [one.as_dict() for one in written],
            "without_rows": empty,
            "stale_exports": [one.as_dict() for one in stale],
        }
        print(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    lines = [line for one in written for line in exported_lines(one)]
    lines += [f"note: {name} has no accepted rows yet" for name in empty]
    lines += map(stale_line, stale)
    print("\n".join(map(printable, lines)))


def stale_line(one: Stale) -> str:
    """A folder that must not be taken for a current one."""
    return f"note: {one.folder} {one.reason}"


def exported_lines(one: Exported) -> list[str]:
    """A data set that was written, and what should be known about it."""
    counts = ", ".join(f"{count} {split}" for split, count in one.counts.items())
    return [f"{one.name}: {counts}: {one.folder}", *(f"  note: {note}" for note in one.notes)]
