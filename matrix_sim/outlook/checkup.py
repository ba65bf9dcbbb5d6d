"""What an endpoint is like, judged by what a run needs of it; each problem with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.llm.backends import key_of, model_of
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Message, Role
from matrix_sim.llm.dialect import Structure, dialect_of
from matrix_sim.llm.embedding_client import EmbeddingClient
from matrix_sim.llm.errands import Errands
from matrix_sim.llm.preflight import NO_API, Place
from matrix_sim.llm.probing import (
    ChatProbes,
    Chatted,
    Obedience,
    Reached,
    Structured,
    probe_list,
    probe_slot_context,
    probe_vectors,
)
from matrix_sim.llm.wire import JsonInstruction

Mark = Literal["ok", "note", "wrong"]

_SIMPLER = {
    Structure.SCHEMA: (Structure.JSON, Structure.PROMPT),
    Structure.JSON: (Structure.PROMPT,),
    Structure.PROMPT: (),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    mark: Mark
    said: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that was looked at in one endpoint."""

    roles: tuple[Role, ...]
    model: str
    address: str
    """Where it is; or that there is nothing to look at: the stub, the local method."""
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Whether a run may be started on it."""
        return all(finding.mark != "wrong" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Thinking:
    """What needs the thinking of the reasoner."""

    datasets: tuple[str, ...] = ()
    """The labels of data sets that keep it."""
    question: tuple[Message, ...] = ()
    """A prompt as the reasoner's."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a config asks of its models."""

    question: tuple[Message, ...]
    """A prompt as its people's: what is asked first of all."""
    largest_prompts: Mapping[Role, int]
    """Estimated tokens of the longest prompt of each role, in a dry run."""
    json_instruction: JsonInstruction
    in_prose: tuple[Role, ...] = ()
    """The roles that are never asked for a reply of a shape."""
    thinking: Thinking = Thinking()


async def check_up(place: Place, secrets: Mapping[str, SecretStr], needs: Needs) -> Checkup:
    """Look at one endpoint."""
    key = key_of(place.model, secrets)
    async with Errands(place.model, place.address, key) as errands:
        if Role.EMBEDDING in place.roles:
            findings = await _embedding_findings(errands, key)
        else:
            findings = await _chat_findings(errands, place, needs)
    return Checkup(place.roles, place.model.model or "", place.address, tuple(findings))


def unthinking_stub(config: RunConfig) -> Finding | None:
    """That data sets want thinking of a stub that gives none."""
    needed = tuple(dataset.label for dataset in config.datasets if dataset.thinks)
    stub = model_of(config.models, Role.REASONER).stub
    if not needed or stub is None or stub.reasoning:
        return None
    todo = "give it a 'models.reasoner: {stub: {reasoning: true}}'"
    return Finding("thinking", "wrong", _missing(needed, None), todo)


async def _chat_findings(errands: Errands, place: Place, needs: Needs) -> list[Finding]:
    model, probes = place.model, ChatProbes(errands, needs.json_instruction)
    findings, reached = list[Finding](), None
    try:
        reached = await probe_list(errands)
        findings.append(Finding("reachable", "ok", _ms(reached.seconds)))
        chatted = await probes.chat(needs.question)
        findings += [_key(errands), _model(reached, chatted.served, model)]
        if all(role in needs.in_prose for role in place.roles):
            findings.append(Finding("replies of a shape", "ok", "none is needed"))
        else:
            findings.append(await _structure(probes, model))
        findings.append(await _thinking(probes, chatted, place, needs.thinking))
        findings.append(_usage(chatted))
        if model.stream:
            findings.append(await _streaming(probes))
        slot = await probe_slot_context(errands)
        findings.append(_context(slot or reached.context_tokens, reached, chatted, place, needs))
        findings.append(Finding("speed", "ok", _speed(chatted)))
    except EnvironmentalFailure as failure:
        findings += _hindered(failure, findings, reached)
    return findings


