"""The thinking of a malformed reply goes back with it where that is asked for, and only there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from matrix_sim.config import SocietyConfig
from matrix_sim.llm.contracts import Finish, Message, Reply, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import Action, ActionKind, Turn
from matrix_sim.personas.anonymise.close_look import look_closely
from matrix_sim.personas.model import Persona
from matrix_sim.society.agent import Agent
from matrix_sim.society.routing.contracts import Candidate, RoutingQuestion
from matrix_sim.society.routing.policies import make_router
from matrix_sim.society.settings import agent_settings, modulator_settings
from matrix_sim.society.society import Member
from tests.support.scripted_model import ScriptedModel, goal
from tests.support.small_world import PROMPTS

PERSONA = Persona(id="p7", name="佐藤", description="図書館で働く。")
MEMBER = Member(7, PERSONA, "佐藤さん")
ACTION = Action(3, 1, 7, ActionKind.PLAN, "本を読む")


def broken() -> ScriptedModel:
    """Never of the shape that was asked for, but for goals; always with a thought."""

    def answer(request: Request) -> Reply:
        text = goal() if request.address.startswith("goal/") else "["
        return Reply(text, "考え", Finish.STOP, "m")

    return ScriptedModel(answer)


def act(model: ScriptedModel, back: bool) -> None:
    settings = agent_settings(SocietyConfig(ticks=1), ReplyTerms(300, 600, back))
    agent = Agent(MEMBER, settings, PROMPTS, model, ())
    asyncio.run(agent.act(Turn(0, 1, 0, ())))


def route(model: ScriptedModel, back: bool) -> None:
    settings = modulator_settings(SocietyConfig(ticks=1), ReplyTerms(300, 600, back))
    members = (Candidate(7, "佐藤さん"), Candidate(8, "鈴木さん"))
    router = make_router(1, members, (), 0.0, settings, PROMPTS, model)
    asyncio.run(router.route(RoutingQuestion(1, 3, ((ACTION, "佐藤さん"),), ())))


def anonymise(model: ScriptedModel, back: bool) -> None:
    look = look_closely(model, PROMPTS, [PERSONA], terms=ReplyTerms(300, 600, back), width=1)
    asyncio.run(look)


def repairs(model: ScriptedModel) -> list[Message]:
    """What the model is shown of itself."""
    return [m for r in model.asked if r.attempt == 2 for m in r.messages if m.role == "assistant"]


@pytest.mark.parametrize("ask", [act, route, anonymise])
@pytest.mark.parametrize("back", [True, False])
def test_a_repair_shows_the_thinking_only_where_it_is_asked_for(
    ask: Callable[[ScriptedModel, bool], None], back: bool
) -> None:
    ask(model := broken(), back)
    assert repairs(model) == [Message("assistant", "[", "考え" if back else "")]
