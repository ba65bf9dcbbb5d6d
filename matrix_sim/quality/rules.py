"""The checks by rule that a config asks for, in the order of their cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matrix_sim.config.quality import CheckConfig, QualityConfig
from matrix_sim.language import Language
from matrix_sim.quality.addressed_to_assistant import AddressedToAssistant
from matrix_sim.quality.asking import asking_in
from matrix_sim.quality.boilerplate import Boilerplate
from matrix_sim.quality.code import CodeCheck
from matrix_sim.quality.contamination import ContaminationCheck
from matrix_sim.quality.contracts import Check, Memory, Row, Verdict
from matrix_sim.quality.duplicate import DuplicateMemory
from matrix_sim.quality.is_request import IsRequest
from matrix_sim.quality.language import LanguageCheck
from matrix_sim.quality.learned import LEARNED, listen_ahead, with_model
from matrix_sim.quality.length import LengthCheck
from matrix_sim.quality.near_duplicate import NearDuplicateMemory
from matrix_sim.quality.pii import PiiCheck
from matrix_sim.quality.repetition import RepetitionCheck
from matrix_sim.quality.role_purity import RolePurity
from matrix_sim.quality.self_contained import SelfContained
from matrix_sim.quality.thinking import ThinkingCheck
from matrix_sim.quality.truncation import TruncationCheck
from matrix_sim.quality.wording import read_ahead

_OF_VOICE = frozenset(
    ("boilerplate", "addressed_to_assistant", "is_request", "self_contained", "role_purity")
)
"""Checks that look for signs in what is said."""

TOGETHER = 32
"""Rows that are best looked at together, where there are that many."""


class Rules:
    """All checks of a row by itself.

    Raises:
        UsageError: a benchmark file cannot be read.
    """

    def __init__(self, config: QualityConfig, language: Language) -> None:
        self._language = language
        self.checks = checks_of(config, language)
        """In the order of their verdicts."""
        names = {check.name for check in self.checks}
        self._of_voice = not names.isdisjoint(_OF_VOICE)
        self._learned = language == "ja" and not names.isdisjoint(LEARNED)
        if self._of_voice:
            asking_in(language)  # its signs are to be known before the first text is looked at
        self.notes: tuple[str, ...] = tuple(
            note
            for check in self.checks
            if isinstance(check, ContaminationCheck)
            for note in check.benchmarks.notes
        )
        """What the user should know about them."""

    def look(self, row: Row) -> tuple[Verdict, ...]:
        """The verdicts of all checks that apply to it."""
        return self.look_all((row,))[0]

    def look_all(self, rows: Sequence[Row]) -> list[tuple[Verdict, ...]]:
        """The verdicts on each of several rows; `TOGETHER` of them take half as long as one by one.

        Each check looks at all of the rows before the next one does, so that what it needs stays
        in the processor's caches.
        """
        self.look_ahead(rows)
        by_check = [[check.look(row) for row in rows] for check in self.checks]
        by_row = zip(*by_check, strict=True) if by_check else ((),) * len(rows)
        return [tuple(one for one in said if one is not None) for said in by_row]

    def look_ahead(self, rows: Sequence[Row]) -> None:
        """Look up at once, for all of the rows, what several checks will ask of their texts."""
        if self._of_voice:
            said = (turn for row in rows for turn in (*row.turns, *row.chosen))
            read_ahead([turn.content for turn in said if turn.role != "system"], self._language)
        if self._learned:
            listen_ahead(rows)


def checks_of(config: QualityConfig, language: Language, models: bool = True) -> tuple[Check, ...]:
    """The checks that are enabled, each without knowledge of other rows.

    Args:
        config: which, and their thresholds.
        language: of the rows.
        models: whether learned models have a say, where the language has them.
    """
    made: tuple[tuple[CheckConfig, Callable[[], Check]], ...] = (
        (config.length, lambda: LengthCheck(config.length)),
        (config.truncation, TruncationCheck),
        (config.repetition, lambda: RepetitionCheck(config.repetition)),
        (config.language, lambda: LanguageCheck(config.language, language)),
        (config.boilerplate, lambda: Boilerplate(language)),
        (config.addressed_to_assistant, lambda: AddressedToAssistant(language)),
        (config.is_request, lambda: IsRequest(language)),
        (config.self_contained, lambda: SelfContained(language)),
        (config.role_purity, lambda: RolePurity(language)),
        (config.thinking, lambda: ThinkingCheck(config.thinking)),
        (config.code, CodeCheck),
        (config.pii, PiiCheck),
        (config.contamination, lambda: ContaminationCheck(config.contamination)),
    )
    checks = tuple(make() for section, make in made if section.enabled)
    return tuple(with_model(check, language) for check in checks) if models else checks


def memories_of(config: QualityConfig) -> tuple[Memory, ...]:
    """The checks that compare rows: exact duplicates, then near ones."""
    made: tuple[tuple[CheckConfig, Callable[[], Memory]], ...] = (
        (config.duplicate, DuplicateMemory),
        (config.near_duplicate, lambda: NearDuplicateMemory(config.near_duplicate)),
    )
    return tuple(make() for section, make in made if section.enabled)


def accepted(verdicts: Sequence[Verdict]) -> bool:
    """Whether nothing was found."""
    return all(verdict.ok for verdict in verdicts)
