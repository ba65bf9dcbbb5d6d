"""Which scenarios a data set grows from, and in which order they are taken.

With a requirement: those that are similar enough to it, by maximal marginal relevance (Carbonell
and Goldstein, SIGIR 1998), so that the first ones are both to the point and unlike each other.
For "general": spread over the whole society, a scenario of every group before the second of any.
Decided once, committed as an event, and then only read (S9).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from matrix_sim.canonical import canonical_json
from matrix_sim.config.datasets import GENERAL, DatasetConfig
from matrix_sim.messages import Scenario
from matrix_sim.randomness import named_random
from matrix_sim.synthesis.contracts import Source
from matrix_sim.synthesis.similarity import Similarity

SOURCES_EVENT = "sources"
"""The kind of event that keeps the choice, one a data set."""
_ALIKE = 512
"""Scenarios that are chosen for variety too; those after them by relevance and what they have in
common with these. So the choice stays linear in their number."""


def spread(scenarios: Sequence[Scenario], seed: int, label: str) -> tuple[Source, ...]:
    """All scenarios: by lot within a group, and a round of all groups before the next."""
    lot = named_random(seed, "spread", label)
    by_group: dict[int, list[Scenario]] = {}
    for scenario in scenarios:
        by_group.setdefault(scenario.group, []).append(scenario)
    for own in by_group.values():
        lot.shuffle(own)
    order = list(by_group)
    lot.shuffle(order)
    rounds = max((len(own) for own in by_group.values()), default=0)
    return tuple(
        _source(by_group[group][turn], seed, label, None)
        for turn in range(rounds)
        for group in order
        if turn < len(by_group[group])
    )


def relevant(
    scenarios: Sequence[Scenario], similarity: Similarity, dataset: DatasetConfig, seed: int
) -> tuple[Source, ...]:
    """Those that fit the requirement, the best first.

    Args:
        scenarios: all that there are.
        similarity: of them, in the same order.
        dataset: with its floor, and its weight of relevance against variety.
        seed: the run's.
    """
    fits = similarity.to_requirement()
    left = fits >= dataset.similarity_floor
    weight, nearest = dataset.relevance, np.zeros(len(scenarios))
    chosen: list[int] = []
    while left.any():
        scores = np.where(left, weight * fits - (1 - weight) * nearest, -np.inf)
        if len(chosen) == _ALIKE:
            rest = [n for n in np.argsort(-scores, kind="stable").tolist() if left[n]]
            chosen += rest
            break
        best = int(np.argmax(scores))  # of equals the first
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, similarity.to(best))
    return tuple(_source(scenarios[n], seed, dataset.label, float(fits[n])) for n in chosen)


def people(agents: int, seed: int, label: str) -> tuple[Source, ...]:
    """Everybody by lot, for data sets that grow from people alone."""
    order = list(range(agents))
    named_random(seed, "spread", label).shuffle(order)
    return tuple(Source(-1, -1, (agent,)) for agent in order)


def has_requirement(dataset: DatasetConfig) -> bool:
    """Whether scenarios are compared with a requirement."""
    return dataset.ground == "scenario" and dataset.requirement != GENERAL


def scenario_text(scenario: Scenario) -> str:
    """What of a scenario is compared: its summary and what was done in it."""
    return "\n".join([scenario.summary, *(action.text for action in scenario.actions)])


def encode_sources(sources: Sequence[Source]) -> bytes:
    """The body of the event."""
    return canonical_json(
        [[one.window, one.group, list(one.agents), one.similarity] for one in sources]
    )


def decode_sources(body: bytes) -> tuple[Source, ...]:
    """The choice that `encode_sources` was given."""
    rows: list[Any] = orjson.loads(body)
    return tuple(Source(window, group, tuple(agents), fit) for window, group, agents, fit in rows)


def _source(scenario: Scenario, seed: int, label: str, similarity: float | None) -> Source:
    agents = list(dict.fromkeys(action.agent for action in scenario.actions))
    lot = named_random(seed, "askers", f"{label}/w{scenario.window}/g{scenario.group}")
    lot.shuffle(agents)
    return Source(scenario.window, scenario.group, tuple(agents), similarity)
