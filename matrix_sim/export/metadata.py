"""The column `metadata`: where a row comes from, in types that are the same in every row.

Readers of JSON lines take the types of a file from its first megabytes. So every row of a data
set has the same keys, nothing is null, no list may be empty, and whole numbers and fractions are
not mixed: what a row has no word for is an empty text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matrix_sim.export.samples import Sample
from matrix_sim.messages import agent_label, group_label
from matrix_sim.quality.contracts import Verdict

Metadata = Mapping[str, Any]
PASSED = "ok"
"""What stands for a check that found nothing."""


def metadata_of(samples: Sequence[Sample]) -> tuple[Metadata, ...]:
    """The metadata of each row, in order.

    `facets`, `models`, `prompts` (SHA-256 by template), `verdicts` (`ok`, or what was found; empty
    where a check did not apply) and `labels` are mappings with the keys of the whole data set, and
    are left out where it has none.
    """
    provenances = [sample.provenance for sample in samples]
    mappings: dict[str, list[Mapping[str, Any]]] = {
        "facets": [one.draw.facets for one in provenances],
        "models": [one.models for one in provenances],
        "prompts": [one.origins.prompts for one in provenances],
        "verdicts": [_verdicts(one.verdicts) for one in provenances],
        "labels": [one.labels for one in provenances],
    }
    columns = {name: _aligned(rows) for name, rows in mappings.items()}
    return tuple(
        _plain(sample) | {name: rows[n] for name, rows in columns.items() if rows[n]}
        for n, sample in enumerate(samples)
    )


def _plain(sample: Sample) -> dict[str, Any]:
    provenance = sample.provenance
    draw, origins = provenance.draw, provenance.origins
    return {
        "kind": sample.kind,
        "requirement": provenance.requirement,
        "candidate": draw.number,
        "scenario": f"{group_label(draw.group)}/w{draw.window:04d}" if draw.from_scenario else "",
        "group": group_label(draw.group) if draw.from_scenario else "",
        "agent": agent_label(draw.agent),
        "persona": sample.persona,
        "personas": origins.personas,
        "society": origins.society,
        "dataset": origins.dataset,
    }


def _verdicts(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """What each check said; of two words of the same one, the one that found something."""
    said: dict[str, str] = {}
    for verdict in verdicts:
        if said.get(verdict.check, PASSED) == PASSED:
            said[verdict.check] = PASSED if verdict.ok else verdict.reason or "not passed"
    return said


def _aligned(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the keys of all of them, and one type a key."""
    keys = sorted({key for row in rows for key in row})
    shaped = {key: _of_one_type([row.get(key) for row in rows]) for key in keys}
    return [{key: shaped[key][n] for key in keys} for n in range(len(rows))]


def _of_one_type(values: Sequence[Any]) -> list[Any]:
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= {bool, int, str}:
        return list(values)
    if kinds <= {int, float}:
        return [float(value) for value in values]
    return ["" if value is None else _said(value) for value in values]


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
