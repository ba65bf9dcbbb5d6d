"""What a call costs the process that makes it: our whole path, and the official client alone.

Ours is a config's backends, lanes and gates, the wire, the journal, and a store on disk in which
every call is opened and recorded durably, under limits and a budget that hold nobody up. The other
is `chat.completions.create` of `AsyncOpenAI` on aiohttp, and keeps nothing. Both ask the stub's
server, in a process of its own, with as many requests in flight; they take turns in short blocks,
so that what else the machine does meets both.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
from openai import AsyncOpenAI, DefaultAioHttpClient

from matrix_sim.answering import answering
from matrix_sim.config import PersonasConfig, RunConfig, StubConfig
from matrix_sim.language import Language
from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.stub.endpoint import MODEL
from matrix_sim.llm.stub.server import run_stub_server
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.replies import ActReply
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore

_LANGUAGE: Language = "en"
_MAX_TOKENS = 512
_AGENTS = 64
_PATIENCE_S = 60.0
_ENOUGH = 10**12
"""Of whatever is limited."""

_Ask = Callable[[int], Awaitable[object]]
"""Makes the call of a number."""


@dataclass(frozen=True, slots=True)
class ClientLoad:
    """What is measured."""

    calls: int = 512
    """Calls of a block."""
    rounds: int = 7
    """Blocks of each."""
    in_flight: int = 64


@dataclass(frozen=True, slots=True)
class ClientFigures:
    """What came of it: CPU-ms a call of the calling process, medians over the blocks."""

    calls: int
    rounds: int
    in_flight: int
    prompt_bytes: int
    cpu_ms: float
    """Of our path."""
    bare_cpu_ms: float
    """Of the client alone."""
    ratio: float
    """Median of ours over the client's in the block before it."""
    lowest_ratio: float
    highest_ratio: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def bench_client(load: ClientLoad, folder: Path) -> ClientFigures:
    """Measure both; `folder` is where the store goes, on the disk that is to be measured."""
    with _stub_server() as base_url:
        return asyncio.run(_measure(load, base_url, folder))


async def _measure(load: ClientLoad, base_url: str, folder: Path) -> ClientFigures:
    questions = _questions()
    bare_client = AsyncOpenAI(
        base_url=base_url, api_key="none", max_retries=0, http_client=DefaultAioHttpClient()
    )
    limits = {"rpm": _ENOUGH, "tpm": _ENOUGH, "concurrency": load.in_flight}
    price = {"input": 1.0, "output": 2.0}
    model = {"base_url": base_url, "model": MODEL, "limits": limits, "price": price}
    config = RunConfig.model_validate(
        {
            "society": {"ticks": 1},
            "models": {"default": model},
            "budget": {"max_calls": _ENOUGH, "max_tokens": _ENOUGH, "max_cost": _ENOUGH},
            "runtime": {"max_in_flight": load.in_flight},
        }
    )
    commit = GroupCommit(RunStore.open(folder, owner="bench", create=True, budget=config.budget))

    def bare(number: int) -> Awaitable[object]:
        return _create(bare_client, questions[number % _AGENTS])

    try:
        async with answering(
            config, PromptLibrary(_LANGUAGE), commit, "bench", roles=(Role.AGENT,)
        ) as here:

            def ours(number: int) -> Awaitable[object]:
                agent, tick = number % _AGENTS, number // _AGENTS
                address = Address(f"act/a{agent:05d}/t{tick:04d}")
                return here.llm.complete(_request(address, questions[agent]))

            # Each once for nothing: imports, connections, caches.
            numbers = iter(range(1 << 40))
            await _block(load, bare, numbers)
            await _block(load, ours, numbers)
            pairs = [
                (await _block(load, bare, numbers), await _block(load, ours, numbers))
                for _ in range(load.rounds)
            ]
    finally:
        await commit.close()
        await bare_client.close()
    ratios = [own / other for other, own in pairs]
    return ClientFigures(
        calls=load.calls,
        rounds=load.rounds,
        in_flight=load.in_flight,
        prompt_bytes=_request(Address("act"), questions[0]).prompt_bytes,
        cpu_ms=statistics.median(own for _, own in pairs),
        bare_cpu_ms=statistics.median(other for other, _ in pairs),
        ratio=statistics.median(ratios),
        lowest_ratio=min(ratios),
        highest_ratio=max(ratios),
    )


async def _block(load: ClientLoad, ask: _Ask, numbers: Iterator[int]) -> float:
    """CPU-ms a call."""
    mine = iter([next(numbers) for _ in range(load.calls)])

    async def caller() -> None:
        for number in mine:
            await ask(number)

    began = time.process_time()
    await asyncio.gather(*(caller() for _ in range(load.in_flight)))
    return 1000 * (time.process_time() - began) / load.calls


_SCHEMA: Schema = schema_of(ActReply, "act")


def _questions() -> list[tuple[Message, ...]]:
    """What so many agents are asked, played by the built-in people in turn."""
    prompts = PromptLibrary(_LANGUAGE)
    people = load_personas(PersonasConfig(), 0, Path(), _LANGUAGE).personas
    return [
        prompts.render(
            "act",
            profile=prompts.text_of("profile", persona=people[number % len(people)]),
            goal=None,
            memory=(),
            recalled=(),
            step=f"Write letter number {number} of those that have waited since spring",
            observations=(),
            mode="plan",
        )
        for number in range(_AGENTS)
    ]


def _request(address: Address, messages: tuple[Message, ...]) -> Request:
    return Request(address, Role.AGENT, messages, _MAX_TOKENS, _SCHEMA)


async def _create(client: AsyncOpenAI, messages: Sequence[Message]) -> object:
    return await client.chat.completions.create(
        model=MODEL,
        max_tokens=_MAX_TOKENS,
        messages=[_typed(message) for message in messages],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": _SCHEMA.name,
                "strict": True,
                "schema": orjson.loads(_SCHEMA.json_schema),
            },
        },
    )


def _typed(message: Message) -> Any:
    return {"role": message.role, "content": message.content}


@contextmanager
def _stub_server() -> Iterator[str]:
    """The stub's server in another process; its base URL."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(_PATIENCE_S):
            raise RuntimeError("the stub's server did not start")
        said = here.recv()
        yield said[said.index("http") :].split()[0]
    finally:
        process.terminate()
        process.join()


def _serve(to_parent: Connection) -> None:
    run_stub_server(StubConfig(), seed=0, language=_LANGUAGE, say=to_parent.send)
