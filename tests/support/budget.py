"""A run with a budget whose driver is killed once: what the server charged in the end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.program import StubServer, ended_at_last, simulate, stub_server
from tests.support.small_run import write_config

SOCIETY = {
    "group_size": {"min": 3, "max": 7, "mean": 5},
    "neighbours": 2,
    "weak_ties": 1,
    "ticks": 60,
}
"""Far more than a budget of a trial pays for."""
WEATHER = {"server": 0.04, "timeout": 0.01, "disconnect": 0.04, "broken_body": 0.04}
_MODEL = {
    "timeout_s": 20.0,
    "retry": {"attempts": 50, "first_wait_s": 0.02, "max_wait_s": 0.1},
}


@dataclass(frozen=True)
class BudgetTrial:
    """64 calls in flight, replies of all lengths and latencies, failures that cost, one SIGKILL."""

    seed: int
    max_calls: int | None = None
    max_tokens: int | None = None
    people: int = 60
    in_flight: int = 64
    latency: str = "lognormal:0.3:1.0"
    kills: int = 1

    @property
    def budget(self) -> dict[str, int]:
        """As the config words it."""
        bounds = {"max_calls": self.max_calls, "max_tokens": self.max_tokens}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def run(self, folder: Path, **environment: str) -> BudgetFigures:
        """Play in `environment`, kill, play on; until it ends by itself."""
        folder.mkdir(parents=True, exist_ok=True)
        faults = [f"--fault={name}={rate}" for name, rate in WEATHER.items()]
        options = ["--latency", self.latency, *faults]
        draw = random.Random(self.seed)
        with stub_server(folder / "stub", *options) as stub:
            config = self.config(folder, stub)
            killed_at = []
            for _ in range(self.kills):
                share = draw.uniform(0.1, 0.6)
                with ended_at_last(
                    simulate(folder, config, folder / "run", **environment)
                ) as driver:
                    driver.wait_until(lambda: self._spent(stub.stats()) >= share)  # noqa: B023
                killed_at.append(stub.stats()["charged_calls"])
            with ended_at_last(simulate(folder, config, folder / "run", **environment)) as driver:
                code, output = driver.end()
                left_over = driver.left_over()
                # What a killed driver had sent is still worked on, and charged.
                return BudgetFigures(
                    code, output, left_over, driver.said(), tuple(killed_at), _quiet(stub)
                )

    def config(self, folder: Path, stub: StubServer) -> Path:
        """The config file of the trial."""
        return write_config(
            folder,
            {"default": stub.model(**_MODEL)},
            society=SOCIETY,
            people=self.people,
            budget=self.budget,
            max_in_flight=self.in_flight,
        )

    def _spent(self, counted: dict[str, Any]) -> float:
        """The largest share of a bound that the server has charged."""
        calls, tokens = self.max_calls, self.max_tokens
        return max(
            counted["charged_calls"] / calls if calls else 0.0,
            counted["charged_tokens"] / tokens if tokens else 0.0,
        )


@dataclass(frozen=True)
class BudgetFigures:
    """How a trial ended, and what its server counted over all lives of the run."""

    code: int
    output: str
    left_over: list[str]
    said: str
    killed_at: tuple[int, ...]
    """Calls that were charged when the driver was killed."""
    counted: dict[str, Any]

    @property
    def calls(self) -> int:
        """That the server did the work for."""
        return int(self.counted["charged_calls"])

    @property
    def tokens(self) -> int:
        """Of these."""
        return int(self.counted["charged_tokens"])


def _quiet(stub: StubServer) -> dict[str, Any]:
    """The counters once nothing is under way at the server."""
    while (counted := stub.stats())["admission"]["in_flight"]:
        continue
    return counted