async def _embedding_findings(errands: Errands, key: str) -> list[Finding]:
    findings, client, reached = list[Finding](), None, None
    try:
        reached = await probe_list(errands)
        findings.append(Finding("reachable", "ok", _ms(reached.seconds)))
        client = EmbeddingClient(errands.model, api_key=key)
        embedded = await probe_vectors(client.send)
        findings += [_key(errands), _model(reached, errands.model.model or "", errands.model)]
        findings.append(Finding("vectors", "ok", f"{embedded.dimension} numbers a text"))
        findings.append(
            Finding("batches", "ok", "as single texts")
            if embedded.batches_right
            else Finding("batches", "note", "differ from single texts, so that each goes alone")
        )
    except EnvironmentalFailure as failure:
        findings += _hindered(failure, findings, reached)
    finally:
        if client is not None:
            await client.close()
    return findings


_CHECK_OF = {
    Hindrance.UNAUTHORISED: "key",
    Hindrance.MODEL_UNKNOWN: "model",
}


_TODO_OF = {
    Hindrance.REJECTED: "it calls the request wrong: look at its documentation, and 'extra_body'",
    Hindrance.RATE_LIMITED: "wait, or ask for a higher limit: a run would be as patient as 'retry'",
    Hindrance.SERVER: "look into the server's log: the trouble is its own",
    Hindrance.TIMEOUT: "is the model still loading? Otherwise raise 'timeout_s'",
}
_SAY_THEMSELVES = (Hindrance.UNAUTHORISED, Hindrance.MODEL_UNKNOWN, Hindrance.CONNECTION)
"""What to do about these stands at the end of the failure, where a run says it, too."""


def _hindered(
    failure: EnvironmentalFailure, before: list[Finding], reached: Reached | None
) -> list[Finding]:
    said, todo = failure.detail, _TODO_OF.get(failure.hindrance, "")
    if failure.hindrance in _SAY_THEMSELVES or said.endswith(NO_API):
        said, _, todo = said.rpartition("; ")
    if failure.hindrance is Hindrance.MODEL_UNKNOWN and reached is not None and reached.models:
        said += f" (its list: {_some(reached.models)})"
    silent = failure.hindrance in (Hindrance.CONNECTION, Hindrance.TIMEOUT) and not before
    check = "reachable" if silent else _CHECK_OF.get(failure.hindrance, "answers")
    answers = [] if silent or before else [Finding("reachable", "ok", "it answers")]
    return [*answers, Finding(check, "wrong", said, todo)]


def _key(errands: Errands) -> Finding:
    said = f"accepted ({errands.key_name})" if errands.key_name else "none is sent, none is asked"
    return Finding("key", "ok", said)


def _model(reached: Reached, served: str, model: ModelConfig) -> Finding:
    asked = model.model or ""
    if reached.listed is None:
        return Finding("model", "ok", f"answers as {served!r}; the server lists no models")
    if reached.listed:
        return Finding("model", "ok", f"{asked!r} is in the list of {len(reached.models)}")
    return Finding(
        "model",
        "note",
        f"{asked!r} is not in the list ({_some(reached.models)}), but {served!r} answers",
        "some servers, llama.cpp among them, take any name: is it the model that you mean?",
    )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


async def _structure(probes: ChatProbes, model: ModelConfig) -> Finding:
    first = await probes.structured(dialect_of(model).structure)
    if first.obedience is Obedience.HONOURED:
        return Finding("replies of a shape", "ok", f"by {_WAYS[first.way]}: honoured")
    if first.obedience is Obedience.CUT_OFF:
        return Finding(
            "replies of a shape",
            "wrong",
            f"{model.max_tokens} tokens are no room for thinking and the shortest reply",
            "raise 'max_tokens', or have it think less ('reasoning', 'preset')",
        )
    other = await _other_way(probes, first.way)
    found = f"by {_WAYS[first.way]}: {first.obedience.value} ({first.said!r})"
    if other is None:
        return Finding(
            "replies of a shape",
            "wrong",
            f"{found}; no other way works",
            "take a model that can follow a JSON schema",
        )
    found += f"; by {_WAYS[other.way]}: honoured"
    if model.structured == "auto" and first.obedience is Obedience.REFUSED:
        return Finding("replies of a shape", "note", found, "nothing: a run finds that out itself")
    return Finding("replies of a shape", "wrong", found, f"set 'structured: {other.way.value}'")


