"""What endpoints say of their rate limits in the headers of every answer.

Three families: OpenAI's (`x-ratelimit-limit-requests: 600`, copied by most others), Anthropic's
(`anthropic-ratelimit-requests-limit`), and the plain ones without a unit (`X-RateLimit-Remaining`
with a reset in seconds or as an epoch in seconds or milliseconds; the IETF draft's `RateLimit-*`
with `100;w=60`). Only the first two are known to be by the minute; of the others a limit is taken
where it names its window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from matrix_sim.llm.limits.lease import Announced

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WINDOWED = re.compile(r"(?:\bq\s*=\s*|(?<![\d.;=]))(\d+)\s*;\s*w\s*=\s*(\d+)")
_PART = re.compile(r"\b(limit|remaining|r|reset|t)\s*=\s*(\d+(?:\.\d+)?)")
_EPOCH_S = 1e9
"""A number from here on is a point in time, in seconds since 1970, and no number of seconds."""
_EPOCH_MS = 1e12
"""The same in milliseconds."""


def announced(headers: Mapping[str, str], *, now: float) -> Announced | None:
    """What the headers say, if anything.

    Args:
        headers: of any answer.
        now: seconds since the epoch, for resets that are moments.
    """
    found = {name: value for key, value in headers.items() if "ratelimit" in (name := key.lower())}
    if not found:
        return None
    said = Announced(
        rpm=_by_the_minute(found, "requests"),
        tpm=_by_the_minute(found, "tokens"),
        hold_s=_hold_s(found, now),
    )
    return said if said != Announced() else None


def _by_the_minute(found: Mapping[str, str], what: str) -> float | None:
    for name in (f"x-ratelimit-limit-{what}", f"anthropic-ratelimit-{what}-limit"):
        limit = _number(found.get(name, ""))
        if limit is not None and limit > 0:
            return limit
    if what == "requests":
        for name in ("ratelimit-policy", "x-ratelimit-limit", "ratelimit-limit"):
            windows = _WINDOWED.findall(found.get(name, ""))
            rates = [60.0 * int(quota) / int(window) for quota, window in windows if int(window)]
            if rates and min(rates) > 0:
                return min(rates)
    return None


def _hold_s(found: Mapping[str, str], now: float) -> float | None:
    """Until when nothing is left; OpenAI's reset says when everything is there again: no hold."""
    parts: dict[str, str] = dict(_PART.findall(found.get("ratelimit", "")))
    left = _first(found, "x-ratelimit-remaining", "ratelimit-remaining")
    if left is None:
        left = _number(parts.get("remaining", parts.get("r", "")))
    if left is None or left >= 1:
        return None
    given = found.get("x-ratelimit-reset") or found.get("ratelimit-reset")
    return reset_s(given or parts.get("reset", parts.get("t", "")), now=now)


def reset_s(text: str, *, now: float) -> float | None:
    """Seconds until a reset: `6m0s`, `20ms`, `12.5` (seconds), an epoch in s or ms, or a date."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number >= _EPOCH_MS:
            return max(0.0, number / 1000.0 - now)
        return max(0.0, number - now) if number >= _EPOCH_S else number
    pieces = _DURATION.findall(text)
    if pieces and "".join(n + unit for n, unit in pieces) == text:
        return sum(float(n) * _UNIT_S[unit] for n, unit in pieces)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now) if moment.tzinfo else None


def _first(found: Mapping[str, str], *names: str) -> float | None:
    return next((n for name in names if (n := _number(found.get(name, ""))) is not None), None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
