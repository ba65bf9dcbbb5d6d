"""What a run came to, as lines for people."""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.config import BudgetConfig
from matrix_sim.summary import CallFigures, RunSummary
from matrix_sim.synthesis.figures import DatasetFigures
from matrix_sim.text import counted

_FEW = 20
"""Rows a scenario from which on they have little to differ by."""


def summary_lines(summary: RunSummary, budget: BudgetConfig) -> list[str]:
    """All figures, a line for each kind.

    Args:
        summary: of the run.
        budget: what it may spend.
    """
    lines = [
        *_society_lines(summary),
        *_call_lines(summary),
        *_trouble_lines(summary.all_roles),
        *_budget_lines(summary, budget),
    ]
    for dataset in summary.datasets:
        lines += dataset_lines(dataset)
    if summary.failures:
        lines.append(f"calls that failed for good: {counted(summary.failures)}")
    return lines


def _society_lines(summary: RunSummary) -> list[str]:
    """What people did; a line where there was no tick for them to do anything in."""
    if not summary.ticks:
        return [f"{summary.agents} people, no tick: data sets grow from people alone"]
    return [
        f"{summary.scenarios} scenarios from {summary.agents} agents in {summary.groups} groups, "
        f"{summary.ticks} ticks ({summary.null_ticks} of them null)",
        f"{summary.actions} actions: {summary.plan_steps} plan steps ({summary.plan_share:.0%}), "
        f"{summary.reactions} reactions ({summary.reaction_share:.0%}); {summary.idle} idle turns",
        f"plans: {summary.steps_done} steps done, {summary.steps_revised} revised, "
        f"{summary.plans_done} plans at their end",
        f"{summary.observations} observations, {summary.envelopes} envelopes between groups, "
        f"{summary.envelopes_taken_up} of {summary.delivered_envelopes} delivered ones taken up "
        f"({summary.inbox_cut + summary.observations_cut} cut by limits)",
        *_talk_lines(summary),
        *_sparing_lines(summary),
    ]


def dataset_lines(figures: DatasetFigures) -> list[str]:
    """A data set: how far it came, what was refused, how varied it is."""
    refused = f"; refused: {counted(figures.refused)}" if figures.refused else ""
    lines = [
        f"data set {figures.name}: {figures.accepted} of {figures.wanted} rows from "
        f"{figures.tried} candidates{refused}"
    ]
    if not figures.complete and figures.tried >= figures.cap:
        lines.append(
            f"  gave up at {figures.cap} candidates ('max_candidates'): see what they are refused "
            "for, and mend that, or raise it"
        )
    if not figures.accepted:
        return lines
    grew = f"{figures.personas} people ({figures.personas_share:.0%})"
    if figures.scenarios_share is not None:
        grew += f", {figures.scenarios} scenarios ({figures.scenarios_share:.0%})"
    distinct = ", ".join(f"{n}: {share:.2f}" for n, share in figures.distinct.items())
    nearest = "" if figures.nearest is None else f", nearest other request at {figures.nearest:.2f}"
    lines.append(f"  from {grew}; distinct character n-grams {distinct}{nearest}")
    if figures.scenarios and figures.accepted > _FEW * figures.scenarios:
        lines.append(
            f"  {figures.accepted / figures.scenarios:.0f} rows a scenario: a longer simulation or "
            "a lower 'similarity_floor' gives them more to grow from"
        )
    if figures.kind == "dialogue":
        lines.append(f"  turns of the user: {_histogram(figures.turns)}")
    lengths = {
        "requests": figures.request_lengths,
        "answers": figures.answer_lengths,
        "thinking": figures.thinking_lengths,
    }
    said = "; ".join(f"{name} {_histogram(one)}" for name, one in lengths.items() if one)
    lines.append(f"  characters: {said}")
    if figures.flagged:
        lines.append(f"  {figures.flagged} pairs without the margin are kept, and marked")
    return lines


def _histogram(counts: Mapping[int, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _call_lines(summary: RunSummary) -> list[str]:
    broken_off = summary.all_roles.lost.get("broken_off", 0)
    calls = tokens = ""
    if summary.actions:
        calls = (
            f" ({summary.calls_per_action:.2f} an action, {summary.routing_calls} of them routing)"
        )
        tokens = (
            f" ({summary.prompt_tokens_per_action:.0f} an action, "
            f"{summary.uncached_tokens_per_action:.0f} beyond a prefix cache of a million)"
        )
    lines = [
        f"{summary.replies} calls{calls}, {broken_off} in flight at a kill",
        f"{summary.prompt_tokens} prompt tokens{tokens}, {summary.completion_tokens} completion "
        "tokens",
    ]
    if summary.calls_taken_along:
        lines[0] += f"; {summary.calls_taken_along} more taken along, paid by the run forked from"
    for name, role in summary.roles.items():
        cost = f", cost {role.cost:.4g}" if role.cost else ""
        lines.append(
            f"  {name}: {role.replies} calls, {role.prompt_tokens} prompt and "
            f"{role.completion_tokens} completion tokens{cost}"
        )
    return lines


def _trouble_lines(calls: CallFigures) -> list[str]:
    """What went wrong on the way, where anything did."""
    lines = []
    if calls.setbacks:
        lines.append(f"sendings that brought no reply: {_listed(calls.setbacks)}")
    if lost := {cause: count for cause, count in calls.lost.items() if cause != "broken_off"}:
        lines.append(f"  of these, perhaps paid all the same: {_listed(lost)}")
    if calls.asked_again:
        lines.append(f"asked again, for the reply was no use: {_listed(calls.asked_again)}")
    if calls.overruns:
        lines.append(
            f"note: {calls.overruns} replies took {calls.overrun_tokens} tokens more than "
            "prompt and max_tokens allow; the server counts otherwise, and the budget may be "
            "exceeded by so many"
        )
    return lines


def _budget_lines(summary: RunSummary, budget: BudgetConfig) -> list[str]:
    parts = []
    if budget.max_calls is not None:
        parts.append(f"{summary.charged_calls} of {budget.max_calls} calls")
    if budget.max_tokens is not None:
        parts.append(f"{summary.charged_tokens} of {budget.max_tokens} tokens")
    if budget.max_cost is not None:
        parts.append(f"{summary.charged_cost:.4g} of {budget.max_cost:g} in money")
    return [f"budget used: {', '.join(parts)}"] if parts else []


def _listed(counts: Mapping[str, int]) -> str:
    return counted({cause.replace("_", " "): count for cause, count in counts.items()})


def _talk_lines(summary: RunSummary) -> list[str]:
    if summary.talk_likeness is None or summary.strangers_likeness is None:
        return []
    return [
        f"likeness (cosine) of who acts and who hears of it {summary.talk_likeness:.2f}, "
        f"of any two people {summary.strangers_likeness:.2f}"
    ]


def _sparing_lines(summary: RunSummary) -> list[str]:
    said = summary.sparing
    if said is None or said.spared_share is None:
        return []
    line = (
        f"routing: similarity took {said.spared} of {said.decisions} decisions "
        f"({said.spared_share:.0%})"
    )
    if said.agreed_share is not None:
        line += f"; of {said.compared} that the model saw too, it agreed on {said.agreed_share:.0%}"
    return [line]
