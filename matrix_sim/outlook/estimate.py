"""What a run will ask and cost: a dry run scaled up, calibrated by a preview where there is one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.llm.backends import model_of
from matrix_sim.llm.contracts import Role, Usage
from matrix_sim.llm.tariff import BILLION, Tariff
from matrix_sim.outlook.dry_making import DryDataset
from matrix_sim.outlook.dry_run import DryRun
from matrix_sim.outlook.duration import duration_of
from matrix_sim.outlook.figures import (
    Bound,
    DatasetEstimate,
    Estimate,
    KindEstimate,
    RoleEstimate,
)
from matrix_sim.outlook.preview import Previewed
from matrix_sim.outlook.preview_rows import PreviewedDataset
from matrix_sim.outlook.scaling import Scale

GROUPING = "grouping"
"""The kind of the calls that people are grouped by."""
_EMBEDDED_AT_ONCE = 64


def estimate(
    config: RunConfig, played: DryRun, profile_tokens: int, previewed: Previewed | None = None
) -> Estimate:
    """Scale a dry run up.

    Args:
        config: of the run.
        played: its dry run; in the manner of the model, if there is a preview.
        profile_tokens: estimated tokens of the texts that people are grouped by.
        previewed: what the real endpoints took for a few people.
    """
    scale = Scale(config, played, previewed)
    kinds = _asked(played, scale)
    if not config.models.embedding.local:
        calls = math.ceil(played.people / _EMBEDDED_AT_ONCE) + 1
        output = None if previewed is None else 0
        grouping = KindEstimate(GROUPING, calls, profile_tokens, output, None)
        kinds.setdefault(Role.EMBEDDING, []).append(grouping)
    roles = tuple(
        _role(role, model_of(config.models, role), tuple(kinds[role]))
        for role in Role
        if role in kinds
    )
    seen = {} if previewed is None else {one.config.label: one for one in previewed.datasets}
    datasets = tuple(
        _dataset(config, made, roles, seen.get(made.config.label))
        for made in played.making.datasets
    )
    further = [scale.society(kind, played.further) for kind in played.further]
    round_calls, round_tokens = scale.round() if config.society.scenarios else (0, 0)
    timed = previewed is not None
    unbounded = Estimate(
        dry_run=played,
        roles=roles,
        datasets=datasets,
        further_calls=sum(kind.calls for kind in further),
        further_tokens=sum(kind.prompt_tokens for kind in further),
        round_calls=round_calls,
        round_tokens=round_tokens,
        uncached_tokens=scale.uncached(),
        duration=duration_of(config, played, roles, datasets) if timed else None,
        bounds=(),
        calibrated=timed,
    )
    return replace(unbounded, bounds=_bounds(unbounded, config))


def _asked(played: DryRun, scale: Scale) -> dict[Role, list[KindEstimate]]:
    """By role: what the society asks, then the data sets in turn."""
    found: dict[Role, list[KindEstimate]] = {}
    for kind in sorted({**played.counts, **played.further}):
        found.setdefault(kind[0], []).append(scale.society(kind, played.counts, played.further))
    for kind in played.making.shared:
        found.setdefault(kind[0], []).append(scale.shared(kind))
    for made in played.making.datasets:
        for kind in made.counts:
            found.setdefault(kind[0], []).append(scale.row(kind, made))
    return found


def _dataset(
    config: RunConfig,
    made: DryDataset,
    roles: Sequence[RoleEstimate],
    previewed: PreviewedDataset | None,
) -> DatasetEstimate:
    label = made.config.label
    own = [(role, kind) for role in roles for kind in role.kinds if kind.dataset == label]
    outputs = [kind.output_tokens for _, kind in own if kind.output_tokens is not None]
    costs = [_cost(model_of(config.models, role.role), kind) for role, kind in own]
    timed = [(kind.calls, kind.seconds) for _, kind in own if kind.seconds is not None]
    known, candidates = len(outputs) == len(own), made.candidates
    return DatasetEstimate(
        label=label,
        kind=made.config.kind,
        rows=made.rows,
        wanted=made.config.count,
        candidates=candidates,
        calls=sum(kind.calls for _, kind in own),
        prompt_tokens=sum(kind.prompt_tokens for _, kind in own),
        output_tokens=sum(outputs) if known else None,
        cost=None if None in costs else math.fsum(cost for cost in costs if cost is not None),
        sequence_s=math.fsum(n * s for n, s in timed) / max(1, candidates) if timed else None,
        made=made,
        previewed=previewed,
    )


def _role(role: Role, model: ModelConfig, kinds: tuple[KindEstimate, ...]) -> RoleEstimate:
    priced = model.price is not None
    found = RoleEstimate(role, _name(model), kinds, None, priced)
    return replace(found, cost=_cost(model, found))


def _cost(model: ModelConfig, found: KindEstimate | RoleEstimate) -> float | None:
    """None without a preview or a price."""
    if model.price is None or found.output_tokens is None:
        return None
    usage = Usage(found.prompt_tokens, found.output_tokens)
    return Tariff.of(model.price).cost(usage) / BILLION


def _name(model: ModelConfig) -> str:
    if model.stub is not None:
        return "stub"
    return model.model or (model.gguf.name if model.gguf else "local")


def _bounds(found: Estimate, config: RunConfig) -> tuple[Bound, ...]:
    budget, output = config.budget, found.output_tokens
    bounds = list[Bound]()
    if budget.max_calls is not None:
        bounds.append(Bound("max_calls", budget.max_calls, found.calls, True))
    if budget.max_tokens is not None:
        tokens = found.prompt_tokens + (output or 0)
        bounds.append(Bound("max_tokens", budget.max_tokens, tokens, output is not None))
    if budget.max_cost is not None:
        bounds.append(Bound("max_cost", budget.max_cost, found.cost, True))
    return tuple(bounds)
