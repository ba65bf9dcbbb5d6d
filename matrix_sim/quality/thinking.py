"""`thinking`: where it is wanted it is there, of a fair length, and about the question."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.config.quality import ThinkingCheckConfig
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_STAGE = re.compile(rf"(?:{any_of('behind_the_scenes')})", re.IGNORECASE)
"""What a responder that sees only the conversation cannot know of."""


class ThinkingCheck:
    """Looks at the thinking before each answer."""

    name = "thinking"

    def __init__(self, config: ThinkingCheckConfig) -> None:
        self._least, self._most = config.length

    def look(self, row: Row) -> Verdict | None:
        """Refused with the first answer whose thinking is wrong; None where none is wanted."""
        if not row.thinks or not row.answers:
            return None
        return verdict(self.name, next(self._reasons(row), None))

    def _reasons(self, row: Row) -> Iterator[str]:
        open_to_all = any(_STAGE.search(t.content) for t in row.turns if t.role != "assistant")
        for answer in row.answers:
            thinking = answer.reasoning.strip()
            if not thinking:
                yield f"no thinking before {quoted(answer.content)}"
            elif len(thinking) < self._least:
                yield f"the thinking {quoted(thinking)} has {len(thinking)} characters; " + (
                    f"at least {self._least}"
                )
            elif len(thinking) > self._most:
                yield f"the thinking has {len(thinking)} characters; at most {self._most}"
            stage = None if open_to_all else _STAGE.search(thinking)
            if stage is not None:
                told = quoted(thinking[stage.start() :])
                yield f"the thinking speaks of its instructions: {told}"
