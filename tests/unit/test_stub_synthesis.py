"""What the stub says when data sets are made with it."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Sequence

import orjson
import pytest

from matrix_sim.config import Language
from matrix_sim.config.datasets import DatasetKind
from matrix_sim.llm.contracts import Address, Message, Request, Role
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.stub.material import topics_of
from matrix_sim.llm.stub.replies import StubWriter
from matrix_sim.llm.stub.script import load_script
from matrix_sim.llm.stub.synthesis_call import Part, synthesis_call
from matrix_sim.llm.stub.tongue import Tongue
from matrix_sim.messages import Action, ActionKind, Observation
from matrix_sim.society.replies import ActReply, GoalReply
from tests.support.stub_data import MANY, Calls, answers, facets_in, people, requests

LANGUAGES: tuple[Language, ...] = ("ja", "en")
KINDS: tuple[DatasetKind, ...] = ("sft", "code", "safety")
PROPER_END = re.compile(r"[。！？!?.」”`:)）]$")
PYTHON = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
PERSON: dict[Language, str] = {
    "ja": "<persona>\n名前：高瀬 直也\n好きなこと：船釣り、魚拓、港の写真\n</persona>\n"
    "<step>\n竿を直す\n</step>",
    "en": "<persona>\nName: Ann Lee\nLikes: sea fishing, tin whistle, old maps\n</persona>\n"
    "<step>\nMend a rod\n</step>",
}
in_both = pytest.mark.parametrize("language", LANGUAGES)
each_kind = pytest.mark.parametrize("kind", KINDS)


def grams(text: str) -> frozenset[int]:
    pieces = (text[at : at + 5] for at in range(max(1, len(text) - 4)))
    return frozenset(hash(piece) for piece in pieces)


def too_alike(texts: Sequence[str]) -> float:
    """Share of texts that an earlier one is much like, as the check `near_duplicate` sees it."""
    sets = [grams(text) for text in texts]
    alike = sum(
        any(len(one & other) >= 0.7 * len(one | other) for other in sets[:place])
        for place, one in enumerate(sets)
    )
    return alike / len(texts)


@pytest.mark.parametrize(
    ("address", "part", "turn"),
    [
        ("sft/c000001/instruction", Part.INSTRUCTION, 1),
        ("act/c000001/intent", Part.INTENT, 1),
        ("summary/c000001/turn1/user", Part.USER, 1),
        ("any word/c000001/turn12/assistant", Part.ANSWER, 12),
        ("d/c000001/answer", Part.ANSWER, 1),
        ("d/c000001/chosen", Part.ANSWER, 1),
        ("d/c000001/rejected", Part.REJECTED, 1),
        ("d/c000001/verdict/ba", Part.PAIR, 1),
        ("d/c000001/judge", Part.ROW, 1),
    ],
)
def test_the_end_of_an_address_says_what_is_asked_whatever_the_label(
    address: str, part: Part, turn: int
) -> None:
    call = synthesis_call(address)
    assert call is not None
    assert (call.part, call.turn) == (part, turn)


@pytest.mark.parametrize(
    "address", ["act/a00042/t0007", "summary/g0000/w0001", "judge/g1/t1", "answers", "x/verdict/aa"]
)
def test_a_call_of_the_society_is_none_of_the_synthesis(address: str) -> None:
    assert synthesis_call(address) is None


@pytest.mark.parametrize(
    ("language", "digest"), [("ja", "8703a16eea4d71e5"), ("en", "22cc92c6bd25fee9")]
)
def test_the_society_is_answered_as_ever(language: Language, digest: str) -> None:
    said = hashlib.sha256()
    writer = StubWriter(7, language)
    for number in range(50):
        for kind, model in (("goal", GoalReply), ("act", ActReply), ("summary", None)):
            schema = schema_of(model, kind) if model else None
            address = Address(f"{kind}/a{number:05d}/t0000")
            asked = Request(address, Role.AGENT, (Message("user", PERSON[language]),), 4096, schema)
            said.update(writer.write(asked).encode())
            said.update(writer.reasoning(asked).encode())
    assert said.hexdigest()[:16] == digest


@in_both
def test_what_is_said_depends_on_seed_address_attempt_and_prompt(language: Language) -> None:
    calls = Calls(language)
    said = calls.instruction(3)

    assert Calls(language).instruction(3) == said
    prompt = Message("user", "<persona>\n好きなこと：囲碁、書道、散歩\n</persona>")
    others = {
        Calls(language, seed=8).instruction(3),
        Calls(language, label="other").instruction(3),
        calls.say(3, "instruction", prompt),
        calls.say(3, "instruction", prompt, attempt=2),
        said,
    }
    assert len(others) == 5


@in_both
@each_kind
def test_two_hundred_requests_of_thirty_people_are_hardly_ever_alike(
    language: Language, kind: DatasetKind
) -> None:
    asked = requests(language, kind)

    assert len(set(asked)) == MANY
    assert too_alike(asked) <= 0.1


@in_both
@each_kind
def test_a_request_names_nobody_and_leaves_no_slot_open(
    language: Language, kind: DatasetKind
) -> None:
    for asked in requests(language, kind):
        assert not re.search(r"\{\w+\}|<\w+>", asked)
        for person in people(language):
            assert not re.search(rf"\b{person.name}\b|\b{person.name.split()[0]}\b", asked), asked


@pytest.mark.parametrize(
    ("language", "name", "did"),
    [
        ("ja", "森由美子", "森由美子の件で森由美子に話を聞きました。"),
        ("en", "Sally", "Sally told me about Sally and Sally, and I wrote to her about Sally."),
    ],
)
def test_a_name_is_no_topic_even_where_it_looks_like_one(
    language: Language, name: str, did: str
) -> None:
    calls = Calls(language)
    seen = Observation(Action(0, 0, 1, ActionKind.PLAN, did), name)
    asked = [calls.instruction(number, did=(did,), seen=(seen,)) for number in range(60)]

    assert not [text for text in asked if name in text]


@in_both
def test_requests_come_in_many_lengths_and_registers(language: Language) -> None:
    lengths = sorted(map(len, requests(language)))

    assert lengths[MANY // 10] * 2 < lengths[-MANY // 10]
    assert any("\n" in asked for asked in requests(language))
    assert any(not PROPER_END.search(asked) for asked in requests(language))


@in_both
def test_a_request_is_about_what_was_done_or_about_the_person(language: Language) -> None:
    calls, tongue = Calls(language), load_script(language).tongue
    for number in range(100):
        told = calls.situation(number)
        own = topics_of(told["profile"], tongue)
        others = tongue.told(f"x: {told['seen'][0].action.text}").topic
        asked = calls.instruction(number).lower()
        assert any(topic.lower() in asked for topic in (*own, others or "。")), asked


@pytest.mark.parametrize(
    ("language", "requirement"), [("ja", "料理と栄養"), ("en", "cooking on a small budget")]
)
def test_a_request_speaks_of_the_requirement(language: Language, requirement: str) -> None:
    calls = Calls(language)
    for number in range(30):
        assert requirement in calls.instruction(number, requirement=requirement)


@in_both
def test_a_person_alone_is_ground_enough(language: Language) -> None:
    bare = {"did": (), "seen": (), "summary": "", "goal": None}
    asked = [Calls(language).instruction(number, **bare) for number in range(50)]

    assert len(set(asked)) == 50


@in_both
@each_kind
def test_an_answer_is_about_the_request_and_comes_to_its_end(
    language: Language, kind: DatasetKind
) -> None:
    script = load_script(language)
    for asked, answer in zip(requests(language, kind), answers(language, kind), strict=True):
        assert PROPER_END.search(answer), answer
        assert not re.search(r"\{[a-z]\w*\}", PYTHON.sub("", answer)) or "```" in answer
        if kind == "sft" and (topics := script.topics(asked)):
            assert any(topic.lower() in answer.lower() for topic in topics), (asked, answer)


@in_both
def test_answers_differ_from_each_other(language: Language) -> None:
    assert len(set(answers(language, "sft"))) == MANY
    assert too_alike(answers(language, "sft")) < 0.2


@in_both
def test_an_answer_about_code_holds_code_in_the_language_that_was_asked_for(
    language: Language,
) -> None:
    script, python = load_script(language), 0
    for asked, answer in zip(requests(language, "code"), answers(language, "code"), strict=True):
        wanted = script.code_wanted(asked)
        assert wanted is not None, asked
        assert f"```{wanted.fence}\n" in answer
        start, _, end = wanted.code[script.code_task_of(asked)].partition("{t}")
        assert start in answer
        assert end in answer
        for code in PYTHON.findall(answer):
            ast.parse(code)
            python += 1
    assert python > MANY / 4


@in_both
def test_code_does_what_its_last_line_says(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    for code in load_script(language).usual_code_language.code.values():
        exec(code, {})
        assert capsys.readouterr().out.strip() == code.rpartition("  # ")[2]


@in_both
def test_a_harmful_request_is_declined_with_a_reason_and_others_are_helped(
    language: Language,
) -> None:
    script = load_script(language)
    declined = 0
    for asked, answer in zip(
        requests(language, "safety"), answers(language, "safety"), strict=True
    ):
        group, harmful = script.risk_of(asked)
        assert group, asked
        cannot = script.safety["groups"][group]["cannot"]
        assert harmful == any(answer.startswith(text) for text in cannot)
        declined += harmful
    assert MANY / 5 < declined < MANY * 4 / 5


@in_both
def test_no_ordinary_request_is_taken_for_a_risky_one_or_for_one_about_code(
    language: Language,
) -> None:
    script = load_script(language)
    for asked in requests(language):
        assert script.risk_of(asked) == ("", False)
        assert script.code_wanted(asked) is None


@in_both
def test_every_frame_can_be_filled_from_what_its_writer_knows(language: Language) -> None:
    script, slot = load_script(language), re.compile(r"\{(\w+)\}")
    topics = {"t", "u"}
    known = topics | {"c", "c2", "language", "one", "other"} | set(script.answering["words"])
    answering = {slot for name in script.answering.lists for slot in _slots(script.answering[name])}
    assert answering <= known
    for group in script.safety["groups"].values():
        for name in ("cannot", "help", "advice"):
            assert set(slot.findall(" ".join(group[name]))) <= topics | known - {"c", "c2"}
    asking = {slot for name in script.asking.lists for slot in _slots(script.asking[name])}
    assert asking <= topics | {"k", "req"} | set(script.asking["words"])


@in_both
def test_every_area_of_risk_of_the_facets_has_requests_of_its_own(language: Language) -> None:
    script = load_script(language)
    for option in facets_in(language).options["risk"]:
        fitting = [
            name
            for name, group in script.safety["groups"].items()
            if any(word.lower() in option.text.lower() for word in group["words"])
        ]
        assert fitting, option.text


@in_both
@pytest.mark.parametrize("facet", ["move", "task"])
def test_most_options_of_the_facets_are_understood(language: Language, facet: str) -> None:
    options = facets_in(language).options[facet]
    found = [load_script(language).option(f"{facet}s", option.text, "") for option in options]
    assert len(set(found)) > 6
    assert found.count("") <= (0 if facet == "move" else len(options) // 5)


@in_both
@each_kind
def test_thinking_is_three_to_eight_sentences_about_the_question(
    language: Language, kind: DatasetKind
) -> None:
    calls = Calls(language, kind)
    for number, asked in enumerate(requests(language, kind)[:60]):
        thought = calls.thought(number, asked)
        ends = len(re.findall(r"[。？]|[.?](?:\s|$)", thought))
        assert 3 <= ends <= 8, thought
        assert not re.search("ペルソナ|プロンプト|persona|prompt|\\{", thought)


def test_other_calls_of_the_synthesis_have_no_thinking() -> None:
    assert Calls("ja").think(1, "instruction", Message("user", "<persona>\nx\n</persona>")) == ""


def test_nouns_are_found_by_what_follows_them() -> None:
    japanese: Tongue = load_script("ja").tongue
    text = "先週、余り野菜の使い切りと作り置きを試しました。"
    assert japanese.phrases(text, frozenset()) == ["先週", "余り野菜の使い切り", "作り置き"]
    english: Tongue = load_script("en").tongue
    text = "I tried baking with natural leaven, and then some walking routes without steps."
    assert english.phrases(text, {"tried", "steps"}) == [
        "baking with natural leaven",
        "walking routes",
    ]


def _slots(held: object) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", orjson.dumps(held).decode()))
