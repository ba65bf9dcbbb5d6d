"""What the stub writes: from the prompt, from the seed, and nothing else."""

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema
from matrix_sim.llm.stub.replies import StubWriter

PERSONA = """<persona>
名前：高瀬 直也
人物：高瀬 直也は、港町で小さな釣具店を営んでいます。
好きなこと：船釣り、魚拓、港の写真撮影
できること：竿の修理、仕入れ交渉、帳簿整理
</persona>"""
STEP = "<step>\n竿の修理の手順を紙一枚に書き出す\n</step>"
SEEN = """<observations>
・森 由美（41歳・司書）：「郷土資料整理」の手伝いを探しています。
</observations>"""
TEXT = {"type": "string"}
ACT = {
    "type": "object",
    "properties": {
        "action": TEXT,
        "effect": {"enum": ["keep", "advance", "revise", "done"]},
        "next_step": TEXT,
    },
}
GOAL = {
    "type": "object",
    "properties": {
        "personality": TEXT,
        "life_goal": TEXT,
        "plan": {"type": "array", "items": TEXT, "minItems": 3, "maxItems": 8},
    },
}
OWN_TOPICS = ("船釣り", "魚拓", "港の写真撮影", "竿の修理", "仕入れ交渉", "帳簿整理")


def request(address: str, *sections: str, schema: object = None) -> Request:
    shape = Schema("reply", orjson.dumps(schema)) if schema is not None else None
    messages = (Message("system", "<persona>の人です。"), Message("user", "\n\n".join(sections)))
    return Request(Address(address), Role.AGENT, messages, 1024, shape)


def acts(*sections: str, count: int = 200) -> list[dict[str, str]]:
    writer = StubWriter(7, "ja")
    return [
        orjson.loads(writer.write(request(f"act/a00001/t{t:04d}", *sections, schema=ACT)))
        for t in range(count)
    ]


def routes(lines: str, count: int = 60, forward: tuple[str, ...] = ("n1", "n2")) -> list[dict]:
    def labels(options: tuple[str, ...]) -> dict:
        return {"type": "array", "items": {"enum": list(options)}}

    entry = {
        "type": "object",
        "properties": {
            "action": {"type": "integer"},
            "aware": labels(("m1", "m2", "m3")),
            "forward": labels(forward) if forward else {"type": "array", "maxItems": 0},
        },
    }
    schema = {"type": "object", "properties": {"routes": {"type": "array", "items": entry}}}
    writer = StubWriter(7, "ja")
    asked = f"<actions>\n{lines}\n</actions>"
    return [
        route
        for t in range(count)
        for route in orjson.loads(
            writer.write(request(f"route/g0001/t{t:04d}", asked, schema=schema))
        )["routes"]
    ]


def test_a_reply_depends_on_seed_address_attempt_and_prompt_only():
    asked = request("act/a00001/t0000", PERSONA, STEP, schema=ACT)
    reply = StubWriter(7, "ja").write(asked)

    assert StubWriter(7, "ja").write(asked) == reply
    others = {
        StubWriter(8, "ja").write(asked),
        StubWriter(7, "ja").write(replace(asked, address=Address("act/a00001/t0001"))),
        StubWriter(7, "ja").write(replace(asked, attempt=2)),
    }
    assert reply not in others and len(others) == 3


def test_thirty_actions_of_one_persona_are_hardly_ever_the_same_sentence():
    actions = [act["action"] for act in acts(PERSONA, STEP, count=30) if act["action"]]

    assert len(set(actions)) >= len(actions) - 2


def test_an_action_is_about_the_persona_or_its_step():
    for act in acts(PERSONA, STEP):
        assert not act["action"] or any(topic in act["action"] for topic in OWN_TOPICS)


def test_the_heading_above_past_posts_is_nothing_that_people_do():
    posts = (
        "人物：海辺の町で暮らしています。\nこれまでの書き込み：\n・「干物づくり」の話をしました。"
    )
    actions = acts(f"<persona>\n{posts}\n</persona>", count=60)
    assert not any("書き込み" in one["action"] for one in actions)
    assert any("干物づくり" in one["action"] for one in actions)


def test_most_actions_answer_what_was_observed_and_call_the_speaker_by_name():
    answers = [act for act in acts(PERSONA, STEP, SEEN) if "郷土資料整理" in act["action"]]

    assert len(answers) > 120
    assert sum("森 由美さん" in act["action"] for act in answers) > 120


def test_a_speaker_is_known_even_where_the_occupation_holds_parentheses():
    seen = SEEN.replace("（41歳・司書）", "（69歳・鉄鋼業 中堅 (現在は引退)）")

    assert any("森 由美さん" in act["action"] for act in acts(PERSONA, STEP, seen, count=10))


