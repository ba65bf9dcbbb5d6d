"""Small questions to an endpoint that show what a run may expect of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

import orjson

from matrix_sim.llm.answer import Answer
from matrix_sim.llm.contracts import (
    Address,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Message,
    Reply,
    Request,
    Role,
    Schema,
)
from matrix_sim.llm.dialect import Dialect, Structure, simpler_dialect
from matrix_sim.llm.embedding_client import Send, same_direction
from matrix_sim.llm.errands import Errands
from matrix_sim.llm.json_body import UnreadableReply
from matrix_sim.llm.preflight import NO_API, model_entries, model_ids
from matrix_sim.llm.wire import BodyWriter, JsonInstruction, read_reply
from matrix_sim.text import clip, estimate_tokens

_LIST_S = 10.0
_SHORT_REPLY = 64
"""Tokens of a reply of which only the beginning matters."""
_CHOICES = ("basalt", "quartz")
_QUESTION = "What is 2 + 3? Answer with the number alone."
"""Nobody who is free to answer says basalt."""
_SHAPE = Schema(
    "probe",
    orjson.dumps(
        {
            "type": "object",
            "properties": {"answer": {"type": "string", "enum": list(_CHOICES)}},
            "required": ["answer"],
            "additionalProperties": False,
        }
    ),
)
_TEXTS = ("a garden in spring", "駅前の図書館", "three old bicycles")
_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""What lists of models call the context: vLLM and SGLang, OpenRouter, and others."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The endpoint gave its list of models, or said that it has none."""

    seconds: float
    listed: bool | None
    """Whether the model is in the list; None where there is no list."""
    models: tuple[str, ...]
    context_tokens: int | None
    """As the list says."""
    training_tokens: int | None
    """The context that the model was trained for (llama.cpp), which a server may cut."""


@dataclass(frozen=True, slots=True)
class Chatted:
    """The model answered a question."""

    seconds: float
    served: str
    """What the endpoint calls the model that answered."""
    reasoning: str
    """Where thinking was found: a field's name, "inline", or "" for none."""
    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: int
    """The prompt by `estimate_tokens`."""
    finish: Finish


class Obedience(StrEnum):
    """What a model makes of a shape that is asked for."""

    HONOURED = "honoured"
    IGNORED = "ignored"
    """It answers as if nobody had asked for a shape."""
    REFUSED = "refused"
    """The endpoint calls the request wrong."""
    CUT_OFF = "cut off"
    """There was no room for an answer, so it is not known."""


@dataclass(frozen=True, slots=True)
class Structured:
    """How a shape that is asked for comes out."""

    way: Structure
    obedience: Obedience
    said: str
    """The beginning of the reply, or of the refusal."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A reply in pieces."""

    works: bool
    usage: bool
    """Whether the tokens were counted at the end."""
    said: str
    """What came instead."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of some texts, together and alone."""

    seconds: float
    dimension: int
    batches_right: bool
    """Whether each text has the same vector in a batch as alone."""


async def probe_list(errands: Errands) -> Reached:
    """Ask for the list of models.

    Raises:
        EnvironmentalFailure: nobody is there, or the key is not taken.
    """
    begun = time.monotonic()
    answer = await errands.get("/models", _LIST_S)
    seconds = time.monotonic() - begun
    if answer.status == 401:
        raise errands.failure(answer)
    name = errands.model.model or ""
    ids = model_ids(answer)
    entry = next((e for e in model_entries(answer) if e.get("id") == name), {})
    meta = entry.get("meta")
    trained = meta.get("n_ctx_train") if isinstance(meta, dict) else None
    return Reached(
        seconds=seconds,
        listed=name in ids if ids else None,
        models=ids,
        context_tokens=next((n for f in _CONTEXT_FIELDS if (n := _count(entry.get(f)))), None),
        training_tokens=_count(trained),
    )


async def probe_slot_context(errands: Errands) -> int | None:
    """The context of one slot, where the server is llama.cpp's; it divides its own among them."""
    try:
        answer = await errands.get("/props", _LIST_S, root=True)
        body = orjson.loads(answer.body) if answer.status == 200 else None
    except (EnvironmentalFailure, orjson.JSONDecodeError):
        return None
    settings = body.get("default_generation_settings") if isinstance(body, dict) else None
    return _count(settings.get("n_ctx")) if isinstance(settings, dict) else None


