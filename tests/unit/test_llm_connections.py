"""What a lost request says of its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from matrix_sim.llm.connections import RACE_S, Connections, StaleConnection
from tests.support.raw_server import HEAD, Exchange, plain, raw_server

Handler = Callable[[Exchange], Awaitable[None]]


def posts(handle: Handler, count: int, race_s: float = RACE_S) -> list[bytes]:
    """What so many requests get, one after the other."""

    async def posting() -> list[bytes]:
        async with raw_server(handle) as base_url:
            connections = Connections(
                base_url, {}, connections=9, connect_s=5, keep_alive_s=60, race_s=race_s
            )
            try:
                got = []
                for number in range(count):
                    async with await connections.post("/x", b"%d" % number) as answer:
                        got.append(await answer.read())
                return got
            finally:
                await connections.close()

    return asyncio.run(posting())


def loses(number: int, lose: Callable[[Exchange], None], seen: list[Exchange]) -> Handler:
    """A server that loses the request of that number and answers all others."""

    async def handle(exchange: Exchange) -> None:
        seen.append(exchange)
        if exchange.number == number:
            lose(exchange)
        else:
            exchange.writer.write(plain(b'"%s"' % exchange.body))

    return handle


@pytest.mark.parametrize("lose", [Exchange.hang_up, Exchange.reset])
def test_a_request_lost_on_a_used_connection_met_its_closing_and_is_left_to_its_sender(
    lose: Callable[[Exchange], None],
) -> None:
    seen: list[Exchange] = []
    with pytest.raises(StaleConnection):
        posts(loses(2, lose, seen), 2)
    assert [(e.nth_on_connection, e.body) for e in seen] == [(1, b"0"), (2, b"1")]


@pytest.mark.parametrize("lose", [Exchange.hang_up, Exchange.reset])
def test_a_request_lost_on_a_new_connection_is_not_sent_again(
    lose: Callable[[Exchange], None],
) -> None:
    seen: list[Exchange] = []
    with pytest.raises(aiohttp.ClientError):
        posts(loses(1, lose, seen), 1)
    assert len(seen) == 1


def test_an_answer_that_has_begun_is_no_race() -> None:
    def half(exchange: Exchange) -> None:
        exchange.writer.write((HEAD % b"application/json")[:20])
        exchange.hang_up()

    seen: list[Exchange] = []
    with pytest.raises(aiohttp.ClientError):
        posts(loses(2, half, seen), 2)
    assert len(seen) == 2


def test_a_loss_that_shows_late_is_no_race() -> None:
    seen: list[Exchange] = []
    with pytest.raises(aiohttp.ClientError):
        posts(loses(2, Exchange.reset, seen), 2, race_s=0.0)
    assert len(seen) == 2


@pytest.mark.parametrize(("spared", "proxied"), [("", True), ("127.0.0.1", False)])
def test_the_proxy_of_the_environment_is_used_but_for_hosts_that_it_spares(
    monkeypatch: pytest.MonkeyPatch, spared: str, proxied: bool
) -> None:
    async def handle(exchange: Exchange) -> None:
        exchange.writer.write(plain(b"1"))

    async def posting() -> bytes:
        async with raw_server(handle) as url:
            monkeypatch.setenv("http_proxy", url.removesuffix("/v1"))
            monkeypatch.setenv("no_proxy", spared)
            connections = Connections(
                "http://127.0.0.1:1/v1", {}, connections=9, connect_s=5, keep_alive_s=60
            )
            try:
                async with await connections.post("/x", b"0") as answer:
                    return await answer.read()
            except aiohttp.ClientConnectorError:
                return b""
            finally:
                await connections.close()

    assert asyncio.run(posting()) == (b"1" if proxied else b"")
