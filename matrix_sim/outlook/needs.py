"""What a config asks of its models, found by a dry run of its beginning."""

from __future__ import annotations

import time

from matrix_sim.config.file import LoadedConfig
from matrix_sim.llm.contracts import LLM, Message, Reply, Request, Role
from matrix_sim.outlook.checkup import Needs
from matrix_sim.outlook.dry_run import dry_run
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary

_ACTIONS = 1_000


class _First:
    """Passes everything on, and keeps the first question."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.messages: tuple[Message, ...] = ()

    async def complete(self, request: Request) -> Reply:
        self.messages = self.messages or request.messages
        return await self._llm.complete(request)


def needs_of(loaded: LoadedConfig) -> Needs:
    """The first question of a run, and how long its prompts become, in a part of it.

    Raises:
        UsageError: the personas, the group sizes or the prompts cannot be used.
    """
    config = loaded.config
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    prompts = PromptLibrary(config.language, config.prompts)
    first: list[_First] = []

    def keeping(llm: LLM) -> LLM:
        first.append(_First(llm))
        return first[-1]

    played = dry_run(
        config,
        selection.personas,
        prompts,
        clock=time.monotonic,
        most_actions=_ACTIONS,
        wrap=keeping,
    )
    largest: dict[Role, int] = {}
    for (role, _), count in played.counts.items():
        largest[role] = max(largest.get(role, 0), count.largest_prompt)
    return Needs(
        question=first[0].messages,
        largest_prompts=largest,
        json_instruction=lambda schema: prompts.text_of("json_instruction", schema=schema),
    )
