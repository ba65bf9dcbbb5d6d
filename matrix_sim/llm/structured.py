"""Asking a model for a decision or for prose, and reading what came back.

A reply that is no use is asked for again under the next attempt; what is left after that is an
outcome (S3): a `Failure`, the same on every replay.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from matrix_sim.llm.contracts import LLM, Finish, Message, Reply, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.schema import schema_of
from matrix_sim.messages import Failure
from matrix_sim.text import clip

__all__ = ["Repair", "Shorter", "ask", "ask_text", "in_turn", "schema_of"]

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

Messages = tuple[Message, ...]

Repair = Callable[[str, str], Message]
"""From what is wrong with a reply and the schema's text to the message that asks for better."""

Shorter = Callable[[], Awaitable[Messages | None]]
"""The same question in fewer words, each time it is called; None where it cannot be shorter."""

_ERROR_CHARACTERS = 600
_REPLY_CHARACTERS = 4000
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class _Malformed:
    """Text that is not of the shape that was asked for."""

    error: str


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """What was asked for; a text of prose may be equal to the name of a failure."""

    value: T


def in_turn(questions: Iterable[Messages]) -> Shorter:
    """One of these a call, each made when it is needed."""
    left = iter(questions)

    async def following() -> Messages | None:
        return next(left, None)

    return following


async def ask(
    llm: LLM,
    request: Request,
    model: type[M],
    repair: Repair,
    terms: ReplyTerms,
    *,
    attempts: int = _ATTEMPTS,
    shorter: Shorter | None = None,
) -> M | Failure:
    """A structured reply to `request`, which carries the schema of `model`.

    A malformed reply is shown to the model again with what is wrong with it, an empty one is
    asked for again as it was. One that was cut off is given twice the room, and a question that is
    too long for the model is put more shortly, as long as either is to be had. A refusal is final.

    Args:
        llm: who is asked.
        request: with `schema` set (see `schema_of`).
        model: what the reply is read as.
        repair: the message that follows a malformed reply.
        terms: of the model that is asked.
        attempts: how many malformed or empty replies to take at most.
        shorter: puts the question more shortly.

    Raises:
        EnvironmentalFailure: no reply was to be had now.
    """
    if request.schema is None:
        raise ValueError(f"{request.address}: a structured question needs a schema")
    shape = request.schema.json_schema.decode()

    def again(messages: Messages, reply: Reply, malformed: _Malformed) -> Messages:
        thought = clip(reply.reasoning, _REPLY_CHARACTERS) if terms.thinking_back else ""
        said = Message("assistant", clip(reply.text, _REPLY_CHARACTERS), thought)
        return (*messages, said, repair(malformed.error, shape))

    question = _Question(request, lambda reply: _parse(reply.text.strip(), model), again)
    return await question.put(llm, attempts, terms.largest, shorter)


async def ask_text(
    llm: LLM,
    request: Request,
    terms: ReplyTerms,
    *,
    attempts: int = _ATTEMPTS,
    shorter: Shorter | None = None,
) -> str | Failure:
    """A reply in prose, without white space around it; asked again as `ask` does.

    Raises:
        EnvironmentalFailure: no reply was to be had now.
    """
    question = _Question(request, lambda reply: reply.text.strip(), _as_it_was)
    return await question.put(llm, attempts, terms.largest, shorter)


async def ask_reply(
    llm: LLM, request: Request, terms: ReplyTerms, *, attempts: int = _ATTEMPTS
) -> Reply | Failure:
    """A reply in prose as it came, with its thinking and who gave it; asked again as `ask` does.

    Raises:
        EnvironmentalFailure: no reply was to be had now.
    """
    question = _Question(request, lambda reply: reply, _as_it_was)
    return await question.put(llm, attempts, terms.largest, None)


def _as_it_was(messages: Messages, reply: Reply, malformed: _Malformed) -> Messages:
    return messages


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    """A question, how its replies are read, and how it follows on a malformed one."""

    request: Request
    read: Callable[[Reply], T | _Malformed]
    again: Callable[[Messages, Reply, _Malformed], Messages]

    async def put(
        self, llm: LLM, attempts: int, largest: int, shorter: Shorter | None
    ) -> T | Failure:
        """Ask until there is an answer, or nothing is left to try."""
        asked, plain = self.request, self.request.messages
        while True:
            reply = await llm.complete(asked)
            result = self._result(reply)
            if isinstance(result, _Answer):
                return result.value
            failure = Failure.MALFORMED if isinstance(result, _Malformed) else result
            if failure is Failure.TRUNCATED and asked.max_tokens < largest:
                room = min(2 * asked.max_tokens, largest)
                asked = replace(asked, max_tokens=room)
            elif failure is Failure.CONTEXT_OVERFLOW and shorter is not None:
                fewer = await shorter()
                while fewer == plain:
                    fewer = await shorter()
                if fewer is None:
                    return failure
                plain = fewer
                asked = replace(asked, messages=plain)
            elif failure in _NO_USE and attempts > 1:
                attempts -= 1
                if isinstance(result, _Malformed):
                    asked = replace(asked, messages=self.again(plain, reply, result))
            else:
                return failure
            asked = replace(asked, attempt=asked.attempt + 1, repeats=failure)

    def _result(self, reply: Reply) -> _Answer[T] | _Malformed | Failure:
        # Before all else: a reply that was cut off may look whole, and what there is of it
        # must not be taken for a decision.
        if reply.finish in _BY_FINISH:
            return _BY_FINISH[reply.finish]
        if not reply.text.strip():
            return Failure.EMPTY
        value = self.read(reply)
        return value if isinstance(value, _Malformed) else _Answer(value)


_NO_USE = (Failure.MALFORMED, Failure.EMPTY)
_BY_FINISH = {
    Finish.REFUSED: Failure.REFUSED,
    Finish.CONTENT_FILTER: Failure.CONTENT_FILTER,
    Finish.CONTEXT_OVERFLOW: Failure.CONTEXT_OVERFLOW,
    Finish.LENGTH: Failure.TRUNCATED,
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
    except (ValueError, RecursionError):  # its own limit of nesting is a ValueError
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
