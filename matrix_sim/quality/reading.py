"""From a line of JSON to a row, in the shapes that trainers take.

`messages` (or `conversations` with from/value), `prompt` with `completion`, and preference data:
`chosen` and `rejected` beside `prompt` or `messages`, two whole conversations, or OpenAI's
`input`, `preferred_output` and `non_preferred_output`. Thinking is taken from `reasoning_content`,
`reasoning`, `thinking`, or from `<think>` in the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from matrix_sim.errors import UsageError
from matrix_sim.llm.thinking import parts_of, take_apart
from matrix_sim.quality.contracts import Row, Speaker, Turn
from matrix_sim.text import clean_text, clip

_SPEAKERS: Mapping[str, Speaker] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatgpt"), "assistant"),
}
_CONVERSATIONS = ("messages", "conversations")
_OPENAI = {"preferred_output": "chosen", "non_preferred_output": "rejected"}
_SHAPES = (
    "'messages', 'conversations', 'prompt' and 'completion', or 'prompt', 'chosen' and 'rejected'"
)
_NAMES = {list: "an array", dict: "an object", str: "a string", bool: "true or false"}
_SHOWN = 40


class FieldError(ValueError):
    """What is wrong with a field of a row."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"'{field}' {problem}" if field else problem)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a JSONL file, in order; empty lines are skipped.

    Raises:
        UsageError: the file cannot be read, or a line is no row; with file, line and field.
    """
    for number, line in _lines(path):
        try:
            fields = json.loads(line)
        except json.JSONDecodeError as error:
            problem = f"is no valid JSON ({error.msg} at character {error.colno})"
            raise _wrong(path, number, f"{problem}; JSONL has one object {{...}} a line") from None
        except (ValueError, RecursionError) as error:
            raise _wrong(path, number, f"is no JSON that can be read ({error})") from None
        try:
            row = row_of(fields)
        except FieldError as error:
            raise _wrong(path, number, str(error)) from None
        yield row


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """The rows in lists of so many.

    Raises:
        UsageError: what `read_rows` raises, after the rows before it.
    """
    batch: list[Row] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    except UsageError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def row_of(fields: object) -> Row:
    """A row out of what JSON holds.

    Raises:
        FieldError: it is none.
    """
    if not isinstance(fields, dict):
        raise FieldError("", f"holds {_kind(fields)}; a row is an object {{...}}")
    fields = _as_a_pair(fields)
    turns = _context(fields)
    chosen, rejected = _pair(fields)
    if turns is None:
        if not chosen:
            raise FieldError("", f"has none of the fields that hold a conversation: {_SHAPES}")
        turns, chosen, rejected = _shared(chosen, rejected)
    elif chosen[: len(turns)] == turns == rejected[: len(turns)]:
        chosen, rejected = chosen[len(turns) :], rejected[len(turns) :]
    if "completion" in fields:
        turns = (*turns, *_turns(fields["completion"], "completion", "assistant"))
    if not turns:
        raise FieldError("", "has no message that 'chosen' and 'rejected' both answer")
    thinks = any(turn.reasoning for turn in (*turns, *chosen))
    return Row(turns, chosen, rejected, thinks=thinks)


def _as_a_pair(fields: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's preferences under the names of the others; any other row as it is."""
    if _OPENAI.keys().isdisjoint(fields):
        return fields
    missing = next((name for name in ("input", *_OPENAI) if fields.get(name) is None), None)
    if missing:
        raise FieldError(missing, "is not there; a preference of OpenAI's format has it")
    asked = fields["input"]
    answers = {ours: fields[theirs] for theirs, ours in _OPENAI.items()}
    return {"messages": asked.get("messages") if isinstance(asked, dict) else asked, **answers}


def _context(fields: dict[str, Any]) -> tuple[Turn, ...] | None:
    """What stands before the answers that are compared, or the whole conversation."""
    for name in (*_CONVERSATIONS, "prompt"):
        if fields.get(name) is not None:
            return _turns(fields[name], name, "user")
    return None


