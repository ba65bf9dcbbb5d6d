"""The stub's server for one scene, and what a client asks of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

from matrix_sim.config import StubConfig
from matrix_sim.llm.stub.server import StubServer

T = TypeVar("T")

MESSAGES = [{"role": "user", "content": "<persona>\n好きなこと：船釣り、魚拓、盆栽\n</persona>"}]


def serve(
    scene: Callable[[str, aiohttp.ClientSession], Awaitable[T]],
    config: StubConfig | None = None,
    **options: Any,
) -> T:
    """Run `scene` against a server of its own."""

    async def main() -> T:
        server = StubServer(config or StubConfig(), seed=7, language="ja", **options)
        port = await server.start("127.0.0.1", 0)
        try:
            async with aiohttp.ClientSession() as http:
                return await scene(f"http://127.0.0.1:{port}", http)
        finally:
            await server.stop()

    return asyncio.run(main())


async def stats(url: str, http: aiohttp.ClientSession) -> dict[str, Any]:
    """What the server has counted."""
    async with http.get(f"{url}/stats") as answer:
        counted: dict[str, Any] = await answer.json()
        return counted
