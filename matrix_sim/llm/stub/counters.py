"""What a stub has done: counted as it happens, read as a frozen value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from matrix_sim.llm.contracts import Usage
from matrix_sim.llm.stub.faults import ENVIRONMENTAL, Fault

REPLY = "reply"
"""The outcome of a sending that met no fault."""


@dataclass(frozen=True, slots=True)
class StubCounters:
    """What a stub has done, up to the moment of reading."""

    served: Mapping[str, int] = field(default_factory=dict)
    """Ended sendings by outcome: `reply`, or the name of the fault that they met."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    charged_calls: int = 0
    """Sendings that the work was done for: replies, and those whose reply was made and kept back
    by a time-out, a lost connection or a broken body."""
    charged_tokens: int = 0
    """Tokens of their prompts and replies."""
    busy_slot_seconds: float = 0.0
    """Integral of the number of busy slots over time."""
    in_flight_seconds: float = 0.0
    """The same of the sendings under way, those that wait for a slot included."""
    peak_busy: int = 0
    """Most slots busy at once."""
    peak_in_flight: int = 0
    """Most sendings under way at once, those that wait for a slot included."""

    @property
    def requests(self) -> int:
        """Sendings that have ended, whatever came of them."""
        return sum(self.served.values())

    @property
    def replies(self) -> int:
        """Those that ended in a reply, good or bad."""
        return self.requests - sum(self.served.get(fault, 0) for fault in ENVIRONMENTAL)


class StubMeter:
    """Counts for one stub, in one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._in_flight = 0
        self._busy = 0
        self.reset()

    def reset(self) -> None:
        """Count from zero again; what is under way counts on."""
        self._served: Counter[str] = Counter()
        self._prompt_tokens = 0
        self._completion_tokens = 0
        self._charged_calls = self._charged_tokens = 0
        self._in_flight_seconds = 0.0
        self._busy_slot_seconds = 0.0
        self._changed_at = self._clock()
        self._peak_busy = self._busy
        self._peak_in_flight = self._in_flight

    def arrive(self) -> None:
        """A sending begins; it may wait for a slot."""
        self._integrate()
        self._in_flight += 1
        self._peak_in_flight = max(self._peak_in_flight, self._in_flight)

    def leave(self) -> None:
        """A sending that arrived is over."""
        self._integrate()
        self._in_flight -= 1

    def begin(self) -> None:
        """It got a slot."""
        self._integrate()
        self._busy += 1
        self._peak_busy = max(self._peak_busy, self._busy)

    def end(self) -> None:
        """It gave the slot back."""
        self._integrate()
        self._busy -= 1

    def served(self, fault: Fault | None, usage: Usage | None = None) -> None:
        """A sending has its outcome; `usage` is of the reply that was made for it, if one was."""
        self._served[fault.value if fault is not None else REPLY] += 1
        if usage is None:
            return
        self._charged_calls += 1
        self._charged_tokens += usage.prompt_tokens + usage.completion_tokens
        if fault not in ENVIRONMENTAL:
            self._prompt_tokens += usage.prompt_tokens
            self._completion_tokens += usage.completion_tokens

    def read(self) -> StubCounters:
        """The counters now."""
        self._integrate()
        return StubCounters(
            served=dict(self._served),
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
            charged_calls=self._charged_calls,
            charged_tokens=self._charged_tokens,
            in_flight_seconds=self._in_flight_seconds,
            busy_slot_seconds=self._busy_slot_seconds,
            peak_busy=self._peak_busy,
            peak_in_flight=self._peak_in_flight,
        )

    def _integrate(self) -> None:
        now = self._clock()
        self._busy_slot_seconds += self._busy * (now - self._changed_at)
        self._in_flight_seconds += self._in_flight * (now - self._changed_at)
        self._changed_at = now
