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
from matrix_sim.society.routing.similarity import SimilarityRouter
from matrix_sim.society.settings import ModulatorSettings


def make_router(
    group: int,
    members: Sequence[Candidate],
    neighbours: Sequence[Candidate],
    settings: ModulatorSettings,
    prompts: PromptLibrary,
    llm: LLM,
) -> Router:
    """The policy that `settings.routing` names, for one group.

    Args:
        group: its number.
        members: by agent, ascending.
        neighbours: the groups that it may send to, most similar first.
        settings: the modulator's.
        prompts: for policies that ask a model.
        llm: likewise.
    """
    match settings.routing:
        case "llm":
            return LLMRouter(group, members, neighbours, prompts, llm, settings.max_tokens)
        case "embedding":
            return SimilarityRouter(members, neighbours, settings.similarity)
        case "hybrid":
            model = LLMRouter(group, members, neighbours, prompts, llm, settings.max_tokens)
            return HybridRouter(members, neighbours, settings.similarity, model)
        case "broadcast":
            return BroadcastRouter(members, neighbours)
        case _:
            assert_never(settings.routing)
