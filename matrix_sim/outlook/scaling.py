"""From what was counted in a part of a run to what all of it will be, a purpose at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import fmean

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.outlook.dry_making import DryDataset
from matrix_sim.outlook.dry_run import DryRun
from matrix_sim.outlook.figures import KindEstimate
from matrix_sim.outlook.meter import SCENARIOS, Count, Counts, Kind
from matrix_sim.outlook.preview import Previewed
from matrix_sim.synthesis.sources import BATCH

_OF_THE_SOCIETY = ("instruction", "intent")
"""Parts of a row whose prompts tell of the society alone, and hold no reply of its own making."""
_AS_LONG_AS_IT_LIKES = ("user", "assistant")
"""Parts that a model decides the number of: a dialogue ends when its user is content."""


class Scale:
    """Multiplies a dry run; with a preview, by the measure of the endpoints that it asked."""

    def __init__(self, config: RunConfig, played: DryRun, previewed: Previewed | None) -> None:
        self._played = played
        self._quota = config.society.scenarios or math.inf
        self._seen: Counts = {} if previewed is None else previewed.counts
        self._seconds = {} if previewed is None else previewed.seconds
        made = () if previewed is None else previewed.datasets
        self._tried = {one.config.label: len(one.candidates) for one in made}

    def society(self, kind: Kind, *parts: Counts) -> KindEstimate:
        """A purpose of the society, over these parts of it."""
        counted = _together(part[kind] for part in parts if kind in part)
        factor = self._played.factor(kind)
        tokens = factor * counted.prompt_tokens * _ratio(self._like(kind))
        return self._estimate(kind, factor * counted.calls, tokens)

    def row(self, kind: Kind, made: DryDataset) -> KindEstimate:
        """A part of the rows of a data set.

        Its prompts hold replies, mostly: with a preview they are as long as in that.
        """
        counted, part = made.counts[kind], kind[1].rpartition("/")[2]
        calls, like = made.factor * counted.calls, self._seen.get(kind)
        tried = self._tried.get(made.config.label, 0)
        if like is not None and tried and part in _AS_LONG_AS_IT_LIKES:
            calls = made.candidates * like.calls / tried
        if like is None or part in _OF_THE_SOCIETY:
            tokens = calls * counted.prompt_tokens / counted.calls * _ratio(self._like(kind))
        else:
            tokens = calls * (like.counted_tokens or like.prompt_tokens) / like.calls
        return self._estimate(kind, calls, tokens, made.config.label)

    def shared(self, kind: Kind) -> KindEstimate:
        """What is asked for several data sets."""
        making = self._played.making
        counted = making.shared[kind]
        calls = factor = making.goals_factor if kind[0] is Role.AGENT else 1.0
        calls *= counted.calls
        if kind[1] == SCENARIOS:
            scenarios = min(self._quota, self._played.scenarios)
            factor = scenarios / max(1, min(self._quota, making.scenarios))
            calls = math.ceil(scenarios / BATCH)
        tokens = factor * counted.prompt_tokens * _ratio(self._like(kind))
        return self._estimate(kind, calls, tokens)

    def round(self) -> tuple[int, int]:
        """Calls and prompt tokens of one more window of every group, with a goal for everybody."""
        windows = max(1, self._played.ticks // self._played.window)
        calls = tokens = 0.0
        for kind in self._played.counts:
            if kind[0] is not Role.ANONYMISER:
                share = 1 if kind[1] == "goal" else windows
                found = self.society(kind, self._played.counts)
                calls += found.calls / share
                tokens += found.prompt_tokens / share
        return round(calls), round(tokens)

    def uncached(self) -> int:
        """Prompt tokens beyond the prefix cache, of all rounds and all rows."""
        played = self._played
        of_the_society = (
            played.factor(kind) * count.uncached_tokens
            for counts in (played.counts, played.further)
            for kind, count in counts.items()
        )
        of_rows = (
            made.factor * count.uncached_tokens
            for made in played.making.datasets
            for count in made.counts.values()
        )
        return round(math.fsum((*of_the_society, *of_rows)))

    def _estimate(self, kind: Kind, calls: float, tokens: float, dataset: str = "") -> KindEstimate:
        like, taken = self._like(kind), self._seconds.get(kind)
        return KindEstimate(
            what=kind[1],
            calls=round(calls),
            prompt_tokens=round(tokens),
            output_tokens=None if like is None else round(calls * like.output_tokens / like.calls),
            seconds=fmean(taken) if taken else None,
            dataset=dataset,
        )

    def _like(self, kind: Kind) -> Count | None:
        """What the preview saw of a kind; or of its role, or of all, where it saw none of it."""
        if not self._seen:
            return None
        if kind[0] is Role.EMBEDDING:
            return self._seen.get(kind, Count(calls=1))
        chats = [seen for seen in self._seen if seen[0] is not Role.EMBEDDING]
        own = [seen for seen in chats if seen == kind] or [s for s in chats if s[0] is kind[0]]
        return _together(self._seen[seen] for seen in own or chats)


def _together(counts: Iterable[Count]) -> Count:
    total = Count()
    for count in counts:
        total.calls += count.calls
        total.prompt_tokens += count.prompt_tokens
        total.counted_tokens += count.counted_tokens
        total.output_tokens += count.output_tokens
    return total


def _ratio(like: Count | None) -> float:
    """Tokens of the endpoint for one estimated token."""
    if like is None or not like.counted_tokens or not like.prompt_tokens:
        return 1.0
    return like.counted_tokens / like.prompt_tokens