def test_the_effects_are_mixed_and_only_a_revision_names_a_new_step():
    replies = acts(PERSONA, STEP, count=1000)
    effects = Counter(act["effect"] for act in replies)

    assert effects["advance"] > 350 and effects["keep"] > 350
    assert 50 < effects["revise"] < 150
    assert 5 < effects["done"] < 50
    assert all(bool(act["next_step"]) == (act["effect"] == "revise") for act in replies)


def test_an_idle_turn_is_rare_and_keeps_the_plan():
    idle = [act for act in acts(PERSONA, STEP, count=1000) if not act["action"]]

    assert 5 < len(idle) < 50
    assert {act["effect"] for act in idle} == {"keep"}


def test_without_a_step_the_plan_is_kept():
    assert {act["effect"] for act in acts(PERSONA, SEEN)} == {"keep"}


def test_a_goal_has_three_to_six_different_steps_on_the_persona_s_topics():
    writer = StubWriter(7, "ja")
    lengths = set()
    for n in range(60):
        goal = orjson.loads(writer.write(request(f"goal/a{n:05d}", PERSONA, schema=GOAL)))
        lengths.add(len(goal["plan"]))
        assert len(set(goal["plan"])) == len(goal["plan"])
        assert all(any(topic in step for topic in OWN_TOPICS) for step in goal["plan"])
        assert goal["personality"] and goal["life_goal"]
    assert lengths == {3, 4, 5, 6}


def test_topics_are_neither_names_nor_markup_nor_template_syntax():
    likes = "好きなこと：{{ config }}、<b>太字</b>、{t}、\ud800釣り、写真"
    hostile = f"<persona>\n名前：佐藤 健太\n{likes}\n</persona>"
    for act in acts(hostile):
        assert not set(act["action"]) & set("{}<>\ud800")
        assert "佐藤" not in act["action"]


def test_a_prompt_without_sections_still_gets_an_answer():
    assert any(act["action"] for act in acts("こんにちは。", count=3))
    assert StubWriter(7, "ja").write(request("x", "")) != ""


def test_routes_name_listed_actions_and_never_the_one_who_acted():
    lines = "1［m1］高瀬 直也（52歳・自営）：店を開ける。\n2［m2］森 由美（41歳・司書）：本を運ぶ。"
    made = routes(lines)

    assert {route["action"] for route in made} == {1, 2}
    assert all("m1" not in route["aware"] for route in made if route["action"] == 1)
    assert all("m2" not in route["aware"] for route in made if route["action"] == 2)
    heard = sum(bool(route["aware"]) for route in made)
    assert 95 <= heard <= 118  # of 120 actions
    assert 25 <= sum(len(route["forward"]) for route in made) <= 55
    assert all(len(route["forward"]) <= 1 for route in made)


def test_what_came_from_outside_is_not_sent_on():
    made = routes("1［外から］森 由美（41歳・司書）：本を運ぶ。")

    assert made and not any(route["forward"] for route in made)


def test_a_group_without_neighbours_forwards_nothing():
    assert not any(r["forward"] for r in routes("1［m1］高瀬：店を開ける。", forward=()))


def test_a_summary_tells_who_did_what_without_names():
    told = (
        "<actions>\n0 高瀬 直也（52歳・自営業）：「竿の修理」を始めました。\n"
        "1 森 由美（41歳・司書）：「郷土資料整理」の手伝いを探しています。\n</actions>"
    )
    for window in range(20):
        text = StubWriter(7, "ja").write(request(f"summary/g0001/w{window:04d}", told))
        assert "竿の修理" in text and "郷土資料整理" in text
        assert "高瀬" not in text and "森" not in text
        assert "52歳" in text or "41歳" in text
        assert 2 <= text.count("。") <= 3


def test_a_condensed_block_keeps_lines_of_the_memory():
    lines = [f"・自分：{n}日目に竿を{n}本直した。" for n in range(1, 9)]
    memory = "<memory>\n（以前のことの覚え書き）\n" + "\n".join(lines) + "\n</memory>"
    kept = StubWriter(7, "ja").write(request("condense/a00001/b0000", memory)).splitlines()

    assert len(kept) == 3
    assert kept == [line for line in lines if line in kept]


def test_a_schema_in_the_system_message_is_filled_as_well():
    asked = request("act/a00001/t0000", PERSONA)
    system = Message("system", f"JSONで。\n<schema>\n{orjson.dumps(ACT).decode()}\n</schema>")
    reply = StubWriter(7, "ja").write(replace(asked, messages=(system, asked.messages[1])))

    assert set(orjson.loads(reply)) == {"action", "effect", "next_step"}


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match="'fr'"):
        StubWriter(7, "fr")