def _pair(fields: dict[str, Any]) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    chosen, rejected = fields.get("chosen"), fields.get("rejected")
    if (chosen is None) != (rejected is None):
        there, lacking = ("chosen", "rejected") if rejected is None else ("rejected", "chosen")
        raise FieldError(lacking, f"is not there, and '{there}' is; preference data has both")
    if chosen is not None:
        return _turns(chosen, "chosen", "assistant"), _turns(rejected, "rejected", "assistant")
    for name in ("rejected_response", "rejected_messages"):
        if fields.get(name) is not None:
            return (), _turns(fields[name], name, "assistant")
    return (), ()


def _shared(
    chosen: tuple[Turn, ...], rejected: tuple[Turn, ...]
) -> tuple[tuple[Turn, ...], tuple[Turn, ...], tuple[Turn, ...]]:
    """Two whole conversations as what they share and how each goes on."""
    shared = 0
    for one, other in zip(chosen, rejected, strict=False):
        if one != other:
            break
        shared += 1
    # What is the same in both may be an answer; but one is compared.
    while shared and chosen[shared - 1].role == "assistant":
        shared -= 1
    return chosen[:shared], chosen[shared:], rejected[shared:]


def _turns(said: Any, field: str, speaker: Speaker) -> tuple[Turn, ...]:
    """Messages out of a field: a list of them, a single one, or a string that `speaker` says."""
    if isinstance(said, str):
        return (_turn(speaker, {"content": said}),)
    if isinstance(said, dict):
        return (_message(said, field),)
    if not isinstance(said, list):
        raise FieldError(field, f"holds {_kind(said)}; it takes messages or a string")
    if not said:
        raise FieldError(field, "holds no message")
    return tuple(_message(one, f"{field}.{place}") for place, one in enumerate(said))


def _message(message: Any, field: str) -> Turn:
    if not isinstance(message, dict):
        raise FieldError(field, f"is {_kind(message)}; a message is an object with role, content")
    role_field = "role" if "role" in message or "from" not in message else "from"
    content_field = "content" if "content" in message or "value" not in message else "value"
    role, content = message.get(role_field), message.get(content_field)
    speaker = _SPEAKERS.get(role) if isinstance(role, str) else None
    if speaker is None:
        told = "is not there" if role is None else f"is {clip(repr(role), _SHOWN)}"
        raise FieldError(f"{field}.{role_field}", f"{told}; it is system, user or assistant")
    if not isinstance(content, str) and not _are_parts(content):
        told = "is not there" if content is None else f"is {_kind(content)}"
        problem = f"{told}; it is a string, or a list of parts {{type: text, text: ...}}"
        raise FieldError(f"{field}.{content_field}", problem)
    return _turn(speaker, {**message, "content": content})


def _are_parts(content: Any) -> bool:
    """Whether all of it is text or thinking: what is neither would go unchecked."""
    return isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") in ("text", "thinking") for part in content
    )


def _turn(speaker: Speaker, message: dict[str, Any]) -> Turn:
    if speaker == "assistant":
        thinking, text = take_apart(message)
        return Turn(speaker, clean_text(text)[0], clean_text(thinking)[0])
    # Tags that a user types are what the user says.
    return Turn(speaker, clean_text(parts_of(message["content"])[0])[0])


def _kind(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), "a number")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                try:
                    line = raw.decode()
                except UnicodeDecodeError as error:
                    problem = f"is not UTF-8 at byte {error.start}; save the file as UTF-8"
                    raise _wrong(path, number, problem) from None
                if line.strip():
                    yield number, line.removeprefix("\ufeff") if number == 1 else line
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def _wrong(path: Path, line: int, problem: str) -> UsageError:
    return UsageError(f"{path}, line {line}: {problem}")
