"""Single questions to an endpoint outside of a run, of which there are few: bare HTTP.

The client that calls go through takes a second to import; a look at an endpoint takes a moment.
"""

from __future__ import annotations

import asyncio
import socket
import time
from types import TracebackType
from typing import Self

import aiohttp

from matrix_sim.config import ModelConfig
from matrix_sim.llm.answer import Answer
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.failures import failure_of

_LARGEST_BODY = 16 << 20
_SHORTEST_SECRET = 4
"""Shorter keys are place-holders of local servers; blanking "x" would only spoil a message."""


class Errands:
    """A connection to one address of a model, for as long as the block runs."""

    def __init__(self, model: ModelConfig, base_url: str, key: str) -> None:
        """`key` is "" for a server that asks for none."""
        self.model = model
        self.place = base_url
        self.key_name = model.key_name if key else ""
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._session = aiohttp.ClientSession(headers=headers, trust_env=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, timeout_s: float, *, root: bool = False) -> Answer:
        """Fetch `path`; beside the API's own path instead of below it with `root`.

        Raises:
            EnvironmentalFailure: TIMEOUT or CONNECTION; every status is an `Answer`.
        """
        return await self._ask("GET", path, timeout_s, None, root)

    async def post(self, path: str, body: bytes, timeout_s: float) -> Answer:
        """Send JSON.

        Raises:
            EnvironmentalFailure: as `get`.
        """
        return await self._ask("POST", path, timeout_s, body, False)

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
        return text.replace(self._key, "***") if len(self._key) >= _SHORTEST_SECRET else text

    async def _ask(
        self, method: str, path: str, timeout_s: float, body: bytes | None, root: bool
    ) -> Answer:
        if self._session is None:
            raise AssertionError("errands are run inside the block")
        base = self.place.rstrip("/")
        url = (base.removesuffix("/v1") if root else base) + path
        failure: EnvironmentalFailure
        try:
            async with asyncio.timeout(timeout_s):
                async with self._session.request(
                    method,
                    url,
                    data=body,
                    headers={"Content-Type": "application/json"} if body is not None else {},
                ) as response:
                    read = await response.content.read(_LARGEST_BODY)
                    while more := await response.content.read(_LARGEST_BODY - len(read)):
                        read += more
                    return Answer(response.status, response.headers, read)
        except TimeoutError:
            failure = EnvironmentalFailure(
                Hindrance.TIMEOUT, f"{self.place} did not answer within {timeout_s:g} s"
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = EnvironmentalFailure(
                Hindrance.CONNECTION,
                f"no connection to {self.place}: {self.redact(_reason(error))}; "
                "is the server up and 'base_url' right?",
            )
        raise failure  # outside the handlers: a chained traceback could show the key


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, socket.gaierror):
        return "there is no such host"
    return str(cause) or type(cause).__name__
