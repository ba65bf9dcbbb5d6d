"""An agent: what its actions do to its plan, what it remembers, and what it is asked."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from matrix_sim.config import MemoryConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Reply, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    CondensedBlock,
    Failure,
    Observation,
    PlanEffect,
    Turn,
)
from matrix_sim.personas.model import Persona
from matrix_sim.society.agent import Agent
from matrix_sim.society.memory import Memory, MemoryItem
from matrix_sim.society.settings import AgentSettings
from matrix_sim.society.society import Member
from tests.support.examples import examples
from tests.support.scripted_model import ScriptedModel, act, goal, parts, reply
from tests.support.small_world import PROMPTS

SETTINGS = AgentSettings(
    memory=MemoryConfig(tokens=200, block_tokens=100),
    max_reactions=2,
    persona_characters=400,
    action_characters=40,
    reply=ReplyTerms(500, 1000),
)
MEMBER = Member(7, Persona(id="p7", name="佐藤", description="図書館で働く。"), "佐藤さん")
ANYTHING = st.builds(
    act,
    st.sampled_from(["", "本を読む", "隣の人に尋ねる" * 9]),
    st.sampled_from(["keep", "advance", "revise", "done"]),
    st.sampled_from(["", "別の道を探す"]),
)


def agent(model: ScriptedModel, history: Sequence[AgentStep] = ()) -> Agent:
    return Agent(MEMBER, SETTINGS, PROMPTS, model, history)


def usual(request: Request) -> str | Reply:
    """A plan of three steps, and nothing but reading."""
    answers = {"goal": goal("一", "二", "三"), "act": act(), "condense": "・本を読んだ。"}
    return answers[parts(request)[0]]


def acting(*replies: str | Reply) -> ScriptedModel:
    """Answers its first turns with these replies."""
    left = list(replies)
    return ScriptedModel(
        lambda request: left.pop(0) if left and "act/" in request.address else usual(request)
    )


def seen(tick: int, text: str = "声をかける") -> Observation:
    return Observation(Action(tick, 2, 5, ActionKind.PLAN, text), "鈴木さん")


def turn(tick: int, *observations: Observation, round_: int = 0) -> Turn:
    return Turn(tick, 2, round_, observations)


def play(who: Agent, *turns: Turn) -> list[AgentStep]:
    async def one_by_one() -> list[AgentStep]:
        return [await who.act(each) for each in turns]

    return asyncio.run(one_by_one())


def turns(count: int) -> list[Turn]:
    return [turn(tick) for tick in range(count)]


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        (act(effect="keep"), "一"),
        (act(effect="advance"), "二"),
        (act(effect="revise", next_step="別の道"), "別の道"),
        (act(effect="revise", next_step=""), "一"),
        (act(effect="keep", next_step="別の道"), "一"),
        (act(effect="done"), None),
    ],
)
def test_an_action_does_to_the_plan_what_it_says(said: str, next_step: str | None) -> None:
    who = agent(model := acting(said))
    (step, _) = play(who, turn(0), turn(1))
    assert who.state.next_step == next_step
    assert step.has_next == (next_step is not None)
    assert ("act/a00007/t0001" in model.addresses) == (next_step is not None)
    assert step.revised_step == ("別の道" if next_step == "別の道" else None)


def test_a_revision_changes_the_current_step_and_no_other() -> None:
    who = agent(acting(act(effect="advance"), act(effect="revise", next_step="別の道")))
    play(who, *turns(3))
    assert who.state.plan == ("一", "別の道", "三")
    assert who.state.goal is not None
    assert who.state.goal.plan == ("一", "二", "三")


def test_a_plan_is_over_after_its_last_step() -> None:
    steps = play(agent(acting(*[act(effect="advance")] * 3)), *turns(4))
    assert [step.has_next for step in steps] == [True, True, False, False]
    assert [step.mode for step in steps] == [*[ActionKind.PLAN] * 3, ActionKind.IDLE]


def test_a_reaction_without_a_plan_left_leaves_it_done() -> None:
    who = agent(acting(act(effect="done"), act(effect="revise", next_step="四")))
    _, reaction, idle = play(who, turn(0), turn(1, seen(0)), turn(2))
    assert reaction.action.kind is ActionKind.REACTION
    assert not reaction.has_next
    assert idle.mode is ActionKind.IDLE
    assert who.state.plan == ("一", "二", "三")


def test_reacting_does_not_starve_the_plan_which_then_sees_what_is_observed() -> None:
    model = acting()
    steps = play(agent(model), *(turn(tick, seen(tick - 1, f"話{tick}")) for tick in range(6)))
    assert [step.mode.value for step in steps] == ["reaction", "reaction", "plan"] * 2
    assert all(step.observed for step in steps)
    asked = {parts(r)[2]: r.messages[-1].content for r in model.asked if "act" in r.address}
    assert "話2" in asked[2]
    assert "この段階を進めるため" in asked[2]


def test_an_idle_action_takes_its_turn_at_the_plan_all_the_same() -> None:
    (step, _) = play(who := agent(acting(act("", "advance"))), turn(0), turn(1))
    assert (step.action.kind, step.action.text) == (ActionKind.IDLE, "")
    assert (step.mode, step.failure) == (ActionKind.PLAN, None)
    assert who.state.next_step == "二"
    assert [item.text for item in who.state.memory.items] == []


def test_an_action_and_a_revised_step_are_clipped() -> None:
    (step,) = play(agent(acting(act("あ" * 99, "revise", "い" * 99))), turn(0))
    assert step.action.text == "あ" * 39 + "…"
    assert step.revised_step == "い" * 39 + "…"


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        ([reply("", Finish.REFUSED)], Failure.REFUSED),
        ([reply("", Finish.CONTENT_FILTER)], Failure.CONTENT_FILTER),
        (["", ""], Failure.EMPTY),
        (["[", "["], Failure.MALFORMED),
        ([reply('{"action": "あ', Finish.LENGTH)] * 2, Failure.TRUNCATED),
    ],
)
def test_a_reply_that_is_no_use_leaves_the_agent_idle_with_the_cause(
    replies: list[str | Reply], failure: Failure
) -> None:
    who = agent(model := acting(*replies))
    step, following = play(who, turn(0, seen(-1)), turn(1))
    assert (step.action.kind, step.failure, step.has_next) == (ActionKind.IDLE, failure, True)
    assert [a for a in model.addresses if "t0000" in a] == [
        f"act/a00007/t0000{suffix}" for suffix in ("", "#2")[: len(replies)]
    ]
    # What it saw it remembers, and the next turn is a turn like any other.
    assert [item.text for item in who.state.memory.items] == ["声をかける"]
    assert following.action.text == "本を読む"


def test_without_a_usable_goal_an_agent_only_reacts_and_is_not_asked_again_for_one() -> None:
    def script(request: Request) -> str | Reply:
        kind, _, _ = parts(request)
        usable = request.address.endswith("/r1")
        return act() if kind == "act" else goal() if usable else reply("", Finish.REFUSED)

    model = ScriptedModel(script)
    who = agent(model)
    first, second, third = play(who, turn(0), turn(1), turn(2, seen(1)))
    assert first.goal is not None
    assert (first.goal.failure, first.goal.plan) == (Failure.REFUSED, ())
    assert [s.mode.value for s in (first, second, third)] == ["idle", "idle", "reaction"]
    assert [s.has_next for s in (first, second, third)] == [False, False, False]
    assert model.addresses == ["goal/a00007", "act/a00007/t0002"]
    (renewed,) = play(who, turn(3, round_=1))
    assert renewed.mode is ActionKind.PLAN
    assert model.addresses[2:] == ["goal/a00007/r1", "act/a00007/t0003"]


def test_a_failure_of_the_moment_changes_nothing_and_the_turn_can_be_played_later() -> None:
    down = [EnvironmentalFailure(Hindrance.SERVER, "500")]

    def script(request: Request) -> str | Reply | Exception:
        return down.pop() if down and "act" in request.address else usual(request)

    who = agent(model := ScriptedModel(script))
    with pytest.raises(EnvironmentalFailure):
        play(who, turn(0))
    assert who.state.goal is None
    (step,) = play(who, turn(0))
    assert step.action.text == "本を読む"
    assert step.goal is not None
    assert model.addresses == ["goal/a00007", "act/a00007/t0000"] * 2


def test_asked_again_for_a_tick_an_agent_gives_the_same_step_without_a_call() -> None:
    who = agent(model := acting(act("一度だけ")))
    first, again = play(who, turn(0), turn(0))
    assert again is first
    assert who.state.goal is None, "nobody has said that the tick was committed"
    assert len(model.asked) == 2
    with pytest.raises(ValueError, match="in order"):
        play(who, turn(1), turn(0))


@examples(30)
@given(
    replies=st.lists(ANYTHING, max_size=30),
    watched=st.lists(st.booleans(), min_size=30, max_size=30),
    split=st.integers(0, 30),
)
def test_an_agent_rebuilt_from_its_steps_goes_on_as_the_one_that_took_them(
    replies: list[str], watched: list[bool], split: int
) -> None:
    whole = [turn(t, *[seen(t - 1, f"話{t}" * 6)] * w) for t, w in enumerate(watched)]
    by_tick = {turn_.tick: said for turn_, said in zip(whole, replies, strict=False)}

    def script(request: Request) -> str | Reply:
        kind, _, when = parts(request)
        return by_tick.get(when, act()) if kind == "act" else usual(request)

    first, second = ScriptedModel(script), ScriptedModel(script)
    steps = play(agent(first), *whole)
    rebuilt = play(agent(second, steps[:split]), *whole[split:])
    assert rebuilt == steps[split:]
    assert second.asked == first.asked[len(first.asked) - len(second.asked) :]


def condensing(script: Callable[[Request], str | Reply]) -> tuple[Agent, list[AgentStep]]:
    who = agent(ScriptedModel(script))
    return who, play(who, *(turn(t, seen(t - 1, f"長い話{t}" * 9)) for t in range(30)))


def test_a_memory_that_outgrows_its_room_is_condensed_block_by_block() -> None:
    model = acting()
    who = agent(model)
    steps = play(who, *(turn(t, seen(t - 1, f"長い話{t}" * 9)) for t in range(30)))
    blocks = [block for step in steps for block in step.condensed]
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert len(blocks) > 3
    wanted = [f"condense/a00007/b{block.number:04d}" for block in blocks]
    assert [a for a in model.addresses if "condense" in a] == wanted
    assert all(block.entries > 1 for block in blocks)
    assert [item.condensed for item in who.state.memory.items][:2] == [True, False]


def test_what_was_condensed_comes_back_where_it_bears_on_what_is_seen() -> None:
    model = acting()
    talk = [
        f"「漬物」の話{t}。塩の量を比べた。" if t == 2 else f"図書館の棚を直した話{t}" * 4
        for t in range(12)
    ]
    who = agent(model)
    play(who, *(turn(t, seen(t - 1, said)) for t, said in enumerate(talk)))
    assert all("漬物" not in item.text for item in who.state.memory.items)
    play(who, turn(12, seen(11, "漬物の塩はどれほど入れますか。")))
    prompt = model.asked[-1].messages[-1].content
    recalled = prompt[prompt.index("<recalled>") : prompt.index("</recalled>")]
    assert "「漬物」の話2。塩の量を比べた。" in recalled
    assert prompt.index("</memory>") < prompt.index("<recalled>") < prompt.index("<observations>")


def test_nothing_is_recalled_that_does_not_bear_on_what_is_new_nor_more_than_asked_for() -> None:
    model = acting()
    who = agent(model)
    play(who, *(turn(t, seen(t - 1, f"図書館の棚を直した話{t}" * 4)) for t in range(12)))
    play(who, turn(12, seen(11, "サッカーの試合")), turn(13, seen(12, "図書館の棚の話")))
    other, same = (
        r.messages[-1].content for r in model.asked if "t001" in r.address and r.address[-1] in "23"
    )
    assert "<recalled>" not in other
    inside = same[same.index("<recalled>") : same.index("</recalled>")]
    assert inside.count("・") == SETTINGS.memory.recall


@pytest.mark.parametrize("useless", [reply("", Finish.REFUSED), "", reply("あ", Finish.LENGTH)])
def test_where_nothing_condenses_a_memory_its_beginnings_stand_in_for_it(
    useless: str | Reply,
) -> None:
    def script(request: Request) -> str | Reply:
        kind, _, _ = parts(request)
        return useless if kind == "condense" else usual(request)

    who, steps = condensing(script)
    blocks = [block for step in steps for block in step.condensed]
    assert len(blocks) > 3
    assert all(block.failure is not None and 0 < len(block.text) <= 50 for block in blocks)
    assert "長い話" in blocks[0].text
    assert who.state.memory.tokens <= 200 + 100


def test_notes_in_latin_letters_may_be_as_long_as_their_tokens_allow() -> None:
    def notes(text: str) -> int:
        _, steps = condensing(lambda r: text if parts(r)[0] == "condense" else usual(r))
        return max(len(block.text) for step in steps for block in step.condensed)

    assert notes("・本を読んだ。" * 40) == 25
    assert notes("- me: I read. " * 40) == 75


@examples(60)
@given(
    texts=st.lists(
        st.builds(str.__mul__, st.sampled_from("aあ🙂"), st.integers(1, 400)),
        min_size=10,
        max_size=30,
    ),
    room=st.integers(100, 400),
)
def test_condensing_always_comes_to_an_end(texts: list[str], room: int) -> None:
    """However little a block says: its stand-in is smaller than what it replaces."""
    memory = Memory().remember(tuple(MemoryItem("", text) for text in texts))
    number = 0
    while memory.tokens > 2 * room:
        block = memory.oldest_block(room)
        smaller = memory.condense(CondensedBlock(number, len(block), "🙂" * (room // 2)))
        assert smaller.tokens < memory.tokens
        assert smaller.items[1:] == memory.items[len(block) :]
        memory, number = smaller, number + 1
    event(f"condensed {min(number, 3)} times or more")


@pytest.mark.parametrize("broken", ["\\u0000", "\\ud800", "\\udc00\\u0000"])
def test_what_json_escapes_and_no_text_can_hold_is_replaced(broken: str) -> None:
    said = act("あXい", "revise", "うX").replace("X", broken)
    (step,) = play(agent(acting(said)), turn(0))
    marks = "�" * broken.count("\\")
    assert step.action.text == f"あ{marks}い"
    assert step.revised_step == f"う{marks}"
    assert step.effect is PlanEffect.REVISE
