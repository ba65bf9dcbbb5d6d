"""A model file in place of an endpoint."""

from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.directions import cosines, decode_directions
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.llm.backends import Backends
from matrix_sim.llm.contracts import Address, Finish, Message, Reply, Request, Role
from matrix_sim.llm.local_server import LocalServer, LocalServers, Serving, within_reach
from matrix_sim.prompts.library import PromptLibrary
from tests.support.books import Books
from tests.support.model_file import make_model_file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_file(tmp_path_factory.mktemp("model") / "tiny.gguf", context_tokens=2048)


@pytest.fixture
def servers() -> Iterator[LocalServers]:
    running = LocalServers()
    yield running
    running.close()


def model(file: Path, **llama: Any) -> ModelConfig:
    return ModelConfig.model_validate({"gguf": file, "llama": {"threads": 1, "slots": 2} | llama})


def status(url: str, key: str = "") -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as page:
            return int(page.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_roles_with_the_same_file_share_a_server(file: Path, servers: LocalServers) -> None:
    hot = model(file).model_copy(update={"max_tokens": 99})
    (one, key), (other, other_key) = (
        servers.for_model(m, vectors=False) for m in (model(file), hot)
    )
    assert (one.base_urls, key) == (other.base_urls, other_key)
    assert (one.model, other.max_tokens) == ("gguf:tiny.gguf", 99)
    vectors, _ = servers.for_model(model(file), vectors=True)
    narrow, _ = servers.for_model(model(file, slots=1), vectors=False)
    assert len({one.base_urls, vectors.base_urls, narrow.base_urls}) == 3


def test_it_wants_its_key_and_is_reached_from_this_machine_alone(
    file: Path, servers: LocalServers
) -> None:
    served, key = servers.for_model(model(file), vectors=False)
    (url,) = served.base_urls
    assert url.startswith("http://127.0.0.1:")
    assert status(f"{url}/props", "wrong") == status(f"{url}/props") == 401
    assert status(f"{url.removesuffix('/v1')}/props", key) == 200


def test_nothing_listens_once_it_is_closed(file: Path) -> None:
    with within_reach(model(file), "", vectors=False) as (served, key):
        (url,) = served.base_urls
        assert status(f"{url}/models", key) == 200
    with pytest.raises(OSError):
        status(f"{url}/models", key)


def test_an_endpoint_is_within_reach_as_it_is() -> None:
    endpoint = ModelConfig(base_url="http://h/v1", model="m")
    with within_reach(endpoint, "sk", vectors=True) as reached:
        assert reached == (endpoint, "sk")


def test_the_context_is_what_the_model_was_trained_for_and_no_more(file: Path) -> None:
    server = LocalServer(Serving.of(model(file), vectors=False))
    assert server.context_tokens == 2048
    server.close()
    with pytest.raises(UsageError, match=r"llama.context_tokens: 4096 is more than tiny\.gguf was"):
        Serving.of(model(file, context_tokens=4096), vectors=False).check()


def test_without_the_extra_it_says_what_to_install(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'matrix-sim\[local\]'"):
        Serving.of(model(file), vectors=False).check()


def test_what_llama_cpp_says_of_a_broken_file_is_told_and_goes_nowhere_else(
    file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(RunFailure, match=r"broken.gguf: .*not within the file bounds"):
        LocalServer(Serving.of(model(broken), vectors=False))
    assert capfd.readouterr() == ("", "")


def test_where_there_is_no_memory_for_it_advice_is_given(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short_of_memory(params: Any) -> None:
        os.write(2, b"0.12.9 E ggml_aligned_malloc: insufficient memory (attempted 24414 MB)\n")
        os.write(2, b"0.12.9 E srv init: exiting due to model loading error\n")
        raise RuntimeError("Failed to init server")

    monkeypatch.setattr("xllamacpp.Server", short_of_memory)
    with pytest.raises(RunFailure, match=r"insufficient memory .* 2 slots of 2048 tokens: lower"):
        LocalServer(Serving.of(model(file), vectors=False))


def answers(models: dict[str, Any], *requests: Request) -> list[Reply]:
    async def ask() -> list[Reply]:
        backends = Backends(
            ModelsConfig.model_validate(models), {}, PromptLibrary("ja", None), seed=1
        )
        try:
            tasks = (backends.of_role[r.role].answer(r, Books()) for r in requests)
            return await asyncio.gather(*tasks)
        finally:
            await backends.close()

    return asyncio.run(ask())


def test_every_role_may_be_played_by_a_file(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    entry = {"gguf": str(file), "llama": {"threads": 1, "slots": 2}}
    texts = ("the agent plans a task", "the agent plans the tasks", "Water boils at sea level")
    question = (Message("user", "Say something about data."),)
    act, route = (
        Request(Address(f"{role}/1"), role, question, 64) for role in (Role.AGENT, Role.MODULATOR)
    )
    embed = Request(Address("embed/1"), Role.EMBEDDING, tuple(Message("user", t) for t in texts), 1)
    acted, routed, embedded = answers({"default": entry, "embedding": entry}, act, route, embed)
    assert {acted.model, routed.model, embedded.model} == {"gguf:tiny.gguf"}
    assert acted.finish in (Finish.STOP, Finish.LENGTH) and acted.usage.completion_tokens
    one, *others = decode_directions(embedded.text)
    near, far = cosines(one, others)
    assert near > far
    assert capfd.readouterr() == ("", "")
