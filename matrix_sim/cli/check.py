"""`matrix-sim check`: the checks of a data set over any file of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matrix_sim.language import Language
from matrix_sim.text import clip, printable

if TYPE_CHECKING:
    from matrix_sim.config import QualityConfig
    from matrix_sim.quality.contracts import Verdict

_SHOWN_ROWS = 50
"""Refused rows that are shown."""
_SHOWN_REASON = 160
"""Characters of a reason."""


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSONL, one row a line.")],
    language: Annotated[
        Language | None, typer.Option(help="Of the rows; without it the config's, or ja.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="CONFIG", help="Make the checks that `quality` of this config asks."
        ),
    ] = None,
    benchmarks: Annotated[
        list[Path] | None,
        typer.Option(
            "--benchmarks",
            metavar="FILE",
            help="A benchmark that must not be in the rows: text, JSON or JSONL; may be repeated.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON object a line for each row.")
    ] = False,
) -> None:
    """Look at every row of FILE in the ways that `generate` looks at its own.

    Rows may hold `messages`, `conversations`, `prompt` and `completion`, or `prompt`, `chosen` and
    `rejected`. FILE is not changed, and no model is asked. Exit code 0 where all rows were looked
    at, whether or not any is refused; 2 where FILE or a line of it cannot be read.
    """
    import os
    import sys

    from matrix_sim.config import QualityConfig
    from matrix_sim.quality.examination import Examination
    from matrix_sim.quality.reading import batches, read_rows
    from matrix_sim.quality.rules import TOGETHER, accepted

    asked = QualityConfig()
    if config is not None:
        from matrix_sim.config.file import load_config

        loaded = load_config(config, (), os.environ).config
        asked, language = loaded.quality, language or loaded.language
    examination = Examination(_with_benchmarks(asked, benchmarks or ()), language or "ja")
    for note in examination.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    found = _Found()
    number = 0
    for rows in batches(read_rows(file), TOGETHER):
        labelled = [(f"row {n}", row) for n, row in enumerate(rows, start=number + 1)]
        for verdicts in examination.look_all(labelled):
            number += 1
            if as_json:
                print(_as_json(number, accepted(verdicts), verdicts))
            else:
                found.add(number, verdicts)
    if not as_json:
        _show(found)


@dataclass
class _Found:
    """What is shown at the end."""

    rows: int = 0
    refused: int = 0
    looked_at: Counter[str] = field(default_factory=Counter)
    refused_by: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[int, str, str]] = field(default_factory=list)
    """Row, check and reason, of the first refused rows."""

    def add(self, number: int, verdicts: Sequence[Verdict]) -> None:
        against = [verdict for verdict in verdicts if not verdict.ok]
        self.rows += 1
        self.refused += bool(against)
        self.looked_at.update(verdict.check for verdict in verdicts)
        self.refused_by.update(verdict.check for verdict in against)
        if self.refused <= _SHOWN_ROWS:
            self.shown += [(number, one.check, _line(one.reason)) for one in against]

    def ends(self) -> Iterator[str]:
        """The lines after the tables."""
        if self.refused > _SHOWN_ROWS:
            yield f"{self.refused - _SHOWN_ROWS} more rows are refused; --json tells of all"
        yield f"{self.rows} rows: {self.rows - self.refused} accepted, {self.refused} refused"


def _with_benchmarks(asked: QualityConfig, benchmarks: Sequence[Path]) -> QualityConfig:
    section = asked.contamination
    files = (*section.benchmarks, *benchmarks)
    changed = section.model_copy(update={"benchmarks": files})
    if benchmarks:  # who names files wants them to be looked for
        changed = changed.model_copy(update={"enabled": True})
    return asked.model_copy(update={"contamination": changed})


def _as_json(number: int, good: bool, verdicts: Sequence[Verdict]) -> str:
    import json

    said: dict[str, Any] = {
        "row": number,
        "accepted": good,
        "verdicts": [{"check": v.check, "ok": v.ok, "reason": v.reason} for v in verdicts],
    }
    return json.dumps(said, ensure_ascii=False)


def _line(reason: str) -> str:
    return clip(printable(" ".join(reason.split())), _SHOWN_REASON)


def _show(found: _Found) -> None:
    import sys

    draw = _tables if sys.stdout.isatty() else _plain
    draw(found)
    print("\n".join(found.ends()))


def _plain(found: _Found) -> None:
    print(f"{'check':<24} {'looked at':>9} {'refused':>8}")
    for name, looked_at in found.looked_at.items():
        print(f"{name:<24} {looked_at:>9} {found.refused_by[name]:>8}")
    for number, name, reason in found.shown:
        print(f"row {number}: {name}: {reason}")


def _tables(found: _Found) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    checks = Table("check", "looked at", "refused")
    for column in checks.columns[1:]:
        column.justify = "right"
    for name, looked_at in found.looked_at.items():
        refused = found.refused_by[name]
        style = "bold red" if refused else "green"
        checks.add_row(name, str(looked_at), Text(str(refused), style=style))
    console.print(checks)
    if found.shown:
        rows = Table("row", "check", "why")
        rows.columns[0].justify = "right"
        rows.columns[2].overflow = "fold"
        for number, name, reason in found.shown:
            rows.add_row(str(number), name, Text(reason))
        console.print(rows)
