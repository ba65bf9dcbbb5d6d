"""What a model leaves in a message that is no part of it: marks of its template, a wrapping."""

from __future__ import annotations

import json
import re

from matrix_sim.quality.prose import spoken
from matrix_sim.quality.signs import Found

_TURN = re.compile(
    r"<\|(?:im_start|start_header_id|start|user|assistant|system|channel|message)\|>"
    r"|<start_of_turn>|<<SYS>>"
)
"""Begins somebody's turn in a template."""
_END = re.compile(r"(?:<\|[a-z_]{2,20}\|>|</s>|<eos>|<end_of_turn>|</?think>)\s*\Z")
_THINKING = re.compile(r"\s*(?:</think>|<think>(?:.*</think>|\s*\n))", re.DOTALL)
_NAMES = (
    "answer content instruction message mood output persona prompt question reply request "
    "response text want"
)
"""What a wrapping is called, as an element or as a key."""
_ELEMENT = re.compile(rf"\s*<({'|'.join(_NAMES.split())})>.*</\1>\s*\Z", re.DOTALL | re.IGNORECASE)
_OBJECT = re.compile(r"\s*(?:```(?:json)?\s*)?(\{.*\})\s*(?:```)?\s*\Z", re.DOTALL)
_JSON = re.compile(r"json", re.IGNORECASE)
_TAGS = "persona goal plan scenario did seen requirement complexity satisfied_when code_language"
"""Of the prompts, that no other language of tags has."""
_PLAIN_TAGS = "task risk degree want conversation move first second"
"""Of the prompts too; only at the beginning of a line are they taken for those."""
_TAG = re.compile(
    rf"</?(?:{'|'.join(_TAGS.split())})>"
    rf"|^[ \t]*<(?:{'|'.join(_PLAIN_TAGS.split())})>",
    re.MULTILINE,
)
_ABOUT_TAGS = re.compile(r"タグ|要素|HTML|XML|CSS|\btags?\b|\belements?\b|markup", re.IGNORECASE)
_SLOT = re.compile(
    r"\{\{ ?[A-Za-z_][\w. ]{0,30}\}\}|(?<![$\w{\\])\$?\{[A-Za-z_]\w{2,30}\}"
    r"|[\[【<＜(（{]ここ(?:に|へ)[^\]】>＞)）}\n]{0,24}[\]】>＞)）}]"
    r"|\[(?:insert|your|enter) [^\]\n]{2,40}\]",
    re.IGNORECASE,
)
"""Where a template wanted something."""
_ABOUT_SLOTS = re.compile(
    r"テンプレ|変数|波括弧|中括弧|プレースホルダ|差し込|置換|置き換|埋め|穴埋め|プロンプト|コード|関数|書式"
    r"|文字列|構文|正規表現|エラー|Python|Java|Jinja|Vue|React|Django|LaTeX|TeX|Ansible|Excel|template"
    r"|placeholder|variable|prompt|code|string|syntax|error|format|\w+\(",
    re.IGNORECASE,
)


def left_over(text: str, asked: str = "") -> Found | None:
    """What of the text a model did not mean to say; None where that is nothing.

    Args:
        text: a message as it is. Marks that stand in code are spoken of, and not left over.
        asked: what was asked for; who asks for JSON gets it.
    """
    if "<" in text:
        seen = _TURN.search(spoken(text)) or _END.search(text) or _THINKING.match(text)
        if seen:
            return Found("A mark of a template is left in it", seen[0].strip())
        if _ELEMENT.match(text):
            return Found("It is wrapped in an element", text.strip())
        if not _ABOUT_TAGS.search(asked or text):
            seen = _TAG.search(spoken(text))
            if seen:
                return Found("A mark of a prompt is left in it", seen[0].strip())
    if "{" in text and not _JSON.search(asked) and _is_wrapped(text):
        return Found("It is wrapped in JSON", text.strip())
    return None


def left_unfilled(own: str) -> Found | None:
    """What of a user's message a program should have filled in; None where that is nothing.

    Args:
        own: what its writer says, without quotations, pastes and code.
    """
    if not any(mark in own for mark in "{[【<＜(（"):
        return None
    seen = _SLOT.search(own)
    if seen and not _ABOUT_SLOTS.search(own[: seen.start()] + own[seen.end() :]):
        return Found("A place of a template is not filled in", seen[0])
    return None


def _is_wrapped(text: str) -> bool:
    """Whether all of it is an object whose keys are names for what it wraps."""
    whole = _OBJECT.match(text)
    if whole is None:
        return False
    try:
        value = json.loads(whole[1])
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool(value) and value.keys() <= {*_NAMES.split()}
