"""How well a run uses what an endpoint allows: the real program against a stub that limits it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tests.support.program import Program, StubServer, ended_at_last, simulate, stub_server
from tests.support.small_run import write_config

SOCIETY = {
    "group_size": {"min": 3, "max": 7, "mean": 5},
    "neighbours": 2,
    "weak_ties": 1,
    "ticks": 3000,
}
"""More than any trial gets through."""
_LOOK_EVERY_S = 0.1

Told = Literal["config", "headers", "nobody"]
"""Who tells the run about the limits."""


@dataclass(frozen=True)
class RateTrial:
    """A run under limits by the minute."""

    rpm: int | None = None
    tpm: int | None = None
    told: Told = "config"
    llm_actors: int = 1
    window: str = "bucket"
    window_s: float = 60.0
    burst_s: float = 1.0
    """Of a bucket: how many seconds' worth it holds."""
    count: str = "actual"
    warm_up_s: float = 60.0
    seconds: float = 120.0
    """Measured after the warm-up."""
    latency: str = "lognormal:0.5:0.5"
    people: int = 60
    max_in_flight: int = 64

    def run(self, folder: Path, **environment: str) -> RateFigures:
        """Play in `environment`, measure, interrupt."""
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--latency", self.latency, "--slots", "1000"]
        options += ["--window", self.window, "--count", self.count]
        options += ["--headers" if self.told == "headers" else "--no-headers"]
        with stub_server(folder / "stub", *options) as stub:
            stub.change(rpm=self.rpm, tpm=self.tpm, window_s=self.window_s, burst_s=self.burst_s)
            program = simulate(folder, self._config(folder, stub), folder / "run", **environment)
            with ended_at_last(program) as run:
                begun = _first_request(run, stub)
                _let_run(run, self.warm_up_s + self.seconds)
                seconds = stub.stats()["admission"]["seconds"]
        return self._figures(seconds, begun)

    def _config(self, folder: Path, stub: StubServer) -> Path:
        model: dict[str, Any] = {"retry": {"attempts": 50}}
        if self.told == "config":
            model["limits"] = {"rpm": self.rpm, "tpm": self.tpm}
        return write_config(
            folder,
            {"default": stub.model(**model)},
            society=SOCIETY,
            people=self.people,
            llm_actors=self.llm_actors,
            max_in_flight=self.max_in_flight,
        )

    def _figures(self, seconds: Sequence[dict[str, Any]], begun: int) -> RateFigures:
        first = begun + round(self.warm_up_s)
        warm = [s for s in seconds if begun <= s["second"] < first]
        then = [s for s in seconds if first <= s["second"] < first + round(self.seconds)]

        def of_limit(kind: str, limit: int | None) -> float | None:
            return None if limit is None else _sum(then, kind) * 60 / (limit * len(then))

        return RateFigures(
            requests_used=of_limit("accepted", self.rpm),
            tokens_used=of_limit("tokens", self.tpm),
            rejected=_share(then),
            rejected_in_warm_up=_share(warm),
            accepted=_sum(then, "accepted"),
        )


@dataclass(frozen=True)
class RateFigures:
    """Shares of what was allowed, after the warm-up."""

    requests_used: float | None
    tokens_used: float | None
    rejected: float
    """Of the requests that came."""
    rejected_in_warm_up: float
    accepted: int

    @property
    def used(self) -> float:
        """Of the limit that holds: the one of which more is used."""
        return max(self.requests_used or 0.0, self.tokens_used or 0.0)


