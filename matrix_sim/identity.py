"""The identities of a society and of data sets: what must not change between two starts (S1).

In it is what changes what happens or what a model is asked and how it answers: seed, language,
the people, the society's settings, the prompt templates, and for each role the model's name,
sampling parameters, extra body (with what its preset adds), `max_tokens`, the limit of that, and
how it is made to think (the anonymiser's only where it is used); of the stub, the faults that spoil
replies and whether it thinks aloud.

Not in it: addresses, keys, limits, prices, time-outs, retries, whether replies are streamed, the
stub's latency, slots and environmental faults (the moment, not the reply); `structured` (how a
shape is asked for, which `auto` finds out at the endpoint; a run that an endpoint's schemas keep
from going on may change it); `name` and `runtime`; and the horizon (`scenarios`, `ticks`,
`max_windows`), so that a finished run can be grown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from matrix_sim.canonical import canonical_json, content_hash, sha256_hex
from matrix_sim.config import DatasetConfig, ModelConfig, RunConfig
from matrix_sim.llm.backends import model_of
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.stub.faults import FaultPlan
from matrix_sim.personas.model import Persona

_HORIZON = {"scenarios", "ticks", "max_windows"}
_PEOPLE, _PEOPLE_HASH, _PROMPT = "personas.count", "personas.sha256", "prompts."
_BENCHMARKS = "quality.contamination.benchmarks"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a society is, or a data set, part by part."""

    parts: Mapping[str, Any]
    """Dotted key to value; long texts and the people as SHA-256."""

    @property
    def sha256(self) -> str:
        """The identity in one word: SHA-256 of the canonical JSON of the parts."""
        return sha256_hex(self.canonical)

    @property
    def canonical(self) -> bytes:
        """What a run stores, and `from_canonical` reads."""
        return canonical_json(dict(self.parts))

    @property
    def prompts(self) -> dict[str, str]:
        """SHA-256 of the texts of the prompt templates by name."""
        named = self.parts.items()
        return {k.removeprefix(_PROMPT): v for k, v in named if k.startswith(_PROMPT)}

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """SHA-256 of the files that the rows of a data set are compared with, in order."""
        return tuple(self.parts.get(_BENCHMARKS, ()))

    @staticmethod
    def from_canonical(stored: bytes) -> Identity:
        """The identity that `canonical` was taken from."""
        return Identity(orjson.loads(stored))


def society_identity(
    config: RunConfig, personas: Sequence[Persona], template_texts: Mapping[str, str]
) -> Identity:
    """The identity of the society that `config` describes.

    Args:
        config: the run's config.
        personas: the selected people in the order of the source, as rules left them.
        template_texts: the prompt templates that the run uses, by name.
    """
    parts: dict[str, Any] = {"seed": config.seed, "language": config.language}
    parts[_PEOPLE] = len(personas)
    parts[_PEOPLE_HASH] = content_hash([p.model_dump(mode="json") for p in personas])
    parts |= _flat("society", config.society.model_dump(mode="json", exclude=_HORIZON))
    models = config.models
    parts |= _chat_parts("models.agent", model_of(models, Role.AGENT))
    parts |= _chat_parts("models.modulator", model_of(models, Role.MODULATOR))
    parts |= _model_parts("models.embedding", models.embedding)
    if config.personas.anonymised == "llm":
        # The people above are those before the model looks: what it makes of them follows.
        parts["personas.anonymise"] = "llm"
        parts |= _chat_parts("models.anonymiser", model_of(models, Role.ANONYMISER))
    for name, text in template_texts.items():
        parts[_PROMPT + name] = content_hash(text)
    return Identity(dict(sorted(parts.items())))


_NOT_OF_A_DATASET = {"count", "max_candidates", "name"}
"""What may change from start to start: a data set grows, and may give up sooner or later."""


