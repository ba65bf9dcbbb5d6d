"""The model's pass over the people of a new run, with the run's journal behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from matrix_sim.answering import answering
from matrix_sim.config import RunConfig
from matrix_sim.config.roles import model_of
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import EnvironmentalFailure, Role
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.limits.news import EndpointNews
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.personas.anonymise.close_look import CloseLook, look_closely
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.text import counted

_TOLD_EVERY = 100
"""People between two lines of progress."""
_NEWS_EVERY_S = 0.5


def look_at_people(
    config: RunConfig,
    prompts: PromptLibrary,
    personas: Sequence[Persona],
    store: RunStore,
    say: Callable[[str], None],
) -> CloseLook:
    """Have the model look at everybody; replies that the journal holds are not asked for again.

    Args:
        config: of the run; its model for the role `anonymiser` is asked.
        prompts: of the run.
        personas: as the rules left them.
        store: of the run, not yet founded.
        say: where progress is told.

    Raises:
        RunFailure: the endpoint gave no replies now, or none that are of use.
    """
    people = len(personas)
    say(f"asking the anonymiser about {people} people")

    def tell(done: int) -> None:
        if done % _TOLD_EVERY == 0 and done:
            say(f"  {done} of {people}")

    try:
        look = asyncio.run(_look(config, prompts, personas, store, tell, say))
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"{failure}\nWhat the anonymiser has answered is kept: the same command goes on there."
        ) from failure
    if not look.personas:
        raise RunFailure(
            f"the anonymiser gave no usable reply about anybody ({counted(look.left_out)}). Is "
            "'models.anonymiser' able to follow a JSON schema, and is its 'max_tokens' enough? "
            "Then start a new run."
        )
    return look


async def _look(
    config: RunConfig,
    prompts: PromptLibrary,
    personas: Sequence[Persona],
    store: RunStore,
    tell: Callable[[int], None],
    say: Callable[[str], None],
) -> CloseLook:
    model = model_of(config.models, Role.ANONYMISER)
    channel = GroupCommit(store)
    async with answering(config, prompts, channel, "anonymiser", roles=(Role.ANONYMISER,)) as here:
        watching = asyncio.create_task(_tell_of_endpoints(here.limiter, say))
        try:
            return await look_closely(
                here.llm,
                prompts,
                personas,
                terms=ReplyTerms.of(model),
                width=config.runtime.max_in_flight,
                tell=tell,
            )
        finally:
            watching.cancel()


async def _tell_of_endpoints(limiter: Limiter, say: Callable[[str], None]) -> None:
    news = EndpointNews()
    while True:
        await asyncio.sleep(_NEWS_EVERY_S)
        for line in news.lines(limiter.status()):
            say(line)
