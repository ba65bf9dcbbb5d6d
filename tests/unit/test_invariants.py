"""What must hold whatever else changes, an invariant a section.

Held in more depth: 1 also by the import contracts in pyproject.toml; 2 by
test_society_{kill,timing,faults,quota}.py and on real processes under tests/actors; 3 by
test_society_kill.py; 4 by test_llm_openai_endpoint.py and test_config_file.py; 5 only by
test_society_hostile.py and test_prompts.py; 6 by test_society_faults.py; 7 by
test_society_simulation.py.
"""

import ast
import asyncio
import subprocess
import sys
import traceback
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from matrix_sim.config import RunConfig
from matrix_sim.config.file import dump_config
from matrix_sim.llm.contracts import Endpoint, EnvironmentalFailure, Reply, Request
from matrix_sim.llm.openai_endpoint import OpenAIEndpoint
from matrix_sim.llm.stub.endpoint import MODEL
from matrix_sim.llm.stub.server import StubServer
from matrix_sim.society.assembly import LocalMembers, build_agents, build_modulator, charter_of
from matrix_sim.store.adapters import StoreHistory
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import ManyLives, Restarts
from tests.support.scripted_model import ScriptedModel
from tests.support.scripted_server import Scripted, Seen, error, serving
from tests.support.small_world import (
    PROMPTS,
    World,
    everything,
    finished,
    founded,
    play_world,
    scenario_bytes,
    small_config,
)
from tests.support.sources import CHECKOUT, modules
from tests.support.virtual_time import run_virtually


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def inside(path: Path, *folder: str) -> bool:
    return path.is_relative_to(CHECKOUT.joinpath("matrix_sim", *folder))


# 1. The domain knows no Ray, and only the command line knows the actors.


def test_nothing_in_the_domain_imports_ray_and_only_the_command_line_imports_actors() -> None:
    for path, tree in modules().items():
        roots = {name.partition(".")[0] for name in imports(tree)}
        assert "ray" not in roots, path
        assert "actors" not in roots or inside(path, "cli"), path


def test_the_processes_of_agents_and_modulators_load_nothing_heavy() -> None:
    heavy = ("ray", "openai", "sklearn", "numpy", "pyarrow", "aiohttp", "k_means_constrained")
    code = (
        "import sys, matrix_sim.society.assembly, matrix_sim.prompts.library,"
        " matrix_sim.store.adapters, matrix_sim.llm.journaled;"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


# 2. The same bytes, whatever the timing and whatever died.


def test_latency_faults_kills_and_restarts_together_change_no_byte() -> None:
    outcomes = {"malformed": 0.1, "truncated": 0.05, "refused": 0.05}
    calm = small_config(stub={"faults": outcomes}, ticks=12)
    weather = {"rate_limited": 0.1, "server": 0.1}
    stub = {"faults": outcomes | weather, "latency": "lognormal:0.3:1.5", "slots": 5}
    rough = small_config(stub=stub, ticks=12)
    lives = ManyLives(rough).live_through([("journal.after_record", 60), ("tick.after_commit", 7)])
    restarts, store = Restarts(seed=1, chance=0.05, groups=3), RunStore.in_memory()

    async def restarting() -> None:
        world = World(rough, store, failpoints=restarts)
        restarts.groups = world.groups
        await world.play()

    run_virtually(restarting(), seed=9)
    assert lives.deaths == 2
    assert restarts.count > 0
    wanted = everything(finished(calm)[0], calm)
    assert everything(lives.store, rough) == everything(store, rough) == wanted


# 3. Every reply that reached us is kept and used.


def test_every_reply_that_arrived_before_a_kill_is_in_the_journal_or_was_in_flight() -> None:
    lives = ManyLives(small_config(stub={"latency": "lognormal:0.2:1.0"}))
    lives.kills.arm("tick.before_commit", 10)
    assert not lives.live(seed=2)
    kept = {key for key in lives.endpoint.replies if lives.store.reply(key) is not None}
    assert len(kept) == lives.store.usage().replies > 0
    assert {*lives.endpoint.replies} - kept <= {*lives.interrupted}


# 4. No secret is ever written.

SECRET = "sk-the-one-that-nobody-may-see-6f1c"


def test_a_key_is_in_nothing_that_a_run_writes_or_says(tmp_path: Path) -> None:
    config = remote_config("http://127.0.0.1:9/v1")
    store = RunStore.open(tmp_path / "run", owner="test", create=True)
    with store:
        said = traceback_of_a_refusal(store)
        asyncio.run(play_over_http(store))
        rows = scenario_bytes(store, config)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in written)
    for path in written:
        assert SECRET.encode() not in path.read_bytes(), path
    assert rows.count(b"\n") == 6
    for text in (said, rows.decode(), repr(config), str(config), dump_config(config)):
        assert SECRET not in text
    assert SECRET not in config.model_dump_json()
    assert SECRET not in repr(config.model_dump())


