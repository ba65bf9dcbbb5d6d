"""The stub in English: its own sentences, on what the people of the prompt are busy with."""

from __future__ import annotations

import re
from collections import Counter

import jsonschema
import orjson
import pytest

from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema
from matrix_sim.llm.stub.frames import load_frames
from matrix_sim.llm.stub.material import topics_of
from matrix_sim.llm.stub.pen import Pen
from matrix_sim.llm.stub.replies import StubWriter
from matrix_sim.llm.stub.scene import Scene
from matrix_sim.llm.stub.tongue import Told
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from tests.unit.test_stub_filling import NESTED
from tests.unit.test_stub_replies import ACT, GOAL

PROMPTS = PromptLibrary("en")
ENGLISH = load_frames("en").tongue
JAPANESE_LETTER = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")
OWN_TOPICS = ("line fishing", "harbour photographs", "Welsh knots", "rod repairs", "book-keeping")
JO = Persona(
    id="p",
    name="Jo Trelawny",
    age=52,
    occupation="shopkeeper",
    region="Falmouth, Cornwall",
    description="Keeps a small fishing tackle shop on the harbour.",
    interests=OWN_TOPICS[:3],
    skills=OWN_TOPICS[3:],
)
PERSONA = f"<persona>\n{PROMPTS.text_of('profile', persona=JO)}\n</persona>"
STEP = "<step>\nWrite out how I go about rod repairs, on a single sheet of paper\n</step>"
SEEN = """<observations>
- Nia Morris (41, librarian): I am looking for a hand with local archives on Saturday.
</observations>"""


def request(address: str, *sections: str, schema: object = None) -> Request:
    shape = Schema("reply", orjson.dumps(schema)) if schema is not None else None
    messages = (Message("system", "You are in <persona>."), Message("user", "\n".join(sections)))
    return Request(Address(address), Role.AGENT, messages, 4096, shape)


def write(asked: Request) -> str:
    return StubWriter(7, "en").write(asked)


def acts(*sections: str, count: int = 200) -> list[dict[str, str]]:
    asked = (request(f"act/a00001/t{t:04d}", *sections, schema=ACT) for t in range(count))
    return [orjson.loads(write(one)) for one in asked]


def test_an_action_is_about_the_persona_or_its_step() -> None:
    for act in acts(PERSONA, STEP):
        assert not act["action"] or any(t.lower() in act["action"].lower() for t in OWN_TOPICS)


def test_thirty_actions_of_one_persona_are_hardly_ever_the_same_sentence() -> None:
    actions = [act["action"] for act in acts(PERSONA, STEP, count=30) if act["action"]]

    assert len(set(actions)) >= len(actions) - 2


def test_every_sentence_begins_with_a_capital_and_no_slot_is_left() -> None:
    for act in acts(PERSONA, STEP, SEEN):
        sentences = re.split(r"(?<=[.?!]) ", act["action"])
        assert all(one[0].isupper() for one in sentences if one), act["action"]
        assert not set(act["action"]) & set("{}<>")


def test_a_step_is_taken_up_as_what_one_wants_to_do() -> None:
    taken = [act["action"] for act in acts(PERSONA, STEP) if "sheet of paper" in act["action"]]

    assert len(taken) > 40
    assert all("write out how I go about rod repairs" in action for action in taken)


def test_most_actions_answer_what_was_observed_and_call_the_speaker_by_first_name() -> None:
    answers = [act for act in acts(PERSONA, STEP, SEEN) if "local archives" in act["action"]]

    assert len(answers) > 120
    assert all(re.search(r"\bNia\b(?! Morris)", act["action"]) for act in answers)


def test_the_effects_are_mixed_and_only_a_revision_names_a_new_step() -> None:
    replies = acts(PERSONA, STEP, count=1000)
    effects = Counter(act["effect"] for act in replies)

    assert effects["advance"] > 350 and effects["keep"] > 350
    assert 50 < effects["revise"] < 150
    assert all(bool(act["next_step"]) == (act["effect"] == "revise") for act in replies)
    assert all(ENGLISH.step(act["next_step"]) for act in replies if act["next_step"])


def test_a_goal_has_three_to_six_steps_that_can_each_be_taken_up() -> None:
    for n in range(60):
        goal = orjson.loads(write(request(f"goal/a{n:05d}", PERSONA, schema=GOAL)))
        assert 3 <= len(set(goal["plan"])) == len(goal["plan"]) <= 6
        assert all(any(topic in step for topic in OWN_TOPICS) for step in goal["plan"])
        assert all(ENGLISH.step(step) for step in goal["plan"])
        assert goal["personality"] and goal["life_goal"]


@pytest.mark.parametrize("number", range(10))
def test_any_schema_is_filled_and_without_japanese(number: int) -> None:
    schema = {**NESTED, "$defs": NESTED["$defs"] | {"Mood": {"enum": ["sun", "cloud", "rain"]}}}
    reply = write(request(f"any/{number}", PERSONA, schema=schema))

    jsonschema.validate(orjson.loads(reply), schema)
    assert not JAPANESE_LETTER.search(reply)


