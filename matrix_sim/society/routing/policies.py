"""From the settings to the routing policy of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from matrix_sim.llm.contracts import LLM
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.routing.broadcast import BroadcastRouter
from matrix_sim.society.routing.contracts import Candidate, Router
from matrix_sim.society.routing.hybrid import HybridRouter
from matrix_sim.society.routing.llm import LLMRouter
from matrix_sim.society.routing.scores import Scorer, WordScorer
from matrix_sim.society.routing.similarity import SimilarityRouter
from matrix_sim.society.settings import ModulatorSettings


def make_router(
    group: int,
    members: Sequence[Candidate],
    neighbours: Sequence[Candidate],
    strangers: float,
    settings: ModulatorSettings,
    prompts: PromptLibrary,
    llm: LLM,
) -> Router:
    """The policy that `settings.routing` names, for one group.

    Args:
        group: its number.
        members: by agent, ascending.
        neighbours: the groups that it may send to, most similar first.
        strangers: mean cosine of any two people of the society.
        settings: the modulator's.
        prompts: for policies that ask a model.
        llm: likewise.
    """

    def asking() -> LLMRouter:
        return LLMRouter(group, members, neighbours, prompts, llm, settings.reply)

    def comparing() -> Scorer:
        if not settings.vectors:
            return WordScorer(members, neighbours)
        # It needs numpy, which the processes of other policies do without.
        from matrix_sim.society.routing.vector_scorer import VectorScorer

        return VectorScorer(group, members, neighbours, strangers, llm)

    match settings.routing:
        case "llm":
            return asking()
        case "embedding":
            return SimilarityRouter(comparing(), settings.similarity)
        case "hybrid":
            return HybridRouter(comparing(), settings.similarity, asking())
        case "broadcast":
            return BroadcastRouter(members, neighbours)
        case _:
            assert_never(settings.routing)
