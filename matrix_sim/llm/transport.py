"""One POST over a real wire: the official client, without its typing and its retries.

Measured on two cores, CPU-ms a request, 64 in flight: `chat.completions.create` 1.35 on the default
backend and 0.94 on aiohttp; the client's own `post` with bytes in and a raw response out 0.43.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping

import aiohttp
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient

from matrix_sim.config import ModelConfig
from matrix_sim.errors import UsageError
from matrix_sim.llm.answer import Answer as Answer
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance

KEEP_ALIVE_S = 2.0
"""Genuine servers drop idle connections after about 5 s; with an expiry as long, 4 to 7 of 64
requests of the next burst failed, with 2 s none."""

_CONNECT_S = 10.0
_CONNECTIONS = 4096
"""Above any sensible number of requests in flight: what limits those is the caller's."""

_SHORTEST_SECRET = 4
"""Shorter keys are place-holders of local servers; blanking "x" would only spoil the message."""


class Transport:
    """The connections to one endpoint; the only object that holds its key."""

    def __init__(self, config: ModelConfig, base_url: str, *, api_key: str) -> None:
        self._timeout_s = config.timeout_s
        self._key = _sendable(api_key, config)
        self.place = base_url
        """The endpoint's address; `ModelConfig` refuses one with a password in it."""
        self.key_name = config.key_name if self._key else ""
        """Where the key came from; "" where there is no key."""
        self._client = AsyncOpenAI(
            base_url=base_url,
            # The client insists on a key; servers without one ignore what they get.
            api_key=self._key or "none",
            max_retries=0,
            timeout=httpx2.Timeout(config.timeout_s, connect=min(_CONNECT_S, config.timeout_s)),
            http_client=DefaultAioHttpClient(
                limits=httpx2.Limits(
                    max_connections=_CONNECTIONS,
                    max_keepalive_connections=_CONNECTIONS,
                    keepalive_expiry=KEEP_ALIVE_S,
                )
            ),
        )

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send `body` (JSON) once and wait for the whole answer.

        Raises:
            EnvironmentalFailure: TIMEOUT or CONNECTION; every status is an `Answer`.
        """
        # Raised below, outside the handlers: a traceback that chains the client's own errors
        # would show what an endpoint echoes, the key among it.
        failure: EnvironmentalFailure
        try:
            # A server that trickles white space while it thinks never trips a read time-out.
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.post(
                    path,
                    content=body,
                    cast_to=httpx2.Response,
                    options={"headers": headers} if headers else {},
                )
            return Answer(response.status_code, response.headers, response.content)
        except APIStatusError as error:
            response = error.response
            return Answer(response.status_code, response.headers, response.content)
        except TimeoutError:
            failure = self._timed_out()
        except (APIConnectionError, httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            failure = self._unreached(error)
        raise failure

    def redact(self, text: str) -> str:
        """`text` without the key."""
        return text.replace(self._key, "***") if len(self._key) >= _SHORTEST_SECRET else text

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        await self._client.close()

    def _timed_out(self) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.TIMEOUT,
            f"{self.place} did not answer within {self._timeout_s:g} s;"
            " 'timeout_s' of the model allows more",
            maybe_paid=True,
        )

    def _unreached(self, error: BaseException) -> EnvironmentalFailure:
        # The aiohttp backend calls every lost or refused connection a connect time-out, so the
        # kind is read from the first error of the chain.
        chain = tuple(_causes(error))
        if any(isinstance(e, TimeoutError) for e in chain):
            return self._timed_out()
        unsent = isinstance(chain[-1], ConnectionRefusedError | socket.gaierror)
        reason = self.redact(str(chain[-1])) or type(chain[-1]).__name__
        return EnvironmentalFailure(
            Hindrance.CONNECTION,
            f"no connection to {self.place}: {reason}; is the server up and 'base_url' right?",
            maybe_paid=not unsent,
        )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _sendable(api_key: str, config: ModelConfig) -> str:
    key = api_key.strip()
    if not (key.isascii() and (key.isprintable() and " " not in key)):
        name = config.api_key_env or "the API key"
        raise UsageError(
            f"{name} holds white space or characters outside ASCII, which no HTTP header carries;"
            " set it to the key alone"
        )
    return key
