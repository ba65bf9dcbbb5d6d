"""What the calls of a run came to is told in full, and what did not happen is not mentioned."""

from __future__ import annotations

import json
from functools import cache

from matrix_sim.cli.summary_lines import summary_lines
from matrix_sim.config import BudgetConfig, RunConfig
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from tests.support.datasets import with_datasets
from tests.support.small_world import finished, small_config

FAULTS = {
    "rate_limited": 0.1,
    "timeout": 0.05,
    "truncated": 0.05,
    "malformed": 0.1,
    "empty": 0.05,
}


@cache
def troubled() -> tuple[RunConfig, RunStore]:
    config = small_config(stub={"faults": FAULTS}, price={"input": 1.0, "output": 4.0})
    return config, finished(config)[0]


@cache
def calm() -> RunSummary:
    return summarise_run(finished(small_config())[0])


def line_with(beginning: str, budget: BudgetConfig | None = None) -> str:
    summary = summarise_run(troubled()[1])
    (line,) = (
        line
        for line in summary_lines(summary, budget or BudgetConfig())
        if line.strip().startswith(beginning)
    )
    return line


def test_each_role_has_its_calls_tokens_and_cost() -> None:
    summary = summarise_run(troubled()[1])
    agent = summary.roles["agent"]
    assert agent.cost == (agent.prompt_tokens * 1.0 + agent.completion_tokens * 4.0) / 1e6
    assert line_with("agent:") == (
        f"  agent: {agent.replies} calls, {agent.prompt_tokens} prompt and "
        f"{agent.completion_tokens} completion tokens, cost {agent.cost:.4g}"
    )
    assert summary.replies == sum(role.replies for role in summary.roles.values())


def test_what_sendings_met_and_why_questions_were_repeated_is_told_by_cause() -> None:
    whole = summarise_run(troubled()[1]).all_roles
    assert set(whole.setbacks) == {"rate_limited", "timeout"}
    assert set(whole.asked_again) == {"empty", "malformed", "truncated"}
    assert whole.lost == {"timeout": whole.setbacks["timeout"]}
    said = line_with("sendings that brought no reply:")
    assert f"rate limited {whole.setbacks['rate_limited']}" in said
    assert f"timeout {whole.lost['timeout']}" in line_with("of these, perhaps paid all the same:")
    assert f"truncated {whole.asked_again['truncated']}" in line_with("asked again")


def test_every_sending_is_a_reply_or_lost_or_was_given_back() -> None:
    summary = summarise_run(troubled()[1])
    assert summary.charged_calls == summary.replies + summary.calls_lost
    assert summary.calls_lost == sum(summary.all_roles.lost.values())
    failed = sum(summary.all_roles.setbacks.values())
    assert summary.sendings == summary.replies + failed


def test_of_the_budget_it_says_what_is_used_of_what_there_is() -> None:
    summary = summarise_run(troubled()[1])
    budget = BudgetConfig(max_calls=1000, max_cost=2.5)
    assert line_with("budget used:", budget) == (
        f"budget used: {summary.charged_calls} of 1000 calls, "
        f"{summary.charged_cost:.4g} of 2.5 in money"
    )


def test_a_calm_run_without_a_budget_is_told_without_trouble_or_money() -> None:
    text = "\n".join(summary_lines(calm(), BudgetConfig()))
    for word in ("cost", "budget", "no reply", "asked again", "note:"):
        assert word not in text
    assert "0 in flight at a kill" in text


def test_everything_is_in_the_json() -> None:
    figures = json.loads(json.dumps(summarise_run(troubled()[1]).as_dict()))
    assert figures["roles"]["modulator"]["setbacks"].keys() <= {"rate_limited", "timeout"}
    assert figures["all_roles"]["asked_again"]["truncated"] > 0
    assert figures["charged_cost"] > figures["all_roles"]["cost"] > 0


def test_of_people_who_had_no_tick_to_act_in_no_action_is_told() -> None:
    config = with_datasets({"kind": "sft", "count": 2, "ground": "persona"}, ticks=0)
    summary = summarise_run(finished(config)[0], config.datasets)
    said = summary_lines(summary, BudgetConfig())
    assert said[0] == "9 people, no tick: data sets grow from people alone"
    assert said[1] == f"{summary.replies} calls, 0 in flight at a kill"
    assert any(line.startswith("data set sft: 2 of 2 rows") for line in said)
    assert not any("action" in line or "plans" in line for line in said)


def test_the_share_of_scenarios_is_of_those_that_data_sets_may_grow_from() -> None:
    config = with_datasets({"kind": "sft", "count": 4}, ticks=None, scenarios=4)
    store, _ = finished(config)
    # A round of windows may bring more scenarios than were asked for.
    assert len(list(store.scenarios())) > 4
    (figures,) = summarise_run(store, config.datasets, quota=4).datasets
    assert (figures.scenarios, figures.scenarios_share) == (4, 1.0)
