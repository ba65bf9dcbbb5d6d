"""Two hundred ticks: prompts stay within bounds, and memories grow only at their ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Endpoint, Reply, Request
from matrix_sim.store.run_store import RunStore
from matrix_sim.text import estimate_tokens
from tests.support.scripted_model import parts
from tests.support.small_world import play_world, small_config
from tests.support.virtual_time import run_virtually

TICKS = 200
SPEAKER, DESCRIPTION = 80, 240
"""Characters, at most, of how people and groups are known."""
FRAME = 250
"""Tokens of a template's user part without its material."""
PLAN_STEPS = 8


@dataclass
class Listener:
    """An endpoint's ear."""

    identity: bytes
    inner: Endpoint
    heard: list[Request]

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.heard.append(request)
        return await self.inner.send(request, sending=sending)


def config() -> RunConfig:
    return small_config(
        ticks=TICKS,
        memory={"tokens": 1000, "block_tokens": 500},
        persona_characters=300,
        action_characters=60,
        observation_limit=3,
        inbox_limit=4,
    )


@cache
def long_run() -> tuple[RunStore, tuple[Request, ...]]:
    store, heard = RunStore.in_memory(), list[Request]()

    def listen(inner: Endpoint) -> Endpoint:
        return Listener(inner.identity, inner, heard)

    run_virtually(play_world(config(), store, wrap=listen))
    return store, tuple(heard)


def asked(kind: str) -> list[Request]:
    return [r for r in long_run()[1] if parts(r)[0] == kind and r.attempt == 1]


def test_every_prompt_stays_within_a_bound_that_the_settings_give() -> None:
    society = config().society
    # A Japanese character is a token of the estimate, one of four bytes a third more.
    action, speaker = society.action_characters + 2, SPEAKER + 4
    profile = society.persona_characters
    plan = (PLAN_STEPS + 3) * action
    seen = action + speaker
    members, neighbours = society.group_size.max, society.neighbours + society.weak_ties
    bounds = {
        "act": profile + plan + society.memory.tokens + society.observation_limit * seen,
        "goal": profile + plan + society.memory.tokens,
        "condense": society.memory.block_tokens + seen + speaker,
        "route": (
            members * (speaker + 8)
            + neighbours * (DESCRIPTION + 8)
            + 16 * (80 + speaker)
            + (members + society.inbox_limit) * (seen + 16)
        ),
        "summary": society.scenario_window * members * (seen + 8),
    }
    for kind, bound in bounds.items():
        sizes = [estimate_tokens(r.messages[-1].content) for r in asked(kind)]
        assert max(sizes) <= bound + FRAME, kind


def test_prompts_do_not_grow_with_the_length_of_the_run() -> None:
    for kind, first, last in (("act", 40, 150), ("route", 40, 150), ("summary", 13, 50)):
        sizes = [(parts(r)[2], estimate_tokens(r.messages[-1].content)) for r in asked(kind)]
        early = [size for when, size in sizes if when < first]
        late = [size for when, size in sizes if when >= last]
        assert early
        assert late
        assert sum(late) / len(late) < 1.5 * max(early)


def test_a_memory_is_condensed_in_blocks_and_not_a_line_at_a_time() -> None:
    store, _ = long_run()
    steps = [s for group in range(3) for r in store.reports(group) for s in r.steps]
    blocks = [block for step in steps for block in step.condensed]
    lines = sum(len(step.observed) + bool(step.action.text) for step in steps)
    assert len(blocks) > 30
    assert lines / len(blocks) > 3
    numbers: dict[int, list[int]] = {}
    for step in steps:
        numbers.setdefault(step.action.agent, []).extend(b.number for b in step.condensed)
    assert all(found == list(range(len(found))) for found in numbers.values())
    assert {r.address for r in asked("condense")} == {
        f"condense/a{agent:05d}/b{number:04d}"
        for agent, found in numbers.items()
        for number in found
    }


def test_between_two_condensings_a_prompt_begins_as_the_one_before_ended() -> None:
    kept, whole = 0, 0
    for before, after in successive_prompts():
        plan_before, plan_after = before.partition("<memory>")[0], after.partition("<memory>")[0]
        whole += 1
        if plan_before != plan_after:
            continue  # the plan was revised, or the goal is new
        kept += 1
        remembered = before.partition("</memory>")[0]
        assert after.startswith(remembered)
    assert kept > 0.7 * whole > 100


def successive_prompts() -> Iterator[tuple[str, str]]:
    """Neighbouring prompts of each agent, unless its memory was condensed in between."""
    last: dict[int, str] = {}
    for request in long_run()[1]:
        kind, who, _ = parts(request)
        if kind == "condense":
            last.pop(who, None)
        if kind == "act" and request.attempt == 1:
            text = request.messages[-1].content
            if who in last:
                yield last[who], text
            last[who] = text


def test_the_prefix_cache_finds_most_of_what_agents_ask() -> None:
    (agents, *_) = long_run()[0].usage().roles
    assert agents.uncached_tokens < 0.6 * agents.prompt_tokens
