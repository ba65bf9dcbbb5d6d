"""What a run will ask and cost: a dry run scaled up, calibrated by a preview where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.llm.backends import model_of
from matrix_sim.llm.contracts import Role, Usage
from matrix_sim.llm.tariff import BILLION, Tariff
from matrix_sim.outlook.dry_run import DryRun
from matrix_sim.outlook.duration import duration_of
from matrix_sim.outlook.figures import Bound, Estimate, KindEstimate, RoleEstimate
from matrix_sim.outlook.meter import Count, Counts, Kind
from matrix_sim.outlook.preview import Previewed

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
    scale = _Scale(played, previewed)
    kinds: dict[Role, list[KindEstimate]] = {}
    for kind in sorted({**played.counts, **played.further}):
        kinds.setdefault(kind[0], []).append(scale.kind(kind, played.counts, played.further))
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
    further = [scale.kind(kind, played.further) for kind in played.further]
    round_calls, round_tokens = scale.round() if config.society.scenarios else (0, 0)
    unbounded = Estimate(
        dry_run=played,
        roles=roles,
        further_calls=sum(kind.calls for kind in further),
        further_tokens=sum(kind.prompt_tokens for kind in further),
        round_calls=round_calls,
        round_tokens=round_tokens,
        uncached_tokens=scale.uncached(),
        duration=None if previewed is None else duration_of(config, played, roles),
        bounds=(),
        calibrated=previewed is not None,
    )
    return replace(unbounded, bounds=_bounds(unbounded, config))


class _Scale:
    """From what was counted in a part to what all of it will be."""

    def __init__(self, played: DryRun, previewed: Previewed | None) -> None:
        self._played = played
        self._seen: Counts = {} if previewed is None else previewed.counts
        self._seconds = {} if previewed is None else previewed.seconds

    def kind(self, kind: Kind, *parts: Counts) -> KindEstimate:
        """One kind, over these parts."""
        counted = _together(part[kind] for part in parts if kind in part)
        factor, like = self._played.factor(kind), self._like(kind)
        calls = factor * counted.calls
        output = None if like is None else round(calls * like.output_tokens / like.calls)
        taken = self._seconds.get(kind)
        return KindEstimate(
            what=kind[1],
            calls=round(calls),
            prompt_tokens=round(factor * counted.prompt_tokens * _ratio(like)),
            output_tokens=output,
            seconds=fmean(taken) if taken else None,
        )

    def _like(self, kind: Kind) -> Count | None:
        """What the preview saw of a kind; or of its role, or of all, where it saw none of it."""
        if not self._seen:
            return None
        if kind[0] is Role.EMBEDDING:
            return self._seen.get(kind, Count(calls=1))
        chats = [seen for seen in self._seen if seen[0] is not Role.EMBEDDING]
        own = [seen for seen in chats if seen == kind] or [s for s in chats if s[0] is kind[0]]
        return _together(self._seen[seen] for seen in own or chats)

    def round(self) -> tuple[int, int]:
        """Calls and prompt tokens of one more window of every group, with a goal for everybody."""
        windows = max(1, self._played.ticks // self._played.window)
        calls = tokens = 0.0
        for kind in self._played.counts:
            if kind[0] is not Role.ANONYMISER:
                share = 1 if kind[1] == "goal" else windows
                found = self.kind(kind, self._played.counts)
                calls += found.calls / share
                tokens += found.prompt_tokens / share
        return round(calls), round(tokens)

    def uncached(self) -> int:
        """Prompt tokens beyond the prefix cache, of all rounds."""
        parts = self._played.counts, self._played.further
        return round(
            math.fsum(
                self._played.factor(kind) * count.uncached_tokens
                for counts in parts
                for kind, count in counts.items()
            )
        )


def _together(counts: Iterable[Count]) -> Count:
    total = Count()
    for count in counts:
        total.calls += count.calls
        total.prompt_tokens += count.prompt_tokens
        total.counted_tokens += count.counted_tokens
        total.output_tokens += count.output_tokens
    return total


def _ratio(like: Count | None) -> float:
    """Tokens of the endpoint for one estimated token."""
    if like is None or not like.counted_tokens or not like.prompt_tokens:
        return 1.0
    return like.counted_tokens / like.prompt_tokens


def _role(role: Role, model: ModelConfig, kinds: tuple[KindEstimate, ...]) -> RoleEstimate:
    priced = model.price is not None
    found = RoleEstimate(role, _name(model), kinds, None, priced)
    output = found.output_tokens
    if not priced or output is None:
        return found
    cost = Tariff.of(model.price).cost(Usage(found.prompt_tokens, output))
    return replace(found, cost=cost / BILLION)


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
