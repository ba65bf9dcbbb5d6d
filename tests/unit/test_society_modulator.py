"""A modulator: who is asked, who observes what, what goes out, and how it is rebuilt."""

import asyncio
from collections.abc import Iterable

import pytest

from matrix_sim.config import SocietyConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    Envelope,
    Failure,
    Grant,
    PlanEffect,
    SummaryOrder,
    TickReport,
    Turn,
    null_report,
)
from matrix_sim.society.assembly import LiveGroup
from matrix_sim.society.modulator import Modulator
from matrix_sim.society.routing import Route, Routing, RoutingQuestion
from matrix_sim.society.settings import modulator_settings
from tests.support.scripted_model import ScriptedModel
from tests.support.small_world import PROMPTS

GROUP = 2
SPEAKERS = {4: "田中さん", 5: "佐藤さん", 9: "鈴木さん"}
SETTINGS = modulator_settings(SocietyConfig(ticks=1, observation_limit=4), ReplyTerms(300, 600))


class Cast:
    """The rest of a group's world: members who act and a router who routes as they are told."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Turn]] = []
        self.questions: list[RoutingQuestion] = []
        self.says: dict[tuple[int, int], str] = {}
        self.idle: set[int] = set()
        self.saying = ""
        self.done: set[int] = set()
        self.fails: dict[int, BaseException] = {}
        self.aware: dict[int, tuple[int, ...]] = {}
        self.forward: dict[int, tuple[int, ...]] = {}
        self.committed: list[TickReport] = []
        self.reads = 0
        self.llm = ScriptedModel(lambda request: f"まとめ {request.address}")

    async def act(self, agent: int, turn: Turn) -> AgentStep:
        self.asked.append((agent, turn))
        await asyncio.sleep(0)
        if agent in self.fails:
            raise self.fails.pop(agent)
        said = self.says.get((turn.tick, agent), f"{turn.tick}の{agent}{self.saying}")
        text = "" if agent in self.idle else said
        kind = ActionKind.PLAN if text else ActionKind.IDLE
        action = Action(turn.tick, turn.group, agent, kind, text)
        return AgentStep(
            action, kind, turn.observations, PlanEffect.KEEP, None, agent not in self.done
        )

    async def route(self, question: RoutingQuestion) -> Routing:
        self.questions.append(question)
        return Routing(
            tuple(
                Route(self.aware.get(action.agent, ()), self.forward.get(action.agent, ()))
                for action, _ in question.actions
            )
        )

    async def reports(self, group: int) -> tuple[TickReport, ...]:
        self.reads += 1
        return tuple(self.committed)

    def modulator(self, reports: Iterable[TickReport] = ()) -> Modulator:
        return Modulator(
            group=GROUP,
            speakers=SPEAKERS,
            settings=SETTINGS,
            router=self,
            prompts=PROMPTS,
            llm=self.llm,
            members=self,
            history=self,
            reports=reports,
        )


def play(who: Modulator | LiveGroup, *grants: Grant) -> list[TickReport]:
    async def one_by_one() -> list[TickReport]:
        return [await who.play(grant) for grant in grants]

    return asyncio.run(one_by_one())


def grant(tick: int, *inbox: Envelope, round_: int = 0, cut: int = 0) -> Grant:
    return Grant(GROUP, tick, round_, inbox, cut)


def envelope(tick: int, source: int, agent: int, rank: int = 0) -> Envelope:
    return Envelope(GROUP, rank, Action(tick, source, agent, ActionKind.PLAN, "外の話"), "外の人")


def test_everybody_is_asked_first_and_then_only_who_has_a_step_or_something_to_see() -> None:
    cast = Cast()
    cast.done, cast.aware = {4, 5}, {9: (5,)}
    play(cast.modulator(), grant(0), grant(1), grant(2))
    asked = [{agent for agent, turn in cast.asked if turn.tick == tick} for tick in range(3)]
    assert asked == [{4, 5, 9}, {5, 9}, {5, 9}]


def test_a_new_round_asks_everybody_once() -> None:
    cast = Cast()
    cast.done = {4, 5, 9}
    modulator = cast.modulator()
    play(modulator, grant(0), grant(3, round_=1), grant(4, round_=1))
    assert [turn.tick for _, turn in cast.asked] == [0] * 3 + [3] * 3


def test_observations_are_in_order_and_of_too_many_the_latest_stay_and_the_rest_is_counted() -> (
    None
):
    cast = Cast()
    cast.aware = dict.fromkeys((4, 5, 30, 31, 33), (9,))
    inbox = [envelope(0, 7, 33), envelope(0, 1, 31), envelope(0, 1, 30)]
    first, _ = play(cast.modulator(), grant(3, *inbox), grant(4))
    (delivery,) = first.deliveries
    assert [(o.action.tick, o.action.agent) for o in delivery.observations] == [
        (0, 31),
        (0, 33),
        (3, 4),
        (3, 5),
    ]
    assert first.observations_cut == 1
    seen = {agent: turn.observations for agent, turn in cast.asked if turn.tick == 4}
    assert seen == {9: delivery.observations, 4: (), 5: ()}


def test_what_goes_out_is_limited_by_action_and_ranked_by_target() -> None:
    cast = Cast()
    cast.forward = {4: (8, 3, 6), 5: (3,), 9: (8,)}
    (report,) = play(cast.modulator(), grant(0))
    assert [(e.target, e.rank, e.action.agent, e.speaker) for e in report.envelopes] == [
        (8, 0, 4, "田中さん"),
        (3, 0, 4, "田中さん"),
        (3, 1, 5, "佐藤さん"),
        (8, 1, 9, "鈴木さん"),
    ]


def test_nobody_is_asked_for_a_route_where_there_is_nothing_to_route() -> None:
    cast = Cast()
    cast.idle = {4, 5, 9}
    modulator = cast.modulator()
    play(modulator, grant(0))
    assert cast.questions == []
    (report,) = play(modulator, grant(1, envelope(0, 1, 30)))
    assert [len(question.actions) for question in cast.questions] == [1]
    assert not report.null


def test_a_group_is_quiescent_when_nobody_has_a_step_and_nobody_will_see_anything() -> None:
    cast = Cast()
    cast.done, cast.aware = {4, 5, 9}, {9: (5,)}
    modulator = cast.modulator()
    assert not play(modulator, grant(0))[0].quiescent
    cast.aware = {}
    assert play(modulator, grant(1))[0].quiescent


def test_what_the_inbox_limit_cut_is_in_the_report() -> None:
    assert play(Cast().modulator(), grant(0, cut=3))[0].inbox_cut == 3


def test_asked_again_for_a_tick_a_group_gives_the_same_report_at_no_cost() -> None:
    cast = Cast()
    modulator = cast.modulator()

    async def at_once() -> list[TickReport]:
        return list(await asyncio.gather(*(modulator.play(grant(0)) for _ in range(3))))

    first, *others = asyncio.run(at_once())
    assert all(other is first for other in others)
    assert play(modulator, grant(0)) == [first]
    assert len(cast.asked) == 3
    assert len(cast.questions) == 1


def test_a_tick_that_is_committed_is_not_played_again() -> None:
    modulator = Cast().modulator()
    play(modulator, grant(0), grant(1))
    with pytest.raises(ValueError, match="g0002 is asked for tick 0 out of order"):
        play(modulator, grant(0))


def test_a_failed_tick_changes_nothing_after_everybody_was_heard_out() -> None:
    cast = Cast()
    cast.fails[4] = EnvironmentalFailure(Hindrance.TIMEOUT, "too slow")
    modulator = cast.modulator()
    with pytest.raises(EnvironmentalFailure):
        play(modulator, grant(0))
    assert [agent for agent, _ in cast.asked] == [4, 5, 9]
    (report,) = play(modulator, grant(0))
    assert [step.action.agent for step in report.steps] == [4, 5, 9]


def test_a_modulator_rebuilt_at_any_tick_goes_on_as_the_one_that_got_there() -> None:
    def played(cast: Cast) -> Cast:
        cast.aware, cast.forward, cast.done = {4: (5,), 5: (4, 9)}, {9: (3,)}, {9}
        return cast

    grants = [grant(t, *[envelope(t - 3, 1, 30)] * (t % 4 == 3)) for t in range(30)]
    whole = played(Cast())
    reports = play(whole.modulator(), *grants)
    for split in (1, 7, 12, 29):
        cast = played(Cast())
        assert play(cast.modulator(reports[:split]), *grants[split:]) == reports[split:]
        assert cast.questions == whole.questions[split:]


def test_what_happened_lately_is_in_the_question_and_stays_short() -> None:
    cast = Cast()
    play(cast.modulator(), *(grant(tick) for tick in range(40)))
    assert cast.questions[1].memory == ("田中さん: 0の4", "佐藤さん: 0の5", "鈴木さん: 0の9")
    assert max(len(question.memory) for question in cast.questions) <= 16
    assert cast.questions[-1].memory[-1] == "鈴木さん: 38の9"


def test_what_happened_long_ago_is_recalled_where_it_bears_on_what_comes_in() -> None:
    cast = Cast()
    cast.says[(3, 4)] = "盆踊りの太鼓を借りてきた。"
    modulator = cast.modulator()
    play(modulator, *(grant(tick) for tick in range(20)))
    assert all("盆踊り" not in line for line in cast.questions[-1].memory)
    asking = Envelope(
        GROUP, 0, Action(17, 7, 70, ActionKind.PLAN, "盆踊りの太鼓はありますか"), "外"
    )
    play(modulator, grant(20, asking), grant(21))
    assert cast.questions[-2].recalled == ("田中さん: 盆踊りの太鼓を借りてきた。",)
    assert cast.questions[-1].recalled == ()


def test_the_question_says_what_each_member_did_and_observed_lately() -> None:
    cast = Cast()
    cast.aware[4] = (9,)
    play(cast.modulator(), grant(0), grant(1), grant(2))
    assert cast.questions[0].recent == {}
    assert cast.questions[2].recent == {
        4: ("0の4", "1の4"),
        5: ("0の5", "1の5"),
        9: ("0の9", "0の4", "1の9"),
    }


@pytest.mark.parametrize("later", [0, 1, 20])
def test_a_summary_tells_its_window_and_no_more_however_late_it_is_asked_for(later: int) -> None:
    cast = Cast()
    modulator = cast.modulator()
    cast.committed = play(modulator, *(grant(tick) for tick in range(3 + later)))
    scenario = asyncio.run(modulator.summarise(SummaryOrder(GROUP, 0)))
    assert [(a.tick, a.agent) for a in scenario.actions] == [
        (tick, agent) for tick in range(3) for agent in SPEAKERS
    ]
    assert scenario.summary == "まとめ summary/g0002/w0000"
    assert cast.reads == (later == 20)
    if later:  # a tick after the window may not be committed yet, and is asked for again
        assert play(modulator, grant(2 + later)) == cast.committed[-1:]
    assert play(modulator, grant(3 + later))[0].tick == 3 + later


def test_a_summary_that_does_not_come_leaves_a_scenario_with_the_cause() -> None:
    cast = Cast()
    cast.llm = ScriptedModel(lambda _: "")
    modulator = cast.modulator()
    play(modulator, *(grant(tick) for tick in range(3)))
    scenario = asyncio.run(modulator.summarise(SummaryOrder(GROUP, 0)))
    assert (scenario.summary, scenario.failure) == ("", Failure.EMPTY)
    assert len(scenario.actions) == 9


def test_a_group_restarted_between_a_report_and_its_commit_does_not_miss_the_tick() -> None:
    """An old summary may be the first thing that the new process is asked for."""
    whole, restarted = Cast(), Cast()
    whole.aware = restarted.aware = {4: (5,), 5: (9,)}
    grants = [grant(tick) for tick in range(6)]
    reports = play(whole.modulator(), *grants)
    live = LiveGroup(GROUP, restarted, restarted.modulator)
    restarted.committed = reports[:4]
    told = asyncio.run(live.summarise(SummaryOrder(GROUP, 0)))
    restarted.committed = reports[:5]  # tick 4 was on its way to the store
    assert play(live, grants[5]) == reports[5:]
    reads = restarted.reads
    assert asyncio.run(live.summarise(SummaryOrder(GROUP, 0))) == told
    assert restarted.reads == reads  # what is rebuilt by now has it at hand


def test_a_group_that_slept_through_null_ticks_goes_on_where_it_was() -> None:
    cast = Cast()
    cast.done = {4, 5, 9}
    (first,) = play(cast.modulator(), grant(0))
    cast.aware = {30: (4,)}
    late = grant(5, envelope(2, 1, 30)), grant(6)
    awake = play(cast.modulator([first]), *late)
    nulls = [null_report(GROUP, tick, 0) for tick in range(1, 5)]
    assert play(cast.modulator([first, *nulls]), *late) == awake
    assert [step.action.agent for step in awake[1].steps] == [4]


@pytest.mark.parametrize(("letter", "characters"), [("あ", 80), ("a", 240)])
def test_what_happened_is_cut_by_tokens_and_not_by_letters(letter: str, characters: int) -> None:
    cast = Cast()
    cast.saying = letter * 400
    play(cast.modulator(), grant(0), grant(1))
    assert len(cast.questions[1].memory[0].removeprefix("田中さん: ")) == characters