def dataset_identity(
    config: RunConfig,
    dataset: DatasetConfig,
    society: Identity,
    template_texts: Mapping[str, str],
    facets: bytes,
    benchmarks: Sequence[str],
) -> Identity:
    """The identity of one data set: the society's, its own settings, its prompts, its models.

    Args:
        config: the run's.
        dataset: one of its data sets.
        society: the one that it grows from.
        template_texts: the prompt templates that it uses, by name.
        facets: the options that its candidates are drawn from, as canonical bytes.
        benchmarks: SHA-256 of the files that its rows are compared with, in order.
    """
    parts: dict[str, Any] = {"society": society.sha256}
    parts |= _flat("dataset", dataset.model_dump(mode="json", exclude=_NOT_OF_A_DATASET))
    # Left out or written out, what they mean is the same.
    parts |= {"dataset.complexity": dataset.level, "dataset.reasoning": dataset.thinks}
    parts |= _flat("quality", config.quality.model_dump(mode="json"))
    parts[_BENCHMARKS] = [*benchmarks]
    roles = [*dataset.roles, *([Role.JUDGE] if config.quality.judge.enabled else [])]
    for role in dict.fromkeys(roles):
        parts |= _chat_parts(f"models.{role.value}", model_of(config.models, role))
    for name, text in template_texts.items():
        parts[_PROMPT + name] = content_hash(text)
    parts["facets"] = sha256_hex(facets)
    return Identity(dict(sorted(parts.items())))


def differences(old: Identity, new: Identity) -> list[str]:
    """What differs, a line each, for the person who is refused; empty for the same identity."""
    return [
        _difference(key, old.parts, new.parts)
        for key in sorted({**old.parts, **new.parts})
        # As JSON, as they are hashed: Python calls 1, 1.0 and True equal.
        if _said(old.parts, key) != _said(new.parts, key)
        # Another number of people says it already.
        and not (key == _PEOPLE_HASH and old.parts.get(_PEOPLE) != new.parts.get(_PEOPLE))
    ]


def _difference(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if key == _PEOPLE:
        return f"personas: {old.get(key)} -> {new.get(key)} people"
    if key == _PEOPLE_HASH:
        return f"personas: other people, or other texts about them ({new.get(_PEOPLE)} as before)"
    if key.startswith(_PROMPT):
        change = "text changed" if key in old and key in new else "new" if key in new else "gone"
        return f"prompt {key.removeprefix(_PROMPT)}: {change}"
    return f"{key}: {_said(old, key)} -> {_said(new, key)}"


def _said(parts: Mapping[str, Any], key: str) -> str:
    return canonical_json(parts[key]).decode() if key in parts else "unset"


def _chat_parts(key: str, model: ModelConfig) -> dict[str, Any]:
    sampling = model.sampling.model_dump(mode="json", exclude_none=True)
    return {
        **_model_parts(key, model),
        f"{key}.max_tokens": model.max_tokens,
        **_flat(f"{key}.sampling", sampling),
        **_set_parts(key, model),
    }


def _set_parts(key: str, model: ModelConfig) -> dict[str, Any]:
    """What is in it only where it is set: a run from before these keys stays the same run."""
    reasoning = model.reasoning
    parts: dict[str, Any] = {}
    if model.max_tokens_limit is not None:
        parts[f"{key}.max_tokens_limit"] = model.max_tokens_limit
    if reasoning.language != "any":
        parts[f"{key}.reasoning.language"] = reasoning.language
    if reasoning.in_context:
        parts[f"{key}.reasoning.in_context"] = True
    return parts


def _model_parts(key: str, model: ModelConfig) -> dict[str, Any]:
    if model.local:
        return {f"{key}.model": "local"}
    # As it is: a key of an endpoint's own may hold dots.
    extra = model.effective_extra_body
    parts: dict[str, Any] = {f"{key}.extra_body": extra} if extra else {}
    if model.stub is not None:
        spoiling = FaultPlan(0, model.stub.faults).outcome_rates
        spoiling_and_thinking = {"faults": spoiling, "reasoning": model.stub.reasoning}
        return {f"{key}.model": "stub", **parts, **_flat(f"{key}.stub", spoiling_and_thinking)}
    return {f"{key}.model": model.label, **parts}


def _flat(key: str, value: Any) -> dict[str, Any]:
    """A tree of mappings as dotted keys; an empty mapping has none."""
    if not isinstance(value, Mapping):
        return {key: value}
    return {k: v for name, inner in value.items() for k, v in _flat(f"{key}.{name}", inner).items()}
