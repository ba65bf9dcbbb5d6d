"""An estimate in words and columns: the figures, and what they rest on."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Any

from matrix_sim.cli.columns import columns, money, number
from matrix_sim.cli.estimate_rows import rows_as_dict, rows_assumptions, rows_lines
from matrix_sim.config import RunConfig
from matrix_sim.outlook.figures import Bound, Estimate, KindEstimate, RoleEstimate
from matrix_sim.text import printable


def as_dict(found: Estimate) -> dict[str, Any]:
    """For JSON."""
    played = found.dry_run
    return {
        "calls": found.calls,
        "prompt_tokens": found.prompt_tokens,
        "output_tokens": found.output_tokens,
        "cost": found.cost,
        "duration": None if found.duration is None else asdict(found.duration),
        "calibrated": found.calibrated,
        "roles": [
            asdict(role)
            | {
                "calls": role.calls,
                "prompt_tokens": role.prompt_tokens,
                "output_tokens": role.output_tokens,
            }
            for role in found.roles
        ],
        "datasets": [rows_as_dict(one) for one in found.datasets],
        "uncached_prompt_tokens": found.uncached_tokens,
        "further_rounds": {"calls": found.further_calls, "prompt_tokens": found.further_tokens},
        "one_more_round": {"calls": found.round_calls, "prompt_tokens": found.round_tokens},
        "budget": [asdict(bound) | {"fits": bound.fits} for bound in found.bounds],
        "dry_run": {
            "people": played.people,
            "groups": played.groups,
            "ticks": played.ticks,
            "sampled": played.sampled,
            "played_people": played.played_people,
            "played_groups": played.played_groups,
            "actions": played.actions,
            "scenarios": played.end.scenarios,
            "seconds": played.seconds,
        },
    }


def lines_of(found: Estimate, config: RunConfig) -> list[str]:
    """For people."""
    lines = [*_head(found, config), *_table(found), *rows_lines(found)]
    lines += [*_rounds(found, config), *_time(found)]
    lines += [_bound(bound, found) for bound in found.bounds]
    lines += [f"- {assumption}" for assumption in _assumptions(found, config)]
    return [printable(line) for line in lines]


def _head(found: Estimate, config: RunConfig) -> list[str]:
    played, quota = found.dry_run, config.society.scenarios
    goal = (
        f"{quota:,} scenarios, at first {played.ticks} ticks" if quota else f"{played.ticks} ticks"
    )
    lines = [f"{played.people:,} people in {played.groups:,} groups, {goal}"]
    if played.sampled:
        lines.append(
            f"A sample was played and scaled up: {played.played_groups:,} groups that hang "
            f"together, with {played.played_people:,} people, to the end "
            f"({played.actions:,} actions in {played.seconds:.0f} s)."
        )
    else:
        lines.append(f"All of it was played: {played.actions:,} actions in {played.seconds:.1f} s.")
    return lines


def _table(found: Estimate) -> list[str]:
    head = ["", "calls", "prompt tokens"]
    rows = list[list[str]]()
    if found.calibrated:
        head += ["output tokens", "s a reply", "cost"]
    for role in found.roles:
        rows.append(_role_row(role, found))
        if len(role.kinds) > 1:
            rows += [_kind_row(kind, found) for kind in role.kinds]
    total = ["in all", f"{found.calls:,}", f"{found.prompt_tokens:,}"]
    if found.calibrated:
        total += [number(found.output_tokens), "", money(found.cost, "no price")]
    return columns([head, *rows, total])


def _role_row(role: RoleEstimate, found: Estimate) -> list[str]:
    row = [f"{role.role.value} ({role.model})", f"{role.calls:,}", f"{role.prompt_tokens:,}"]
    if found.calibrated:
        own = role.kinds[0].seconds if len(role.kinds) == 1 else None
        cost = money(role.cost, "?" if role.priced else "no price")
        row += [number(role.output_tokens), _seconds(own), cost]
    return row


def _kind_row(kind: KindEstimate, found: Estimate) -> list[str]:
    row = [f"  {kind.what}", f"{kind.calls:,}", f"{kind.prompt_tokens:,}"]
    if found.calibrated:
        row += [number(kind.output_tokens), _seconds(kind.seconds), ""]
    return row


def _rounds(found: Estimate, config: RunConfig) -> list[str]:
    quota, played = config.society.scenarios, found.dry_run
    if quota is None:
        return []
    more = f"{found.round_calls:,} calls with {found.round_tokens:,} prompt tokens"
    if not found.further_calls:
        return [f"The quota is met in its first stage; a further round would add about {more}."]
    lines = [
        f"Of that, {found.further_calls:,} calls with {found.further_tokens:,} prompt tokens are "
        f"for {played.end.rounds} further "
        f"{'round' if played.end.rounds == 1 else 'rounds'}, since windows in which nobody acted "
        "leave the quota short; one more "
        f"would add about {more}."
    ]
    if not played.end.quota_met:
        lines.append("Even so the quota was not met: the run will need more rounds than these.")
    return lines


def _time(found: Estimate) -> list[str]:
    if found.duration is None:
        return []
    seconds = max(1, round(found.duration.seconds))
    about = datetime.timedelta(seconds=seconds)
    return [f"Time: about {about}, limited by: {found.duration.because}."]


def _bound(bound: Bound, found: Estimate) -> str:
    name = f"budget.{bound.name} {bound.allowed:,}"
    if bound.expected is None:
        missing = "a preview" if not found.calibrated else "prices"
        return f"{name}: not known without {missing}"
    if bound.fits is False:
        return f"{name}: does NOT fit, about {_rounded(bound.expected)} are needed"
    if bound.fits is None:
        known = _rounded(bound.expected)
        return f"{name}: prompts alone take {known}; replies come on top (--preview)"
    return f"{name}: fits, about {bound.expected / bound.allowed:.0%} of it"


def _assumptions(found: Estimate, config: RunConfig) -> list[str]:
    said = list[str]()
    if found.calibrated:
        said.append(
            "As the model answered a few people in one window, so it goes on: how long, how often "
            "of use, how plans move on, who hears of what. More people in --preview make it surer."
        )
        said.append("Time as if a busy endpoint answered as quickly as it did a few people.")
        if found.cost is not None:
            said.append("Cost at the full price of prompts, without a cache discount.")
    else:
        said.append(
            "Tokens are estimated by length (a third of the bytes), and people act as the stub "
            "does; a model of its own may ask for more or less. --preview 3 plays three people "
            "on the real endpoints: then output tokens, cost and time are known, too."
        )
    said += rows_assumptions(found.datasets)
    said.append(
        f"About {found.uncached_tokens:,} prompt tokens lie beyond a prefix cache of a million."
    )
    if not config.models.embedding.local:
        said.append(
            "No endpoint was asked for vectors: people were grouped, and routed, by local ones."
        )
    return said


def _rounded(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
