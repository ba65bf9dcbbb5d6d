"""What an error answer of an endpoint means: who is to blame, and whether waiting helps (S3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from matrix_sim.llm.answer import Answer
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.text import clean_text, clip

_SHOWN_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error answer says, from whichever of the usual places it says it."""

    message: str
    code: str
    """`code` and `type` of the error object, as one text for looking things up."""
    param: str
    """The field of the request that the endpoint names, if it names one."""


def complaint(body: bytes) -> Complaint:
    """Read the body of an error answer; one that is no JSON is its own message."""
    raw = body.decode("utf-8", "replace")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = raw
    error = value.get("error", value) if isinstance(value, dict) else value
    fields: dict[str, Any] = error if isinstance(error, dict) else {}
    unnamed = error if isinstance(error, str) else raw
    said = fields.get("message") or fields.get("detail") or unnamed
    message = said if isinstance(said, str) else orjson.dumps(said).decode()
    return Complaint(
        message=clean_text(message)[0].strip(),
        code=f"{fields.get('code') or ''} {fields.get('type') or ''}".strip(),
        param=str(fields.get("param") or ""),
    )


def is_context_overflow(answer: Answer) -> bool:
    """Whether the endpoint says that the prompt is too long for the model.

    Only ever a 4xx: llama.cpp's 500 "Context size has been exceeded." is a pool that parallel
    requests share and have filled; the same request passes later.
    """
    if answer.status not in (400, 413, 422):
        return False
    said = complaint(answer.body)
    return (
        "exceed_context_size" in said.code  # llama.cpp
        or "context_length_exceeded" in said.code  # OpenAI and most others
        or "maximum context length" in said.message  # vLLM
    )


def is_too_much(answer: Answer) -> bool:
    """Whether an endpoint for embeddings says that texts are too many, or too long together."""
    if answer.status == 413:
        return True
    said = complaint(answer.body).message.lower()
    if answer.status == 500:  # llama.cpp: input (15001 tokens) is too large to process
        return "too large to process" in said
    return answer.status in (400, 422) and any(words in said for words in _TOO_MUCH)


_TOO_MUCH = (
    "batch",  # text-embeddings-inference, DashScope
    "too large",
    "too long",
    "too many",
    "array length",
    "context length",  # vLLM, OpenAI
    "context size",
    "input length",  # Ollama
    "maximum input",
    "maximum allowed",
    "maximum of",
    "max_model_len",
    "longer than",  # SGLang
)


def failure_of(
    answer: Answer,
    *,
    place: str,
    model: str,
    key_name: str,
    redact: Callable[[str], str],
    now: float,
) -> EnvironmentalFailure:
    """The typed failure of an answer that is not a reply.

    Args:
        answer: a status of 300 or more.
        place: the endpoint, as it may be shown.
        model: the model that was asked for.
        key_name: the environment variable of the key, or "" where none was sent.
        redact: takes the key out of a text.
        now: seconds since the epoch, for a Retry-After that is a date.
    """
    said = complaint(answer.body)
    hindrance = _hindrance(answer.status, said)
    message = clip(redact(said.message), _SHOWN_CHARACTERS) or "(no text)"
    detail = f"{place} answered {answer.status}: {message}"
    if hindrance is Hindrance.UNAUTHORISED:
        detail += (
            f"; check the value of {key_name}"
            if key_name
            else "; set 'api_key_env' or 'api_key_file'"
        )
    elif hindrance is Hindrance.MODEL_UNKNOWN:
        detail += f"; check the model name {model!r}, and 'base_url' (most end in /v1)"
    return EnvironmentalFailure(
        hindrance,
        detail,
        retry_after_s=retry_after_s(answer.headers, now=now),
        busy=answer.status in (429, 503, 529),
    )


def retry_after_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `Retry-After` (seconds or an HTTP date), if given."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _hindrance(status: int, said: Complaint) -> Hindrance:
    if "insufficient_quota" in said.code:
        return Hindrance.REJECTED  # OpenAI says 429 to an empty account too; no waiting fills it
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Hindrance.SERVER if status >= 500 else Hindrance.REJECTED


_BY_STATUS = {
    401: Hindrance.UNAUTHORISED,
    403: Hindrance.UNAUTHORISED,
    404: Hindrance.MODEL_UNKNOWN,
    408: Hindrance.TIMEOUT,
    429: Hindrance.RATE_LIMITED,
}
