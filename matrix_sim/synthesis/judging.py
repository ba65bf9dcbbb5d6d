"""The model that reads a row at the very end, where `quality.judge` asks for it."""

from __future__ import annotations

from matrix_sim.llm.contracts import Role
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import Draw, Failed
from matrix_sim.synthesis.replies import RowReply


class RowJudge:
    """Shows rows to the `judge` with a rubric."""

    def __init__(self, asker: Asker, least: int) -> None:
        """`least` is the score, from 1 to 10, that a row needs."""
        self._asker = asker
        self._least = least

    async def judge(self, draw: Draw, row: Row) -> Verdict | Failed:
        """What it says of a row.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        conversation = (*row.turns, *row.chosen)
        messages = self._asker.prompts.render("judge_row", conversation=conversation)
        said = await self._asker.decide(Role.JUDGE, draw, "judge", messages, RowReply)
        if isinstance(said, Failed):
            return said
        ok = said.score >= self._least
        why = f"the judge gives {said.score} of 10: {said.defect}"
        return Verdict("judge", ok, "" if ok else why)
