"""`matrix-sim check-models`: do the endpoints of a config give what a run needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, SetOption
from matrix_sim.text import printable

if TYPE_CHECKING:
    from matrix_sim.config.file import LoadedConfig
    from matrix_sim.outlook.checkup import Checkup, Finding

_SIGNS = {"ok": "ok", "note": "note", "wrong": "WRONG"}
_COLOURS = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def check_models(
    config: ConfigArgument, set_: SetOption = None, as_json: JsonOption = False
) -> None:
    """Ask every endpoint of a config a few small questions; exit code 1 where something is wrong.

    That the server is there, takes the key and has the model; that replies keep to a JSON schema;
    where thinking comes, whether tokens are counted, streams work, batches of embeddings are
    right; and whether the context holds the longest prompt of this very config. It costs a
    few short replies an endpoint. A model file is loaded and asked the same.
    """
    import json
    import os

    from matrix_sim.config.file import load_config

    checkups = check_all(load_config(config, set_ or (), os.environ))
    good = all(one.good for one in checkups)
    if as_json:
        said = {"good": good, "endpoints": [_as_dict(one) for one in checkups]}
        print(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        _show(checkups)
    if not good:
        raise typer.Exit(1)


def check_all(loaded: LoadedConfig) -> tuple[Checkup, ...]:
    """Look at everything that answers a role of this config.

    Raises:
        UsageError: the personas, the group sizes, the prompts or a model file cannot be used.
    """
    import asyncio

    from matrix_sim.llm.backends import model_of
    from matrix_sim.llm.contracts import Role
    from matrix_sim.llm.preflight import places_of, roles_asked
    from matrix_sim.outlook.checkup import Checkup, unthinking_stub

    config = loaded.config
    roles = roles_asked(config, founding=True)
    places = places_of(config, roles)
    files = [role for role in roles if model_of(config.models, role).gguf is not None]
    checkups = list[Checkup]()
    if places or files:
        from matrix_sim.outlook.checkup import check_up
        from matrix_sim.outlook.file_checkup import check_up_files
        from matrix_sim.outlook.needs import needs_of

        needs = needs_of(loaded)

        async def all_of_them() -> list[Checkup]:
            return await asyncio.gather(*(check_up(p, config.secrets, needs) for p in places))

        checkups += asyncio.run(all_of_them())
        checkups += check_up_files(config.models, files, needs)
    for role in roles:
        model = model_of(config.models, role)
        if not model.base_urls and model.gguf is None:
            name = "local vectors" if model.stub is None else "the stub"
            said = (unthinking_stub(config),) if role is Role.REASONER else ()
            found = tuple(finding for finding in said if finding is not None)
            checkups.append(Checkup((role,), name, "in this process", found))
    return tuple(checkups)


def _as_dict(checkup: Checkup) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(checkup) | {"good": checkup.good}


def _show(checkups: tuple[Checkup, ...]) -> None:
    import sys

    draw = _tables if sys.stdout.isatty() else _plain
    draw(checkups)
    wrong = sum(f.mark == "wrong" for one in checkups for f in one.findings)
    print({0: "nothing is wrong", 1: "1 thing is wrong"}.get(wrong, f"{wrong} things are wrong"))


def _plain(checkups: tuple[Checkup, ...]) -> None:
    for one in checkups:
        print(printable(_title(one)))
        for finding in one.findings:
            print(printable(f"  {_SIGNS[finding.mark]:<6}{finding.check:<20}{_told(finding)}"))


def _tables(checkups: tuple[Checkup, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for one in checkups:
        title = Text(printable(_title(one)), style="bold")
        if not one.findings:
            console.print(title)
            continue
        table = Table(title=title, title_justify="left", show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in one.findings:
            sign = Text(_SIGNS[finding.mark], style=_COLOURS[finding.mark])
            table.add_row(sign, finding.check, Text(printable(_told(finding))))
        console.print(table)


def _title(checkup: Checkup) -> str:
    roles = ", ".join(role.value for role in checkup.roles)
    if not checkup.findings:
        return f"{roles}: {checkup.model}, {checkup.address}: nothing to look at"
    return f"{roles}: {checkup.model} at {checkup.address}"


def _told(finding: Finding) -> str:
    return f"{finding.said} -> {finding.todo}" if finding.todo else finding.said
