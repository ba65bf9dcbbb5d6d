"""A data set in figures: what became of its candidates, and how varied its rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from matrix_sim.config import DatasetConfig
from matrix_sim.synthesis.contracts import Candidate, Completion, Draw
from matrix_sim.synthesis.funnel import Funnel, up_to_the_last_row

_COMPARED = 2000
"""Rows that are compared with each other at most: their number enters squared."""
_LENGTHS = (50, 100, 200, 400, 800, 1600, 3200)
"""Upper ends of the classes of lengths, in characters; one more is open."""


@dataclass(frozen=True, slots=True)
class DatasetFigures:
    """One data set."""

    name: str
    kind: str
    wanted: int
    accepted: int
    tried: int
    cap: int
    refused: dict[str, int]
    """Candidates by the first check that they did not pass, or by the failure of a call."""
    flagged: int
    """Pairs that were kept without a margin."""
    personas: int
    """How many different people ask in it."""
    personas_share: float
    """Of all people."""
    scenarios: int
    """How many different scenarios it grew from."""
    scenarios_share: float | None
    """Of all scenarios; None where it grew from people alone."""
    distinct: dict[int, float]
    """Per n, the share of different character n-grams among all of the requests'."""
    nearest: float | None
    """Mean distance (1 - cosine of character n-grams) of a request to the one most like it."""
    compared: int
    """Of how many rows that mean is."""
    turns: dict[int, int]
    """How many rows have so many turns of the user."""
    request_lengths: dict[str, int]
    """Rows by the characters of the request: classes as `<=100`."""
    answer_lengths: dict[str, int]
    """The same of all that the assistant says in a row."""
    thinking_lengths: dict[str, int]
    """The same of its thinking; empty where that is no part of it."""
    facets: dict[str, dict[str, int]]
    """Per facet how many rows each option has."""

    @property
    def complete(self) -> bool:
        """Whether it has all its rows."""
        return self.accepted >= self.wanted

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Made:
    """An accepted candidate: one row."""

    draw: Draw
    completion: Completion

    @property
    def request(self) -> str:
        turns = self.completion.turns
        return next((turn.content for turn in turns if turn.role == "user"), "")

    @property
    def turns(self) -> int:
        """How often the user speaks."""
        return sum(turn.role == "user" for turn in self.completion.turns)

    @property
    def answered(self) -> int:
        """Characters of what the assistant says, of a pair in the better answer."""
        said = (turn.content for turn in self.completion.turns if turn.role == "assistant")
        return sum(map(len, said)) + len(self.completion.chosen)

    @property
    def thought(self) -> int:
        """Characters of the thinking before that."""
        thinking = (turn.reasoning for turn in self.completion.turns)
        return sum(map(len, thinking)) + len(self.completion.chosen_reasoning)

    @property
    def flagged(self) -> bool:
        """Whether it is a pair that was kept without a margin."""
        return self.completion.labels.get("margin_found") is False


def figures_of(
    dataset: DatasetConfig, candidates: Iterable[Candidate], *, people: int, scenarios: int
) -> DatasetFigures:
    """Add a data set up.

    Args:
        dataset: its config.
        candidates: what became of them, in the order of their numbers.
        people: how many there are in the society.
        scenarios: how many there are.
    """
    rows: list[_Made] = []
    funnel = Funnel()
    for candidate in up_to_the_last_row(candidates, dataset.count):
        funnel.count(candidate)
        if candidate.accepted and candidate.completion is not None:
            rows.append(_Made(candidate.draw, candidate.completion))
    requests = [row.request for row in rows]
    askers = {row.draw.agent for row in rows}
    used = {(row.draw.window, row.draw.group) for row in rows if row.draw.from_scenario}
    sample = requests[:_COMPARED]
    return DatasetFigures(
        name=dataset.label,
        kind=dataset.kind,
        wanted=dataset.count,
        accepted=len(rows),
        tried=funnel.tried,
        cap=dataset.cap,
        refused=funnel.refused,
        flagged=sum(row.flagged for row in rows),
        personas=len(askers),
        personas_share=len(askers) / max(1, people),
        scenarios=len(used),
        scenarios_share=None if dataset.ground == "persona" else len(used) / max(1, scenarios),
        distinct={n: distinct_share(requests, n) for n in (1, 2, 4)},
        nearest=_nearest(sample),
        compared=len(sample),
        turns=_counts(row.turns for row in rows),
        request_lengths=_by_length(map(len, requests)),
        answer_lengths=_by_length(row.answered for row in rows),
        thinking_lengths=_by_length(row.thought for row in rows if dataset.thinks),
        facets=_facets(rows),
    )


def distinct_share(texts: Sequence[str], n: int) -> float:
    """Different character n-grams among all (distinct-n, Li et al. 2016); 0 without any."""
    grams = [text[i : i + n] for text in texts for i in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _nearest(texts: Sequence[str]) -> float | None:
    if len(texts) < 2:
        return None
    # Heavy to import; a run without data sets does without.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    rows = TfidfVectorizer(analyzer="char", ngram_range=(2, 3)).fit_transform(texts)
    found = NearestNeighbors(n_neighbors=2, metric="cosine", algorithm="brute").fit(rows)
    distances, _ = found.kneighbors(rows)
    # The first neighbour of a row is itself, or its equal.
    return round(fmean(float(far) for far in distances[:, 1]), 3)


def _counts(values: Iterable[int]) -> dict[int, int]:
    return dict(sorted(Counter(values).items()))


def _by_length(lengths: Iterable[int]) -> dict[str, int]:
    counts: Counter[int] = Counter()
    for length in lengths:
        counts[next((n for n, end in enumerate(_LENGTHS) if length <= end), len(_LENGTHS))] += 1
    names = [*(f"<={end}" for end in _LENGTHS), f">{_LENGTHS[-1]}"]
    return {names[n]: counts[n] for n in sorted(counts)}


def _facets(rows: Sequence[_Made]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for facet, option in row.draw.facets.items():
            counts.setdefault(facet, Counter())[option] += 1
    return {facet: dict(sorted(count.items())) for facet, count in sorted(counts.items())}
