"""What `validate` asks about data sets that may not be what was meant."""

from __future__ import annotations

from typing import Any

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.config.doubts import dataset_doubts

QWEN: dict[str, Any] = {"base_url": "http://127.0.0.1:9/v1", "model": "qwen"}
OTHER = QWEN | {"model": "other"}
THINKS: dict[str, Any] = {"stub": {"reasoning": True}}


def doubts(dataset: dict[str, Any], **models: dict[str, Any]) -> str:
    config = {
        "society": {"ticks": 3},
        "models": {"default": QWEN} | models,
        "datasets": [{"count": 1} | dataset],
    }
    return "\n".join(dataset_doubts(RunConfig.model_validate(config)))


@pytest.mark.parametrize("dataset", [{"kind": "reason"}, {"kind": "dialogue", "reasoning": True}])
def test_thinking_of_a_default_that_nothing_is_said_of_is_doubtful(dataset: dict[str, Any]) -> None:
    said = doubts(dataset)
    assert f"thinking is part of '{dataset['kind']}'" in said
    assert "models.default" in said and "models.reasoner" in said
    for settled in (
        {"reasoner": QWEN},
        {"default": QWEN | {"preset": "qwen3"}},
        {"default": QWEN | {"preset": "qwen3", "reasoning": {"enabled": True}}},
        {"reasoner": THINKS},
    ):
        assert doubts(dataset, **settled) == ""


def test_a_stub_that_gives_no_thinking_is_doubtful_wherever_it_stands() -> None:
    reason = {"kind": "reason"}
    assert "is a stub that gives none" in doubts(reason, default={"stub": {}})
    assert "models.reasoner is a stub that gives none" in doubts(reason, reasoner={"stub": {}})


def test_pairs_from_one_model_with_one_sampling_are_doubtful() -> None:
    assert "few pairs will differ" in doubts({"kind": "dpo"}, rejected=QWEN)
    assert doubts({"kind": "dpo"}, rejected=OTHER) == ""
    assert doubts({"kind": "dpo"}, rejected=QWEN | {"sampling": {"temperature": 1.3}}) == ""
    assert doubts({"kind": "dpo"}, default={"stub": {}}, rejected={"stub": {}}) == ""


def test_pairs_are_compared_with_whoever_gives_the_better_answer() -> None:
    thinking = {"kind": "dpo", "reasoning": True}
    assert doubts(thinking, rejected=QWEN, reasoner=OTHER) == ""
    assert "the model of the reasoner" in doubts(thinking, rejected=OTHER, reasoner=OTHER)


def test_a_requirement_that_is_looked_for_by_words_is_told() -> None:
    about = {"kind": "sft", "requirement": "household budget"}
    assert "'sft': without 'models.embedding'" in doubts(about)
    assert doubts(about, embedding={"stub": {}}) == ""
    assert doubts(about | {"ground": "persona"}) == ""
    assert doubts({"kind": "sft"}) == ""
