"""docs/society.md shows a tick of the demo: what it says happened is what happens."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from matrix_sim.config.file import load_config
from matrix_sim.founding import read_society
from matrix_sim.messages import ActionKind, PlanEffect, TickReport, agent_label
from matrix_sim.society.society import Society
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import summarise_run
from tests.support.small_world import finished

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "society.md").read_text("utf-8")
EXAMPLE = PAGE.partition("### One tick of the demo")[2].partition("\n## ")[0]


@cache
def demo() -> tuple[RunStore, Society]:
    config = load_config(CHECKOUT / "examples" / "demo.yaml", (), {}).config
    store, _ = finished(config)
    return store, read_society(store, config.society)


def tick() -> TickReport:
    return demo()[0].reports(0)[3]


def test_what_the_page_quotes_was_said_in_that_tick_or_came_in() -> None:
    quoted = [line.strip().removeprefix("> ") for line in EXAMPLE.splitlines() if "> " in line[:4]]
    assert len(quoted) == 4
    said = [action.text for action in tick().actions]
    said += [f"{envelope.speaker}：{envelope.action.text}" for envelope in tick().inbox]
    assert [text for text in quoted if text not in said] == []


def test_the_people_of_the_page_are_those_of_the_group() -> None:
    rows = re.findall(r"^\| (a\d{5}) \| (.+) \|$", EXAMPLE, re.MULTILINE)
    assert rows == [(agent_label(m.agent), m.speaker) for m in demo()[1].members_of(0)]


def test_the_page_says_who_reacted_who_followed_a_plan_and_where_it_went() -> None:
    steps = {step.action.agent: step for step in tick().steps}
    assert [a for a, s in steps.items() if s.mode is ActionKind.REACTION] == [1, 7]
    assert [a for a, s in steps.items() if s.mode is ActionKind.PLAN and s.observed] == [0, 5, 8]
    assert steps[1].effect is PlanEffect.REVISE and str(steps[1].revised_step) in EXAMPLE
    assert steps[6].effect is PlanEffect.ADVANCE and not steps[6].observed
    (envelope,) = tick().inbox
    heard = [
        d.agent for d in tick().deliveries for o in d.observations if o.action == envelope.action
    ]
    assert (envelope.action.group, envelope.action.tick, heard) == (1, 0, [0, 5, 6])
    sent = [(e.action.agent, e.target) for e in tick().envelopes]
    assert sorted(sent) == [(0, 2), (1, 1), (6, 1), (7, 2), (8, 2)]


def test_the_figures_of_the_page_are_those_of_the_demo() -> None:
    summary = summarise_run(demo()[0])
    plans = (
        f"plans: {summary.steps_done} steps done, {summary.steps_revised} revised, "
        f"{summary.plans_done} plans at their end"
    )
    assert f"{summary.actions} actions: {summary.plan_steps} plan steps" in PAGE
    assert plans in PAGE