def test_what_came_from_outside_is_not_sent_on_and_nobody_hears_of_himself() -> None:
    entry = {
        "type": "object",
        "properties": {
            "action": {"type": "integer"},
            "aware": {"type": "array", "items": {"enum": ["m1", "m2"]}},
            "forward": {"type": "array", "items": {"enum": ["n1"]}},
        },
    }
    schema = {"type": "object", "properties": {"routes": {"type": "array", "items": entry}}}
    acted = "1 [m1] Jo (52): opens: the shop.\n2 [from outside] Nia (41): m1 n1 reads."
    made = [
        route
        for t in range(60)
        for route in orjson.loads(
            write(request(f"route/g0/t{t}", f"<actions>\n{acted}\n</actions>", schema=schema))
        )["routes"]
    ]

    assert {route["action"] for route in made} == {1, 2}
    assert any(route["forward"] for route in made if route["action"] == 1)
    assert not any(route["forward"] for route in made if route["action"] == 2)
    assert not any("m1" in route["aware"] for route in made if route["action"] == 1)
    assert any("m1" in route["aware"] for route in made if route["action"] == 2)


def test_a_summary_tells_who_did_what_without_names() -> None:
    told = (
        "<actions>\n0 Jo Trelawny (52, shopkeeper): I made a start on rod repairs.\n"
        "1 Nia Morris (41, librarian): I need help with local archives.\n</actions>"
    )
    for window in range(20):
        text = write(request(f"summary/g0001/w{window:04d}", told))
        assert "rod repairs" in text and "local archives" in text
        assert "Jo" not in text and "Nia" not in text
        assert "52-year-old shopkeeper" in text and "41-year-old librarian" in text


def test_a_condensed_block_keeps_lines_of_the_memory() -> None:
    lines = [f"- me: On day {n} I mended {n} rods, which took a good while." for n in range(1, 9)]
    memory = "<memory>\n(notes on earlier days)\n" + "\n".join(lines) + "\n</memory>"
    for block in range(20):
        kept = write(request(f"condense/a00001/b{block:04d}", memory)).splitlines()

        assert len(kept) == 3
        assert kept == [line for line in lines if line in kept]


@pytest.mark.parametrize(
    ("speaker", "about", "called", "known"),
    [
        ("Nia Morris", "41, librarian", "Nia", "a 41-year-old librarian"),
        ("Mrs. Doyle", "81, retired cook", "Mrs. Doyle", "an 81-year-old retired cook"),
        ("Ann", "18, Usher", "Ann", "an 18-year-old usher"),
        ("Ann", "usher", "Ann", "an usher"),
        ("Ann", "118, nurse (nights)", "Ann", "a 118-year-old nurse"),
        ("田中 みさき", "35, 主婦", "田中 みさき", "a 35-year-old 主婦"),
        ("someone", "35", "", ""),
        ("", "", "", ""),
    ],
)
def test_people_are_addressed_and_mentioned_as_one_does(
    speaker: str, about: str, called: str, known: str
) -> None:
    told = Told(speaker, about, "")

    assert (ENGLISH.called(told), ENGLISH.known_as(told)) == (called, known)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("- Ask a neighbour about it.", "ask a neighbour about it"),
        ("Keep a notebook", "keep a notebook"),
        ("The notebook is full.", ""),
        ("Asking a neighbour", ""),
        ("Ask her. Then go home.", ""),
        ("1. Ask her", ""),
        ("Ask " + "x" * 200, ""),
        ("", ""),
    ],
)
def test_a_step_is_an_order(line: str, step: str) -> None:
    assert ENGLISH.step(line) == step


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Likes: tide tables, and R&B, 5-a-side football.\nName: Jo Hill", None),
        (
            "Good at: 料理、家庭菜園, baking (sourdough)",
            ("料理", "家庭菜園", "baking", "sourdough"),
        ),
        ("Likes: {{ config }}, <b>bold tea</b>, {t}, x", ("bold tea",)),
        ("Ann knows a lot about tide tables and of winter birds.", ("tide tables", "winter birds")),
        ("Name: Jo Hill\nHome: Leeds of the North", ()),
        ("- With Nia on a single sheet of paper.", ()),
    ],
)
def test_topics_are_what_is_listed_or_spoken_of(text: str, topics: tuple[str, ...] | None) -> None:
    found = topics_of(text, ENGLISH)

    assert found == (topics if topics is not None else ("tide tables", "R&B", "5-a-side football"))


@pytest.mark.parametrize("name", ["step_actions", "own_actions", "answers"])
def test_what_the_stub_writes_about_it_finds_again(name: str) -> None:
    frames = load_frames("en")
    scene = Scene(frames, [PERSONA])
    for frame in frames[name]:
        pen = Pen(frames, StubWriter(7, "en")._hand(request(frame), name).draws, scene)
        said = pen.write(frame, o="local archives", who="Nia", step="ask about it")
        told = ENGLISH.told(f"- Jo Trelawny (52, shopkeeper): {said}")

        assert told.speaker == "Jo Trelawny"
        assert told.topic in (*OWN_TOPICS, "local archives"), said


def test_both_languages_have_the_same_lists() -> None:
    japanese, english = (load_frames(language).lists for language in ("ja", "en"))
    only_japanese = {"people_endings", "known_by_age_and_people"}

    assert {*japanese} - only_japanese <= {*english}
    assert {*japanese["fields"]} == {*english["fields"]}
    for name in ("plan", "step_actions", "own_actions", "answers", "summaries"):
        assert len(english[name]) == len(japanese[name])
    assert not JAPANESE_LETTER.search(orjson.dumps(english).decode())
