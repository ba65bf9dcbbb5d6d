"""Thinking in a reply, taken apart from what is said, wherever a server or a model put it.

Servers that know a model's template hand it over in a field of its own (`REASONING_FIELDS`), or as
a part of a content that is a list; the others leave what the model wrote in the text:

- `<think>...</think>`: Qwen3, DeepSeek-R1 and its distills, QwQ, and many more. The opening tag is
  missing where the template has written it. `[THINK]`: Magistral; `<seed:think>`: Seed-OSS;
  `◁think▷`: Kimi. (docs.sglang.io, "Reasoning Parser"; docs.vllm.ai, "Reasoning Outputs".)
- Harmony's channels, gpt-oss: `<|channel|>analysis<|message|>...<|end|>`, then
  `<|start|>assistant<|channel|>final<|message|>...`; without the special tokens, where a server has
  dropped them: `analysis...assistantfinal...`.
- Gemma 4: `<|channel>thought ... <channel|>` (ai.google.dev, "Gemma 4 Prompt Formatting").
- `<thinking>`, `<thought>` and `<reasoning>`: models that were taught or told to. These are
  words that people write about as well: they count only where the closing tag is there and white
  space follows it.
"""

from __future__ import annotations

import re
from typing import Any

REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Fields of a message that hold thinking, the first one that has any counts: DeepSeek, llama.cpp,
SGLang and older vLLM; vLLM, Ollama, OpenRouter and LM Studio (gpt-oss); templates of gpt-oss."""

_OPEN, _CLOSE = "<think>", "</think>"
_TOKENS = (
    (_OPEN, _CLOSE),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
)
"""Special tokens: at the beginning of a reply nobody else writes them."""
_WORDS = re.compile(r"<(thinking|thought|reasoning)>(.*?)</\1>(?=\s|$)", re.DOTALL)
_HARMONY = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>(\w+)[^<]*(?:<\|constrain\|>\w+)?<\|message\|>"
    r"(.*?)(?:<\|end\|>|<\|return\|>|<\|call\|>|(?=<\|start\|>)|\Z)",
    re.DOTALL,
)
_BARE_ANALYSIS, _BARE_FINAL = "analysis", "assistantfinal"


def parts_of(content: object) -> tuple[str, str]:
    """The text and the thinking in a message's `content`: a text, a list of parts, or nothing."""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        return "", ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "text":
            texts.append(_text(part.get("text")))
        elif isinstance(part, dict) and part.get("type") == "thinking":
            thoughts.append(_thought(part.get("thinking")))
    return "".join(texts), "".join(thoughts)


def take_apart(message: dict[str, Any]) -> tuple[str, str]:
    """The thinking and the text of a message.

    Inline thinking is looked for even where a field holds it: some servers give both.
    """
    content, in_parts = parts_of(message.get("content"))
    fields = (message.get(field) for field in REASONING_FIELDS)
    apart = next((held for held in fields if isinstance(held, str) and held), in_parts)
    return (apart, _opened(content)[1]) if apart else split_thinking(content)


def split_thinking(content: str) -> tuple[str, str]:
    """Split inline thinking off the beginning of `content`.

    Thinking that never ends (the reply was cut off) leaves no text. Tags further on are part
    of what the model says, not of how it thought.

    Returns:
        The thinking ("" where there is none) and the text.
    """
    thinking, text = _opened(content)
    if text != content:
        return thinking, text
    thinking, closed, text = content.partition(_CLOSE)
    if not closed or _OPEN in thinking or content.lstrip().startswith(("{", "[")):
        return "", content
    # On a line with something before and after it, it is only mentioned.
    if text and not (thinking.endswith("\n") or text.startswith("\n")):
        return "", content
    return thinking.strip(), text.lstrip()


def _opened(content: str) -> tuple[str, str]:
    """Thinking that begins with a mark of its own, and the text."""
    start = content.lstrip()
    for opening, closing in _TOKENS:
        if start.startswith(opening):
            thinking, _, text = start.removeprefix(opening).partition(closing)
            return thinking.strip(), text.lstrip()
    if start.startswith(("<|channel|>", "<|start|>assistant<|channel|>")):
        return _channels(start)
    if start.startswith(_BARE_ANALYSIS) and _BARE_FINAL in start:
        thinking, _, text = start.removeprefix(_BARE_ANALYSIS).partition(_BARE_FINAL)
        return thinking.strip(), text.lstrip()
    if start.startswith("<") and (word := _WORDS.match(start)) is not None:
        return word.group(2).strip(), start[word.end() :].lstrip()
    return "", content


def _channels(content: str) -> tuple[str, str]:
    thoughts: list[str] = []
    said: list[str] = []
    for channel, text in _HARMONY.findall(content):
        (said if channel == "final" else thoughts).append(text.strip())
    return "\n\n".join(thoughts), "".join(said)


def _thought(thinking: object) -> str:
    return parts_of(thinking)[0]


def _text(text: object) -> str:
    return text if isinstance(text, str) else ""
