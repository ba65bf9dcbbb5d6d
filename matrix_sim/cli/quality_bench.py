"""What the checks of rows cost: made-up Japanese rows through all rules and memories, one core.

The rows are made of the hand-written personas' clauses; known shares of them ask what an earlier
one asked, word for word or in slightly other words. Time is the CPU time of the thread, and leaves
out the making of rows; memory is what the process takes more than before the first row.
"""

from __future__ import annotations

import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from matrix_sim.config import PersonasConfig, QualityConfig
from matrix_sim.personas.loading import load_personas
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.rules import TOGETHER, Rules, memories_of
from matrix_sim.randomness import named_random

_EXACT, _NEAR = 0.02, 0.03
"""Shares of rows that ask what an earlier one asked, and nearly that."""
_WARM = 200
"""Rows before those that are measured: patterns and tables are made once."""
_KEPT = 2000
"""Earlier requests that such rows are made of."""
_FEWEST_EARLIER = 200
_ANSWER_SENTENCES = (4, 9)
_ENDINGS = (
    ("てください。", "て。"),
    ("てください。", "てもらえますか。"),
    ("です。", "なんです。"),
    ("です。", "なのですが、"),
    ("ますか。", "るのでしょうか。"),
)
"""How the same is said more or less politely."""
_OPENINGS = ("すみません、", "こんにちは。", "はじめまして。", "ちょっと相談です。")
_PASTED = 0.5
"""Share of requests about a text that they bring along: those show checks what is quoted."""
_ASKS = (
    "初心者にもわかるように教えてください。",
    "手順を三つに分けて説明してください。",
    "費用の目安を知りたいです。",
    "注意点をまとめてください。",
    "どこから始めればいいですか。",
    "家族に話すときの言い方を考えてください。",
    "一週間の計画を立ててください。",
    "例を二つ挙げてください。",
    "よくある失敗を教えてください。",
    "短い案内文を書いてください。",
    "表にまとめてください。",
    "続けるコツはありますか。",
    "道具は何を揃えればいいですか。",
    "時間をかけずにできる方法を知りたいです。",
    "上司に出す報告の下書きを作ってください。",
    "どちらを選ぶべきか比べてください。",
)

Kind = Literal["new", "exact", "near"]


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """What the rows up to a size came to; rates are of the rows since the size before."""

    rows: int
    rows_per_s: float
    memory_mb: float
    """More than before the first row."""


