"""What a run came to, in figures: read from its store, so that it covers every start of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from matrix_sim.society.tally import Tally
from matrix_sim.store.run_store import RunStore


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
    envelopes: int
    delivered_envelopes: int
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
    """Calls that were sent and whose reply never reached the journal: perhaps paid for nothing."""
    sendings: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    uncached_tokens: int
    """Prompt tokens (estimated) that a prefix cache of the modelled size would not have held."""
    charged_tokens: int
    routing_calls: int
    calls_per_action: float
    prompt_tokens_per_action: float
    uncached_tokens_per_action: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def summarise_run(store: RunStore) -> RunSummary:
    """Add up a run."""
    groups = len(store.events("group"))
    tally = Tally()
    delivered_envelopes = observations = routing_calls = rounds = 0
    for group in range(groups):
        for report in store.reports(group):
            tally.count(report)
            delivered_envelopes += len(report.inbox)
            observations += sum(len(d.observations) for d in report.deliveries)
            routing_calls += bool(report.actions or report.inbox)
            rounds = max(rounds, report.round)
    for scenario in store.scenarios():
        tally.count_scenario(scenario)
    usage = store.usage()
    prompt_tokens = sum(role.prompt_tokens for role in usage.roles)
    uncached = sum(role.uncached_tokens for role in usage.roles)
    acted = max(1, tally.actions)
    return RunSummary(
        agents=len(store.events("member")),
        groups=groups,
        ticks=tally.ticks,
        null_ticks=tally.null_ticks,
        actions=tally.actions,
        reactions=tally.reactions,
        plan_steps=tally.plan_steps,
        idle=tally.idle,
        envelopes=tally.envelopes,
        delivered_envelopes=delivered_envelopes,
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
        sendings=sum(role.sendings for role in usage.roles),
        prompt_tokens=prompt_tokens,
        completion_tokens=sum(role.completion_tokens for role in usage.roles),
        cached_tokens=sum(role.cached_tokens for role in usage.roles),
        uncached_tokens=uncached,
        charged_tokens=usage.charged_tokens,
        routing_calls=routing_calls,
        calls_per_action=usage.replies / acted,
        prompt_tokens_per_action=prompt_tokens / acted,
        uncached_tokens_per_action=uncached / acted,
    )
