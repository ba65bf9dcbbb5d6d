"""The kinds of data sets: which prompts each uses, and how its rows are made."""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.config import DatasetConfig, DatasetKind, QualityConfig
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import Recipe
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.recipes.dialogue import Dialogue
from matrix_sim.synthesis.recipes.instructed import TEMPLATES, Instructed
from matrix_sim.synthesis.recipes.preference import Preference
from matrix_sim.synthesis.situations import Situations

_TEMPLATES: Mapping[DatasetKind, tuple[str, ...]] = {
    **TEMPLATES,
    "dialogue": ("intent", "user_turn", "assistant"),
    "dpo": (*TEMPLATES["dpo"], "judge_pair"),
}


def templates_of(dataset: DatasetConfig, quality: QualityConfig) -> tuple[str, ...]:
    """The prompt templates that a data set uses: part of its identity (S1)."""
    judged = ("judge_row",) if quality.judge.enabled else ()
    goals = ("goal",) if dataset.ground == "persona" else ()
    return (*goals, *_TEMPLATES[dataset.kind], *judged, "profile", "repair")


def recipe_of(
    dataset: DatasetConfig, asker: Asker, situations: Situations, facets: Facets, seed: int
) -> Recipe:
    """How rows of a data set are made."""
    match dataset.kind:
        case "dialogue":
            return Dialogue(dataset, asker, situations, facets, seed)
        case "dpo":
            return Preference(dataset, asker, situations, facets)
        case _:
            return Instructed(dataset, asker, situations, facets)
