"""What reading a large Parquet shard costs: made on the spot, read in processes of their own.

The shard has the 22 columns of nvidia/Nemotron-Personas-Japan and texts as long as its own. Peak
memory is that of the whole reading process, Python and Arrow included.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix_sim.config import PersonasConfig
from matrix_sim.personas.loading import load_personas
from matrix_sim.randomness import named_random

_STATUS = Path("/proc/self/status")
_BATCH = 5_000
"""Rows written at once; one row group each."""
_LONG = (
    *(f"{kind}_persona" for kind in ("professional", "sports", "arts", "travel", "culinary")),
    "persona",
    "cultural_background",
    "skills_and_expertise",
    "hobbies_and_interests",
    "career_goals_and_ambitions",
)
_LISTS = ("skills_and_expertise_list", "hobbies_and_interests_list")
_SHORT = (
    *("sex", "marital_status", "education_level", "occupation"),
    *("region", "area", "prefecture", "country"),
)
_CHARACTERS = (45, 85)
"""Of a long text. Ten of them and the rest make about 2 KB of UTF-8 a row."""
_MAPPING: dict[str, Any] = {
    "age": "age",
    "sex": "sex",
    "marital_status": "marital_status",
    "education": "education_level",
    "occupation": "occupation",
    "region": ["prefecture", "region"],
    "description": "persona",
    "details": ["professional_persona", "cultural_background"],
    "interests": "hobbies_and_interests_list",
    "skills": "skills_and_expertise_list",
}


@dataclass(frozen=True, slots=True)
class ReadingFigures:
    """What reading the shard once came to."""

    how: str
    rows: int
    chosen: int
    seconds: float
    rows_per_s: float
    peak_memory_mb: float


def bench_reading(folder: Path, rows: int, count: int, seed: int) -> list[ReadingFigures]:
    """Make a shard of `rows` rows in `folder` and choose `count` personas of it in three ways."""
    shard = folder / "train-00000-of-00001.parquet"
    _alone(write_shard, shard, rows, seed)
    ways: dict[str, dict[str, Any]] = {
        "nemotron": {"source": "nemotron"},
        "table with ids": {"source": "table", "fields": {"id": "uuid", **_MAPPING}},
        "table without ids": {"source": "table", "fields": _MAPPING},
    }
    return [
        _alone(_measured, how, {**asked, "path": shard, "count": count})
        for how, asked in ways.items()
    ]


def write_shard(path: Path, rows: int, seed: int) -> None:
    """Write a Parquet file in the schema of Nemotron-Personas-Japan: for load, not for data."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = named_random(seed, "bench-shard")
    pieces = _pieces()
    writer = None
    for first in range(0, rows, _BATCH):
        number = min(_BATCH, rows - first)
        table = pa.Table.from_pylist([_row(draw, pieces) for _ in range(number)])
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _pieces() -> list[str]:
    """Clauses of the hand-written personas, to make sentences of."""
    people = load_personas(PersonasConfig(), 0, Path(), "ja").personas
    text = "".join((*(p.description for p in people), *(d for p in people for d in p.details)))
    return [piece for sentence in text.split("。") for piece in sentence.split("、") if piece]


def _row(draw: random.Random, pieces: list[str]) -> dict[str, object]:
    family, given = draw.choice(pieces)[:2], draw.choice(pieces)[:2]
    long = {column: f"{family} {given}は、{_text(draw, pieces)}。" for column in _LONG}
    lists = {column: repr([draw.choice(pieces)[:8] for _ in range(5)]) for column in _LISTS}
    short = {column: draw.choice(pieces)[:6] for column in _SHORT}
    uuid = f"{draw.getrandbits(128):032x}"
    return {"uuid": uuid, **long, **lists, **short, "age": draw.randint(18, 90)}


def _text(draw: random.Random, pieces: list[str]) -> str:
    text = ""
    least = draw.randint(*_CHARACTERS)
    while len(text) < least:
        text += f"{draw.choice(pieces)}、"
    return text[:least]


def _measured(how: str, personas: dict[str, Any]) -> ReadingFigures:
    config = PersonasConfig.model_validate(personas)
    began = time.perf_counter()
    selection = load_personas(config, 0, Path(), "ja")
    took = time.perf_counter() - began
    return ReadingFigures(
        how=how,
        rows=selection.rows_seen,
        chosen=len(selection.personas),
        seconds=took,
        rows_per_s=selection.rows_seen / took,
        peak_memory_mb=_peak_memory_mb(),
    )


def _peak_memory_mb() -> float:
    # On Linux `ru_maxrss` of a new process begins with what the one that started it held.
    if _STATUS.exists():
        told = dict(line.split(":", 1) for line in _STATUS.read_text("ascii").splitlines())
        return int(told["VmHWM"].split()[0]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def _alone(work: Callable[..., Any], *arguments: object) -> Any:
    """What `work` gives in a process of its own, so that nothing else is in its memory."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()
