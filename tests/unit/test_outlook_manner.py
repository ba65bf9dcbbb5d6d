"""A model's manner: learnt from some of its replies, taken on by the stub."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from matrix_sim.directions import decode_directions
from matrix_sim.llm.contracts import Finish, Reply, Request, Role
from matrix_sim.messages import PlanEffect
from matrix_sim.outlook.manner import Manner, Mannered, Outcome
from matrix_sim.rehearsal import Rehearsal
from matrix_sim.society.simulation import SimulationEnd
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from tests.support.scripted_model import Script, ScriptedModel, act, goal, parts, reply, route
from tests.support.small_world import PROMPTS, founded, small_config


def terse(request: Request) -> str | Reply:
    """A model that gives up its plan at once, in few words, and sees nobody concerned."""
    kind, *_ = parts(request)
    match kind:
        case "goal":
            return goal("一", "二", "三", "四")
        case "act":
            return act("うん", "done")
        case "route":
            return '{"routes": []}'
    return "短い話。"


class Played:
    """A small society in one process, with what its model was asked."""

    def __init__(self, script: Script | None, manner: Manner | None = None) -> None:
        config = small_config()
        self.store = RunStore.in_memory()
        society = founded(config, self.store)
        self.model = ScriptedModel(script or terse)
        llm = self.model if manner is None else Mannered(self.model, manner, seed=1)
        rehearsal = Rehearsal(config, society, PROMPTS, llm, InlineCommit(self.store))
        simulation = rehearsal.simulation(self.store.progress(len(society.groups), 3))
        self.end: SimulationEnd = asyncio.run(simulation.run())
        self.sizes = [len(group.members) for group in society.groups]
        self.reports = [r for g in range(len(society.groups)) for r in self.store.reports(g)]

    def learn(self) -> Manner:
        manner = Manner()
        for request in self.model.asked:
            said = terse(request)
            manner.learn(request, reply(said) if isinstance(said, str) else said)
        for report in self.reports:
            manner.hear(report, self.sizes[report.group])
        return manner


def wordy(request: Request) -> str | Reply:
    """As a stub may be: every plan goes on for ever, and everybody hears of everything."""
    kind, *_ = parts(request)
    match kind:
        case "goal":
            return goal("最初の一歩を丁寧に進める", "次の一歩", "最後の一歩")
        case "act":
            return act("とても長い話をして、皆に詳しく伝えました。" * 3, "keep")
        case "route":
            heard = (["m1", "m2", "m3"], ["n1"])
            return route(_1=heard, _2=heard, _3=heard, _4=heard)
    return "長い話。" * 10


def calls(played: Played) -> Counter[str]:
    return Counter(parts(request)[0] for request in played.model.asked)


def test_another_model_with_the_manner_is_asked_as_much_as_the_one_it_is_of() -> None:
    there = Played(terse)
    assert calls(Played(wordy)) != calls(there)
    assert calls(Played(wordy, there.learn())) == calls(there)


def test_it_says_as_much_and_decides_alike() -> None:
    like = Played(wordy, Played(terse).learn())
    steps = [step for report in like.reports for step in report.steps]
    assert {len(step.action.text) for step in steps} == {2}
    assert {step.effect for step in steps} == {PlanEffect.DONE}
    assert {len(step.goal.plan) for step in steps if step.goal is not None} == {4}


@pytest.mark.parametrize(("said", "taken_on"), [("a" * 90, 30), ("]", 1)])
def test_it_says_as_much_in_bytes_which_tokens_go_by(said: str, taken_on: int) -> None:
    request = next(r for r in Played(terse).model.asked if parts(r)[0] == "act")
    manner = Manner()
    manner.learn(request, reply(act(said)))
    steps = [step for report in Played(wordy, manner).reports for step in report.steps]
    assert {len(step.action.text) for step in steps} == {taken_on}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (reply("[", Finish.LENGTH), Outcome.CUT_OFF),
        (reply(" "), Outcome.EMPTY),
        (reply("no JSON"), Outcome.MALFORMED),
        (reply("no", Finish.REFUSED), Outcome.FINAL),
        (reply(act()), Outcome.USABLE),
    ],
)
def test_what_a_reply_is_worth_is_learnt(said: Reply, outcome: Outcome) -> None:
    request = next(r for r in Played(terse).model.asked if parts(r)[0] == "act")
    manner = Manner()
    manner.learn(request, said)
    assert manner.outcomes == {(Role.AGENT, "act"): [outcome]}


def test_replies_that_are_no_use_are_as_frequent_as_they_were_seen() -> None:
    acts = (Role.AGENT, "act")
    manner = Manner(outcomes={acts: [Outcome.MALFORMED, Outcome.USABLE]}, effects=["keep"])
    asked = [request for request in Played(wordy, manner).model.asked if request.role is acts[0]]
    again = sum(request.attempt > 1 for request in asked) / len(asked)
    assert 0.15 < again < 0.45  # a half of the first questions, a third of all


def test_vectors_are_no_prose_to_be_made_longer() -> None:
    request = Request("embed/g0000/t0", Role.EMBEDDING, (), 64)
    manner = Manner()
    manner.learn(request, reply("AAA="))
    vectors = Mannered(ScriptedModel(lambda _: "AQIDBAUGBwg=\nCAcGBQQDAgE="), manner, seed=1)
    said = asyncio.run(vectors.complete(request)).text
    assert [len(one) for one in decode_directions(said)] == [8, 8]


def test_nothing_learnt_changes_nothing() -> None:
    assert calls(Played(wordy, Manner())) == calls(Played(wordy))
