"""The identity of a society (S1): what is in it, what is not, and how a change is told."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.identity import Identity, differences, society_identity
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.run_directory import run_identity

TEXTS = {"act": "何をしますか", "route": "誰に"}


def people(count: int) -> list[Persona]:
    return [Persona(id=f"p{n}", description=f"{n}人目") for n in range(count)]


def config(**changes: Any) -> RunConfig:
    """A config with dotted keys changed; dots are written as two underscores."""
    tree: dict[str, Any] = {
        "seed": 7,
        "society": {"ticks": 3},
        "models": {"default": {"base_url": "http://one/v1", "model": "qwen"}},
    }
    for key, value in changes.items():
        *above, last = key.split("__")
        holder = tree
        for step in above:
            holder = holder.setdefault(step, {})
        holder[last] = value
    return RunConfig.model_validate(tree)


def identity(persons: int = 3, texts: dict[str, str] | None = None, **changes: Any) -> Any:
    return society_identity(config(**changes), people(persons), texts or TEXTS)


BASE = identity()


def test_the_same_society_has_the_same_identity() -> None:
    assert identity() == BASE
    assert identity().sha256 == BASE.sha256
    assert differences(BASE, identity()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"society__ticks": 300},
        {"society__ticks": None, "society__scenarios": 5},
        {"society__max_windows": 7},
        {"runtime": {"placement": "packed", "max_in_flight": 3}},
        {"personas": {"source": "nemotron", "path": "elsewhere.csv"}},
        {"models__default__base_url": "http://two/v1"},
        {"models__default__api_key_env": "OTHER_KEY"},
        {"models__default__timeout_s": 3},
        {"models__default__retry": {"attempts": 9}},
        {"models__default__structured": "json"},
        {"secrets": {"A": "b"}},
        {"models__default__base_url": ["http://one/v1", "http://two/v1"]},
        {"models__default__stream": True, "models__default__idle_timeout_s": 5},
        {"models__default__limits": {"rpm": 5}},
        {"models__default__price": {"input": 1, "output": 2}},
        {"models__default__preset": "qwen3"},
        {"budget": {"max_calls": 5}},
    ],
)
def test_how_a_run_is_made_is_not_in_its_identity(changes: dict[str, Any]) -> None:
    assert identity(**changes).sha256 == BASE.sha256


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"seed": 8}, ["seed: 7 -> 8"]),
        ({"society__scenario_window": 4}, ["society.scenario_window: 3 -> 4"]),
        ({"society__group_size": {"max": 9}}, ["society.group_size.max: 10 -> 9"]),
        ({"society__memory": {"tokens": 2000}}, ["society.memory.tokens: 2400 -> 2000"]),
        ({"persons": 4}, ["personas: 3 -> 4 people"]),
        ({"texts": TEXTS | {"act": "x"}}, ["prompt act: text changed"]),
        ({"texts": {"act": TEXTS["act"], "goal": "g"}}, ["prompt goal: new", "prompt route: gone"]),
        (
            {"models__agent": {"base_url": "http://one/v1", "model": "gemma"}},
            ['models.agent.model: "qwen" -> "gemma"'],
        ),
        (
            {"models__default__max_tokens": 2048},
            [
                "models.agent.max_tokens: 1024 -> 2048",
                "models.modulator.max_tokens: 1024 -> 2048",
            ],
        ),
        (
            {"models__default__sampling": {"temperature": 0.5}},
            [
                "models.agent.sampling.temperature: unset -> 0.5",
                "models.modulator.sampling.temperature: unset -> 0.5",
            ],
        ),
        (
            {"models__embedding": {"base_url": "http://one/v1", "model": "e5"}},
            ['models.embedding.model: "local" -> "e5"'],
        ),
        (
            {
                "models__agent": {
                    "base_url": "http://one/v1",
                    "model": "qwen",
                    "extra_body": {"think": {"on": False}},
                }
            },
            ['models.agent.extra_body: unset -> {"think":{"on":false}}'],
        ),
        (
            {
                "models__agent": {
                    "base_url": "http://one/v1",
                    "model": "qwen",
                    "preset": "gpt-oss",
                    "reasoning": {"enabled": True, "language": "ja", "in_context": True},
                    "max_tokens_limit": 4096,
                }
            },
            [
                'models.agent.extra_body: unset -> {"reasoning_effort":"medium"}',
                "models.agent.max_tokens_limit: unset -> 4096",
                "models.agent.reasoning.in_context: unset -> true",
                'models.agent.reasoning.language: unset -> "ja"',
            ],
        ),
    ],
)
def test_what_changes_what_happens_is_told_in_its_own_line(
    changes: dict[str, Any], lines: list[str]
) -> None:
    changed = identity(**changes)
    assert changed.sha256 != BASE.sha256
    assert differences(BASE, changed) == lines


def test_a_config_without_newer_keys_keeps_the_identity_that_its_runs_have_stored() -> None:
    switched = {
        "base_url": "http://one/v1",
        "model": "qwen",
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
        "sampling": {"temperature": 0.5},
    }
    assert BASE.sha256 == "e04235d77c0d5ef0d19a5cc4e0cc978ebc01eb5d0e9c9e63be433bf1ca30b8ab"
    assert identity(models={"default": switched}).sha256 == (
        "4188105b8fe2ebae7602deb4e6bfa410370f5ff940ece2b337491b9d74fba2b7"
    )


def test_the_template_that_asks_for_a_language_counts_only_where_it_is_used() -> None:
    prompts = PromptLibrary("ja")
    plain = run_identity(config(), people(3), prompts)
    asked = run_identity(config(models__default__reasoning={"language": "en"}), people(3), prompts)
    assert "prompts.reasoning_language" not in plain.parts
    assert "prompts.reasoning_language" in asked.parts


def test_other_people_in_the_same_number_are_told() -> None:
    others = [*people(2), Persona(id="p2", description="別の人")]
    changed = society_identity(config(), others, TEXTS)
    assert differences(BASE, changed) == [
        "personas: other people, or other texts about them (3 as before)"
    ]


def test_the_order_of_the_people_counts_as_it_numbers_the_agents() -> None:
    assert society_identity(config(), people(3)[::-1], TEXTS).sha256 != BASE.sha256


def test_a_stub_is_what_spoils_its_replies_not_what_delays_them() -> None:
    def stub(**settings: Any) -> Identity:
        return society_identity(config(models={"default": {"stub": settings}}), people(3), TEXTS)

    quiet = stub()
    slow = stub(latency="fixed:2", slots=3, faults={"rate_limited": 0.2, "timeout": 0.1})
    assert slow.sha256 == quiet.sha256
    assert differences(quiet, stub(faults={"malformed": 0.1})) == [
        "models.agent.stub.faults.malformed: unset -> 0.1",
        "models.modulator.stub.faults.malformed: unset -> 0.1",
    ]


def test_a_stored_identity_is_read_back_as_the_same() -> None:
    stored = Identity.from_canonical(BASE.canonical)
    assert stored == BASE
    assert stored.sha256 == BASE.sha256


def test_the_hash_is_that_of_the_canonical_json_with_sorted_keys() -> None:
    identity = Identity({"seed": 1, "language": "ja"})
    assert identity.canonical == b'{"language":"ja","seed":1}'
    assert identity.sha256 == hashlib.sha256(identity.canonical).hexdigest()


JSON = st.dictionaries(
    st.sampled_from(["seed", "personas.count", "personas.sha256", "prompts.a", "society.x"]),
    st.sampled_from([0, 1, True, 1.0, "1", None, {"a": 1}, {"a": True}]),
)


@given(JSON, JSON)
def test_two_identities_differ_exactly_when_a_difference_is_told(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    told = differences(Identity(old), Identity(new))
    assert bool(told) == (Identity(old).sha256 != Identity(new).sha256)
