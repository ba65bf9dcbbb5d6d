"""What endpoints say of their limits, in the ways that they say it."""

from __future__ import annotations

import pytest

from matrix_sim.llm.limits.headers import announced, reset_s
from matrix_sim.llm.limits.lease import Announced

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("1s", 1.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("12.5", 12.5),
        (f"{NOW + 7:.0f}", 7.0),
        (f"{(NOW + 7) * 1000:.0f}", 7.0),
        (f"{NOW - 7:.0f}", 0.0),
        ("2026-09-21T14:13:27Z", 7.0),
        ("soon", None),
        ("5 s or so", None),
        ("", None),
        ("-3", None),
    ],
)
def test_resets_are_spans_or_moments(text: str, seconds: float | None) -> None:
    assert reset_s(text, now=NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (
            {
                "x-ratelimit-limit-requests": "600",
                "x-ratelimit-limit-tokens": "100000",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "6m0s",
            },
            Announced(rpm=600, tpm=100_000),
        ),
        (
            {
                "Anthropic-RateLimit-Requests-Limit": "50",
                "Anthropic-RateLimit-Tokens-Limit": "40000",
            },
            Announced(rpm=50, tpm=40_000),
        ),
        (
            {
                "X-RateLimit-Limit": "20",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": f"{(NOW + 30) * 1000:.0f}",
            },
            Announced(hold_s=30.0),
        ),
        ({"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "3"}, None),
        (
            {"RateLimit-Limit": "100, 100;w=60, 1000;w=3600", "RateLimit-Remaining": "5"},
            Announced(rpm=pytest.approx(1000 / 60)),
        ),
        (
            {"RateLimit-Policy": '"burst";q=100;w=60', "RateLimit": '"burst";r=0;t=12'},
            Announced(rpm=100, hold_s=12.0),
        ),
        ({"x-ratelimit-limit-requests": "many", "content-type": "application/json"}, None),
        ({}, None),
    ],
)
def test_limits_are_read_from_headers(headers: dict[str, str], said: Announced | None) -> None:
    assert announced(headers, now=NOW) == said
