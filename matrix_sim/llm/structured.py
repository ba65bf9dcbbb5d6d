"""Asking a model for a decision or for prose, and reading what came back.

A reply that is no use is asked for again under the next attempt; what is left after that is an
outcome (S3): a `Failure`, the same on every replay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from matrix_sim.llm.contracts import LLM, Finish, Message, Reply, Request
from matrix_sim.llm.schema import schema_of
from matrix_sim.messages import Failure
from matrix_sim.text import clip

__all__ = ["Repair", "ask", "ask_text", "schema_of"]

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

Repair = Callable[[str, str], Message]
"""From what is wrong with a reply and the schema's text to the message that asks for better."""

_ERROR_CHARACTERS = 600
_REPLY_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class _Malformed:
    """Text that is not of the shape that was asked for."""

    error: str


async def ask(
    llm: LLM,
    request: Request,
    model: type[M],
    repair: Repair,
    attempts: int = 2,
    *,
    thinking_back: bool = False,
) -> M | Failure:
    """A structured reply to `request`, which carries the schema of `model`.

    A malformed reply is shown to the model again with what is wrong with it, an empty one is
    asked for again as it was, one that was cut off is given twice the room, once.

    Args:
        llm: who is asked.
        request: with `schema` set (see `schema_of`).
        model: what the reply is read as.
        repair: the message that follows a malformed reply.
        attempts: how often to ask at most.
        thinking_back: whether a malformed reply is shown with the thinking that led to it.

    Raises:
        EnvironmentalFailure: no reply was to be had now.
    """
    if request.schema is None:
        raise ValueError(f"{request.address}: a structured question needs a schema")
    shape = request.schema.json_schema.decode()

    def again(reply: Reply, malformed: _Malformed) -> tuple[Message, ...]:
        thought = clip(reply.reasoning, _REPLY_CHARACTERS) if thinking_back else ""
        said = Message("assistant", clip(reply.text, _REPLY_CHARACTERS), thought)
        return (*request.messages, said, repair(malformed.error, shape))

    return await _ask(llm, request, lambda text: _parse(text, model), again, attempts)


async def ask_text(llm: LLM, request: Request, attempts: int = 2) -> str | Failure:
    """A reply in prose, without white space around it; asked again where it is empty or cut off.

    Raises:
        EnvironmentalFailure: no reply was to be had now.
    """
    return await _ask(llm, request, lambda text: text, lambda *_: request.messages, attempts)


async def _ask(
    llm: LLM,
    request: Request,
    read: Callable[[str], T | _Malformed],
    again: Callable[[Reply, _Malformed], tuple[Message, ...]],
    attempts: int,
) -> T | Failure:
    outcome = Failure.EMPTY
    asked = request
    widened = False
    for attempt in range(request.attempt, request.attempt + attempts):
        asked = replace(asked, attempt=attempt)
        reply = await llm.complete(asked)
        if reply.finish in _FINAL:
            return _FINAL[reply.finish]
        # Before all else: a reply that was cut off may look whole, and what there is of it
        # must not be taken for a decision.
        if reply.finish is Finish.LENGTH:
            if widened:
                return Failure.TRUNCATED
            outcome, widened = Failure.TRUNCATED, True
            asked = replace(asked, max_tokens=2 * request.max_tokens)
            continue
        text = reply.text.strip()
        if not text:
            outcome = Failure.EMPTY
            continue
        result = read(text)
        if not isinstance(result, _Malformed):
            return result
        outcome = Failure.MALFORMED
        asked = replace(asked, messages=again(reply, result))
    return outcome


_FINAL = {
    Finish.REFUSED: Failure.REFUSED,
    Finish.CONTENT_FILTER: Failure.CONTENT_FILTER,
    Finish.CONTEXT_OVERFLOW: Failure.CONTEXT_OVERFLOW,
}


def _parse(text: str, model: type[M]) -> M | _Malformed:
    try:
        return model.model_validate_json(_without_fence(text))
    except ValidationError as error:
        first = error
    # Imported where it is needed: 50 ms, in processes that seldom see a broken reply.
    from json_repair import repair_json

    try:
        return model.model_validate(repair_json(text, return_objects=True))
    except (ValidationError, RecursionError):
        return _Malformed(_explained(first))


def _without_fence(text: str) -> str:
    if not text.startswith("```"):
        return text
    return text.removesuffix("```").partition("\n")[2]


def _explained(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(map(str, problem['loc'])) or 'JSON'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return clip("\n".join(lines), _ERROR_CHARACTERS)
