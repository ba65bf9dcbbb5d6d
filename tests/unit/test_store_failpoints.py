"""Faults go off where and when they were armed, and nowhere else."""

import pytest

from matrix_sim.errors import UsageError
from matrix_sim.failpoints import (
    NO_FAILPOINTS,
    VARIABLE,
    Failpoints,
    Fault,
    FaultKind,
    InjectedFault,
)


def test_a_fault_goes_off_the_nth_time_its_place_is_reached() -> None:
    failpoints = Failpoints.parse("tick.after_commit:3:raise")
    failpoints.reach("tick.after_commit")
    failpoints.reach("store.after_commit")
    failpoints.reach("tick.after_commit")
    with pytest.raises(InjectedFault, match=r"tick\.after_commit, time 3"):
        failpoints.reach("tick.after_commit")
    failpoints.reach("tick.after_commit")


def test_a_place_may_be_armed_several_times() -> None:
    killed = []
    faults = (Fault("a", 1, FaultKind.KILL), Fault("a", 2, FaultKind.RAISE))
    failpoints = Failpoints(faults, kill=lambda: killed.append("killed"))
    failpoints.reach("a")
    assert killed == ["killed"]
    with pytest.raises(InjectedFault):
        failpoints.reach("a")


def test_several_faults_are_read_from_one_text() -> None:
    failpoints = Failpoints.from_environment({VARIABLE: "a:1:raise, b:2:raise"})
    failpoints.reach("b")
    for name in ("a", "b"):
        with pytest.raises(InjectedFault):
            failpoints.reach(name)


def test_an_environment_without_faults_arms_nothing() -> None:
    assert Failpoints.from_environment({}) is NO_FAILPOINTS
    assert not Failpoints.from_environment({VARIABLE: ""}).armed


def test_handlers_of_ordinary_failures_do_not_survive_a_fault() -> None:
    assert not issubclass(InjectedFault, Exception)


@pytest.mark.parametrize("text", ["a:1", "a:x:raise", "a:0:raise", "a:1:explode", "a"])
def test_a_text_that_arms_nothing_sensible_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="NAME:NTH:raise"):
        Failpoints.parse(text)
