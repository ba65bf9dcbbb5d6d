"""A server that a test scripts down to the bytes, and to when a connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
STREAM = HEAD % b"text/event-stream" + b"Transfer-Encoding: chunked\r\n\r\n"
END_OF_STREAM = b"0\r\n\r\n"


@dataclass(frozen=True)
class Exchange:
    """One request that arrived whole, and the way back."""

    number: int
    """From 1, over all connections."""
    nth_on_connection: int
    """From 1."""
    body: bytes
    writer: asyncio.StreamWriter

    def hang_up(self) -> None:
        """Close the connection in the ordinary way; what was written still goes out."""
        self.writer.close()

    def reset(self) -> None:
        """Break the connection off."""
        self.writer.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


@asynccontextmanager
async def raw_server(handle: Handler) -> AsyncIterator[str]:
    """The base URL of a server that answers as `handle` writes."""
    count = 0
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        serving.add(asyncio.current_task())
        nth = 0
        try:
            while (body := await _request(reader)) is not None:
                count, nth = count + 1, nth + 1
                await handle(Exchange(count, nth, body, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}/v1"
    finally:
        server.close()
        for task in serving:
            if task is not None:
                task.cancel()


def plain(body: bytes) -> bytes:
    """A whole answer of JSON."""
    return HEAD % b"application/json" + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunk(data: bytes) -> bytes:
    """A piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


async def _request(reader: asyncio.StreamReader) -> bytes | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return await reader.readexactly(length)
