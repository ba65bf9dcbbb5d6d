"""Who speaks to whom in a row: the five checks on samples of both languages."""

from __future__ import annotations

import pytest

from matrix_sim.config.quality import QualityConfig
from matrix_sim.language import Language
from matrix_sim.quality.contracts import Check, Row, Turn, Verdict
from matrix_sim.quality.rules import Rules, checks_of
from tests.support.voice_samples import SAMPLED, VOICES, Sample, row_of, samples

QUESTION = "浴室の鏡の水あかを落とす方法を教えてください。"
ANSWER = "クエン酸を溶かした水で湿らせ、10分おいてからこすります。"


def checks(language: Language) -> dict[str, Check]:
    found = {check.name: check for check in checks_of(QualityConfig(), language)}
    return {name: found[name] for name in SAMPLED}


JAPANESE, ENGLISH = checks("ja"), checks("en")


def verdict(name: str, row: Row) -> Verdict:
    said = JAPANESE[name].look(row)
    assert said is not None
    return said


@pytest.mark.parametrize("sample", samples(), ids=lambda s: f"{s.check}: {s.said[0][:20]}")
def test_each_sample_is_judged_as_a_careful_reader_would(sample: Sample) -> None:
    said = (JAPANESE if sample.language == "ja" else ENGLISH)[sample.check].look(sample.row)
    assert said is not None
    assert said.ok is sample.ok, said.reason


@pytest.mark.parametrize("name", VOICES)
def test_a_plain_question_with_a_plain_answer_passes_without_a_reason(name: str) -> None:
    assert verdict(name, row_of(QUESTION, ANSWER)) == Verdict(name, True, "")


def test_a_refusal_quotes_what_it_is_about() -> None:
    row = row_of("田中さん、お疲れさまです。資料を共有フォルダに入れておいてください。")
    assert "'お疲れ" not in verdict("addressed_to_assistant", row).reason
    assert "'田中さん、'" in verdict("addressed_to_assistant", row).reason
    assert verdict("boilerplate", row_of(QUESTION, "ご質問ありがとうございます。")).reason.endswith(
        "'ご質問ありがとう'."
    )


def test_a_long_passage_is_clipped_in_the_reason() -> None:
    reason = verdict("is_request", row_of("今日は" + "とても" * 100 + "楽しかったです。")).reason
    assert len(reason) < 120
    assert "…" in reason


def test_where_no_user_speaks_what_looks_at_the_user_does_not_apply() -> None:
    row = Row((Turn("assistant", ANSWER),))
    for name in ("addressed_to_assistant", "is_request", "self_contained"):
        assert JAPANESE[name].look(row) is None


def test_where_no_assistant_speaks_boilerplate_does_not_apply_and_roles_are_still_looked_at() -> (
    None
):
    assert JAPANESE["boilerplate"].look(row_of(QUESTION)) is None
    assert verdict("role_purity", row_of(QUESTION)).ok
    assert not verdict("role_purity", row_of("ご相談ありがとうございます。何かお困りですか？")).ok


def test_a_row_without_turns_is_nobodys_fault() -> None:
    assert all(JAPANESE[name].look(Row(())) is None for name in VOICES)
    assert JAPANESE["role_purity"].look(Row((Turn("system", "簡潔に。"),))) is None


@pytest.mark.parametrize(
    ("turns", "number"),
    [
        ((Turn("assistant", ANSWER),), 1),
        ((Turn("user", QUESTION), Turn("user", QUESTION)), 2),
        ((Turn("user", QUESTION), Turn("assistant", ANSWER), Turn("assistant", ANSWER)), 3),
        ((Turn("user", QUESTION), Turn("system", "簡潔に。")), 2),
    ],
)
def test_roles_that_do_not_take_turns_are_refused(turns: tuple[Turn, ...], number: int) -> None:
    said = verdict("role_purity", Row(turns))
    assert not said.ok
    assert said.reason.startswith(f"Turn {number} is due")


def test_a_system_prompt_may_come_first() -> None:
    turns = (Turn("system", "簡潔に答える。"), Turn("user", QUESTION), Turn("assistant", ANSWER))
    assert verdict("role_purity", Row(turns)).ok


def test_a_chosen_answer_counts_and_a_rejected_one_does_not() -> None:
    persona = (Turn("assistant", "私も主婦として毎日こすっていますよ。"),)
    asked, plain = (Turn("user", QUESTION),), (Turn("assistant", ANSWER),)
    assert not verdict("role_purity", Row(asked, persona, plain)).ok
    assert verdict("role_purity", Row(asked, plain, persona)).ok
    formula = (Turn("assistant", "ご質問ありがとうございます。" + ANSWER),)
    assert not verdict("boilerplate", Row(asked, formula, plain)).ok
    assert verdict("boilerplate", Row(asked, plain, formula)).ok


def test_only_the_first_message_has_to_stand_alone() -> None:
    row = row_of(QUESTION, ANSWER, "それ、鏡以外にも使えますか？", "蛇口にも使えます。")
    assert all(said is None or said.ok for said in (c.look(row) for c in JAPANESE.values()))


def test_what_a_user_of_any_turn_says_may_be_out_of_role() -> None:
    row = row_of(QUESTION, ANSWER, "お役に立てて嬉しいです。いつでもお声がけください。", "はい。")
    assert not verdict("role_purity", row).ok


def test_a_check_that_is_turned_off_is_not_made() -> None:
    off = {name: {"enabled": False} for name in VOICES}
    made = checks_of(QualityConfig.model_validate(off), "ja")
    assert not {check.name for check in made} & set(VOICES)


def test_the_rules_give_the_verdicts_in_the_order_of_the_config() -> None:
    said = Rules(QualityConfig(), "ja").look(row_of(QUESTION, ANSWER))
    order = [name for name in QualityConfig.model_fields if name in VOICES]
    assert [verdict.check for verdict in said if verdict.check in VOICES] == order
