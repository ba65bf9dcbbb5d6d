"""What is asked and answered, counted by who asks and for what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from matrix_sim.llm.contracts import (
    LLM,
    EnvironmentalFailure,
    Finish,
    Gate,
    Permit,
    Reply,
    Request,
    Role,
)
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.text import estimate_tokens

Kind = tuple[Role, str]
"""Who asks, and for what: `act`, `goal`, `route`, ...; for a data set its label and the part of a
row: `sft/answer`, `dialogue/user`."""
REQUIREMENT, SCENARIOS = "requirement", "scenarios"
"""What vectors are asked for where scenarios are compared with a requirement."""
_OF_A_CANDIDATE = re.compile(r"([^/]+)/c\d{6,}/(?:turn\d+/)?([a-z]+)")
_OF_VECTORS = re.compile(r"embed/(?:[^/]+/(requirement)|(scenarios)/b\d+)\Z")


def kind_of(request: Request) -> Kind:
    """What a request is for."""
    candidate = _OF_A_CANDIDATE.match(request.address)
    if candidate is not None:
        return request.role, f"{candidate[1]}/{candidate[2]}"
    vectors = _OF_VECTORS.match(request.address)
    if vectors is not None:
        return request.role, vectors[1] or vectors[2]
    return request.role, request.address.partition("/")[0]


def dataset_of(kind: Kind) -> str:
    """The label of the data set that it is for; empty for the society."""
    label, found, _ = kind[1].partition("/")
    return label if found else ""


@dataclass(slots=True)
class Count:
    """What the calls of one kind came to."""

    calls: int = 0
    repeated: int = 0
    """Of the calls: the same question again, because the reply to it was no use."""
    prompt_tokens: int = 0
    """Estimated (`estimate_tokens`)."""
    counted_tokens: int = 0
    """The same as the endpoint counted them."""
    output_tokens: int = 0
    """As the endpoint counted them, those of thinking included."""
    largest_prompt: int = 0
    """Estimated tokens of the longest prompt."""
    cut_off: int = 0
    """Replies that ended for want of room."""
    uncached_tokens: int = 0
    """Of the prompt tokens, those that a prefix cache of the modelled size would not have held."""

    def add(self, request: Request, reply: Reply, uncached: int = 0) -> None:
        """Count one call."""
        said = request.messages
        prompt = sum(estimate_tokens(message.content) for message in said)
        prompt += sum(estimate_tokens(message.reasoning) for message in said if message.reasoning)
        self.calls += 1
        self.repeated += request.attempt > 1
        self.prompt_tokens += prompt
        self.counted_tokens += reply.usage.prompt_tokens
        self.output_tokens += reply.usage.completion_tokens
        self.largest_prompt = max(self.largest_prompt, prompt)
        self.cut_off += reply.finish is Finish.LENGTH
        self.uncached_tokens += uncached


Counts = Mapping[Kind, Count]
"""What was asked, by kind."""


class Meter:
    """An `LLM` that counts what passes through it."""

    def __init__(
        self,
        llm: LLM,
        prefix_cache: PrefixCache | None = None,
        on_reply: Callable[[Request, Reply], None] = lambda *_: None,
    ) -> None:
        """`on_reply` is told of every call that was answered."""
        self._llm = llm
        self._prefix_cache = prefix_cache
        self._on_reply = on_reply
        self.counts: dict[Kind, Count] = {}
        self.further_counts: dict[Kind, Count] = {}
        """What was asked while `further` held."""
        self.further: Callable[[], bool] = lambda: False

    async def complete(self, request: Request) -> Reply:
        """The reply of the one behind it."""
        reply = await self._llm.complete(request)
        uncached = 0
        if self._prefix_cache is not None and request.role is not Role.EMBEDDING:
            uncached = self._prefix_cache.uncached_tokens(request.messages)
        counts = self.further_counts if self.further() else self.counts
        counts.setdefault(kind_of(request), Count()).add(request, reply, uncached)
        self._on_reply(request, reply)
        return reply


@dataclass(slots=True)
class StopWatch:
    """How long endpoints take to answer, by kind, in seconds: replies of the journal take none."""

    seconds: dict[Kind, list[float]] = field(default_factory=dict)

    def gate(self, gate: Gate) -> TimingGate:
        """The gate, with a watch on those whom it lets in."""
        return TimingGate(self, gate)


class TimingGate:
    """A gate that takes down how long each reply took, once it was let in."""

    def __init__(self, watch: StopWatch, gate: Gate) -> None:
        self._watch = watch
        self._gate = gate

    @property
    def load(self) -> int:
        """As of the gate within."""
        return self._gate.load

    @property
    def open(self) -> bool:
        """As of the gate within."""
        return self._gate.open

    @property
    def holds_back(self) -> bool:
        """As of the gate within."""
        return self._gate.holds_back

    def saw(self, headers: Mapping[str, str]) -> None:
        """As of the gate within."""
        self._gate.saw(headers)

    @asynccontextmanager
    async def admit(
        self, request: Request, *, patience_s: float | None = None
    ) -> AsyncIterator[Permit]:
        """Leave, when the gate within gives it."""
        async with self._gate.admit(request, patience_s=patience_s) as permit:
            yield _Timed(permit, self._watch, request, asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class _Timed:
    permit: Permit
    watch: StopWatch
    request: Request
    begun: float

    def answered(self, reply: Reply) -> None:
        taken = asyncio.get_running_loop().time() - self.begun
        self.watch.seconds.setdefault(kind_of(self.request), []).append(taken)
        self.permit.answered(reply)

    def failed(self, failure: EnvironmentalFailure) -> None:
        self.permit.failed(failure)
