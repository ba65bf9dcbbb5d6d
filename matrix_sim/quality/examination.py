"""Rows looked at one after the other: each by itself, then against those before it."""

from __future__ import annotations

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

    def look(self, row: Row, label: str) -> tuple[Verdict, ...]:
        """The verdicts of all checks that apply to a row.

        What follows is compared with it, under the name `label`, if it passes the rules: nobody
        should lose a good row because a broken one came first.
        """
        by_rule = self._rules.look(row)
        compared = [memory.look(row) for memory in self._memories]
        if accepted(by_rule):
            for memory in self._memories:
                memory.remember(row, label)
        return (*by_rule, *(verdict for verdict in compared if verdict is not None))
