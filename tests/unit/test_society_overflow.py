"""A prompt that is too long for the model is put more shortly, the same way on every replay."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from matrix_sim.config import MemoryConfig, RunConfig
from matrix_sim.llm.contracts import Endpoint, Finish, Reply, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    Failure,
    Observation,
    Turn,
)
from matrix_sim.personas.model import Persona
from matrix_sim.society.agent import Agent
from matrix_sim.society.routing import Candidate, RoutingQuestion
from matrix_sim.society.routing.llm import LLMRouter
from matrix_sim.society.settings import AgentSettings
from matrix_sim.society.society import Member
from matrix_sim.store.run_store import RunStore
from matrix_sim.text import estimate_tokens
from tests.support.deaths import ManyLives
from tests.support.scripted_model import ScriptedModel, act, goal, parts, reply, route
from tests.support.small_world import PROMPTS, everything, finished, small_config

SETTINGS = AgentSettings(
    memory=MemoryConfig(tokens=400, block_tokens=200),
    max_reactions=2,
    persona_characters=400,
    action_characters=80,
    reply=ReplyTerms(500, 1000),
)
MEMBER = Member(7, Persona(id="p7", name="佐藤", description="図書館で働く。" * 40), "佐藤さん")
TOO_LONG = reply("", Finish.CONTEXT_OVERFLOW)


def size(request: Request) -> int:
    return sum(estimate_tokens(m.content) for m in request.messages) + request.max_tokens


def narrow(context: int) -> ScriptedModel:
    """A model with so many tokens of context."""
    answers = {"goal": goal("一", "二", "三"), "act": act(), "condense": "・本を読んだ。"}
    return ScriptedModel(
        lambda request: TOO_LONG if size(request) > context else answers[parts(request)[0]]
    )


def turn(tick: int, text: str = "声をかける") -> Turn:
    seen = Observation(Action(tick - 1, 2, 5, ActionKind.PLAN, text), "鈴木さん")
    return Turn(tick, 2, 0, (seen,))


def played(
    model: ScriptedModel, turns: int, history: tuple[AgentStep, ...] = ()
) -> list[AgentStep]:
    who = Agent(MEMBER, SETTINGS, PROMPTS, model, history)

    async def one_by_one() -> list[AgentStep]:
        return [
            await who.act(turn(tick, "昨日の話の続きをする" * 4))
            for tick in range(len(history), len(history) + turns)
        ]

    return asyncio.run(one_by_one())


@cache
def wide() -> ScriptedModel:
    model = narrow(10**6)
    played(model, 4)
    return model


def smallest_and_largest() -> tuple[int, int]:
    sizes = [size(request) for request in wide().asked if "act" in request.address]
    return sizes[0], sizes[-1]


def test_an_agent_condenses_its_memory_for_good_where_the_model_has_less_room() -> None:
    model = narrow(smallest_and_largest()[1] - 1)
    steps = played(model, 5)
    assert [step.failure for step in steps] == [None] * 5
    assert [len(step.condensed) for step in steps] == [0, 0, 0, 1, 1]
    for tick, block in ((3, 0), (4, 1)):
        act, condense = f"act/a00007/t{tick:04d}", f"condense/a00007/b{block:04d}"
        at = model.addresses.index(act)
        assert model.addresses[at : at + 3] == [act, condense, f"{act}#2"]


def test_where_no_memory_is_left_to_condense_the_profile_is_shortened_for_the_turn() -> None:
    smallest, _ = smallest_and_largest()
    model = narrow(smallest - 50)
    (step,) = played(model, 1)
    assert (step.failure, step.condensed) == (None, ())
    first, second = (r for r in model.asked if "act" in r.address)
    assert size(second) < size(first) - 50
    assert "図書館" in second.messages[1].content


def test_after_all_shortening_it_is_an_outcome_after_so_many_attempts() -> None:
    model = narrow(0)
    first, second = played(model, 2)
    assert first.goal is not None
    assert first.goal.failure is Failure.CONTEXT_OVERFLOW
    assert (first.failure, first.action.kind) == (Failure.CONTEXT_OVERFLOW, ActionKind.IDLE)
    assert second.failure is Failure.CONTEXT_OVERFLOW
    attempts = Counter(request.address for request in model.asked)
    assert attempts == {
        "goal/a00007": 3,
        "act/a00007/t0000": 1,  # the goal's question has shortened all there is
        "act/a00007/t0001": 3,
    }


def test_an_agent_that_is_rebuilt_asks_the_same_after_an_overflow() -> None:
    context = smallest_and_largest()[1] - 1
    whole = played(narrow(context), 5)
    model = narrow(context)
    assert played(model, 1, tuple(whole[:4])) == whole[4:]


def test_what_is_recalled_is_left_out_where_the_prompt_is_too_long() -> None:
    def script(request: Request) -> str | Reply:
        told = request.messages[-1].content
        if request.address == "act/a00007/t0012" and "<recalled>" in told:
            return TOO_LONG
        return {"goal": goal(), "act": act(), "condense": "・本を読んだ。"}[parts(request)[0]]

    model = ScriptedModel(script)
    who = Agent(MEMBER, SETTINGS, PROMPTS, model, ())

    async def talk() -> AgentStep:
        for tick in range(12):
            said = "漬物の塩の量を比べた" if tick == 2 else f"図書館の棚を直した話{tick}" * 4
            await who.act(turn(tick, said))
        return await who.act(turn(12, "漬物の塩の量はどれほどですか"))

    assert asyncio.run(talk()).failure is None
    first, second = (r for r in model.asked if r.address == "act/a00007/t0012")
    assert "<recalled>" in first.messages[-1].content
    assert "<recalled>" not in second.messages[-1].content


def test_a_routing_that_is_too_long_is_told_less_of_what_happened_before() -> None:
    people = [Candidate(n, f"人{n}") for n in range(3)]
    memory = tuple(f"前の話{n}" for n in range(8))
    question = RoutingQuestion(
        0, 4, ((Action(4, 0, 1, ActionKind.PLAN, "話す"), "誰か"),), memory, ("昔の話",)
    )
    model = ScriptedModel(
        lambda r: TOO_LONG if "前の話6" in r.messages[-1].content else route(_1=(["m1"], []))
    )
    routing = asyncio.run(
        LLMRouter(0, people, [], PROMPTS, model, ReplyTerms(300, 600)).route(question)
    )
    assert routing.failure is None
    told = [request.messages[-1].content for request in model.asked]
    assert ["昔の話" in text for text in told] == [True, False, False, False, False]
    assert [text.count("前の話") for text in told] == [8, 8, 4, 2, 0]


def test_a_summary_that_is_too_long_is_told_the_beginnings_of_what_was_done() -> None:
    config = small_config(ticks=3)
    sizes: list[int] = []

    class Picky(Narrow):
        async def send(self, request: Request, *, sending: int) -> Reply:
            if parts(request)[0] == "summary":
                sizes.append(size(request))
                if request.attempt < 3:
                    return TOO_LONG
            return await self._inner.send(request, sending=sending)

    plain = list((finished(config)[0]).scenarios())
    found = list((finished(config, wrap=Picky(0).around)[0]).scenarios())
    assert [one.failure for one in found] == [None] * len(plain)
    assert [one.actions for one in found] == [one.actions for one in plain]
    assert len(set(sizes)) == len(sizes) == 3 * len(plain)


class Narrow:
    """An endpoint whose model has so many tokens of context."""

    def __init__(self, context: int) -> None:
        self.identity = b""
        self.turned_away: Counter[str] = Counter()
        self._context = context
        self._inner: Endpoint

    def around(self, inner: Endpoint) -> Endpoint:
        self._inner, self.identity = inner, inner.identity
        return self

    async def send(self, request: Request, *, sending: int) -> Reply:
        if size(request) > self._context:
            self.turned_away[parts(request)[0]] += 1
            return TOO_LONG
        return await self._inner.send(request, sending=sending)


class NarrowLives(ManyLives):
    """A run on a narrow model that is killed now and then."""

    def __post_init__(self) -> None:
        super().__post_init__()
        narrow_model, counting = Narrow(CONTEXT), self.endpoint.around
        self.endpoint.around = lambda inner: counting(narrow_model.around(inner))  # type: ignore[method-assign]


CONTEXT = 2480


def narrow_config() -> RunConfig:
    return small_config(ticks=9, stub={"latency": "lognormal:0.2:1.0"})


def steps_of(store: RunStore) -> Iterator[AgentStep]:
    for group in range(len(store.events("group"))):
        for report in store.reports(group):
            yield from report.steps


def test_a_society_lives_on_a_narrow_model_and_replays_the_same_after_kills() -> None:
    config, model = narrow_config(), Narrow(CONTEXT)
    store, _ = finished(config, wrap=model.around)
    assert {*model.turned_away} >= {"act", "route"}
    assert any(step.condensed for step in steps_of(store)), "memories are below their own limit"
    assert any(step.failure is None and step.action.text for step in steps_of(store))
    lives = NarrowLives(config)
    lives.live_through([("journal.before_record", 40), ("tick.after_commit", 9)], seed=4)
    assert lives.deaths == 2
    assert everything(lives.store, config) == everything(store, config)
    (agents, *_) = store.usage().roles
    assert dict(agents.repeated)[Failure.CONTEXT_OVERFLOW] > 0


@pytest.mark.parametrize("context", [1200, 1600])
def test_on_a_model_that_is_too_narrow_for_goals_a_run_comes_to_its_end(context: int) -> None:
    config = small_config()
    store, end = finished(config, wrap=Narrow(context).around)
    goals = [step.goal for step in steps_of(store) if step.goal is not None]
    assert (end.scenarios, len(goals)) == (0, 9)
    assert {goal.failure for goal in goals} == {Failure.CONTEXT_OVERFLOW}