@dataclass(frozen=True)
class SlotTrial:
    """A run at an endpoint with so many slots, and then with more (or fewer)."""

    over: Literal["queue", "reject"]
    slots: tuple[int, ...] = (8, 64)
    latency_s: float = 1.0
    """Of every call: a round trip."""
    seconds: float = 40.0
    """For each number of slots."""
    people: int = 240
    llm_actors: int = 1
    max_in_flight: int = 256

    def run(self, folder: Path, **environment: str) -> list[SlotFigures]:
        """Figures for each number of slots, of a run in `environment`."""
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--latency", f"fixed:{self.latency_s}", "--over", self.over]
        with stub_server(folder / "stub", *options, "--slots", str(self.slots[0])) as stub:
            config = write_config(
                folder,
                {"default": stub.model(retry={"attempts": 50})},
                society=SOCIETY,
                people=self.people,
                llm_actors=self.llm_actors,
                max_in_flight=self.max_in_flight,
            )
            program = simulate(folder, config, folder / "run", **environment)
            with ended_at_last(program) as run:
                _first_request(run, stub)
                return [self._phase(run, stub, slots) for slots in self.slots]

    def _phase(self, run: Program, stub: StubServer, slots: int) -> SlotFigures:
        stub.change(slots=slots)
        looks = [_Look.at(stub)]
        run.wait_until(lambda: self._look_again(stub, looks), patience_s=self.seconds + 60)
        found = next((n for n in range(len(looks)) if self._is_right(looks, n, slots)), None)
        settled = next(n for n, look in enumerate(looks) if look.at_s >= self._half(looks))
        end = looks[settled].until(looks[-1])
        return SlotFigures(
            slots=slots,
            over=self.over,
            round_trips=None
            if found is None
            else (looks[found].at_s - looks[0].at_s) / self.latency_s,
            busy=end.busy,
            waiting=end.in_flight - end.busy,
            rejected=end.rejected_share,
            rejected_before=looks[0].until(looks[settled]).rejected_share,
        )

    def _look_again(self, stub: StubServer, looks: list[_Look]) -> bool:
        time.sleep(_LOOK_EVERY_S)
        looks.append(_Look.at(stub))
        return looks[-1].at_s - looks[0].at_s >= self.seconds

    def _half(self, looks: list[_Look]) -> float:
        return looks[0].at_s + self.seconds / 2

    def _is_right(self, looks: list[_Look], number: int, slots: int) -> bool:
        """Whether, over the round trip that ends here, the slots were busy and little was over."""
        end = looks[number]
        begin = next(
            (x for x in reversed(looks[:number]) if end.at_s - x.at_s >= self.latency_s), None
        )
        if begin is None:
            return False
        mean = begin.until(end)
        few_wait = mean.in_flight - mean.busy <= max(2.0, slots / 4)
        return mean.busy >= 0.85 * slots and few_wait and mean.rejected_share <= 0.1


@dataclass(frozen=True)
class SlotFigures:
    """What became of a number of slots; means over the second half of its time."""

    slots: int
    over: str
    round_trips: float | None
    """Until 85 % of them were busy for a round trip, with at most a quarter as many waiting and a
    tenth of the requests rejected; None: it never came to that."""
    busy: float
    waiting: float
    """In the server's queue."""
    rejected: float
    """Share of the requests that came."""
    rejected_before: float
    """The same in the first half."""


@dataclass(frozen=True)
class _Mean:
    busy: float
    in_flight: float
    rejected_share: float


@dataclass(frozen=True)
class _Look:
    """The server's counters at one moment."""

    at_s: float
    busy_s: float
    in_flight_s: float
    accepted: int
    rejected: int

    @classmethod
    def at(cls, stub: StubServer) -> _Look:
        counted = stub.stats()
        door = counted["admission"]
        return cls(
            time.monotonic(),
            counted["busy_slot_seconds"],
            counted["in_flight_seconds"],
            door["accepted"],
            sum(door["rejected"].values()),
        )

    def until(self, later: _Look) -> _Mean:
        seconds = later.at_s - self.at_s
        rejected = later.rejected - self.rejected
        came = rejected + later.accepted - self.accepted
        return _Mean(
            (later.busy_s - self.busy_s) / seconds,
            (later.in_flight_s - self.in_flight_s) / seconds,
            rejected / max(1, came),
        )


def as_json(figures: Sequence[RateFigures | SlotFigures]) -> str:
    """For keeping."""
    return json.dumps([asdict(f) for f in figures], indent=1)


def _first_request(run: Program, stub: StubServer) -> int:
    """Wait for it; the second, on the server's clock, that it came in."""
    run.wait_until(lambda: stub.stats()["admission"]["accepted"] > 0)
    seconds = stub.stats()["admission"]["seconds"]
    return next(int(s["second"]) for s in seconds if s["accepted"])


def _let_run(run: Program, seconds: float) -> None:
    """Let it go on for so long, and see that it does."""
    end = time.monotonic() + seconds
    run.wait_until(lambda: time.monotonic() >= end, patience_s=seconds + 60)


def _sum(seconds: Sequence[dict[str, Any]], kind: str) -> int:
    return sum(int(s[kind]) for s in seconds)


def _share(seconds: Sequence[dict[str, Any]]) -> float:
    rejected = _sum(seconds, "rejected")
    return rejected / max(1, rejected + _sum(seconds, "accepted"))
