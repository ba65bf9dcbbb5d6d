"""An actor without Ray: its calls travel as pickles, and its process can die and come back."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError

from actors.base import DeskActor
from actors.desk import Desk

Work = Callable[[Any], Awaitable[Any]]


class _Process(DeskActor):
    """One life of the actor."""

    def __init__(self, work: Work) -> None:
        self._desk = Desk(work)
        self.death: asyncio.Future[RayActorError] = asyncio.get_running_loop().create_future()


class _Method:
    def __init__(self, remote: Callable[..., Awaitable[Any]]) -> None:
        self.remote = remote


class FakeActor:
    """Looks like the handle of an actor whose desk does `work`. Made inside a loop."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._process = _Process(work)
        self.batches: list[int] = []
        """Sizes of the submissions that arrived."""
        self.polls = 0
        """Polls that arrived."""

    def __getattr__(self, name: str) -> _Method:
        # As with Ray, what cannot be pickled fails in the caller, before anything is sent.
        return _Method(lambda *arguments: self._call(name, pickle.dumps(arguments)))

    async def _call(self, name: str, packed: bytes) -> Any:
        await asyncio.sleep(0.001)
        process = self._process
        serving = asyncio.ensure_future(self._serve(process, name, pickle.loads(packed)))
        either: tuple[asyncio.Future[Any], ...] = (serving, process.death)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if process.death.done():
            serving.cancel()
            raise process.death.result()
        return pickle.loads(serving.result())

    async def _serve(self, process: _Process, name: str, arguments: tuple[Any, ...]) -> bytes:
        if name == "submit":
            self.batches.append(len(arguments[1]))
        self.polls += name == "collect"
        return pickle.dumps(await getattr(process, name)(*arguments))

    def die(self) -> None:
        """Lose the process, and with it every call under way."""
        self._process.death.set_result(ActorUnavailableError("it was killed", None))

    def die_for_good(self) -> None:
        """Lose the process, and there will be no other."""
        self._process.death.set_result(ActorDiedError())

    def come_back(self) -> None:
        """A new process, which knows nothing of the calls of the old one."""
        self._process = _Process(self._work)
