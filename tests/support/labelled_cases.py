"""Rows that people wrote and labelled, one check a row, and how often a check agrees with them.

Eleven authors wrote them, each alone. By those of nine the rules were made and the models trained
(thresholds by leaving out one of the nine after the other); those of `e` and `f` were only scored.
A second reader labelled these two anew, without the labels: of 1,107 cases 4 differed, which are
left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from matrix_sim.config import QualityConfig
from matrix_sim.quality.contracts import Verdict
from matrix_sim.quality.reading import row_of
from matrix_sim.quality.rules import checks_of, memories_of

Half = Literal["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
TUNED: tuple[Half, ...] = ("a", "b", "c", "d", "g", "h", "i", "j", "k")
"""Authors whose cases rules were made by, and models trained on."""
TESTED: tuple[Half, ...] = ("e", "f")
"""Authors whose cases were scored when all that was done, and changed nothing."""
DATA = Path(__file__).parents[1] / "data"

KNOWN_WRONG: dict[Half, dict[str, tuple[str, ...]]] = {
    "a": {},
    "b": {"duplicate": ("b-duplicate-13",), "near_duplicate": ("b-near_duplicate-42",)},
    "c": {},
    "d": {"truncation": ("d-truncation-06",)},
    "e": {
        "truncation": ("e-truncation-37",),
        "boilerplate": ("e-boilerplate-33", "e-boilerplate-43", "e-boilerplate-30"),
        "addressed_to_assistant": (
            "e-addressed_to_assistant-01",
            "e-addressed_to_assistant-06",
            "e-addressed_to_assistant-20",
        ),
        "is_request": ("e-is_request-09", "e-is_request-39", "e-is_request-37"),
        "self_contained": (
            "e-self_contained-11",
            "e-self_contained-38",
            "e-self_contained-45",
            "e-self_contained-42",
        ),
    },
    "f": {
        "length": ("f-length-43",),
        "repetition": ("f-repetition-25", "f-repetition-42"),
        "language": ("f-language-03",),
        "boilerplate": ("f-boilerplate-30", "f-boilerplate-33"),
        "addressed_to_assistant": (
            "f-addressed_to_assistant-22",
            "f-addressed_to_assistant-26",
            "f-addressed_to_assistant-24",
        ),
        "is_request": ("f-is_request-28", "f-is_request-12"),
        "self_contained": (
            "f-self_contained-06",
            "f-self_contained-01",
            "f-self_contained-07",
            "f-self_contained-24",
        ),
        "role_purity": ("f-role_purity-26", "f-role_purity-40"),
        "contamination": ("f-contamination-19",),
    },
    "g": {
        "language": ("g-language-69",),
        "boilerplate": ("g-boilerplate-54", "g-boilerplate-62"),
        "self_contained": ("g-self_contained-14", "g-self_contained-34", "g-self_contained-95"),
        "role_purity": ("g-role_purity-51", "g-role_purity-65"),
    },
    "h": {"role_purity": ("h-role_purity-54",)},
    "i": {
        "boilerplate": ("i-boilerplate-045",),
        "role_purity": (
            "i-role_purity-007",
            "i-role_purity-015",
            "i-role_purity-104",
            "i-role_purity-139",
            "i-role_purity-151",
        ),
    },
    "j": {},
    "k": {},
}
"""Cases that a check is known to get wrong, by half and check."""
_Z = 1.96
"""Of a normal distribution, 95 % is nearer to the mean than so many standard deviations."""


@dataclass(frozen=True)
class Case:
    id: str
    check: str
    ok: bool
    """What the check should say."""
    row: Any
    earlier: tuple[Any, ...]
    benchmark: tuple[str, ...]


def read_cases(half: Half) -> list[Case]:
    lines = (DATA / f"quality_cases.{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines]


def _case(said: dict[str, Any]) -> Case:
    earlier, benchmark = said.get("earlier", ()), said.get("benchmark", ())
    return Case(
        said["id"], said["check"], said["ok"], said["row"], tuple(earlier), tuple(benchmark)
    )


class Judges:
    """Every check that there is, as one case after the other needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._checks = {check.name: check for check in checks_of(QualityConfig(), "ja")}

    def say(self, case: Case) -> Verdict:
        """The check's verdict; where a memory is asked, after it has seen the earlier rows."""
        row = row_of(case.row)
        memories = {memory.name: memory for memory in memories_of(QualityConfig())}
        if case.check in memories:
            memory = memories[case.check]
            for number, earlier in enumerate(case.earlier, start=1):
                memory.remember(row_of(earlier), f"row {number}")
            verdict = memory.look(row)
        elif case.benchmark:
            path = self._folder / "benchmark.json"
            path.write_text(json.dumps(case.benchmark), encoding="utf-8")
            config = QualityConfig.model_validate({"contamination": {"benchmarks": [path]}})
            checks = {check.name: check for check in checks_of(config, "ja")}
            verdict = checks[case.check].look(row)
        else:
            verdict = self._checks[case.check].look(row)
        assert verdict is not None, f"{case.check} does not apply to {case.id}"
        return verdict


@dataclass(frozen=True)
class Agreement:
    """How a check and people agree about what is to be refused."""

    check: str
    cases: int
    right: int
    """Refused by both."""
    extra: tuple[str, ...]
    """Refused by the check alone."""
    missed: tuple[str, ...]

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + len(self.extra))

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + len(self.missed))

    def __str__(self) -> str:
        precision = interval(self.right, self.right + len(self.extra))
        recall = interval(self.right, self.right + len(self.missed))
        return (
            f"{self.check:<24} n {self.cases:>3}  precision {self.precision:.3f} {precision}  "
            f"recall {self.recall:.3f} {recall}"
        )


def agreements(cases: Sequence[Case], names: Sequence[str], folder: Path) -> Iterator[Agreement]:
    """The agreement of each check of these names."""
    judges = Judges(folder)
    for name in names:
        mine = [case for case in cases if case.check == name]
        refused = {case.id for case in mine if not judges.say(case).ok}
        bad = {case.id for case in mine if not case.ok}
        extra, missed = tuple(sorted(refused - bad)), tuple(sorted(bad - refused))
        yield Agreement(name, len(mine), len(refused & bad), extra, missed)


def interval(right: int, of: int) -> str:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    if not of:
        return "[0.00, 1.00]"
    share, z2 = right / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    width = _Z * ((share * (1 - share) + z2 / (4 * of)) / of) ** 0.5 / (1 + z2 / of)
    return f"[{max(0.0, middle - width):.2f}, {min(1.0, middle + width):.2f}]"
