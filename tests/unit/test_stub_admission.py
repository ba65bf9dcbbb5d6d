"""What the stub's server lets in, by every way of counting."""

from __future__ import annotations

import pytest

from matrix_sim.llm.stub.admission import Admission, AdmissionRules, duration, retry_headers


class Clock:
    """Virtual seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def door(clock: Clock, **rules: object) -> Admission:
    return Admission(AdmissionRules.model_validate(rules), clock)


def let_in(admission: Admission, prompt_tokens: int = 10, max_tokens: int = 100) -> bool:
    """Ask for admission; whoever gets it is answered at once, without a word."""
    refusal = admission.admit(prompt_tokens, max_tokens)
    if refusal is None:
        admission.leave(0)
    return refusal is None


def burst(admission: Admission, prompt_tokens: int = 10) -> int:
    """How many get in until one does not."""
    return next(n for n in range(10_000) if not let_in(admission, prompt_tokens))


def test_a_bucket_gives_a_second_at_once_and_then_an_even_flow() -> None:
    clock = Clock()
    admission = door(clock, rpm=600)
    assert burst(admission) == 10
    clock.now += 0.35
    assert burst(admission) == 3
    clock.now += 60
    assert burst(admission) == 10


def test_a_sliding_window_gives_a_minute_at_once_and_then_waits_for_it_to_pass() -> None:
    clock = Clock()
    admission = door(clock, rpm=600, window="sliding")
    assert burst(admission) == 600
    clock.now += 59.9
    assert burst(admission) == 0
    clock.now += 0.1
    assert burst(admission) == 600


def test_a_sliding_window_forgets_one_request_after_the_other() -> None:
    clock = Clock()
    admission = door(clock, rpm=3, window="sliding")
    for _ in range(3):
        assert let_in(admission)
        clock.now += 20
    for _ in range(5):
        assert burst(admission) == 1
        clock.now += 20


def test_a_shorter_window_allows_its_share_of_a_minute() -> None:
    clock = Clock()
    admission = door(clock, rpm=600, window="sliding", window_s=5)
    assert burst(admission) == 50
    clock.now += 5
    assert burst(admission) == 50


@pytest.mark.parametrize("window", ["bucket", "sliding"])
def test_who_comes_again_when_he_is_told_to_gets_in(window: str) -> None:
    clock = Clock()
    admission = door(clock, rpm=60, tpm=6000, window=window)
    for _ in range(200):
        refusal = admission.admit(90, 0)
        if refusal is not None:
            assert refusal.retry_after_s is not None
            clock.now += refusal.retry_after_s - 0.001
            assert not let_in(admission, 90)
            clock.now += 0.001 + 1e-6
            assert let_in(admission, 90)
    assert admission.figures()["rejected"]


@pytest.mark.parametrize("window", ["bucket", "sliding"])
def test_actual_tokens_count_when_they_are_known_and_a_long_reply_is_paid_off(window: str) -> None:
    clock = Clock()
    admission = door(clock, tpm=6000, window=window, window_s=1)
    assert admission.admit(40, 4096) is None
    assert admission.headers()["x-ratelimit-remaining-tokens"] == "60"
    admission.leave(160)
    assert admission.headers()["x-ratelimit-remaining-tokens"] == "0"
    refusal = admission.admit(50, 4096)
    assert refusal is not None
    assert (refusal.cause, refusal.retry_after_s) == (
        "tokens",
        pytest.approx(1.5 if window == "bucket" else 1.0),
    )


def test_reserved_tokens_count_beforehand_and_replies_cost_nothing_more() -> None:
    clock = Clock()
    admission = door(clock, tpm=6000, window="sliding", count="reserved")
    assert admission.admit(100, 900) is None
    admission.leave(500)
    assert admission.headers()["x-ratelimit-remaining-tokens"] == "5000"


@pytest.mark.parametrize("window", ["bucket", "sliding"])
def test_a_prompt_that_is_larger_than_the_limit_gets_in_alone(window: str) -> None:
    clock = Clock()
    admission = door(clock, tpm=600, window=window)
    assert let_in(admission, 5000)
    assert not let_in(admission, 1)


def test_a_refused_request_uses_nothing_up() -> None:
    clock = Clock()
    admission = door(clock, rpm=600, tpm=60_000)
    assert let_in(admission, 1000)
    before = admission.headers()
    assert not let_in(admission, 1000)
    assert admission.headers() == before


def test_more_than_the_slots_are_turned_away_without_a_time_or_wait() -> None:
    rejecting, queueing = (
        door(Clock(), slots=2, over="reject"),
        door(Clock(), slots=2, over="queue"),
    )
    assert [rejecting.admit(1, 1) is None for _ in range(3)] == [True, True, False]
    assert [queueing.admit(1, 1) is None for _ in range(3)] == [True, True, True]
    refusal = rejecting.admit(1, 1)
    assert refusal is not None
    assert (refusal.cause, refusal.retry_after_s) == ("slots", None)
    rejecting.leave(1)
    assert rejecting.admit(1, 1) is None
    assert rejecting.figures()["peak_in_flight"] == 2


def test_changed_slots_hold_at_once_and_for_those_who_are_in() -> None:
    admission = door(Clock(), slots=1, over="reject")
    assert admission.admit(1, 1) is None
    admission.change(AdmissionRules(slots=3, over="reject"))
    assert [admission.admit(1, 1) is None for _ in range(3)] == [True, True, False]


def test_headers_are_worded_as_openai_words_them_or_left_out() -> None:
    clock = Clock()
    admission = door(clock, rpm=600, tpm=60_000, window="sliding")
    let_in(admission, 300)
    clock.now += 8.5
    assert admission.headers() == {
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-remaining-requests": "599",
        "x-ratelimit-reset-requests": "51.5s",
        "x-ratelimit-limit-tokens": "60000",
        "x-ratelimit-remaining-tokens": "59700",
        "x-ratelimit-reset-tokens": "51.5s",
    }
    silent = door(clock, rpm=60, headers=False)
    assert let_in(silent)
    refusal = silent.admit(1, 1)
    assert refusal is not None
    assert (silent.headers(), refusal.retry_after_s) == ({}, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0ms"), (0.012, "12ms"), (8.64, "8.64s"), (360, "6m0s"), (90.5, "1m30.5s")],
)
def test_a_duration_is_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_wait_is_told_in_whole_seconds_and_exactly() -> None:
    assert retry_headers(0.0123) == {"Retry-After": "1", "retry-after-ms": "13"}


def test_every_second_is_on_record() -> None:
    clock = Clock()
    admission = door(clock, slots=2, over="reject")
    admission.admit(10, 0)
    clock.now += 0.5
    admission.admit(20, 0)
    admission.admit(30, 0)
    clock.now += 1.0
    admission.leave(7)
    admission.leave(8)
    clock.now += 1.0
    assert admission.figures()["seconds"] == [
        {
            "second": 0,
            "accepted": 2,
            "rejected": 1,
            "tokens": 30,
            "in_flight": 1.5,
            "peak_in_flight": 2,
        },
        {
            "second": 1,
            "accepted": 0,
            "rejected": 0,
            "tokens": 15,
            "in_flight": 1.0,
            "peak_in_flight": 2,
        },
        {
            "second": 2,
            "accepted": 0,
            "rejected": 0,
            "tokens": 0,
            "in_flight": 0.0,
            "peak_in_flight": 0,
        },
    ]


def test_a_long_silence_leaves_an_hour_on_record() -> None:
    clock = Clock()
    admission = door(clock)
    admission.admit(10, 0)
    clock.now += 1_000_000.5
    seconds = admission.figures()["seconds"]
    assert (len(seconds), seconds[-1]["second"]) == (3600, 1_000_000)
    assert {s["in_flight"] for s in seconds[:-1]} == {1.0}


def test_a_reset_forgets_what_was_counted_and_not_who_is_in() -> None:
    clock = Clock()
    admission = door(clock, slots=1, over="reject", rpm=60)
    admission.admit(10, 0)
    admission.admit(10, 0)
    admission.reset()
    figures = admission.figures()
    assert (figures["accepted"], figures["rejected"], figures["in_flight"]) == (0, {}, 1)
    assert not let_in(admission)
