"""What an endpoint says badly is an outcome; what keeps it from speaking changes nothing (S3)."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Endpoint, EnvironmentalFailure, Hindrance, Reply, Request
from matrix_sim.messages import ActionKind, Failure, TickReport
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import ManyLives
from tests.support.examples import examples
from tests.support.small_world import everything, finished, play_world, small_config
from tests.support.virtual_time import run_virtually

OUTCOMES = {"truncated": 0.12, "malformed": 0.12, "empty": 0.13, "refused": 0.08}
WEATHER = {"rate_limited": 0.2, "server": 0.1, "timeout": 0.05, "disconnect": 0.1}
GROUPS = 3


def reports(store: RunStore) -> Iterator[TickReport]:
    return (report for group in range(GROUPS) for report in store.reports(group))


@cache
def with_outcomes() -> tuple[RunConfig, RunStore]:
    config = small_config(stub={"faults": OUTCOMES}, ticks=24)
    return config, finished(config)[0]


def test_a_reply_that_is_no_use_commits_as_an_idle_action_with_its_cause() -> None:
    _, store = with_outcomes()
    failed = [step for report in reports(store) for step in report.steps if step.failure]
    assert {step.failure for step in failed} == {
        Failure.TRUNCATED,
        Failure.MALFORMED,
        Failure.EMPTY,
        Failure.REFUSED,
    }
    assert all(step.action.kind is ActionKind.IDLE for step in failed)
    assert all(len(store.reports(group)) == 24 for group in range(GROUPS))


def test_failed_routings_goals_and_summaries_are_committed_with_their_cause() -> None:
    config = small_config(stub={"faults": {"refused": 0.3}}, ticks=12)
    store, _ = finished(config)
    assert Failure.REFUSED in {report.routing_failure for report in reports(store)}
    goals = [s.goal for report in reports(store) for s in report.steps if s.goal]
    assert {goal.failure for goal in goals} == {None, Failure.REFUSED}
    assert {scenario.failure for scenario in store.scenarios()} == {None, Failure.REFUSED}


@pytest.mark.parametrize("latency", ["fixed:0", "lognormal:0.2:1.0"])
def test_bad_replies_replay_the_same_after_kills_and_in_any_order(latency: str) -> None:
    config, store = with_outcomes()
    lives = ManyLives(small_config(stub={"faults": OUTCOMES, "latency": latency}, ticks=24))
    lives.live_through([("tick.after_commit", 9), ("journal.before_record", 40)], seed=4)
    assert lives.deaths == 2
    assert everything(lives.store, config) == everything(store, config)


def test_every_question_was_answered_and_every_answer_is_in_the_journal() -> None:
    """No reply is dropped: each failed one is found in what was committed."""
    _, store = with_outcomes()
    usage = store.usage()
    assert (usage.lost, usage.replies) == (0, sum(role.calls for role in usage.roles))
    failures: Counter[Failure | None] = Counter()
    for report in reports(store):
        failures[report.routing_failure] += 1
        for step in report.steps:
            failures[step.failure] += 1
            failures[step.goal.failure if step.goal else None] += 1
            failures.update(block.failure for block in step.condensed)
    failures.update(scenario.failure for scenario in store.scenarios())
    refused = sum(n for role in usage.roles for end, n in role.finishes if end.value == "refused")
    assert failures[Failure.REFUSED] == refused > 0


@cache
def undisturbed() -> RunStore:
    return finished(small_config())[0]


@examples(8)
@given(seed=st.integers(0, 10**6), slots=st.integers(1, 64))
def test_bad_weather_changes_no_byte(seed: int, slots: int) -> None:
    config = small_config(stub={"faults": WEATHER, "slots": slots})
    store, _ = finished(config, seed)
    assert everything(store, config) == everything(undisturbed(), config)
    sendings = sum(role.sendings for role in store.usage().roles)
    assert sendings > store.usage().replies


QUARTER_OF_WEATHER = {
    "rate_limited": 0.06,
    "server": 0.04,
    "timeout": 0.04,
    "disconnect": 0.04,
    "unavailable": 0.04,
    "broken_body": 0.03,
}
ALL_KINDS = {
    **{name: rate / 2 for name, rate in QUARTER_OF_WEATHER.items()},
    **{"truncated": 0.025, "malformed": 0.025, "empty": 0.025},
    **{"refused": 0.025, "null_content": 0.025},
}


class Witness:
    """Sees what comes of every sending; anything but a reply or a typed failure passes it by."""

    def __init__(self) -> None:
        self.identity = b""
        self.sent = 0
        self.replies: Counter[tuple[str, int]] = Counter()
        self.failures: Counter[tuple[Hindrance, bool, bool]] = Counter()
        """By kind, whether it names a wait, and whether it may have been paid."""
        self._inner: Endpoint

    def around(self, inner: Endpoint) -> Endpoint:
        self._inner, self.identity = inner, inner.identity
        return self

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.sent += 1
        try:
            reply = await self._inner.send(request, sending=sending)
        except EnvironmentalFailure as failure:
            kind = failure.hindrance, failure.retry_after_s is not None, failure.maybe_paid
            self.failures[kind] += 1
            raise
        self.replies[request.address, request.attempt] += 1
        return reply


@cache
def calm() -> tuple[object, ...]:
    """What comes of the spoilt replies alone, where the weather is good."""
    spoilt = {kind: rate for kind, rate in ALL_KINDS.items() if kind not in QUARTER_OF_WEATHER}
    config = small_config(stub={"faults": spoilt}, ticks=24)
    return everything(finished(config)[0], config)


@examples(4)
@given(seed=st.integers(0, 10**6), slots=st.integers(1, 64))
def test_of_a_quarter_of_failures_of_all_kinds_none_is_dropped(seed: int, slots: int) -> None:
    """Calls are replies and typed failures, and nothing else, wherever one counts them."""
    stub = {"faults": ALL_KINDS, "slots": slots, "latency": "lognormal:0.2:1.0"}
    config = small_config(stub=stub, ticks=24)
    witness = Witness()
    store, _ = finished(config, seed, wrap=witness.around)
    usage = store.usage()

    assert all(len(store.reports(group)) == 24 for group in range(GROUPS))
    assert witness.sent == witness.replies.total() + witness.failures.total()
    assert {*witness.failures} == {
        (Hindrance.RATE_LIMITED, False, False),
        (Hindrance.RATE_LIMITED, True, False),
        (Hindrance.SERVER, False, False),
        (Hindrance.SERVER, False, True),
        (Hindrance.TIMEOUT, False, True),
        (Hindrance.CONNECTION, False, True),
    }
    # Every reply was kept, and none was asked for twice; every sending is in the books.
    assert {*witness.replies.values()} == {1}
    assert (usage.calls, usage.replies) == (len(witness.replies), len(witness.replies))
    assert sum(role.sendings for role in usage.roles) == witness.sent
    # What was spoilt and could not be mended is committed with its cause.
    committed = Counter(step.failure for report in reports(store) for step in report.steps)
    assert {Failure.EMPTY, Failure.REFUSED, None} <= {*committed}
    assert everything(store, config) == calm()


@examples(4)
@given(seed=st.integers(0, 10**6), slots=st.integers(1, 64))
def test_a_quarter_of_bad_weather_of_all_kinds_changes_no_byte(seed: int, slots: int) -> None:
    config = small_config(
        stub={"faults": QUARTER_OF_WEATHER, "slots": slots, "latency": "lognormal:0.2:1.0"}
    )
    witness = Witness()
    store, _ = finished(config, seed, wrap=witness.around)
    assert everything(store, config) == everything(undisturbed(), config)
    assert 0.15 < witness.failures.total() / witness.sent < 0.35


class GoesDown:
    """An endpoint that stops answering after so many replies."""

    def __init__(self, hindrance: Hindrance, after: int) -> None:
        self.identity = b""
        self._hindrance, self._left = hindrance, after
        self._inner: Endpoint

    def around(self, inner: Endpoint) -> Endpoint:
        self._inner, self.identity = inner, inner.identity
        return self

    async def send(self, request: Request, *, sending: int) -> Reply:
        if not self._left:
            raise EnvironmentalFailure(self._hindrance, "the endpoint is gone")
        self._left -= 1
        return await self._inner.send(request, sending=sending)


@pytest.mark.parametrize(
    "hindrance",
    [Hindrance.SERVER, Hindrance.TIMEOUT, Hindrance.CONNECTION, Hindrance.UNAUTHORISED],
)
@examples(3)
@given(after=st.integers(0, 80), seed=st.integers(0, 10**6))
def test_an_endpoint_that_is_down_for_good_ends_the_run_which_continues_later(
    hindrance: Hindrance, after: int, seed: int
) -> None:
    config = small_config(attempts=3, stub={"latency": "lognormal:0.2:1.0"})
    whole, store = undisturbed(), RunStore.in_memory()
    with pytest.raises(EnvironmentalFailure, match="the endpoint is gone") as failure:
        run_virtually(play_world(config, store, wrap=GoesDown(hindrance, after).around), seed)
    assert failure.value.hindrance is hindrance
    assert "/" in failure.value.address
    assert_a_beginning(store, whole)
    assert store.usage().replies == after
    run_virtually(play_world(config, store), seed + 1)
    assert everything(store, config) == everything(whole, config)
    assert store.usage().replies == whole.usage().replies


def assert_a_beginning(store: RunStore, whole: RunStore) -> None:
    """Nothing half-committed: what is there is what the undisturbed run begins with."""
    for group in range(GROUPS):
        there = store.reports(group)
        assert there == whole.reports(group)[: len(there)]
    assert {*store.scenarios()} <= {*whole.scenarios()}