class ChatProbes:
    """Questions to a model that chats, asked as a run asks."""

    def __init__(self, errands: Errands, json_instruction: JsonInstruction) -> None:
        self._errands = errands
        self._model = errands.model.model_copy(update={"stream": False})
        self._writer = BodyWriter(self._model, json_instruction, thinking_instruction="")
        self._length: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    async def chat(self, messages: tuple[Message, ...], *, whole: bool = False) -> Chatted:
        """Ask something; only whether and how it is answered matters.

        Args:
            messages: what is asked.
            whole: whether the reply is to have all of its room: one that is to hold thinking is
                not recognised by its beginning alone.

        Raises:
            EnvironmentalFailure: there was no reply.
        """
        whole = whole or self._model.reasoning.enabled is not None
        room = self._model.max_tokens if whole else min(_SHORT_REPLY, self._model.max_tokens)
        begun = time.monotonic()
        answer = await self._answer(_request(messages, room), Structure.PROMPT)
        seconds = time.monotonic() - begun
        reply = self._read(answer, room)
        return Chatted(
            seconds=seconds,
            served=reply.model,
            reasoning=_place_of_reasoning(answer, reply),
            prompt_tokens=reply.usage.prompt_tokens,
            completion_tokens=reply.usage.completion_tokens,
            estimated_tokens=sum(estimate_tokens(message.content) for message in messages),
            finish=reply.finish,
        )

    async def structured(self, way: Structure) -> Structured:
        """Ask for a shape whose only answers nobody would give unasked.

        Raises:
            EnvironmentalFailure: there was no reply, and the way of asking is not to blame.
        """
        messages = (Message("user", _QUESTION),)
        request = replace(_request(messages, self._model.max_tokens), schema=_SHAPE)
        try:
            reply = self._read(await self._answer(request, way), request.max_tokens)
        except _Refused as refusal:
            return Structured(way, Obedience.REFUSED, str(refusal))
        said = clip(reply.text, 120)
        if reply.finish is Finish.LENGTH or not reply.text.strip():
            return Structured(way, Obedience.CUT_OFF, said)
        honoured = _chosen(reply.text) in _CHOICES
        return Structured(way, Obedience.HONOURED if honoured else Obedience.IGNORED, said)

    async def stream(self) -> Streamed:
        """Ask for a reply in pieces.

        Raises:
            EnvironmentalFailure: the endpoint did not answer.
        """
        request = _request((Message("user", _QUESTION),), min(_SHORT_REPLY, self._model.max_tokens))
        body = orjson.loads(self._body(request, Structure.PROMPT))
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        answer = await self._errands.post(
            "/chat/completions", orjson.dumps(body), self._model.timeout_s
        )
        events = answer.body.startswith((b"data:", b":", b"event:"))
        works = answer.status < 300 and events and b"[DONE]" in answer.body
        usage = works and b'"completion_tokens"' in answer.body
        said = clip(self._errands.redact(answer.body.decode("utf-8", "replace")), 120)
        return Streamed(works, usage, "" if works else f"{answer.status}: {said}")

    async def _answer(self, request: Request, way: Structure) -> Answer:
        while True:
            body = self._body(request, way)
            answer = await self._errands.post("/chat/completions", body, self._model.timeout_s)
            if answer.status < 300:
                return answer
            dialect = Dialect(way, falls_back=True, length_field=self._length)
            other = simpler_dialect(dialect, answer, request)
            if other is None:
                raise self._errands.failure(answer)
            if other.length_field == self._length:
                raise _Refused(self._errands.failure(answer).detail)
            self._length = other.length_field

    def _body(self, request: Request, way: Structure) -> bytes:
        dialect = Dialect(way, falls_back=False, length_field=self._length)
        return self._writer.body(request, dialect)

    def _read(self, answer: Answer, room: int) -> Reply:
        try:
            return read_reply(answer.body, model=self._model.model or "", max_tokens=room)[0]
        except UnreadableReply as error:
            problem = str(error)
        raise EnvironmentalFailure(
            Hindrance.SERVER,
            f"{self._errands.place} answered {answer.status}, but {problem}; {NO_API}",
        )


async def probe_vectors(send: Send) -> Embedded:
    """Ask for the vectors of some texts together, and of each alone.

    Raises:
        EnvironmentalFailure: none came.
    """
    begun = time.monotonic()
    together = await send(_TEXTS)
    seconds = time.monotonic() - begun
    alone = [(await send([text]))[0] for text in _TEXTS]
    pairs = zip(together, alone, strict=True)
    return Embedded(
        seconds, len(together[0]), all(same_direction(one, other) for one, other in pairs)
    )


class _Refused(Exception):
    """The endpoint does not know the way of asking for a shape."""


def _request(messages: tuple[Message, ...], room: int) -> Request:
    return Request(Address("probe/check"), Role.AGENT, messages, room)


def _place_of_reasoning(answer: Answer, reply: Reply) -> str:
    if not reply.reasoning:
        return ""
    message = orjson.loads(answer.body)["choices"][0]["message"]
    fields = (name for name in ("reasoning_content", "reasoning", "thinking") if message.get(name))
    return next(fields, "inline")


def _chosen(text: str) -> object:
    from json_repair import repair_json

    value = repair_json(text, return_objects=True)
    return value.get("answer") if isinstance(value, dict) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
