"""The narrow waist between the society and its models: a request goes in, a reply comes out.

What the endpoint said, whatever it said, is a `Reply`: it is journaled and acted on. What kept
it from saying anything is an `EnvironmentalFailure`: raised, never journaled, never committed
(S3). Reading a reply as a decision is `structured.py`'s; keeping it is `journaled.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NewType, Protocol

from matrix_sim.messages import Failure

Address = NewType("Address", str)
"""The stable name of a call: `act/a00042/t0007`, `route/g0003/t0007`, ..."""


class Role(StrEnum):
    """Who asks; each may have an endpoint and a model of its own."""

    AGENT = "agent"
    MODULATOR = "modulator"
    EMBEDDING = "embedding"
    """Gives vectors: a text a message in the request, directions in the reply (`directions`)."""
    ANONYMISER = "anonymiser"
    """Asked before there is a society, and only where `personas.anonymise` is `llm`."""
    INSTRUCTOR = "instructor"
    """Writes what a person would ask an assistant."""
    RESPONDER = "responder"
    """Answers as that assistant."""
    REASONER = "reasoner"
    """Answers with the thinking before it."""
    REJECTED = "rejected"
    """Gives the answers that a preference turns down."""
    USER = "user"
    """Plays the user of a dialogue."""
    JUDGE = "judge"
    """Scores answers and rows."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str
    reasoning: str = ""
    """Of an assistant's message: the thinking that goes back with it (`reasoning.in_context`)."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The shape that a structured reply must have."""

    name: str
    json_schema: bytes
    """JSON schema as compact JSON, properties in declared order: models answer in that order."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model, under its address."""

    address: Address
    role: Role
    messages: tuple[Message, ...]
    max_tokens: int
    schema: Schema | None = None
    attempt: int = 1
    """1, and one more each time the same question is repeated because the reply was no use."""
    repeats: Failure | None = None
    """What was wrong with the reply before, where it is repeated: for the books, not sent."""

    @property
    def prompt_bytes(self) -> int:
        """UTF-8 length of all messages: an upper bound of their tokens."""
        return sum(len((m.content + m.reasoning).encode()) for m in self.messages)


class Finish(StrEnum):
    """How a reply ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"
    CONTEXT_OVERFLOW = "context_overflow"
    """The endpoint answered that the prompt is too long for the model; there is no text."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the endpoint counted them; 0 where it does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that the endpoint says it took from its own prefix cache."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answered: final, journaled, the same on every replay."""

    text: str
    reasoning: str
    finish: Finish
    model: str
    """The model's name as the endpoint gives it."""
    usage: Usage = Usage()


class Hindrance(StrEnum):
    """Environmental failures: they belong to the moment and never commit (S3)."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    STALE_CONNECTION = "stale_connection"
    """The server closed a connection that had idled, just as the request was on its way: says
    nothing of the server, and a new connection will do."""
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    UNAUTHORISED = "unauthorised"
    MODEL_UNKNOWN = "model_unknown"
    REJECTED = "rejected"
    """The endpoint calls the request itself wrong (a 4xx that has no name of its own)."""
    ACTOR_LOST = "actor_lost"
    """The process that was asked died before it answered."""
    OUTAGE = "outage"
    """The endpoint has been down for as long as the run waits for one."""
    BUDGET = "budget"
    """What is left of the budget does not cover what the call may cost."""
    STOPPED = "stopped"
    """The run is being stopped, and the call was not under way yet."""

    @property
    def passes(self) -> bool:
        """Whether waiting may help."""
        return self in _PASSING


_PASSING = frozenset(
    {
        Hindrance.TIMEOUT,
        Hindrance.CONNECTION,
        Hindrance.STALE_CONNECTION,
        Hindrance.RATE_LIMITED,
        Hindrance.SERVER,
        Hindrance.ACTOR_LOST,
    }
)


class EnvironmentalFailure(Exception):
    """A call got no reply; the same call may get one later."""

    def __init__(
        self,
        hindrance: Hindrance,
        detail: str,
        *,
        address: str = "",
        retry_after_s: float | None = None,
        maybe_paid: bool = False,
        busy: bool = False,
    ) -> None:
        super().__init__(hindrance, detail, address, retry_after_s, maybe_paid, busy)
        self.hindrance = hindrance
        self.detail = detail
        self.address = address
        self.retry_after_s = retry_after_s
        """Seconds that the endpoint asked to wait, if it did."""
        self.maybe_paid = maybe_paid
        """Whether the endpoint may have done the work, and charge for it, all the same."""
        self.busy = busy
        """Whether it said that it has too much to do (429, 503)."""

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_failure, self.args)

    def __str__(self) -> str:
        where = f"{self.address}: " if self.address else ""
        return f"{where}{self.hindrance.value}: {self.detail}"


def _rebuild_failure(
    hindrance: Hindrance,
    detail: str,
    address: str,
    retry_after_s: float | None,
    maybe_paid: bool,
    busy: bool,
) -> EnvironmentalFailure:
    return EnvironmentalFailure(
        hindrance,
        detail,
        address=address,
        retry_after_s=retry_after_s,
        maybe_paid=maybe_paid,
        busy=busy,
    )


class LLM(Protocol):
    """An LLM completes. Whatever is in between (journal, retries, a hop) has this shape too."""

    async def complete(self, request: Request) -> Reply:
        """Answer `request`.

        Raises:
            EnvironmentalFailure: no reply was to be had now. A cancelled call may have been
                paid; its reply, if one came, is in the journal.
        """
        ...


class Course(Protocol):
    """One call on its way, as whoever keeps the books of it sees it."""

    async def reserve(self) -> Reply | None:
        """Make what the next sending may cost durable; due before every sending.

        It costs nothing where the sending before was certainly not paid.

        Returns:
            The reply, if the journal holds one: then nothing is to be sent.

        Raises:
            EnvironmentalFailure: BUDGET; nothing is to be sent.
        """
        ...

    def sent(self, failure: EnvironmentalFailure | None = None) -> None:
        """A sending is over: with a reply, or with this failure."""
        ...


class Backend(Protocol):
    """Who answers a role: one or more endpoints, limits and patience included."""

    @property
    def identity(self) -> bytes:
        """`Endpoint.identity`."""
        ...

    async def answer(self, request: Request, course: Course) -> Reply:
        """The reply that came, or that the journal held.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        ...


