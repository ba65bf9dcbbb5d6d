"""What a run came to, in figures: read from its store, so that it covers every start of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from matrix_sim.messages import ActionKind
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
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    rounds = 0
    for group in range(groups):
        for report in store.reports(group):
            rounds = max(rounds, report.round)
            counts["ticks"] += 1
            counts["null_ticks"] += report.null
            counts["envelopes"] += len(report.envelopes)
            counts["delivered_envelopes"] += len(report.inbox)
            counts["inbox_cut"] += report.inbox_cut
            counts["observations_cut"] += report.observations_cut
            counts["unknown_ids"] += report.unknown_ids
            counts["routing_calls"] += bool(report.actions or report.inbox)
            counts["observations"] += sum(len(d.observations) for d in report.deliveries)
            if report.routing_failure:
                failures[report.routing_failure.value] += 1
            for step in report.steps:
                counts[step.action.kind.value] += 1
                causes = [step.failure, step.goal.failure if step.goal else None]
                causes += [block.failure for block in step.condensed]
                failures.update(cause.value for cause in causes if cause)
    for scenario in store.scenarios():
        counts["scenarios"] += 1
        if scenario.failure:
            failures[scenario.failure.value] += 1
    usage = store.usage()
    actions = counts[ActionKind.PLAN.value] + counts[ActionKind.REACTION.value]
    prompt_tokens = sum(role.prompt_tokens for role in usage.roles)
    uncached = sum(role.uncached_tokens for role in usage.roles)
    return RunSummary(
        agents=len(store.events("member")),
        groups=groups,
        ticks=counts["ticks"],
        null_ticks=counts["null_ticks"],
        actions=actions,
        reactions=counts[ActionKind.REACTION.value],
        plan_steps=counts[ActionKind.PLAN.value],
        idle=counts[ActionKind.IDLE.value],
        envelopes=counts["envelopes"],
        delivered_envelopes=counts["delivered_envelopes"],
        observations=counts["observations"],
        inbox_cut=counts["inbox_cut"],
        observations_cut=counts["observations_cut"],
        unknown_ids=counts["unknown_ids"],
        scenarios=counts["scenarios"],
        rounds=rounds,
        failures=dict(sorted(failures.items())),
        calls=usage.calls,
        replies=usage.replies,
        calls_lost=usage.lost,
        sendings=sum(role.sendings for role in usage.roles),
        prompt_tokens=prompt_tokens,
        completion_tokens=sum(role.completion_tokens for role in usage.roles),
        cached_tokens=sum(role.cached_tokens for role in usage.roles),
        uncached_tokens=uncached,
        charged_tokens=usage.charged_tokens,
        routing_calls=counts["routing_calls"],
        calls_per_action=usage.replies / max(1, actions),
        prompt_tokens_per_action=prompt_tokens / max(1, actions),
        uncached_tokens_per_action=uncached / max(1, actions),
    )
