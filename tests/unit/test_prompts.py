"""What the packaged prompts say, and in which order."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass

import pytest

from matrix_sim.canonical import content_hash
from matrix_sim.messages import Goal
from matrix_sim.prompts.catalogue import SOCIETY_TEMPLATES, TEMPLATES
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.memory import MemoryItem
from tests.support.prompt_samples import (
    CHATS,
    ICHIRO,
    LIBRARIES,
    LIBRARY,
    act,
    in_both,
    rendered,
    values,
)


@dataclass(frozen=True)
class Wording:
    """What the templates of a language say around what is given to them."""

    own: str
    others: str
    remembered: str
    outside: str
    nobody: str
    ending: str
    on_with_the_plan: str
    with_what_was_seen: str
    in_answer: str
    keep: str
    nothing_left: str
    further: str


WORDINGS = {
    "ja": Wording(
        own="・自分：{}",
        others="・{}：{}",
        remembered="（以前のことの覚え書き）",
        outside="{}［外から］{}：{}\n{}［{}］{}：{}\n",
        nobody="（なし）",
        ending="一つ決めてください。",
        on_with_the_plan="この段階を進めるために",
        with_what_was_seen="見聞きしたことも踏まえて",
        in_answer="それを受けて",
        keep="動かさないなら、effectはkeep",
        nothing_left="残っている段階はない",
        further="より先へ進む",
    ),
    "en": Wording(
        own="- me: {}",
        others="- {}: {}",
        remembered="(notes on earlier days)",
        outside="{} [from outside] {}: {}\n{} [{}] {}: {}\n",
        nobody="(none)",
        ending="to get on with it.",
        on_with_the_plan="to get on with it",
        with_what_was_seen="saw and heard in <observations>",
        in_answer="do about it",
        keep="does not move that step, effect is keep",
        nothing_left="No step of your plan is left",
        further="go beyond it",
    ),
}


@in_both
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_renders_with_exactly_its_variables(language: str, name: str) -> None:
    variables = values("公園で三人に会った。")[name]

    assert tuple(sorted(variables)) == tuple(sorted(TEMPLATES[name].variables))
    assert ("公園で三人に会った。" in rendered(language, name, variables)) is bool(variables)


@in_both
@pytest.mark.parametrize("name", CHATS)
def test_a_chat_prompt_is_a_constant_system_message_and_a_user_message(
    language: str, name: str
) -> None:
    one = LIBRARIES[language].render(name, **values("あ")[name])
    other = LIBRARIES[language].render(name, **values("い")[name])

    assert [message.role for message in one] == ["system", "user"]
    assert one[0] is other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("name", TEMPLATES)
def test_both_languages_put_the_same_material_between_the_same_tags(name: str) -> None:
    japanese, english = (
        re.findall(r"^</?\w+>$", rendered(one, name, values("あ")[name]), re.MULTILINE)
        for one in LIBRARIES
    )

    assert japanese == english


@pytest.mark.parametrize("name", CHATS)
def test_english_templates_say_so_and_hold_no_japanese(name: str) -> None:
    text = LIBRARIES["en"].text(name)

    assert not re.search("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]", text)
    if name not in ("route", "anonymise"):  # answered in labels, or in the profile's own words
        assert "English" in LIBRARIES["en"].render(name, **values("a")[name])[0].content


@in_both
def test_an_act_prompt_reads_from_what_never_changes_to_what_is_new(language: str) -> None:
    said, user = WORDINGS[language], act(language)[1].content
    order = [user.index(f"<{tag}>\n") for tag in ("persona", "goal", "plan", "memory")]
    order += [user.index(f"<{tag}>\n") for tag in ("observations", "step")]

    assert order == sorted(order)
    assert said.own.format("私は冷蔵庫を開けて、人参三本を見つけた。") in user
    assert said.others.format(ICHIRO, "土曜に公民館で漬物の会を開くと掲示板に書き込んだ。") in user
    assert "<step>\n一週間分の献立を作る。\n</step>" in user
    assert user.endswith(said.ending)


@in_both
def test_an_act_prompt_keeps_its_prefix_while_memory_grows_and_the_plan_advances(
    language: str,
) -> None:
    memory = tuple(MemoryItem("", f"私は{n}軒目の店で値段を聞いた。") for n in range(4))
    now = act(language, memory=memory[:2], observations=(), mode="plan")[1].content
    changed = {"memory": memory, "step": "友人に試してもらう。", "mode": "reaction"}
    later = act(language, **changed)[1].content
    remembered = now.index("\n</memory>")

    assert "2軒目" not in now
    assert later.startswith(now[:remembered])


@in_both
def test_a_first_act_prompt_is_a_prefix_too_though_nothing_is_remembered_yet(
    language: str,
) -> None:
    first = act(language, memory=())[1].content
    second = act(language)[1].content

    assert second.startswith(first[: first.index("</memory>")])


@in_both
def test_the_question_of_an_act_prompt_follows_the_mode_and_what_is_left_of_the_plan(
    language: str,
) -> None:
    said = WORDINGS[language]
    plan = act(language, mode="plan")[1].content
    reaction = act(language, mode="reaction")[1].content
    alone = act(language, observations=())[1].content
    finished = act(language, mode="reaction", step=None)[1].content

    assert said.on_with_the_plan in plan
    assert said.with_what_was_seen in plan
    assert "observations" not in alone
    assert said.in_answer in reaction
    assert said.keep in reaction
    assert said.nothing_left in finished
    assert "<step>" not in finished


@in_both
def test_what_is_recalled_stands_between_memory_and_what_is_new(language: str) -> None:
    user = act(language, recalled=(MemoryItem("", "味噌を仕込んだ。"),))[1].content

    assert "<recalled>" not in act(language)[1].content
    assert user.index("</memory>") < user.index("味噌を仕込んだ。") < user.index("<observations>")


@in_both
@pytest.mark.parametrize("goal", [None, Goal(0, "", "", ())])
def test_an_agent_without_a_goal_can_still_react(language: str, goal: Goal | None) -> None:
    user = act(language, goal=goal, step=None, mode="reaction")[1].content

    assert "<goal>" not in user
    assert "<plan>" not in user
    assert ICHIRO in user


@in_both
def test_a_condensed_block_is_set_apart_from_what_is_remembered_word_for_word(
    language: str,
) -> None:
    said = WORDINGS[language]
    block = MemoryItem("", "・人参三本を180円で買った。\n・土曜の会を約束した。", condensed=True)
    user = act(language, memory=(block, MemoryItem(ICHIRO, "漬物を配った。")))[1].content
    next_line = said.others.format(ICHIRO, "漬物を配った。")

    assert f"{said.remembered}\n{block.text}\n\n{next_line}\n" in user


@in_both
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("goal", ("personality", "life_goal", "plan")),
        ("act", ("action", "effect", "next_step", "keep", "advance", "revise", "done")),
        ("route", ("routes", "action", "aware", "forward")),
        ("intent", ("want", "satisfied_when")),
        ("user_turn", ("mood", "message", "goes_on", "satisfied", "gave_up", "no_time")),
        ("judge_pair", ("reason", "first", "second")),
        ("judge_row", ("defect", "score")),
    ],
)
def test_a_system_message_names_the_fields_of_the_reply(
    language: str, name: str, fields: tuple[str, ...]
) -> None:
    system = LIBRARIES[language].render(name, **values("あ")[name])[0].content

    assert "JSON" in system
    assert all(field in system for field in fields)


@in_both
def test_a_later_goal_is_asked_to_go_beyond_the_finished_one(language: str) -> None:
    variables = values("あ")["goal"]
    later = rendered(language, "goal", variables)
    first = rendered(language, "goal", variables | {"round": 0, "previous": None, "memory": ()})

    assert "<previous>\n" in later
    assert WORDINGS[language].further in later
    assert "previous" not in first
    assert "memory" not in first


@in_both
def test_a_route_prompt_labels_people_groups_and_what_came_in(language: str) -> None:
    said = WORDINGS[language]
    user = rendered(
        language,
        "route",
        {
            "members": (("m1", "田中みさき（35歳・主婦）"), ("m2", ICHIRO)),
            "neighbours": (),
            "actions": (
                (1, "佐藤（22歳）", "講座を開いた。", "inbox", ""),
                (2, ICHIRO, "来た。", "", "m2"),
            ),
            "memory": ("鈴木一郎: 朝市に行った",),
            "recalled": ("鈴木一郎: 漬物を配った",),
        },
    )

    assert re.search("m1(：|: )田中みさき（35歳・主婦）\nm2(：|: )", user)
    assert f"<neighbours>\n{said.nobody}\n</neighbours>" in user
    acted = (1, "佐藤（22歳）", "講座を開いた。", 2, "m2", ICHIRO, "来た。")
    assert said.outside.format(*acted) in user


@in_both
def test_a_repair_is_a_user_message_with_the_error_and_the_schema(language: str) -> None:
    message = LIBRARIES[language].repair("plan: 項目が足りません", '{"type":"object"}')

    assert message.role == "user"
    assert "<error>\nplan: 項目が足りません\n</error>" in message.content
    assert '<schema>\n{"type":"object"}\n</schema>' in message.content


def test_a_society_is_identified_by_the_texts_of_its_templates() -> None:
    texts = LIBRARY.texts(SOCIETY_TEMPLATES)

    assert texts["act"] == LIBRARY.text("act") != LIBRARIES["en"].text("act")
    assert texts["act"].startswith("{#")
    assert content_hash(texts) == content_hash(PromptLibrary("ja").texts(SOCIETY_TEMPLATES))


def test_a_library_travels_as_its_texts_and_renders_the_same() -> None:
    there = pickle.loads(pickle.dumps(LIBRARY))
    rebuilt = PromptLibrary.from_texts(pickle.loads(pickle.dumps(LIBRARY.sources)))

    assert there.sources == LIBRARY.sources
    for library in (there, rebuilt):
        assert library.render("act", **values("あ")["act"]) == LIBRARY.render(
            "act", **values("あ")["act"]
        )
