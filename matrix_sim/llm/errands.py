"""Single questions to an endpoint outside of a run, of which there are few."""

from __future__ import annotations

import asyncio
import socket
import time
from types import TracebackType
from typing import Self

import aiohttp

from matrix_sim.config import ModelConfig
from matrix_sim.llm.answer import Answer
from matrix_sim.llm.api_key import ApiKey
from matrix_sim.llm.connections import Connections, StaleConnection
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.failures import failure_of
from matrix_sim.llm.transport import KEEP_ALIVE_S

_LARGEST_BODY = 16 << 20
_CONNECTIONS = 4


class Errands:
    """The connections to one address of a model, for as long as the block runs."""

    def __init__(self, model: ModelConfig, base_url: str, key: str) -> None:
        """`key` is "" for a server that asks for none.

        Raises:
            UsageError: as `ApiKey`.
        """
        self.model = model
        self.place = base_url
        self._key = ApiKey(key, model)
        base = base_url.rstrip("/")
        root = base.removesuffix("/v1")
        self._below = base.removeprefix(root)
        self._connections = Connections(
            root,
            self._key.headers,
            connections=_CONNECTIONS,
            connect_s=None,  # every errand has a time of its own for all of it
            keep_alive_s=KEEP_ALIVE_S,
        )

    @property
    def key_name(self) -> str:
        """Where the key came from; "" where there is none."""
        return self._key.name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._connections.close()

    async def get(self, path: str, timeout_s: float, *, root: bool = False) -> Answer:
        """Fetch `path`; beside the API's own path instead of below it with `root`.

        Raises:
            EnvironmentalFailure: TIMEOUT or CONNECTION; every status is an `Answer`.
        """
        return await self._ask("GET", path if root else self._below + path, timeout_s)

    async def post(self, path: str, body: bytes, timeout_s: float) -> Answer:
        """Send JSON.

        Raises:
            EnvironmentalFailure: as `get`.
        """
        return await self._ask("POST", self._below + path, timeout_s, body)

    def failure(self, answer: Answer) -> EnvironmentalFailure:
        """What an answer that is an error means."""
        return failure_of(
            answer,
            place=self.place,
            model=self.model.model or "",
            key_name=self.key_name,
            redact=self.redact,
            now=time.time(),
        )

    def redact(self, text: str) -> str:
        """`text` without the key."""
        return self._key.redact(text)

    async def _ask(
        self, method: str, path: str, timeout_s: float, body: bytes | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else None
        failure: EnvironmentalFailure
        try:
            async with (
                asyncio.timeout(timeout_s),
                await self._connections.request(method, path, body, headers) as response,
            ):
                read = await response.content.read(_LARGEST_BODY)
                while more := await response.content.read(_LARGEST_BODY - len(read)):
                    read += more
                return Answer(response.status, response.headers, read)
        except TimeoutError:
            failure = EnvironmentalFailure(
                Hindrance.TIMEOUT, f"{self.place} did not answer within {timeout_s:g} s"
            )
        except (StaleConnection, aiohttp.ClientError, OSError, ValueError) as error:
            failure = EnvironmentalFailure(
                Hindrance.CONNECTION,
                f"no connection to {self.place}: {self.redact(_reason(error))}; "
                "is the server up and 'base_url' right?",
            )
        raise failure  # outside the handlers: a chained traceback could show the key


def _reason(error: BaseException) -> str:
    lost = error.__cause__ if isinstance(error, StaleConnection) else error
    cause = getattr(lost, "os_error", None) or lost
    if isinstance(cause, socket.gaierror):
        return "there is no such host"
    return str(cause) or type(cause).__name__
