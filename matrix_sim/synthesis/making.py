"""Makes one data set: candidates at once, accepted in the order of their numbers (S8)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.quality.contracts import Memory, Row, Turn, Verdict
from matrix_sim.quality.rules import Rules, accepted
from matrix_sim.quality.vectors import Vector
from matrix_sim.synthesis.access import Door
from matrix_sim.synthesis.contracts import Candidate, Completion, Draw, Failed, Opening, Recipe
from matrix_sim.synthesis.draws import Draws
from matrix_sim.synthesis.funnel import Funnel
from matrix_sim.synthesis.judging import RowJudge
from matrix_sim.synthesis.turnstile import Turnstile

VectorOf = Callable[[Draw, Opening], Awaitable[Vector | None]]
"""The vector of a first message; None where requests are not compared by vectors."""
Commit = Callable[[Candidate], Awaitable[None]]
"""Makes it true what became of a candidate; durable on return."""


@dataclass(slots=True)
class Count:
    """How far a data set is."""

    label: str
    wanted: int
    cap: int
    funnel: Funnel = field(default_factory=Funnel)

    @property
    def accepted(self) -> int:
        """How many rows there are."""
        return self.funnel.accepted

    @property
    def tried(self) -> int:
        """Candidates that came to their end."""
        return self.funnel.tried


@dataclass(frozen=True, slots=True)
class Standards:
    """What a row has to pass."""

    rules: Rules
    memories: tuple[Memory, ...]
    judge: RowJudge | None
    vector_of: VectorOf


class Making:
    """One data set on its way.

    A candidate is begun only where it may still be needed: as long as those that were accepted and
    those under way are fewer than the rows that are wanted. So which ones are ever begun follows
    from the replies alone: exactly those up to the last one that is needed.
    """

    def __init__(
        self,
        dataset: DatasetConfig,
        recipe: Recipe,
        draws: Draws,
        standards: Standards,
        door: Door,
        known: Sequence[Candidate],
        commit: Commit,
        most: int,
    ) -> None:
        """Nothing is begun yet.

        Args:
            dataset: its config.
            recipe: makes a candidate.
            draws: what each is to be.
            standards: what each has to pass.
            door: all that is asked of models goes through it.
            known: what was committed before.
            commit: what became of one.
            most: so many are under way at once.
        """
        self.count = Count(dataset.label, dataset.count, dataset.cap)
        self._dataset = dataset
        self._recipe = recipe
        self._draws = draws
        self._standards = standards
        self._door = door
        self._known: Mapping[int, Candidate] = {one.draw.number: one for one in known}
        self._commit = commit
        self._most = most
        self._turnstile = Turnstile()
        self._stopped = False

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped = True

    async def run(self) -> Count:
        """Make what is missing.

        Raises:
            EnvironmentalFailure: it could not go on; what was under way has come home.
        """
        under_way: set[asyncio.Task[Candidate]] = set()
        begun, failed = 0, None
        try:
            while True:
                while self._another(begun, len(under_way)) and failed is None:
                    under_way.add(asyncio.create_task(self._candidate(begun)))
                    begun += 1
                if not under_way:
                    break
                over, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in over:
                    failure = task.exception()
                    if failure is None:
                        self.count.funnel.count(task.result())
                    else:
                        failed = failed or failure
        finally:
            for task in under_way:
                task.cancel()
        if failed is not None:
            raise failed
        return self.count

    def _another(self, begun: int, under_way: int) -> bool:
        count = self.count
        needed = count.accepted + under_way < count.wanted
        # They are begun in order: one that waits for its turn waits for such as are under way.
        return needed and begun < count.cap and under_way < self._most and not self._stopped

    async def _candidate(self, number: int) -> Candidate:
        try:
            known = self._known.get(number)
            if known is not None:
                await self._recall(known)
                self._turnstile.step_aside(number)
                return known
            candidate = await self._make(self._draws.of(number))
            await self._commit(candidate)
        except BaseException as failure:
            # It ends the making: the others get no further than what they have asked already.
            self._door.close(failure)
            # Those after it might be like it: they are looked at when it is there.
            self._turnstile.give_up(number, failure)
            raise
        self._turnstile.step_aside(number)
        return candidate

    async def _recall(self, known: Candidate) -> None:
        if known.compared and known.opening is not None:
            vector = await self._standards.vector_of(known.draw, known.opening)
            async with self._turnstile.turn(known.draw.number):
                self._remember(known.draw, known.opening, vector)

    async def _make(self, draw: Draw) -> Candidate:
        blank = Candidate(self._dataset.label, draw, accepted=False, completion=None)
        opening = await self._recipe.open(draw)
        if isinstance(opening, Failed):
            return replace(blank, failure=opening)
        begun = replace(blank, opening=opening)
        verdicts = self._standards.rules.look(_opening_row(opening))
        if not accepted(verdicts):
            return replace(begun, verdicts=verdicts)
        vector = await self._standards.vector_of(draw, opening)
        async with self._turnstile.turn(draw.number):
            compared = self._compare(opening, vector)
            if accepted(compared):
                self._remember(draw, opening, vector)
        if not accepted(compared):
            return replace(begun, verdicts=(*verdicts, *compared))
        return await self._finish(replace(begun, compared=True), opening, compared)

    async def _finish(
        self, begun: Candidate, opening: Opening, compared: tuple[Verdict, ...]
    ) -> Candidate:
        completion = await self._recipe.finish(begun.draw, opening)
        if isinstance(completion, Failed):
            return replace(begun, verdicts=compared, failure=completion)
        verdicts = (*self._look(completion), *compared)
        begun = replace(begun, completion=completion, verdicts=verdicts)
        if not accepted(verdicts):
            return begun
        weighed = await self._recipe.weigh(begun.draw, completion)
        if isinstance(weighed, Failed):
            return replace(begun, failure=weighed)
        if weighed is not completion:
            verdicts = (*self._look(weighed), *compared)
        begun = replace(begun, completion=weighed, verdicts=verdicts)
        return await self._judged(begun, self._recipe.row(weighed))

    async def _judged(self, candidate: Candidate, row: Row) -> Candidate:
        if self._standards.judge is None or not accepted(candidate.verdicts):
            return replace(candidate, accepted=accepted(candidate.verdicts))
        verdict = await self._standards.judge.judge(candidate.draw, row)
        if isinstance(verdict, Failed):
            return replace(candidate, failure=verdict)
        verdicts = (*candidate.verdicts, verdict)
        return replace(candidate, accepted=accepted(verdicts), verdicts=verdicts)

    def _look(self, completion: Completion) -> tuple[Verdict, ...]:
        return (*self._standards.rules.look(self._recipe.row(completion)), *completion.verdicts)

    def _compare(self, opening: Opening, vector: Vector | None) -> tuple[Verdict, ...]:
        row = _opening_row(opening)
        said = (memory.look(row, vector) for memory in self._standards.memories)
        return tuple(verdict for verdict in said if verdict is not None)

    def _remember(self, draw: Draw, opening: Opening, vector: Vector | None) -> None:
        for memory in self._standards.memories:
            memory.remember(_opening_row(opening), f"candidate {draw.number}", vector)


def _opening_row(opening: Opening) -> Row:
    return Row((Turn("user", opening.text),))