class Permit(Protocol):
    """Leave to send one request once; told what came of it, or given back unused."""

    def answered(self, reply: Reply) -> None:
        """It brought a reply."""
        ...

    def failed(self, failure: EnvironmentalFailure) -> None:
        """It brought none."""
        ...


class GateClosed(Exception):
    """The endpoint is down, and the caller would rather go elsewhere than wait."""


class Gate(Protocol):
    """What an endpoint can take: requests at once, by the minute, and whether it is up at all."""

    @property
    def load(self) -> int:
        """Requests that are under way, or wait for leave, in this process."""
        ...

    @property
    def open(self) -> bool:
        """Whether the endpoint is taken to be up: failures count only while it is."""
        ...

    @property
    def holds_back(self) -> bool:
        """Whether it keeps everybody back for as long as the endpoint asks (Retry-After)."""
        ...

    def admit(
        self, request: Request, *, patience_s: float | None = None
    ) -> AbstractAsyncContextManager[Permit]:
        """Wait for leave to send `request`; it is given back when the block ends.

        Args:
            request: to be sent once.
            patience_s: how long to wait while the endpoint is down; None: as long as the run does.

        Raises:
            EnvironmentalFailure: OUTAGE, where the endpoint was down for too long.
            GateClosed: it was down for longer than `patience_s`.
        """
        ...

    def saw(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer: they may tell of limits."""
        ...


class Endpoint(Protocol):
    """One model behind one API: sends a request once, without retry or memory."""

    identity: bytes
    """Canonical JSON of what, besides the request, decides the reply: model name, sampling
    parameters, extra body (for the stub: its seed and its outcome faults). Part of every request
    hash."""

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Send `request` once; `sending` counts the sendings of it, from 1.

        Raises:
            EnvironmentalFailure: no reply came.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallKey:
    """The identity of a call in the journal (S2)."""

    address: str
    attempt: int
    request_hash: bytes
    """SHA-256 over model, sampling parameters, messages, schema, max_tokens (32 bytes)."""


@dataclass(frozen=True, slots=True)
class StoredPrompt:
    """A prompt as the difference to an earlier one of the same family.

    Prompts of one agent only grow at their end, mostly, so they share a long prefix.

    The text is `base[:shared] + zlib(tail)`, over the canonical JSON of the messages in UTF-8.
    """

    base: bytes | None
    """Request hash of the prompt that it builds on; None: it stands alone."""
    shared: int
    """Bytes taken over from the base."""
    tail: bytes
    """The rest, zlib-compressed."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call about to be sent: durable before the sending (S2)."""

    key: CallKey
    role: Role
    reserved_tokens: int
    """The most that it can take: charged if the reply never gets recorded."""
    reserved_cost: int = 0
    """The same at the role's price, in billionths of the currency, rounded up."""
    after: Hindrance | None = None
    """What the sending before met, where this is another one because that may have been paid."""
    repeats: Failure | None = None
    """`Request.repeats`."""
    holder: str = ""
    """The process that holds the reservation, by a name that it keeps when it is restarted."""


@dataclass(frozen=True, slots=True)
class RecordCall:
    """A reply to keep."""

    key: CallKey
    reply: Reply
    prompt: StoredPrompt
    uncached_tokens: int
    """Prompt tokens (estimated) that an LRU prefix cache of the stated size would not have held."""
    sendings: int
    """How often it was sent before a reply came."""
    setbacks: tuple[tuple[Hindrance, int], ...] = ()
    """What the sendings before it met, by name."""
    cost: int = 0
    """What the reply cost, in billionths of the currency, rounded up."""


@dataclass(frozen=True, slots=True)
class AbandonCall:
    """A call that was opened and got no reply; it may be opened again later."""

    key: CallKey
    setbacks: tuple[tuple[Hindrance, int], ...]
    """What its sendings met, by name."""
    maybe_paid: bool
    """Whether the last reservation stays charged; otherwise it is given back."""
    after: Hindrance | None = None
    """What the last sending met; None: it was broken off."""


class Journal(Protocol):
    """The durable record of every call and its reply. The first write wins."""

    async def open(self, call: OpenCall) -> Reply | None:
        """Make the reservation durable; or the reply, if the journal holds one.

        Raises:
            EnvironmentalFailure: BUDGET; nothing was reserved.
        """
        ...

    async def room(self, call: OpenCall) -> None:
        """Wait until a call that was refused fits into the budget, as far as one can see.

        It may as long as other calls are under way, which can come to less than they reserved.
        Nothing that another call may need is to be held meanwhile.

        Raises:
            EnvironmentalFailure: BUDGET; nothing is under way any more.
        """
        ...

    async def record(self, call: RecordCall) -> Reply:
        """Keep the reply durably; returns what the journal holds, which callers act on."""
        ...

    async def abandon(self, call: AbandonCall) -> None:
        """Note that a call that was opened got no reply, and why."""
        ...