_WAYS = {
    Structure.SCHEMA: "JSON schema",
    Structure.JSON: "JSON mode",
    Structure.PROMPT: "words in the prompt",
}


async def _other_way(probes: ChatProbes, first: Structure) -> Structured | None:
    for way in _SIMPLER[first]:
        tried = await probes.structured(way)
        if tried.obedience is Obedience.HONOURED:
            return tried
    return None


async def _thinking(
    probes: ChatProbes, chatted: Chatted, place: Place, needed: Thinking
) -> Finding:
    where, told = chatted.reasoning, place.model.reasoning.enabled
    if Role.REASONER in place.roles and needed.datasets:
        where = (await probes.chat(needed.question, whole=True)).reasoning
        if not where:
            return Finding("thinking", "wrong", _missing(needed.datasets, told), _HAVE_IT_THINK)
    found = f"found {'in the text' if where == 'inline' else f'in {where!r}'}" if where else "none"
    if told and not where:
        said = "none, though 'reasoning.enabled' asks for it"
        return Finding("thinking", "wrong", said, _HAND_IT_OVER)
    if told is False and where:
        return Finding(
            "thinking",
            "wrong",
            f"{found}, though 'reasoning.enabled' forbids it",
            "set 'preset' to the model's family; some models cannot be told",
        )
    return Finding("thinking", "ok", found)


_HAND_IT_OVER = (
    "set 'preset' to the model's family, or have the server hand its thinking over "
    "(vLLM and SGLang: --reasoning-parser; llama.cpp: --reasoning-format)"
)
_HAVE_IT_THINK = (
    "give 'models.reasoner' a model that thinks, with 'reasoning: {enabled: true}', and "
    + _HAND_IT_OVER
)


def _missing(datasets: tuple[str, ...], told: bool | None) -> str:
    labels = " and ".join(repr(label) for label in datasets)
    forbids = ", and 'reasoning.enabled' forbids it" if told is False else ""
    return f"none, though it is part of {labels}{forbids}: every row would be refused"


def _usage(chatted: Chatted) -> Finding:
    if chatted.prompt_tokens and chatted.completion_tokens:
        return Finding("usage", "ok", "reported")
    return Finding(
        "usage",
        "note",
        "not reported",
        "tokens of this endpoint cannot be counted; a budget in calls holds all the same",
    )


async def _streaming(probes: ChatProbes) -> Finding:
    streamed = await probes.stream()
    if not streamed.works:
        return Finding("streaming", "wrong", f"no stream came: {streamed.said}", "'stream: false'")
    if not streamed.usage:
        return Finding("streaming", "note", "works, without usage at its end")
    return Finding("streaming", "ok", "works, with usage")


def _context(
    tokens: int | None, reached: Reached, chatted: Chatted, place: Place, needs: Needs
) -> Finding:
    largest = max((needs.largest_prompts.get(role, 0) for role in place.roles), default=0)
    if chatted.prompt_tokens:
        largest = round(largest * chatted.prompt_tokens / chatted.estimated_tokens)
    room = place.model.max_tokens
    need = f"needed: about {largest:,} for the longest prompt and {room:,} for the reply"
    if tokens is None:
        trained = reached.training_tokens
        hint = f" (trained for {trained:,})" if trained else ""
        return Finding("context", "note", f"unknown{hint}; {need}")
    if tokens < largest + room:
        return Finding(
            "context",
            "wrong",
            f"{tokens:,} tokens; {need}",
            "serve it with a longer context, or lower 'society.memory.tokens', "
            "'society.persona_characters' or 'max_tokens'",
        )
    return Finding("context", "ok", f"{tokens:,} tokens; {need}")


def _speed(chatted: Chatted) -> str:
    return (
        f"{chatted.prompt_tokens:,} tokens of a prompt and {chatted.completion_tokens:,} of a "
        f"reply in {chatted.seconds:.1f} s"
    )


def _ms(seconds: float) -> str:
    return f"in {max(1, round(1000 * seconds))} ms"
