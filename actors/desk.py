"""The answering side of a hop between actors: takes items in batches, answers each singly.

An item that takes long never holds up one that is quick: a batch in, and batches out of
whatever is done by then (long polling). Every item is answered, with a value or with the
failure; an answer that cannot be sent is itself turned into a failure.
"""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

LINGER_S = 0.003
"""How long a batch waits for company; the cost of a hop is shared by what travels together."""
_POLL_S = 60.0
"""After this long with nothing done, a poll returns empty-handed, so that none is left behind."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one item."""

    number: int
    value: Any
    failed: bool = False
    """Whether `value` is the exception."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Answers, and where they come from."""

    life: str
    """Which life of the desk."""
    number: int
    """How many batches this life has made for this client; 0 for none at all."""
    answers: tuple[Answer, ...]


@dataclass(slots=True)
class _Client:
    done: list[Answer] = field(default_factory=list)
    """What is done and not yet acknowledged, in the order in which it was done."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while something in `done` has not been sent."""
    batches: int = 0
    sent: int = 0
    """How much of `done`, from its beginning, the last batch held."""
    polls: int = 0

    def acknowledge(self, batch: int) -> None:
        """Forget what arrived with the last batch, or note that it has to be sent again."""
        if batch == self.batches:
            del self.done[: self.sent]
        elif self.done:
            self.ready.set()
        self.sent = 0

    def next_batch(self) -> tuple[Answer, ...]:
        self.batches += 1
        self.sent = len(self.done)
        self.ready.clear()
        return tuple(self.done)


class Desk:
    """Runs `answer` for every item that comes in; each actor has one."""

    def __init__(self, answer: Callable[[Any], Awaitable[Any]]) -> None:
        self._answer = answer
        self._life = uuid.uuid4().hex
        self._clients: dict[str, _Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, item: Any) -> Answer:
        """Answer a single item at once."""
        return await self._attempt(0, item)

    def submit(self, client: str, items: list[tuple[int, Any]]) -> str:
        """Take a batch of numbered items; returns which life of the desk took them."""
        box = self._clients.setdefault(client, _Client())
        for number, item in items:
            task = asyncio.ensure_future(self._serve(box, number, item))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._life

    async def collect(self, client: str, last: tuple[str, int]) -> Batch:
        """What is done for a client; waits until something is.

        A client that this life of the desk has never heard of gets an empty batch at once: by
        the life's name it learns that what it waits for is lost. A batch that did not arrive
        (a connection broke, and both sides live) is sent again with the next.

        Args:
            client: who asks; a newer poll of the same client takes over from an older one.
            last: life and number of the last batch that arrived.
        """
        box = self._clients.get(client)
        if box is None:
            return Batch(self._life, 0, ())
        box.polls += 1
        poll = box.polls
        box.acknowledge(last[1] if last[0] == self._life else -1)
        try:
            await asyncio.wait_for(box.ready.wait(), _POLL_S)
            await asyncio.sleep(LINGER_S)
        except TimeoutError:
            return Batch(self._life, box.batches, ())
        if poll != box.polls:
            return Batch(self._life, box.batches, ())  # nobody listens to this one any more
        answers = box.next_batch()
        return Batch(self._life, box.batches, answers)

    async def _serve(self, box: _Client, number: int, item: Any) -> None:
        answer = await self._attempt(number, item)
        box.done.append(answer)
        box.ready.set()

    async def _attempt(self, number: int, item: Any) -> Answer:
        try:
            return Answer(number, await self._answer(item))
        except Exception as failure:
            return Answer(number, _sendable(failure), failed=True)
        except (KeyboardInterrupt, SystemExit):
            raise  # they end the process, and its death is heard of
        except BaseException as end:
            # Cancelled, or a fault on purpose: whoever waits must hear of it, or waits for ever.
            told = RuntimeError(f"the work on it was broken off: {type(end).__name__}: {end}")
            return Answer(number, told, failed=True)


def _sendable(failure: Exception) -> Exception:
    """The failure itself, or its text where it does not survive the journey."""
    try:
        pickle.loads(pickle.dumps(failure))  # noqa: S301 - our own object, to see whether it can travel
    except Exception:
        return RuntimeError(f"{type(failure).__name__}: {failure}")
    return failure
