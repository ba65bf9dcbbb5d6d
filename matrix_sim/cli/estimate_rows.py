"""What an estimate says of the data sets: a line each, and what that rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from matrix_sim.cli.columns import columns, money, number
from matrix_sim.outlook.figures import DatasetEstimate, Estimate


def rows_as_dict(one: DatasetEstimate) -> dict[str, Any]:
    """For JSON."""
    return {
        "name": one.label,
        "kind": one.kind,
        "rows": one.rows,
        "wanted": one.wanted,
        "candidates": one.candidates,
        "calls": one.calls,
        "prompt_tokens": one.prompt_tokens,
        "output_tokens": one.output_tokens,
        "cost": one.cost,
        "dry_run": {
            "rows": one.made.accepted,
            "candidates": one.made.tried,
            "refused": dict(one.made.refused),
            "sampled": one.made.sampled,
            "requirement_fitted": not one.made.loosened,
        },
        "preview": one.previewed
        and {
            "rows": one.previewed.accepted,
            "candidates": len(one.previewed.candidates),
            "refused": dict(one.previewed.refused),
        },
    }


def rows_lines(found: Estimate) -> list[str]:
    """A table; nothing where no data set is made."""
    if not found.datasets:
        return []
    head = ["data set (part of the above)", "rows", "candidates", "calls", "prompt tokens"]
    if found.calibrated:
        head += ["output tokens", "a row", "cost"]
    return columns([head, *(_row(one, found.calibrated) for one in found.datasets)])


def _row(one: DatasetEstimate, calibrated: bool) -> list[str]:
    name = one.label if one.label == one.kind else f"{one.label} ({one.kind})"
    row = [name, *(f"{n:,}" for n in (one.rows, one.candidates, one.calls, one.prompt_tokens))]
    if calibrated:
        output = one.output_tokens
        a_row = None if output is None or not one.rows else round(output / one.rows)
        row += [number(output), number(a_row), money(one.cost, "?")]
    return row


def rows_assumptions(datasets: Sequence[DatasetEstimate]) -> list[str]:
    """What the figures of the data sets rest on."""
    return [
        *(_without(one) for one in datasets if not one.made.tried),
        *(_short(one) for one in datasets if one.made.tried and one.rows < one.wanted),
        *(_loosened(one) for one in datasets if one.made.loosened),
        *_sampled([one for one in datasets if one.made.sampled]),
        *_refused(datasets),
        *_refused_in_preview(datasets),
    ]


def _without(one: DatasetEstimate) -> str:
    return (
        f"'{one.label}' is NOT in the figures: it has nothing to grow from, for there is no "
        "scenario. Give the society more ticks, or the data set 'ground: persona'."
    )


def _short(one: DatasetEstimate) -> str:
    return (
        f"'{one.label}' gets {one.rows:,} of its {one.wanted:,} rows only: {one.candidates:,} "
        "candidates are tried at most ('max_candidates'), and so many are refused."
    )


def _loosened(one: DatasetEstimate) -> str:
    return (
        f"None of the stub's scenarios fits the requirement of '{one.label}'; it was made from "
        "any. A model's own may fit: --preview, or the scenarios of a first run, will show."
    )


def _sampled(sampled: Sequence[DatasetEstimate]) -> list[str]:
    if not sampled:
        return []
    parts = ", ".join(f"{one.made.accepted:,} rows of {one.label}" for one in sampled)
    return [f"A part of the rows was made and scaled up: {parts}."]


def _refused(datasets: Sequence[DatasetEstimate]) -> list[str]:
    tried = sum(one.made.tried for one in datasets)
    refused: Counter[str] = Counter()
    for one in datasets:
        refused.update(one.made.refused)
    if not tried:
        return []
    checks = ", ".join(f"{check} {count:,}" for check, count in refused.most_common())
    return [
        f"Of the stub's {tried:,} candidates {refused.total():,} were refused"
        f"{f' ({checks})' if checks else ''}; the figures count with as many. A model of its own "
        "may have more refused, and each of those costs calls too."
    ]


def _refused_in_preview(datasets: Sequence[DatasetEstimate]) -> list[str]:
    seen = [one.previewed for one in datasets if one.previewed is not None]
    tried = sum(len(one.candidates) for one in seen)
    refused = tried - sum(one.accepted for one in seen)
    if not tried:
        return []
    return [f"In the preview {refused:,} of {tried:,} candidates were refused."]
