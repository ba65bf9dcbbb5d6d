"""What data sets cost counts against the budget, in calls and in money."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.registration import is_complete
from tests.support.datasets import Listener, with_datasets
from tests.support.deaths import opened_again
from tests.support.small_world import everything, finished, play_world, small_config
from tests.support.virtual_time import run_virtually

UNPRICED: dict[str, Any] = {"base_url": "http://127.0.0.1:9/v1", "model": "qwen"}
PRICED: dict[str, Any] = UNPRICED | {"price": {"input": 1.0, "output": 2.0}}


def with_a_bound(dataset: dict[str, Any], **models: dict[str, Any]) -> RunConfig:
    return RunConfig.model_validate(
        {
            "society": {"ticks": 3},
            "models": {"default": PRICED, "rejected": PRICED} | models,
            "datasets": [{"count": 1} | dataset],
            "budget": {"max_cost": 1.0},
        }
    )


@pytest.mark.parametrize(
    ("dataset", "role"),
    [
        ({"kind": "sft"}, "instructor"),
        ({"kind": "sft"}, "responder"),
        ({"kind": "reason"}, "reasoner"),
        ({"kind": "dialogue"}, "user"),
        ({"kind": "dpo"}, "rejected"),
        ({"kind": "dpo"}, "judge"),
    ],
)
def test_a_bound_in_money_needs_the_price_of_every_role_that_a_data_set_asks(
    dataset: dict[str, Any], role: str
) -> None:
    with pytest.raises(ValidationError, match=f"that of {role} has none"):
        with_a_bound(dataset, **{role: UNPRICED})
    with_a_bound(dataset, **{role: PRICED})


def test_nobody_asks_for_the_price_of_a_role_that_no_data_set_has() -> None:
    with_a_bound({"kind": "sft"}, reasoner=UNPRICED, judge=UNPRICED, user=UNPRICED)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_budget_that_is_spent_among_the_rows_ends_cleanly_and_a_raised_one_goes_on(
    share: float,
) -> None:
    whole = with_datasets(stub={"latency": "lognormal:0.2:1.0"})
    store, _ = finished(whole)
    living = small_config().model_copy(update={"models": whole.models})
    society, calls = finished(living)[0].usage().calls, store.usage().calls
    least = int(society + share * (calls - society))
    small = whole.model_copy(
        update={"budget": whole.budget.model_copy(update={"max_calls": least})}
    )
    spent, listener = RunStore.in_memory(budget=small.budget), Listener()
    for _ in range(2):  # the same command again changes nothing
        with pytest.raises(EnvironmentalFailure, match=r"--set budget\.max_calls=") as failure:
            playing = play_world(small, spent, wrap=listener.around, channel=GroupCommit)
            run_virtually(playing)
        assert failure.value.hindrance is Hindrance.BUDGET
    assert len(listener.asked) == least
    assert not all(is_complete(spent, dataset) for dataset in small.datasets)
    run_virtually(play_world(whole, opened_again(spent, whole), wrap=listener.around))
    assert len(listener.asked) == calls
    assert everything(spent, whole) == everything(store, whole)