@dataclass
class QualityFigures:
    """What came of it."""

    sizes: list[SizeFigures] = field(default_factory=list)
    rows_per_s: float = 0.0
    """Over all rows."""
    bytes_a_row: float = 0.0
    """Of memory, between the first size and the last."""
    slowdown: float = 0.0
    """CPU time a row of the last rows over that of the first."""
    microseconds: dict[str, float] = field(default_factory=dict)
    """CPU time a row, by check; of memories with remembering. What several checks look up in the
    same texts is looked up ahead of them."""
    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    """Of those planted, how many a memory refused."""
    new_taken_for_earlier: int = 0
    """New rows that a memory refused."""
    refused_by_rule: int = 0
    """Rows that a rule refused: most are good, but answers that are put together from what is said
    of people sound like people now and then."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def bench_quality(rows: int, seed: int) -> QualityFigures:
    """Look at `rows` rows; figures at an eighth, a quarter, half and all of them."""
    import psutil

    process = psutil.Process()
    config = QualityConfig()
    looks = _Looks(config)
    source = made_up_rows(named_random(seed, "bench-quality"))
    warm = _Looks(config)
    before = made_up_rows(named_random(seed, "bench-quality-warm"))
    warm.look_all([("warm", row) for _, row in islice(before, _WARM)])
    figures = QualityFigures()
    base = process.memory_info().rss
    sizes = sorted({max(1, rows // share) for share in (8, 4, 2, 1)})
    done, spent = 0, 0.0
    for size in sizes:
        for at in range(done, size, TOGETHER):
            drawn = list(islice(source, min(TOGETHER, size - at)))
            labelled = [(f"row {number}", row) for number, (_, row) in enumerate(drawn, start=at)]
            for (kind, _), refused in zip(drawn, looks.look_all(labelled), strict=True):
                _count(figures, kind, *refused)
        taken = looks.seconds - spent
        rate = (size - done) / taken if taken else 0.0
        memory = (process.memory_info().rss - base) / 1e6
        figures.sizes.append(SizeFigures(size, rate, memory))
        done, spent = size, looks.seconds
    first, last = figures.sizes[0], figures.sizes[-1]
    figures.rows_per_s = rows / looks.seconds if looks.seconds else 0.0
    figures.slowdown = first.rows_per_s / last.rows_per_s if last.rows_per_s else 0.0
    more = max(1, last.rows - first.rows)
    figures.bytes_a_row = 1e6 * (last.memory_mb - first.memory_mb) / more
    figures.microseconds = {name: 1e6 * taken / rows for name, taken in looks.taken.items()}
    return figures


def _count(figures: QualityFigures, kind: Kind, by_rule: bool, by_memory: bool) -> None:
    figures.refused_by_rule += by_rule
    if kind == "new":
        figures.new_taken_for_earlier += by_memory
    else:
        figures.planted[kind] = figures.planted.get(kind, 0) + 1
        figures.found[kind] = figures.found.get(kind, 0) + by_memory


class _Looks:
    """The checks, each with the time that it took."""

    def __init__(self, config: QualityConfig) -> None:
        self._rules = Rules(config, "ja")
        self._memories = memories_of(config)
        self.taken: defaultdict[str, float] = defaultdict(float)
        """Seconds by check."""

    @property
    def seconds(self) -> float:
        """Of all rows."""
        return sum(self.taken.values())

    def look_all(self, rows: Sequence[tuple[str, Row]]) -> list[tuple[bool, bool]]:
        """Whether a rule and whether a memory refuses each row, in the way of `Examination`."""
        by_rule = [False] * len(rows)
        by_memory = [False] * len(rows)
        with self._timed("looking ahead"):
            self._rules.look_ahead([row for _, row in rows])
        for check in self._rules.checks:
            with self._timed(check.name):
                said = [check.look(row) for _, row in rows]
            by_rule = [one | _refused(verdict) for one, verdict in zip(by_rule, said, strict=True)]
        for memory in self._memories:
            with self._timed(memory.name):
                said = []
                for label, row in rows:
                    said.append(memory.look(row))
                    memory.remember(row, label)  # whatever the rules say: the search is to be full
            by_memory = [
                one | _refused(verdict) for one, verdict in zip(by_memory, said, strict=True)
            ]
        return list(zip(by_rule, by_memory, strict=True))

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        self.taken[name] += time.thread_time() - began


def _refused(verdict: Verdict | None) -> bool:
    return verdict is not None and not verdict.ok


def made_up_rows(draw: random.Random) -> Iterator[tuple[Kind, Row]]:
    """Rows without end, each with whether it asks something new."""
    pieces = _pieces()
    earlier: list[str] = []
    while True:
        chance = draw.random() if len(earlier) >= _FEWEST_EARLIER else 1.0
        kind: Kind = "exact" if chance < _EXACT else "near" if chance < _EXACT + _NEAR else "new"
        if kind == "new":
            request = _request(draw, pieces)
            if len(earlier) < _KEPT:
                earlier.append(request)
            else:
                earlier[draw.randrange(_KEPT)] = request
        else:
            request = draw.choice(earlier)
            request = request.replace("、", " ") if kind == "exact" else _reworded(draw, request)
        yield kind, Row((Turn("user", request), Turn("assistant", _answer(draw, pieces))))


def _request(draw: random.Random, pieces: list[str]) -> str:
    about = "、".join(draw.sample(pieces, draw.randint(2, 3)))
    if draw.random() < _PASTED:
        return f"「{about}」という文章を使って、{draw.choice(_ASKS)}"
    topic = draw.choice(pieces)[: draw.randint(6, 12)]
    return f"{about}。{topic}について、{draw.choice(_ASKS)}"


def _reworded(draw: random.Random, request: str) -> str:
    """The same request with another ending, another order of clauses, or a word before it."""
    endings = [pair for pair in _ENDINGS if pair[0] in request]
    how = draw.randrange(3)
    if how == 0 and endings:
        return request.replace(*draw.choice(endings))
    first, comma, rest = request.partition("、")
    second, further, end = rest.partition("、")
    if how == 1 and comma and further:
        return f"{second}、{first}、{end}"
    return draw.choice(_OPENINGS) + request


def _answer(draw: random.Random, pieces: list[str]) -> str:
    said = [
        f"{'、'.join(draw.sample(pieces, 2))}ます。"
        for _ in range(draw.randint(*_ANSWER_SENTENCES))
    ]
    if draw.random() < 0.4:
        listed = "\n".join(f"{n}. {item}" for n, item in enumerate(said[1:-1], start=1))
        return f"{said[0]}\n\n{listed}\n\n{said[-1]}"
    return "".join(said)


def _pieces() -> list[str]:
    """Clauses of the hand-written personas, to make sentences of."""
    people = load_personas(PersonasConfig(), 0, Path(), "ja").personas
    text = "".join((*(p.description for p in people), *(d for p in people for d in p.details)))
    return [piece for piece in re.split("[。、「」]", text) if len(piece) >= 4]


def lines(figures: QualityFigures) -> Iterator[str]:
    """The figures for people."""
    yield f"{'rows':>9} {'rows/s':>8} {'memory MB':>10}"
    for size in figures.sizes:
        yield f"{size.rows:>9} {size.rows_per_s:>8.0f} {size.memory_mb:>10.1f}"
    yield (
        f"all: {figures.rows_per_s:.0f} rows/s, {figures.bytes_a_row:.0f} bytes a row more; a row "
        f"takes {figures.slowdown:.2f} times as long at the end as at the beginning"
    )
    for name, taken in figures.microseconds.items():
        yield f"  {name:<24} {taken:>7.1f} us a row"
    for kind, planted in figures.planted.items():
        yield f"{kind} duplicates: {figures.found[kind]} of {planted} found"
    yield f"new rows taken for earlier ones: {figures.new_taken_for_earlier}"
    yield f"refused by rule: {figures.refused_by_rule}"
