"""Ticks, scenarios and replies as bytes, and back into the same frozen values.

JSON, so that a store can be read with any tool, compressed by zlib. A reply is an array
instead of an object: for 400 Japanese characters the field names would be a tenth of it.
"""

from __future__ import annotations

import zlib
from typing import TypeVar

import orjson
from pydantic import TypeAdapter

from matrix_sim.llm.contracts import Finish, Reply, Usage
from matrix_sim.messages import Scenario, TickReport
from matrix_sim.synthesis.contracts import Candidate

_T = TypeVar("_T")

_REPORT: TypeAdapter[TickReport] = TypeAdapter(TickReport)
_SCENARIO: TypeAdapter[Scenario] = TypeAdapter(Scenario)
_CANDIDATE: TypeAdapter[Candidate] = TypeAdapter(Candidate)
_REPLY: TypeAdapter[tuple[str, str, Finish, str, int, int, int]] = TypeAdapter(
    tuple[str, str, Finish, str, int, int, int]
)


def encode_report(report: TickReport) -> bytes:
    """A tick as compressed JSON.

    Raises:
        TypeError: a text in it cannot be stored (a lone surrogate).
    """
    return zlib.compress(orjson.dumps(report), 1)


def decode_report(body: bytes) -> TickReport:
    """The tick that `encode_report` was given.

    Raises:
        ValueError: these are not the bytes of a tick.
    """
    return _decode(_REPORT, body)


def encode_scenario(scenario: Scenario) -> bytes:
    """A scenario as compressed JSON.

    Raises:
        TypeError: a text in it cannot be stored (a lone surrogate).
    """
    return zlib.compress(orjson.dumps(scenario), 1)


def decode_scenario(body: bytes) -> Scenario:
    """The scenario that `encode_scenario` was given.

    Raises:
        ValueError: these are not the bytes of a scenario.
    """
    return _decode(_SCENARIO, body)


def encode_candidate(candidate: Candidate) -> bytes:
    """A candidate as compressed JSON.

    Raises:
        TypeError: a text in it cannot be stored (a lone surrogate).
    """
    return zlib.compress(orjson.dumps(candidate, option=orjson.OPT_SORT_KEYS), 1)


def decode_candidate(body: bytes) -> Candidate:
    """The candidate that `encode_candidate` was given.

    Raises:
        ValueError: these are not the bytes of a candidate.
    """
    return _decode(_CANDIDATE, body)


def encode_reply(reply: Reply) -> bytes:
    """A reply as compressed JSON: text, reasoning, finish, model and the three counts of tokens.

    Raises:
        TypeError: a text in it cannot be stored (a lone surrogate).
    """
    usage = reply.usage
    fields = (
        reply.text,
        reply.reasoning,
        reply.finish,
        reply.model,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
    )
    # A 4 KB window holds most replies whole, and setting up a larger one costs more than it saves.
    packer = zlib.compressobj(6, zlib.DEFLATED, 12, 5)
    return packer.compress(orjson.dumps(fields)) + packer.flush()


def decode_reply(body: bytes) -> Reply:
    """The reply that `encode_reply` was given.

    Raises:
        ValueError: these are not the bytes of a reply.
    """
    text, reasoning, finish, model, prompt, completion, cached = _decode(_REPLY, body)
    return Reply(text, reasoning, finish, model, Usage(prompt, completion, cached))


def _decode(adapter: TypeAdapter[_T], body: bytes) -> _T:
    try:
        return adapter.validate_json(zlib.decompress(body))
    except zlib.error as error:
        raise ValueError(f"a row of the store cannot be unpacked: {error}") from error
