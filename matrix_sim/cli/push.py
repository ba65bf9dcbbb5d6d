"""`matrix-sim push`: a data set of a run to the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated

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


def push(
    run: RunArgument,
    repo_id: Annotated[
        str, typer.Argument(metavar="REPO_ID", help="OWNER/NAME; made if it is not there.")
    ],
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which data set, if there are several.")
    ] = None,
    format_: Annotated[
        FormatName, typer.Option("--format", help="For which trainer.")
    ] = FormatName.TRL,
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private, if it is made.")
    ] = False,
    test_share: ShareOption = TEST_SHARE,
    licence: LicenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export a data set of RUN and push it, with its card; the token comes from HF_TOKEN."""
    import json

    from matrix_sim.errors import UsageError
    from matrix_sim.export import finished
    from matrix_sim.export.dataset import EXPORTS, export_dataset
    from matrix_sim.export.push import hub_client, push_folder

    licence = checked_licence(licence)
    read = finished.read_datasets(run)
    chosen = chosen_datasets(read, [dataset] if dataset else ())
    if len(chosen) > 1:
        names = ", ".join(one.config.label for one in chosen)
        raise UsageError(f"{run} has several data sets; say which with --dataset: {names}")
    api = hub_client()
    made = export_dataset(
        read, chosen[0], format_, run / EXPORTS, test_share=test_share, licence=licence
    )
    if made is None:
        raise no_rows(run, chosen)
    address = push_folder(api, made.folder, made.files, repo_id, private=private)
    if as_json:
        print(json.dumps(made.as_dict() | {"address": address}, ensure_ascii=False, indent=2))
        return
    counts = ", ".join(f"{count} {split}" for split, count in made.counts.items())
    print(printable(f"{made.name}: {counts}: {address}"))
    for note in made.notes:
        print(printable(f"  note: {note}"))
