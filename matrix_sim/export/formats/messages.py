"""Turns as messages, with the thinking apart, inside the text, or left out."""

from __future__ import annotations

from collections.abc import Iterable

from matrix_sim.quality.contracts import Turn

Message = dict[str, str]


def apart(turn: Turn, *, thinks: bool) -> Message:
    """With `reasoning_content` on every assistant's message of a data set that thinks.

    It is an empty text where there was no thinking, so that the column has one type, and absent
    from everybody else's messages: null would be written out by some chat templates.
    """
    message: Message = {"role": turn.role, "content": turn.content}
    if thinks and turn.role == "assistant":
        message["reasoning_content"] = turn.reasoning
    return message


def inside(turn: Turn) -> Message:
    """With the thinking before the answer, in the tags that open models are trained with.

    The line ends are those of the templates of Qwen3 and DeepSeek-R1, which LLaMA-Factory and
    ms-swift look for.
    """
    return {"role": turn.role, "content": thought(turn)}


def thought(turn: Turn) -> str:
    """`<think>`, the thinking, and the text; the text alone where there was no thinking."""
    if not turn.reasoning:
        return turn.content
    return f"<think>\n{turn.reasoning}\n</think>\n\n{turn.content}"


def plain(turn: Turn) -> Message:
    """Without the thinking."""
    return {"role": turn.role, "content": turn.content}


def all_inside(turns: Iterable[Turn]) -> list[Message]:
    """`inside` of each."""
    return [inside(turn) for turn in turns]


def all_apart(turns: Iterable[Turn], *, thinks: bool) -> list[Message]:
    """`apart` of each."""
    return [apart(turn, thinks=thinks) for turn in turns]
