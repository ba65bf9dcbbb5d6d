"""How good the rules are: precision and recall over texts whose finds are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from matrix_sim.errors import UsageError
from matrix_sim.personas.anonymise.finds import Kind
from matrix_sim.personas.anonymise.rules import KnownNames, Rules


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseProfile(_Strict):
    """What the profile says the writer is called."""

    name: str = ""
    handles: tuple[str, ...] = ()


class Case(_Strict):
    """A text and what the rules should find in it."""

    id: str
    language: str
    profile: CaseProfile
    text: str
    spans: tuple[tuple[int, int, Kind], ...]
    """Start, end (of characters) and kind; empty for a text that must stay as it is."""


@dataclass(frozen=True, slots=True)
class RuleScore:
    """How one rule did. A find counts as right only if start, end and kind all are."""

    kind: Kind
    right: int
    extra: tuple[str, ...]
    """Ids of the cases, once for each find that should not be."""
    missed: tuple[str, ...]
    """Ids of the cases, once for each span that was not found."""

    @property
    def precision(self) -> float:
        """Of what was found, how much is right."""
        return self.right / max(1, self.right + len(self.extra))

    @property
    def recall(self) -> float:
        """Of what is there, how much was found."""
        return self.right / max(1, self.right + len(self.missed))


@dataclass(frozen=True, slots=True)
class Score:
    """How all rules did."""

    rules: tuple[RuleScore, ...]
    cases: int
    microseconds_a_text: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rules = {
            rule.kind.value: {
                "right": rule.right,
                "extra": list(rule.extra),
                "missed": list(rule.missed),
                "precision": rule.precision,
                "recall": rule.recall,
            }
            for rule in self.rules
        }
        return {
            "rules": rules,
            "cases": self.cases,
            "microseconds_a_text": self.microseconds_a_text,
        }


def read_cases(path: Path) -> list[Case]:
    """The cases of a JSONL file.

    Raises:
        UsageError: the file cannot be read, or a line is no case.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); give a corpus") from error
    cases = []
    for number, line in enumerate(lines, start=1):
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise UsageError(
                f"{path}, line {number}: is no case ({where}: {error.errors()[0]['msg']}); "
                "write id, language, profile {name, handles}, text and spans [[start, end, kind]]"
            ) from None
    return cases


def score(cases: Sequence[Case], clock: Callable[[], float] = time.perf_counter) -> Score:
    """Let the rules loose on every case."""
    right: dict[Kind, int] = dict.fromkeys(Kind, 0)
    extra: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    missed: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    began = clock()
    for case in cases:
        rules = Rules(KnownNames(case.profile.name, case.profile.handles))
        found = [(find.start, find.end, find.kind) for find in rules.finds(case.text)]
        for span in found:
            if span in case.spans:
                right[span[2]] += 1
            else:
                extra[span[2]].append(case.id)
        for span in case.spans:
            if span not in found:
                missed[span[2]].append(case.id)
    took = clock() - began
    scores = tuple(RuleScore(k, right[k], tuple(extra[k]), tuple(missed[k])) for k in Kind)
    return Score(scores, len(cases), took / max(1, len(cases)) * 1e6)
