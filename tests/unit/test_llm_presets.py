"""What a preset adds to a request, what it cannot do, and how thinking goes back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.llm.backends import Backends
from matrix_sim.llm.contracts import Address, Message, Request, Role
from matrix_sim.llm.dialect import dialect_of, simpler_dialect
from matrix_sim.llm.request_hash import prompt_json
from matrix_sim.llm.transport import Answer
from matrix_sim.llm.wire import BodyWriter, identity
from matrix_sim.prompts.library import PromptLibrary

THOUGHT = (
    Message("system", "決まり"),
    Message("user", "問い"),
    Message("assistant", "答え", "考え"),
    Message("user", "直して"),
)


def model(**settings: Any) -> ModelConfig:
    return ModelConfig.model_validate({"base_url": "http://one/v1", "model": "m", **settings})


def thinks(enabled: bool | None, preset: str | None, **settings: Any) -> ModelConfig:
    return model(preset=preset, reasoning={"enabled": enabled}, **settings)


def asked(messages: tuple[Message, ...] = THOUGHT) -> Request:
    return Request(Address("act/a00001/t0001#2"), Role.AGENT, messages, 64)


def body(config: ModelConfig, thinking: str = "") -> dict[str, Any]:
    written = BodyWriter(config, str, thinking).body(asked(), dialect_of(config))
    decoded: dict[str, Any] = orjson.loads(written)
    return decoded


@pytest.mark.parametrize(
    ("preset", "enabled", "added"),
    [
        ("qwen3", True, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("qwen3", False, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("gemma", True, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("gemma", False, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("gpt-oss", True, {"reasoning_effort": "medium"}),
        ("deepseek-r1", True, {}),
        ("llama-3", False, {}),
        ("qwen3", None, {}),
        (None, None, {}),
    ],
)
def test_thinking_is_switched_in_the_way_of_the_family(
    preset: str | None, enabled: bool | None, added: dict[str, Any]
) -> None:
    known = {"model", "max_tokens", "messages"}
    config = thinks(enabled, preset)
    assert {k: v for k, v in body(config).items() if k not in known} == added
    assert orjson.loads(identity(config))["extra_body"] == added


@pytest.mark.parametrize(
    ("preset", "enabled", "said"),
    [
        ("gpt-oss", False, "reasoning_effort: low"),
        ("deepseek-r1", False, "always think"),
        ("llama-3", True, "does not think"),
        (None, True, "'preset'"),
        (None, False, "'preset'"),
    ],
)
def test_what_a_family_cannot_do_is_refused_with_what_there_is(
    preset: str | None, enabled: bool, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        thinks(enabled, preset)


def test_extra_body_wins_over_the_preset_key_by_key() -> None:
    own = {"chat_template_kwargs": {"enable_thinking": True, "mood": 1}, "top_k": 20}
    assert thinks(False, "qwen3", extra_body=own).effective_extra_body == own
    more = {"chat_template_kwargs": {"mood": 1}}
    assert thinks(False, "qwen3", extra_body=more).effective_extra_body == {
        "chat_template_kwargs": {"enable_thinking": False, "mood": 1}
    }
    assert thinks(
        True, "gpt-oss", extra_body={"reasoning_effort": "high"}
    ).effective_extra_body == {"reasoning_effort": "high"}


def test_templates_that_can_are_told_to_keep_thinking_that_goes_back() -> None:
    config = model(preset="qwen3", reasoning={"in_context": True})
    assert body(config)["chat_template_kwargs"] == {"preserve_thinking": True}


def test_thinking_goes_back_beside_the_reply_under_both_names() -> None:
    assert body(model(preset="qwen3"))["messages"][2] == {
        "role": "assistant",
        "content": "答え",
        "reasoning_content": "考え",
        "reasoning": "考え",
    }


def test_a_template_without_a_place_for_thinking_gets_it_inline() -> None:
    assert body(model(preset="llama-3"))["messages"][2] == {
        "role": "assistant",
        "content": "<think>\n考え\n</think>\n\n答え",
    }


def test_an_endpoint_that_refuses_the_fields_gets_thinking_inline() -> None:
    config = model(preset="qwen3")
    refusal = Answer(422, {}, b'{"detail": "messages.2.reasoning_content: extra inputs"}')
    simpler = simpler_dialect(dialect_of(config), refusal, asked())
    assert simpler is not None
    written = orjson.loads(BodyWriter(config, str, "").body(asked(), simpler))
    assert written["messages"][2]["content"].startswith("<think>")


@pytest.mark.parametrize(
    ("said", "messages"),
    [(b"reasoning_effort must be low", THOUGHT), (b"reasoning_content is unknown", THOUGHT[:2])],
)
def test_a_complaint_about_something_else_leaves_thinking_where_it_was(
    said: bytes, messages: tuple[Message, ...]
) -> None:
    answer = Answer(400, {}, said)
    assert simpler_dialect(dialect_of(model()), answer, asked(messages)) is None


def test_the_language_to_think_in_is_asked_for_at_the_end_of_the_system_message() -> None:
    config = model(reasoning={"language": "ja"})
    assert body(config, "日本語で考える。")["messages"][0] == {
        "role": "system",
        "content": "決まり\n\n日本語で考える。",
    }
    assert identity(config, "日本語で考える。") != identity(config)


@pytest.mark.parametrize(
    ("prompts", "language", "said"),
    [
        ("ja", "ja", "日本語で考え"),
        ("ja", "en", "英語で考え"),
        ("en", "ja", "thinking in Japanese"),
    ],
)
def test_the_prompts_of_the_run_say_which_language_to_think_in(
    prompts: str, language: str, said: str
) -> None:
    default = {"base_url": "http://one/v1", "model": "m", "reasoning": {"language": language}}
    models = ModelsConfig.model_validate({"default": default})
    backends = Backends(models, {}, PromptLibrary(prompts), seed=0, roles=(Role.AGENT,))
    assert said in backends.of_role[Role.AGENT].identity.decode()


def test_a_prompt_without_thinking_is_hashed_as_it_always_was() -> None:
    assert prompt_json((Message("user", "a"),)) == b'[{"content":"a","role":"user"}]'
    thought = prompt_json((Message("assistant", "a", "b"),))
    assert thought == b'[{"content":"a","reasoning":"b","role":"assistant"}]'


def test_thinking_that_goes_back_counts_as_part_of_the_prompt() -> None:
    assert asked((Message("assistant", "答え", "考え"),)).prompt_bytes == 12
