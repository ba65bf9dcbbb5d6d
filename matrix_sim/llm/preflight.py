"""A look at every endpoint of a run before anything is founded or paid.

It costs nothing where the endpoint lists its models (GET /models), and a token where it does not
list the one that is asked for: only an answer settles that, for some servers take any name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import SecretStr

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.config.roles import roles_in_use
from matrix_sim.llm.answer import Answer
from matrix_sim.llm.backends import key_of, model_of
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Role
from matrix_sim.llm.errands import Errands
from matrix_sim.llm.json_body import UnreadableReply, json_object
from matrix_sim.llm.retrying import Sleep

_WAITS_S = (0.1, 0.3, 0.6, 1.0, 1.0, 1.0, 1.0)
"""An endpoint that is not there is tried again, for five seconds in all."""
_ANSWER_S = 10.0
"""How long a list of models may take to come."""
_CHAT_S = 60.0
NO_API = "check 'base_url' (most end in /v1): is that an OpenAI-compatible API?"
"""What to do about answers that are no replies."""
_END = frozenset({Hindrance.UNAUTHORISED, Hindrance.MODEL_UNKNOWN})
"""What no patience of a run would mend."""


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a model, and who is to ask it."""

    model: ModelConfig
    address: str
    roles: tuple[Role, ...]


def roles_asked(config: RunConfig, *, founding: bool) -> tuple[Role, ...]:
    """The roles that a run still asks; `founding` is whether it has no society yet."""
    making = roles_in_use(None, config.datasets, config.quality)
    roles: list[Role] = [role for role in making if role is not Role.EMBEDDING]
    if founding and config.personas.anonymised == "llm":
        roles.append(Role.ANONYMISER)
    # Once people are in groups, vectors are needed only to route by.
    compares = config.society.routing in ("embedding", "hybrid") or bool(config.datasets)
    if not config.models.embedding.local and (founding or compares):
        roles.append(Role.EMBEDDING)
    return tuple(roles)


def places_of(config: RunConfig, roles: Sequence[Role]) -> tuple[Place, ...]:
    """The addresses behind these roles, each once; the stub and model files have none."""
    asked: dict[str, list[tuple[ModelConfig, str, Role]]] = {}
    for role in roles:
        model = model_of(config.models, role)
        for address in model.base_urls:
            same = f"{address} {role is Role.EMBEDDING} {model.model_dump_json()}"
            asked.setdefault(same, []).append((model, address, role))
    return tuple(
        Place(found[0][0], found[0][1], tuple(role for *_, role in found))
        for found in asked.values()
    )


async def preflight(
    places: Sequence[Place],
    secrets: Mapping[str, SecretStr],
    *,
    sleep: Sleep = asyncio.sleep,
) -> tuple[EnvironmentalFailure, ...]:
    """What keeps the places from answering, each once; empty where all is well.

    Only what would end a run is told: an endpoint that is busy, or has trouble of its own, is a
    matter for the patience of the run.
    """
    found = await asyncio.gather(*(_look(place, secrets, sleep) for place in places))
    told = {str(failure): failure for failure in found if failure is not None}
    return tuple(told.values())


async def _look(
    place: Place, secrets: Mapping[str, SecretStr], sleep: Sleep
) -> EnvironmentalFailure | None:
    async with Errands(place.model, place.address, key_of(place.model, secrets)) as errands:
        try:
            answer = await _reached(errands, sleep)
            if answer.status == 401:
                return errands.failure(answer)
            if (place.model.model or "") in model_ids(answer):
                return None
            if answer.status == 429 or answer.status >= 500:
                return None  # it is there, and busy or not ready
            failure = await asked_briefly(errands, vectors=Role.EMBEDDING in place.roles)
        except EnvironmentalFailure as unreached:
            return unreached
    return failure if failure is not None and failure.hindrance in _END else None


async def _reached(errands: Errands, sleep: Sleep) -> Answer:
    """The list of models, asked for until there is a server that answers."""
    for wait_s in _WAITS_S:
        try:
            return await errands.get("/models", _ANSWER_S)
        except EnvironmentalFailure as failure:
            if failure.hindrance is Hindrance.TIMEOUT:
                raise
        await sleep(wait_s)
    return await errands.get("/models", _ANSWER_S)


def model_ids(answer: Answer) -> tuple[str, ...]:
    """The models that a list names; none where it is no list."""
    return tuple(str(entry.get("id")) for entry in model_entries(answer))


def model_entries(answer: Answer) -> tuple[Mapping[str, object], ...]:
    """What a list says of each model."""
    try:
        body = orjson.loads(answer.body) if answer.status == 200 else None
    except orjson.JSONDecodeError:
        return ()
    listed = body.get("data") if isinstance(body, dict) else None
    entries = listed if isinstance(listed, list) else ()
    return tuple(entry for entry in entries if isinstance(entry, dict))


async def asked_briefly(errands: Errands, *, vectors: bool) -> EnvironmentalFailure | None:
    """What keeps the model from answering the shortest question there is, if anything does."""
    if vectors:
        question = {**errands.model.extra_body, "model": errands.model.model, "input": ["a"]}
        answer = await errands.post("/embeddings", orjson.dumps(question), _CHAT_S)
    else:
        answer = await _one_token(errands, "max_tokens")
        if answer.status == 400 and b"max_completion_tokens" in answer.body:
            answer = await _one_token(errands, "max_completion_tokens")
    return _no_api(errands, answer) if answer.status < 300 else errands.failure(answer)


def _no_api(errands: Errands, answer: Answer) -> EnvironmentalFailure | None:
    """A page for people, say: every request would be answered so, and none with a reply."""
    try:
        json_object(answer.body)
    except UnreadableReply as error:
        problem = str(error)
    else:
        return None
    return EnvironmentalFailure(
        Hindrance.MODEL_UNKNOWN,
        f"{errands.place} answered {answer.status}, but {problem}; {NO_API}",
    )


async def _one_token(errands: Errands, length_field: str) -> Answer:
    question: dict[str, Any] = {
        **errands.model.extra_body,
        "model": errands.model.model,
        "messages": [{"role": "user", "content": "a"}],
        length_field: 1,
    }
    return await errands.post("/chat/completions", orjson.dumps(question), _CHAT_S)
