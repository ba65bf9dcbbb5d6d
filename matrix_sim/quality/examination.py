"""Rows looked at one after the other: each by itself, then against those before it."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.config.quality import QualityConfig
from matrix_sim.language import Language
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.rules import Rules, accepted, memories_of


class Examination:
    """All checks that cost no call.

    Raises:
        UsageError: a benchmark file cannot be read.
    """

    def __init__(self, config: QualityConfig, language: Language) -> None:
        self._rules = Rules(config, language)
        self._memories = memories_of(config)
        self.notes = self._rules.notes
        """What the user should know about the checks."""

    def look_all(self, rows: Sequence[tuple[str, Row]]) -> list[tuple[Verdict, ...]]:
        """The verdicts of all checks that apply to each of some rows, best `TOGETHER` of them.

        What follows is compared with a row, under the label that stands before it, if it passes
        the rules: nobody should lose a good row because a broken one came first.
        """
        by_rule = self._rules.look_all([row for _, row in rows])
        pairs = zip(rows, by_rule, strict=True)
        return [self._compared(label, row, verdicts) for (label, row), verdicts in pairs]

    def _compared(self, label: str, row: Row, by_rule: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        compared = [memory.look(row) for memory in self._memories]
        if accepted(by_rule):
            for memory in self._memories:
                memory.remember(row, label)
        return (*by_rule, *(verdict for verdict in compared if verdict is not None))
