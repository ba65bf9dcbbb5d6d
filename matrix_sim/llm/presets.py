"""Model families: how each is told to think or not to, and how its thinking goes back to it.

A preset adds to the body what switches thinking; keys of `extra_body` win over it. Nothing else
is added: the sampling parameters that a model card recommends are for the user to set
(`sampling`, `extra_body`), since they decide replies.

What is known of each, and where from:

- `qwen3` (Qwen3, Qwen3.5 and what is built on them): thinks unless
  `chat_template_kwargs.enable_thinking` is false; vLLM and SGLang both pass that to the template
  (docs.vllm.ai "Reasoning Outputs"; docs.sglang.io "Reasoning Parser"), as does llama.cpp. The
  2507 models "Thinking" and "Instruct" do one of the two whatever they are told. The template
  drops the thinking of earlier turns; Qwen3.6's keeps it with `preserve_thinking` (its model card,
  and NousResearch/hermes-agent 56004), which older ones ignore.
- `gpt-oss`: always thinks; `reasoning_effort` is low, medium (its own default) or high, and there
  is no off (model card, huggingface.co/openai/gpt-oss-20b). On, it is sent as medium. llama.cpp
  before build 10434 takes it only inside `chat_template_kwargs` (ggml-org/llama.cpp 26941).
- `deepseek-r1` (R1 and its distills): always thinks; the template drops thinking of earlier turns.
- `llama-3` (Llama 3, Swallow, ELYZA and the like): does not think; its template has no word for it.
- `gemma`: Gemma 3 and older never think. Gemma 4 thinks with
  `chat_template_kwargs.enable_thinking: true`, and does not by default (docs.vllm.ai "Reasoning
  Outputs"; ai.google.dev "Gemma 4 Prompt Formatting"). Templates that know no such key ignore it.

Ollama's /v1 passes no template arguments: there, thinking is switched off with
`extra_body: {reasoning_effort: none}` (ollama/ollama 14820). OpenRouter has `reasoning:
{enabled: ...}` (openrouter.ai "Reasoning Tokens").

This module imports nothing of the config, which asks it what a preset can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Return(Enum):
    """How the thinking of an earlier reply goes back in the message of that reply."""

    FIELDS = "fields"
    """Beside the content, under two names: vLLM reads `reasoning` alone (vllm-project/vllm 38488),
    llama.cpp (ggml-org/llama.cpp 16934), SGLang and LM Studio `reasoning_content`."""
    INLINE = "inline"
    """As `<think>...</think>` before it: for templates that have no place for it, and for endpoints
    that refuse the fields."""


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a model family."""

    on: Mapping[str, Any] | None
    """What makes it think; None: nothing does."""
    off: Mapping[str, Any] | None
    """What keeps it from thinking; None: nothing does."""
    because: str = ""
    """Why nothing does, and what there is instead."""
    goes_back: Return = Return.FIELDS
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What makes the template keep the thinking that goes back."""


def _template_switch(on: bool) -> Mapping[str, Any]:
    return {"chat_template_kwargs": {"enable_thinking": on}}


_NO_PRESET = Family(None, None, "without 'preset' nobody knows how; set it, or use 'extra_body'")

FAMILIES: Mapping[str, Family] = {
    "qwen3": Family(
        _template_switch(True),
        _template_switch(False),
        kept={"chat_template_kwargs": {"preserve_thinking": True}},
    ),
    "gpt-oss": Family(
        {"reasoning_effort": "medium"},
        None,
        "gpt-oss always thinks; 'extra_body: {reasoning_effort: low}' is the least",
    ),
    "deepseek-r1": Family(
        {}, None, "DeepSeek-R1 and its distills always think; leave it out, or take another model"
    ),
    "llama-3": Family(None, {}, "Llama 3 does not think; leave it out", Return.INLINE),
    "gemma": Family(_template_switch(True), _template_switch(False)),
}
"""By the name that `preset` has."""


def family_of(preset: str | None) -> Family:
    """What is known of a model of this preset, or of one without."""
    return _NO_PRESET if preset is None else FAMILIES[preset]


def refusal(preset: str | None, enabled: bool | None) -> str:
    """Why a model cannot be told to think, or not to; "" where it can, or is told neither."""
    family = family_of(preset)
    impossible = enabled is not None and (family.on if enabled else family.off) is None
    return family.because if impossible else ""


def effective_extra_body(
    extra_body: Mapping[str, Any], preset: str | None, enabled: bool | None, *, in_context: bool
) -> dict[str, Any]:
    """`extra_body` over what the preset adds; of two mappings under one key, key by key.

    Args:
        extra_body: the user's.
        preset: of the model, if it has one.
        enabled: whether it is told to think, or not to.
        in_context: whether the thinking of earlier replies goes back.
    """
    family = family_of(preset)
    switch = None if enabled is None else family.on if enabled else family.off
    merged = _over(family.kept if in_context else {}, switch or {})
    return _over(merged, extra_body)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below}
    for key, value in above.items():
        both = isinstance(merged.get(key), Mapping) and isinstance(value, Mapping)
        merged[key] = {**merged[key], **value} if both else value
    return merged