def remote_config(url: str) -> RunConfig:
    default = {"base_url": url, "model": MODEL, "api_key_env": "OPENAI_API_KEY"}
    return RunConfig.model_validate(
        small_config().model_dump(mode="json", exclude={"models"})
        | {
            "models": {"default": default | {"retry": {"attempts": 1}}},
            "secrets": {"OPENAI_API_KEY": SecretStr(SECRET)},
        }
    )


def client_for(url: str) -> OpenAIEndpoint:
    config = remote_config(url)
    return OpenAIEndpoint(
        config.models.default,
        config.models.default.base_urls[0],
        api_key=config.secrets["OPENAI_API_KEY"].get_secret_value(),
        json_instruction=lambda schema: schema,
    )


def traceback_of_a_refusal(store: RunStore) -> str:
    """What is said where an endpoint throws the key back at the one who sent it."""

    def refuse(seen: Seen) -> Scripted:
        return error(401, f"Incorrect API key provided: {seen.headers['Authorization']}")

    async def play() -> None:
        async with serving(refuse) as server:
            client = client_for(server.base_url)
            try:
                await play_world(small_config(), store, wrap=lambda _: client)
            finally:
                await client.close()

    with pytest.raises(EnvironmentalFailure) as failure:
        asyncio.run(play())
    return "".join(traceback.format_exception(failure.value)) + repr(failure.value)


async def play_over_http(store: RunStore) -> None:
    config = small_config()
    stub = config.models.default.stub
    assert stub is not None
    server = StubServer(stub, seed=3, language="ja", api_key=SECRET)
    port = await server.start("127.0.0.1", 0)
    client = client_for(f"http://127.0.0.1:{port}/v1")
    try:
        await play_world(config, store, wrap=lambda _: client)
    finally:
        await client.close()
        await server.stop()


# 6. No reply is silently dropped.


def test_every_call_ends_as_a_reply_or_as_a_failure_that_is_counted() -> None:
    rates = {"truncated": 0.1, "malformed": 0.1, "empty": 0.1, "refused": 0.1, "server": 0.2}
    answered, failed = [0], [0]

    class Watching:
        def __init__(self, inner: Endpoint) -> None:
            self.identity, self._inner = inner.identity, inner

        async def send(self, request: Request, *, sending: int) -> Reply:
            try:
                reply = await self._inner.send(request, sending=sending)
            except EnvironmentalFailure:
                failed[0] += 1
                raise
            answered[0] += 1
            return reply

    store, _ = finished(small_config(stub={"faults": rates}, ticks=12), wrap=Watching)
    usage = store.usage()
    assert usage.replies == sum(role.calls for role in usage.roles) == answered[0]
    assert sum(role.sendings for role in usage.roles) == answered[0] + failed[0]
    assert sum(n for role in usage.roles for _, n in role.finishes) == answered[0]
    assert failed[0] > 0


# 7. Packed, a persona costs kilobytes.


def test_an_agent_in_a_shared_process_costs_kilobytes() -> None:
    config = RunConfig.model_validate(
        small_config().model_dump(mode="json")
        | {"personas": {"source": "builtin"}, "models": {"default": {"stub": {}}}}
    )
    store = RunStore.in_memory()
    society, history = founded(config, store), StoreHistory(InlineCommit(store))
    charters = [charter_of(society, group.group, config.models) for group in society.groups]
    model = ScriptedModel(lambda _: "")
    tracemalloc.start()
    try:
        kept = []
        for charter in charters:
            agents = build_agents(charter, PROMPTS, model, ())
            members = LocalMembers(agents)
            kept.append(build_modulator(charter, PROMPTS, model, members, history, ()))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / len(society.members) < 16_000
