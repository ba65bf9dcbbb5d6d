"""The death of a whole process, as often as a test likes, and what it cost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matrix_sim.config import RunConfig
from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import Failpoints, InjectedFault
from matrix_sim.llm.contracts import CallKey, Endpoint, Reply, Request
from matrix_sim.llm.request_hash import prompt_json, request_hash
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import LocalGroups, play_world
from tests.support.virtual_time import run_virtually


class Kills(Failpoints):
    """Failpoints that take the whole process along: after one, nothing at all goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = True
        self.dead = False
        self.reached: Counter[str] = Counter()
        self._fatal: tuple[str, int] | None = None

    def arm(self, name: str, nth: int) -> None:
        """Begin a life that ends when `name` is reached for the nth time."""
        self._live()
        self._fatal = (name, nth)

    def disarm(self) -> None:
        """Begin a life that nothing ends."""
        self._live()
        self._fatal = None

    def _live(self) -> None:
        self.dead = False
        self.reached.clear()

    def reach(self, name: str) -> None:
        self.reached[name] += 1
        if (name, self.reached[name]) == self._fatal:
            self.dead = True
        if self.dead:
            raise InjectedFault(f"{name}, time {self.reached[name]}")


class CountingEndpoint:
    """Endpoints that know how often they answered what, over all lives of a run."""

    def __init__(self, kills: Kills) -> None:
        self.replies: Counter[CallKey] = Counter()
        self.begun: dict[CallKey, None] = {}
        """What was sent in this life."""
        self.kills = kills

    def around(self, inner: Endpoint) -> Endpoint:
        """One of its models, in one life."""
        return _Counted(self, inner)


class _Counted:
    def __init__(self, book: CountingEndpoint, inner: Endpoint) -> None:
        self.identity = inner.identity
        self._book = book
        self._inner = inner

    async def send(self, request: Request, *, sending: int) -> Reply:
        book = self._book
        if book.kills.dead:
            raise InjectedFault("nobody is left to send anything")
        prompt = prompt_json(request.messages)
        key = CallKey(
            request.address, request.attempt, request_hash(self.identity, request, prompt)
        )
        book.begun[key] = None
        reply = await self._inner.send(request, sending=sending)
        if book.kills.dead:
            raise InjectedFault("nobody is left to receive it")
        book.replies[key] += 1
        return reply


@dataclass
class ManyLives:
    """A run that was killed now and then, and what each kill interrupted."""

    config: RunConfig
    channel: Callable[[RunStore], StoreChannel] = InlineCommit
    kills: Kills = field(default_factory=Kills)
    store: RunStore = field(init=False)
    endpoint: CountingEndpoint = field(init=False)
    interrupted: Counter[CallKey] = field(default_factory=Counter)
    """How often a call was in flight at a kill: sent, with no reply in the journal."""
    deaths: int = 0

    def __post_init__(self) -> None:
        self.store = RunStore.in_memory(budget=self.config.budget, failpoints=self.kills)
        self.endpoint = CountingEndpoint(self.kills)

    def live(self, seed: int) -> bool:
        """One life; whether it came to its natural end."""
        self.endpoint.begun.clear()
        self.store = opened_again(self.store, self.config)
        life = play_world(
            self.config,
            self.store,
            wrap=self.endpoint.around,
            failpoints=self.kills,
            channel=self.channel,
        )
        try:
            run_virtually(life, seed)
        except (InjectedFault, RunFailure):  # a writer of batches passes its death on as the latter
            assert self.kills.dead
            self.deaths += 1
            for key in self.endpoint.begun:
                if self.store.reply(key) is None:
                    self.interrupted[key] += 1
            return False
        return True

    def live_through(self, deaths: Sequence[tuple[str, int]], seed: int = 0) -> ManyLives:
        """Die at each of `deaths` (a failpoint and the time it is reached), then live on."""
        for number, (name, nth) in enumerate(deaths):
            self.kills.arm(name, nth)
            self.live(seed + number)
        self.kills.disarm()
        assert self.live(seed + len(deaths))
        return self


def opened_again(store: RunStore, config: RunConfig) -> RunStore:
    """The store as the next life finds it: its rows, and nothing that was in memory."""
    return RunStore(
        store._connection, store.path, budget=config.budget, failpoints=store._failpoints
    )


class Restarts(Failpoints):
    """Not faults of the run, but of its parts: at some of the places a group is killed."""

    def __init__(self, seed: int, chance: float, groups: int) -> None:
        super().__init__()
        self.armed = True
        self.count = 0
        self.groups: LocalGroups | None = None
        self._draw = random.Random(seed)
        self._chance = chance
        self._number = groups

    def reach(self, name: str) -> None:
        if self.groups is not None and self._draw.random() < self._chance:
            self.count += 1
            self.groups.kill(self._draw.randrange(self._number))
