"""How long a run takes: what it has to wait for longest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.llm.backends import model_of
from matrix_sim.llm.contracts import Role
from matrix_sim.outlook.dry_run import DryRun
from matrix_sim.outlook.figures import DatasetEstimate, Duration, RoleEstimate

Seconds = Mapping[tuple[Role, str], float | None]


def duration_of(
    config: RunConfig,
    played: DryRun,
    roles: Sequence[RoleEstimate],
    datasets: Sequence[DatasetEstimate],
) -> Duration | None:
    """The society and then the data sets, each as long as what it waits for; or the limits.

    A society waits for all replies, as many at once as may be, or for one group's ticks; data sets
    for all replies, or for the calls of one row. Limits by the minute hold for both together.

    None where no reply was timed.
    """
    seconds = {(role.role, kind.what): kind.seconds for role in roles for kind in role.kinds}
    timed = [taken for taken in seconds.values() if taken is not None]
    if not timed:
        return None
    typical = fmean(timed)
    living = [_all_replies(config, _part(roles, rows=False), typical)]
    if played.end.ticks:
        living.append(_one_group(played, seconds, typical))
    longest = max(living, key=_seconds)
    if datasets:
        making = [_all_replies(config, _part(roles, rows=True), typical), *_one_row(datasets)]
        rows = max(making, key=_seconds)
        because = f"{longest.because}; then for data sets {rows.because}"
        longest = Duration(longest.seconds + rows.seconds, because)
    return max((longest, *_limits(config, roles)), key=_seconds)


def _seconds(duration: Duration) -> float:
    return duration.seconds


def _part(roles: Sequence[RoleEstimate], *, rows: bool) -> list[RoleEstimate]:
    """The roles with what they ask for rows of data sets, or with the rest."""
    parts = [
        replace(role, kinds=tuple(kind for kind in role.kinds if bool(kind.dataset) is rows))
        for role in roles
    ]
    return [role for role in parts if role.kinds]


def _all_replies(config: RunConfig, roles: Sequence[RoleEstimate], typical: float) -> Duration:
    total = math.fsum(
        kind.calls * (typical if kind.seconds is None else kind.seconds)
        for role in roles
        for kind in role.kinds
    )
    at_once, why = config.runtime.max_in_flight, "runtime.max_in_flight"
    for role in roles:
        limits = model_of(config.models, role.role).limits
        if isinstance(limits.concurrency, int) and limits.concurrency < at_once:
            at_once, why = limits.concurrency, f"limits.concurrency of {role.model}"
    return Duration(total / at_once, f"{at_once} replies at once ({why})")


def _one_group(played: DryRun, seconds: Seconds, typical: float) -> Duration:
    """The calls that have to wait for each other: a goal, then act and route, tick after tick."""
    tick = math.fsum(
        seconds.get(kind) or 0.0 for kind in ((Role.AGENT, "act"), (Role.MODULATOR, "route"))
    )
    path = (seconds.get((Role.AGENT, "goal")) or typical) + played.end.ticks * (tick or typical)
    return Duration(path, f"{played.end.ticks} ticks, each after the one before")


def _one_row(datasets: Sequence[DatasetEstimate]) -> list[Duration]:
    """The calls of one candidate, which wait for each other."""
    return [
        Duration(one.sequence_s, f"the calls of one row of {one.label}")
        for one in datasets
        if one.sequence_s is not None
    ]


def _limits(config: RunConfig, roles: Sequence[RoleEstimate]) -> list[Duration]:
    """What limits by the minute take; they hold for each address of a model, over its roles."""
    found = list[Duration]()
    for model, sharing in _by_model(config, roles):
        limits, name = model.limits, sharing[0].model
        addresses = max(1, len(model.base_urls))
        calls = sum(role.calls for role in sharing)
        tokens = sum(role.prompt_tokens + (role.output_tokens or 0) for role in sharing)
        if limits.rpm:
            found.append(Duration(60 * calls / (limits.rpm * addresses), f"limits.rpm of {name}"))
        if limits.tpm:
            found.append(Duration(60 * tokens / (limits.tpm * addresses), f"limits.tpm of {name}"))
    return found


def _by_model(
    config: RunConfig, roles: Sequence[RoleEstimate]
) -> list[tuple[ModelConfig, list[RoleEstimate]]]:
    found = list[tuple[ModelConfig, list[RoleEstimate]]]()
    for role in roles:
        model = model_of(config.models, role.role)
        sharing = next((sharing for known, sharing in found if known == model), None)
        if sharing is None:
            found.append((model, [role]))
        else:
            sharing.append(role)
    return found
