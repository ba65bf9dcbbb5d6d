"""The checks by rule that a config asks for, in the order of their cost."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.config.quality import QualityConfig
from matrix_sim.language import Language
from matrix_sim.quality.addressed_to_assistant import AddressedToAssistant
from matrix_sim.quality.boilerplate import Boilerplate
from matrix_sim.quality.contracts import Check, Memory, Row, Verdict
from matrix_sim.quality.is_request import IsRequest
from matrix_sim.quality.role_purity import RolePurity
from matrix_sim.quality.self_contained import SelfContained


class Rules:
    """All checks of a row by itself.

    Raises:
        UsageError: a benchmark file cannot be read.
    """

    def __init__(self, config: QualityConfig, language: Language) -> None:
        self._checks = checks_of(config, language)

    def look(self, row: Row) -> tuple[Verdict, ...]:
        """The verdicts of all checks that apply to it."""
        said = (check.look(row) for check in self._checks)
        return tuple(verdict for verdict in said if verdict is not None)


def checks_of(config: QualityConfig, language: Language) -> tuple[Check, ...]:
    """The checks that are enabled, each without knowledge of other rows."""
    speaking = (
        (config.boilerplate, Boilerplate),
        (config.addressed_to_assistant, AddressedToAssistant),
        (config.is_request, IsRequest),
        (config.self_contained, SelfContained),
        (config.role_purity, RolePurity),
    )
    return tuple(made(language) for section, made in speaking if section.enabled)


def memories_of(config: QualityConfig) -> tuple[Memory, ...]:
    """The checks that compare rows: exact duplicates, then near ones."""
    return ()


def accepted(verdicts: Sequence[Verdict]) -> bool:
    """Whether nothing was found."""
    return all(verdict.ok for verdict in verdicts)
