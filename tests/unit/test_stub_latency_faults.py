"""Latency and faults: functions of the call."""

import math
from collections import Counter
from statistics import fmean, stdev

import pytest

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.faults import Fault, FaultPlan
from matrix_sim.llm.stub.latency import parse_latency

CALLS = [f"act/a{n:05d}/t0000" for n in range(4000)]


def test_a_fixed_latency_is_what_it_says():
    assert {parse_latency("fixed:0.25").draw(1, address, 1, 1) for address in CALLS} == {0.25}
    assert parse_latency("fixed:0").none


def test_a_log_normal_latency_has_its_mean_and_sigma():
    latency = parse_latency("lognormal:0.2:0.8")
    drawn = [latency.draw(1, address, 1, 1) for address in CALLS]

    assert fmean(drawn) == pytest.approx(0.2, rel=0.05)
    assert stdev(map(math.log, drawn)) == pytest.approx(0.8, rel=0.05)


def test_a_latency_is_drawn_from_the_call():
    latency = parse_latency("lognormal:0.2:1.0")
    call = (1, "act/a00001/t0000", 1, 1)

    assert latency.draw(*call) == latency.draw(*call)
    assert len({latency.draw(1, call[1], attempt, n) for attempt in (1, 2) for n in (1, 2)}) == 4


@pytest.mark.parametrize(
    "text",
    [
        *("", "fast", "fixed", "fixed:", "fixed:-1", "fixed:nan", "fixed:1:2", "fixed:inf"),
        *("lognormal:0.2", "lognormal:0:1", "lognormal:0.2:-1", "lognormal:a:b", "normal:1:1"),
    ],
)
def test_a_latency_that_is_not_understood_says_the_forms(text: str):
    with pytest.raises(UsageError, match=r"fixed:SECONDS.*lognormal:MEAN:SIGMA"):
        parse_latency(text)


def test_environmental_faults_come_at_their_rates_and_differ_by_sending():
    plan = FaultPlan(3, {"rate_limited": 0.1, "server": 0.05, "timeout": 0.02, "disconnect": 0.2})
    met = Counter(plan.environmental(address, 1, 1) for address in CALLS)

    for fault, rate in [("rate_limited", 0.1), ("server", 0.05), ("disconnect", 0.2)]:
        assert met[Fault(fault)] / len(CALLS) == pytest.approx(rate, abs=0.02)
    assert met[Fault.TIMEOUT] / len(CALLS) == pytest.approx(0.02, abs=0.01)
    again = [plan.environmental(address, 1, 2) for address in CALLS]
    assert again != [plan.environmental(address, 1, 1) for address in CALLS]


def test_outcome_faults_come_at_their_rates_whatever_the_environment():
    rates = {"truncated": 0.1, "malformed": 0.1, "empty": 0.05, "refused": 0.05}
    plan = FaultPlan(3, rates)
    stormy = FaultPlan(3, {**rates, "rate_limited": 0.9})
    met = [plan.outcome(address, 1) for address in CALLS]

    for fault, rate in rates.items():
        assert met.count(Fault(fault)) / len(CALLS) == pytest.approx(rate, abs=0.02)
    assert met == [stormy.outcome(address, 1) for address in CALLS]
    assert met != [plan.outcome(address, 2) for address in CALLS]


def test_about_half_of_the_rate_limits_name_a_time():
    plan = FaultPlan(3, {"rate_limited": 1.0})

    assert 0.45 < sum(plan.names_wait(address, 1, 1) for address in CALLS) / len(CALLS) < 0.55


def test_an_unknown_fault_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r"'ratelimited'.*did you mean 'rate_limited'"):
        FaultPlan(3, {"ratelimited": 0.1})


@pytest.mark.parametrize("rates", [{"server": 1.5}, {"server": 0.6, "timeout": 0.6}])
def test_impossible_rates_are_refused(rates: dict[str, float]):
    with pytest.raises(UsageError, match="server"):
        FaultPlan(3, rates)


OLD = {"rate_limited": 0.1, "server": 0.05, "timeout": 0.02, "disconnect": 0.2}
OLD_OUTCOMES = {"truncated": 0.1, "malformed": 0.1, "empty": 0.05, "refused": 0.05}


def test_who_met_an_old_fault_meets_it_still_and_new_ones_only_come_on_top():
    """Draws are a contract: a run with old rates gives the bytes that it always gave."""
    weather = [FaultPlan(3, OLD).environmental(address, 1, 2) for address in CALLS]
    outcomes = [FaultPlan(3, OLD_OUTCOMES).outcome(address, 1) for address in CALLS]
    first = {n: fault for n, fault in enumerate(weather[:12]) if fault}
    assert first == {
        3: "rate_limited",
        4: "timeout",
        8: "disconnect",
        10: "disconnect",
        11: "rate_limited",
    }
    assert {n: spoilt for n, spoilt in enumerate(outcomes[:12]) if spoilt} == {
        1: "malformed",
        10: "malformed",
    }

    more = FaultPlan(3, {"unavailable": 0.1, "broken_body": 0.1, **OLD})
    worse = FaultPlan(3, {"null_content": 0.1, **OLD_OUTCOMES})
    for address, met, spoilt in zip(CALLS, weather, outcomes, strict=True):
        now = more.environmental(address, 1, 2)
        assert now is met or (met is None and now in (Fault.UNAVAILABLE, Fault.BROKEN_BODY))
        after = worse.outcome(address, 1)
        assert after is spoilt or (spoilt is None and after is Fault.NULL_CONTENT)


def test_a_server_hangs_up_in_the_middle_about_half_of_the_time():
    plan = FaultPlan(3, {"disconnect": 1.0})

    assert 0.45 < sum(plan.cuts_body(address, 1, 1) for address in CALLS) / len(CALLS) < 0.55
