"""What a progress line says of endpoints that hold a run up."""

from dataclasses import replace

import pytest

from matrix_sim.llm.limits.lease import LaneStatus
from matrix_sim.llm.limits.news import standing

BUSY = LaneStatus(
    name="http://h/v1",
    in_flight=8,
    limit=8,
    waiting=20,
    rejected_share=0.0,
    rpm=60,
    tpm=None,
    held_s=0.0,
    down_s=None,
    why="",
    probe_every_s=5.0,
)


def test_an_endpoint_that_is_as_busy_as_it_can_be_is_not_news() -> None:
    assert standing([BUSY]) == []
    assert standing([replace(BUSY, in_flight=2, rpm=None)]) == []


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"rpm": 60}, "20 calls wait for the 60 requests a minute of http://h/v1"),
        (
            {"rpm": 60, "tpm": 9000},
            "20 calls wait for the 60 requests a minute or the 9000 tokens a minute of http://h/v1",
        ),
    ],
)
def test_calls_that_wait_for_a_limit_by_the_minute_are_named(
    limits: dict[str, int], said: str
) -> None:
    assert standing([replace(BUSY, in_flight=2, **limits)]) == [said]


def test_an_endpoint_that_is_down_or_asks_to_wait_comes_first() -> None:
    down = replace(BUSY, in_flight=0, down_s=12.0)
    assert standing([down]) == ["paused: http://h/v1 has been down for 12 s"]
    held = replace(BUSY, in_flight=0, held_s=30.0)
    assert standing([held]) == ["http://h/v1 asks to wait 30 s"]
