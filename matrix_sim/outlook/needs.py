"""What a config asks of its models, found by a dry run of a part of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from matrix_sim.config.file import LoadedConfig
from matrix_sim.llm.contracts import LLM, Message, Reply, Request, Role
from matrix_sim.outlook.checkup import Needs, Thinking
from matrix_sim.outlook.dry_run import dry_run
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary

_ACTIONS = 1_000


_ROWS = 8


@dataclass
class _Heard:
    """What was asked, as far as it matters, over all parts of a dry run."""

    first: dict[Role, tuple[Message, ...]] = field(default_factory=dict)
    """The first question of each role, in the order in which they come."""
    shaped: set[Role] = field(default_factory=set)
    """Who asked for a reply of a shape."""


class _Listener:
    """Passes everything on, and listens."""

    def __init__(self, llm: LLM, heard: _Heard) -> None:
        self._llm = llm
        self._heard = heard

    async def complete(self, request: Request) -> Reply:
        self._heard.first.setdefault(request.role, request.messages)
        if request.schema is not None:
            self._heard.shaped.add(request.role)
        return await self._llm.complete(request)


def needs_of(loaded: LoadedConfig) -> Needs:
    """What a run asks of its roles, and how long its prompts become, in a part of it.

    Raises:
        UsageError: the personas, the group sizes, the prompts or the facets cannot be used.
    """
    config = loaded.config
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    prompts = PromptLibrary(config.language, config.prompts)
    heard = _Heard()
    played = dry_run(
        config,
        selection.personas,
        prompts,
        clock=time.monotonic,
        most_actions=_ACTIONS,
        most_rows=_ROWS,
        wrap=lambda llm: _Listener(llm, heard),
    )
    largest: dict[Role, int] = {}
    rows = (made.counts for made in played.making.datasets)
    for counts in (played.counts, played.making.shared, *rows):
        for (role, _), count in counts.items():
            largest[role] = max(largest.get(role, 0), count.largest_prompt)
    question = next(iter(heard.first.values()), ())
    return Needs(
        question=question,
        largest_prompts=largest,
        json_instruction=lambda schema: prompts.text_of("json_instruction", schema=schema),
        in_prose=tuple(role for role in heard.first if role not in heard.shaped),
        thinking=Thinking(
            tuple(dataset.label for dataset in config.datasets if dataset.thinks),
            heard.first.get(Role.REASONER, question),
        ),
    )
