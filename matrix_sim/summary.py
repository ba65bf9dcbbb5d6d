"""What a run came to, in figures: read from its store, so that it covers every start of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from matrix_sim.config import DatasetConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.tariff import BILLION
from matrix_sim.messages import Sparing, TickReport
from matrix_sim.society.tally import Tally
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.usage import RoleUsage
from matrix_sim.synthesis.figures import DatasetFigures, figures_of
from matrix_sim.talk import Talk, likeness_of_strangers, people_vectors

_SOCIETY = (Role.AGENT, Role.MODULATOR, Role.EMBEDDING, Role.ANONYMISER)


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What calls came to: of one role, or of all. Money in the currency of `price`."""

    replies: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    """Of the replies, where the model has a price."""
    setbacks: dict[str, int]
    """What sendings met that brought no reply, by cause."""
    lost: dict[str, int]
    """Sendings without a reply that may have been paid, by cause; `broken_off`: in flight when a
    process ended."""
    asked_again: dict[str, int]
    """Questions that were repeated, by what was wrong with the reply before."""
    overruns: int
    """Replies that took more tokens than the most that was reserved for them."""
    overrun_tokens: int
    """By how many, in all."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Totals over the whole run. Tokens as the endpoint counted them, unless it says estimated."""

    agents: int
    groups: int
    ticks: int
    """Committed ticks of all groups, null ticks included."""
    null_ticks: int
    actions: int
    reactions: int
    plan_steps: int
    idle: int
    """Turns that were asked for and came to nothing."""
    reaction_share: float
    """Of the actions."""
    plan_share: float
    """Of the actions."""
    steps_done: int
    """Steps of plans that an action brought to their end."""
    steps_revised: int
    plans_done: int
    """Plans that came to their end: after the last step, or given up before."""
    envelopes: int
    delivered_envelopes: int
    envelopes_taken_up: int
    """Delivered ones that somebody of the receiving group became aware of."""
    observations: int
    inbox_cut: int
    observations_cut: int
    unknown_ids: int
    scenarios: int
    rounds: int
    failures: dict[str, int]
    """Outcome failures by kind: of actions, goals, condensings, routings and summaries."""
    calls: int
    replies: int
    calls_lost: int
    """Sendings whose reply never reached the journal: perhaps paid for nothing."""
    calls_taken_along: int
    """Calls that the run this one was forked from has paid for; in none of the other figures."""
    sendings: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    uncached_tokens: int
    """Prompt tokens (estimated) that a prefix cache of the modelled size would not have held."""
    charged_calls: int
    """What `budget.max_calls` goes by: requests that were paid, or may have been."""
    charged_tokens: int
    """What `budget.max_tokens` goes by; what became of no reply is charged as it was reserved."""
    charged_cost: float
    """What `budget.max_cost` goes by, in the currency of `price`."""
    roles: dict[str, CallFigures]
    """The calls of each role that asked."""
    all_roles: CallFigures
    routing_calls: int
    """Of the replies, those that were for routing."""
    sparing: Sparing | None
    """What hybrid routing spared the model, and how often the two agree."""
    talk_likeness: float | None
    """Mean cosine, of the vectors that people are grouped by, of an actor and who hears of it."""
    strangers_likeness: float | None
    """The same of any two people of the society."""
    calls_per_action: float
    """Of the calls of the society itself; likewise the tokens."""
    prompt_tokens_per_action: float
    uncached_tokens_per_action: float
    datasets: tuple[DatasetFigures, ...]
    """In the order of the config."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def summarise_run(
    store: RunStore, datasets: Sequence[DatasetConfig] = (), *, quota: int | None = None
) -> RunSummary:
    """Add up a run.

    Args:
        store: the run's.
        datasets: those of its data sets that are added up too.
        quota: how many scenarios were asked for: data sets grow from the first so many.
    """
    groups = len(store.events("group"))
    tally, talk = Tally(), Talk()
    delivered_envelopes = taken_up = observations = rounds = 0
    for group in range(groups):
        for report in store.reports(group):
            tally.count(report)
            talk.hear(report)
            taken_up += _taken_up(report)
            delivered_envelopes += len(report.inbox)
            observations += sum(len(d.observations) for d in report.deliveries)
            rounds = max(rounds, report.round)
    for scenario in store.scenarios():
        tally.count_scenario(scenario)
    usage = store.usage()
    members = store.events("member")
    vectors = people_vectors(members)
    whole = _figures(usage.roles)
    society = [role for role in usage.roles if role.role in _SOCIETY]
    uncached = sum(role.uncached_tokens for role in usage.roles)
    acted = max(1, tally.actions)
    return RunSummary(
        agents=len(members),
        groups=groups,
        ticks=tally.ticks,
        null_ticks=tally.null_ticks,
        actions=tally.actions,
        reactions=tally.reactions,
        plan_steps=tally.plan_steps,
        idle=tally.idle,
        reaction_share=tally.reactions / acted,
        plan_share=tally.plan_steps / acted,
        steps_done=tally.steps_done,
        steps_revised=tally.steps_revised,
        plans_done=tally.plans_done,
        envelopes=tally.envelopes,
        delivered_envelopes=delivered_envelopes,
        envelopes_taken_up=taken_up,
        observations=observations,
        inbox_cut=tally.inbox_cut,
        observations_cut=tally.observations_cut,
        unknown_ids=tally.unknown_ids,
        scenarios=tally.scenarios,
        rounds=rounds,
        failures=dict(sorted(tally.failures.items())),
        calls=usage.calls,
        replies=usage.replies,
        calls_lost=usage.lost,
        calls_taken_along=usage.taken_along,
        sendings=sum(role.sendings for role in usage.roles),
        prompt_tokens=whole.prompt_tokens,
        completion_tokens=whole.completion_tokens,
        cached_tokens=sum(role.cached_tokens for role in usage.roles),
        uncached_tokens=uncached,
        charged_calls=usage.charged.calls,
        charged_tokens=usage.charged_tokens,
        charged_cost=usage.charged.cost / BILLION,
        roles={role.role.value: _figures((role,)) for role in usage.roles},
        all_roles=whole,
        routing_calls=usage.routing,
        sparing=tally.sparing,
        talk_likeness=talk.likeness(vectors),
        strangers_likeness=likeness_of_strangers(vectors),
        calls_per_action=sum(role.replies for role in society) / acted,
        prompt_tokens_per_action=sum(role.prompt_tokens for role in society) / acted,
        uncached_tokens_per_action=sum(role.uncached_tokens for role in society) / acted,
        datasets=tuple(
            figures_of(
                dataset,
                store.candidates(dataset.label),
                people=len(members),
                scenarios=min(tally.scenarios, quota or tally.scenarios),
            )
            for dataset in datasets
        ),
    )


def _figures(roles: Sequence[RoleUsage]) -> CallFigures:
    lost = _summed(role.lost_by for role in roles)
    if broken_off := sum(role.broken_off for role in roles):
        lost["broken_off"] = broken_off
    return CallFigures(
        replies=sum(role.replies for role in roles),
        prompt_tokens=sum(role.prompt_tokens for role in roles),
        completion_tokens=sum(role.completion_tokens for role in roles),
        cost=sum(role.cost for role in roles) / BILLION,
        setbacks=_summed(role.setbacks for role in roles),
        lost=lost,
        asked_again=_summed(role.repeated for role in roles),
        overruns=sum(role.overruns for role in roles),
        overrun_tokens=sum(role.overrun_tokens for role in roles),
    )


def _summed(counts: Iterable[Iterable[tuple[StrEnum, int]]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update({name.value: count for name, count in one})
    return dict(sorted(total.items()))


def _taken_up(report: TickReport) -> int:
    heard = {
        seen.action.order: None
        for delivery in report.deliveries
        for seen in delivery.observations
        if seen.action.group != report.group
    }
    return len(heard)
