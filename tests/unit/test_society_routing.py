"""Routing: what a reply may say, and what of it is dropped and counted."""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Finish, Reply
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import Action, ActionKind, Failure
from matrix_sim.society.routing import Candidate, Route, Routing, RoutingQuestion
from matrix_sim.society.routing.llm import LLMRouter
from tests.support.examples import examples
from tests.support.scripted_model import ScriptedModel, reply, route
from tests.support.small_world import PROMPTS

SPEAKERS = ((11, "田中さん"), (12, "佐藤さん"), (15, "鈴木さん"))
MEMBERS = [Candidate(agent, speaker) for agent, speaker in SPEAKERS]
NEIGHBOURS = [Candidate(3, "農家の人たち"), Candidate(8, "学生たち")]
GROUP = 6


def own(agent: int) -> tuple[Action, str]:
    return Action(4, GROUP, agent, ActionKind.PLAN, f"{agent}の話"), "誰か"


FOREIGN = (Action(1, 3, 40, ActionKind.PLAN, "よそから来た話"), "外の人")
QUESTION = RoutingQuestion(GROUP, 4, (FOREIGN, own(11), own(15)), ("前に話した",))
"""Action 1 came in, 2 is m1's and 3 is m3's."""


def routed(answer: str | Reply, question: RoutingQuestion = QUESTION) -> Routing:
    model = ScriptedModel(lambda _: answer)
    return asyncio.run(router(model).route(question))


def reached(answer: str | Reply) -> Routing:
    """What was decided, whatever matters most of it."""
    return replace(routed(answer), ranking=(), asked=False)


def router(model: ScriptedModel) -> LLMRouter:
    return LLMRouter(GROUP, MEMBERS, NEIGHBOURS, PROMPTS, model, ReplyTerms(300, 600))


def test_labels_are_read_as_the_members_and_groups_that_they_stand_for() -> None:
    said = route(_1=(["m3", "m1"], []), _2=(["m2"], ["n2", "n1"]))
    assert reached(said) == Routing((Route((11, 15), ()), Route((12,), (8, 3)), Route((), ())))


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        (route(_2=(["m4"], [])), 1),
        (route(_2=(["11", "佐藤さん", "", "M1"], [])), 4),
        (route(_2=([], ["n3", "m2", "g0003"])), 3),
        (route(_2=(["n1"], [])), 1),
        (route(_0=(["m2"], [])), 1),
        (route(_4=(["m2"], ["n1"])), 1),
        (route(_1=([], ["n1"])), 1),
        (route(_2=(["m1"], [])), 1),
        (route(_3=(["m3"], [])), 1),
    ],
    ids=[
        "a member that is not there",
        "ids and names in place of labels",
        "neighbours that are not there",
        "a neighbour where a member belongs",
        "an action before the first",
        "an action after the last",
        "an action of another group sent on",
        "the one who acted",
        "the other one who acted",
    ],
)
def test_what_names_nobody_is_dropped_and_counted(said: str, unknown: int) -> None:
    assert reached(said) == Routing((Route((), ()),) * 3, unknown_ids=unknown)


def test_a_negative_action_is_not_counted_from_the_end() -> None:
    said = json.dumps({"routes": [{"action": -1, "aware": ["m2"], "forward": []}]})
    assert reached(said) == Routing((Route((), ()),) * 3, unknown_ids=1)


def test_what_the_reply_names_first_matters_most() -> None:
    said = json.dumps(
        {"routes": [{"action": n, "aware": ["m2"], "forward": []} for n in (3, 7, 1, 3)]}
    )
    assert routed(said).ranking == (2, 0)
    assert routed(said).by_importance == (2, 0, 1)


def test_what_is_said_twice_holds_once() -> None:
    entry = {"action": 2, "aware": ["m2", "m2"], "forward": ["n1", "n1"]}
    said = json.dumps({"routes": [entry, entry | {"aware": ["m3"]}]})
    assert routed(said).routes[1] == Route((12, 15), (3,))


LABELS = st.sampled_from(["m1", "m2", "m3", "m4", "n1", "n2", "n3", "", "15", "すべて"])
ENTRIES = st.fixed_dictionaries(
    {
        "action": st.integers(-3, 6),
        "aware": st.lists(LABELS, max_size=6),
        "forward": st.lists(LABELS, max_size=6),
    }
)


@examples(150)
@given(entries=st.lists(ENTRIES, max_size=8))
def test_whatever_is_said_nobody_but_members_and_neighbours_is_reached(
    entries: list[dict[str, object]],
) -> None:
    routing = routed(json.dumps({"routes": entries}))
    assert len(routing.routes) == 3
    for (action, _), where in zip(QUESTION.actions, routing.routes, strict=True):
        assert {*where.aware} <= {11, 12, 15} - {action.agent}
        assert list(where.aware) == sorted({*where.aware})
        assert {*where.forward} <= ({3, 8} if action.group == GROUP else {*()})
    assert routing.unknown_ids >= sum(not 1 <= int(str(e["action"])) <= 3 for e in entries)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply("", Finish.REFUSED), Failure.REFUSED),
        (reply('{"routes": [', Finish.LENGTH), Failure.TRUNCATED),
        ("誰も気づきません。", Failure.MALFORMED),
        ("", Failure.EMPTY),
    ],
)
def test_where_no_routing_comes_nobody_becomes_aware_of_anything(
    answer: str | Reply, failure: Failure
) -> None:
    assert reached(answer) == Routing((Route((), ()),) * 3, failure=failure)


def test_one_question_holds_everything_and_names_people_by_label() -> None:
    model = ScriptedModel(lambda _: route())
    asyncio.run(router(model).route(QUESTION))
    (request,) = model.asked
    assert request.address == "route/g0006/t0004"
    text = request.messages[-1].content
    for part in ("m1：田中さん", "n2：学生たち", "前に話した", "1［外から］", "2［m1］", "3［m3］"):
        assert part in text
    assert request.schema is not None
    shape = json.loads(request.schema.json_schema)
    assert ["m1", "m2", "m3"] in enums(shape)
    assert ["n1", "n2"] in enums(shape)


def enums(shape: object) -> list[object]:
    if isinstance(shape, dict):
        found = [shape["enum"]] if "enum" in shape else []
        return found + [e for value in shape.values() for e in enums(value)]
    return [e for value in shape for e in enums(value)] if isinstance(shape, list) else []
