"""The look at the endpoints before a run: what ends it at once, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from matrix_sim.cli.preflight import demand_endpoints, look_before_founding
from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.config.file import load_values
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Role
from matrix_sim.llm.preflight import Place, places_of, preflight, roles_asked
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from tests.support.scripted_server import (
    Answering,
    Scripted,
    ScriptedServer,
    Seen,
    chat,
    error,
    models,
    serving,
)

KEY = "sk-do-not-show-me"
SECRETS = {"SOME_KEY": SecretStr(KEY)}


async def no_wait(seconds: float) -> None:
    return None


def place(address: str, *roles: Role, **settings: object) -> Place:
    values = {"base_url": address, "model": "qwen", "api_key_env": "SOME_KEY", **settings}
    return Place(ModelConfig.model_validate(values), address, roles or (Role.AGENT,))


def looked(
    answer: Answering, answer_get: Answering | None, *roles: Role
) -> tuple[tuple[EnvironmentalFailure, ...], ScriptedServer]:
    async def looking() -> tuple[tuple[EnvironmentalFailure, ...], ScriptedServer]:
        async with serving(answer, answer_get) as server:
            found = await preflight([place(server.base_url, *roles)], SECRETS, sleep=no_wait)
            return found, server

    return asyncio.run(looking())


def nothing_to_say(seen: Seen) -> Scripted:
    raise AssertionError(f"{seen.path} was paid for")


def test_a_listed_model_is_asked_nothing() -> None:
    problems, server = looked(nothing_to_say, lambda _: models("other", "qwen"))
    assert problems == ()
    assert [seen.path for seen in server.seen] == ["/v1/models"]
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_refused_key_is_told_by_its_name_and_not_shown() -> None:
    (problem,), _ = looked(nothing_to_say, lambda _: error(401, f"no such key: {KEY}"))
    assert problem.hindrance is Hindrance.UNAUTHORISED
    assert "check the value of SOME_KEY" in str(problem)
    assert KEY not in str(problem)


def test_a_model_that_is_not_listed_decides_by_its_answer() -> None:
    problems, server = looked(lambda _: chat("a"), lambda _: models("other"))
    assert problems == ()
    assert [seen.path for seen in server.seen] == ["/v1/models", "/v1/chat/completions"]
    assert server.seen[1].body["max_tokens"] == 1

    (problem,), _ = looked(lambda _: error(404, "no model qwen"), lambda _: models("other"))
    assert problem.hindrance is Hindrance.MODEL_UNKNOWN
    assert "check the model name 'qwen'" in str(problem)


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_a_list_is_no_problem(status: int) -> None:
    problems, _ = looked(lambda _: chat("a"), lambda _: error(status, "no such thing"))
    assert problems == ()


def test_a_wrong_path_is_a_problem() -> None:
    (problem,), _ = looked(lambda _: error(404, "Not Found"), lambda _: error(404, "Not Found"))
    assert "'base_url' (most end in /v1)" in str(problem)


def test_a_page_for_people_is_no_endpoint() -> None:
    page = Scripted(body=b"<!DOCTYPE html><html>Welcome</html>")
    (problem,), _ = looked(lambda _: page, lambda _: page)
    assert "the body is no JSON; check 'base_url'" in str(problem)


def test_a_key_that_may_not_list_models_may_still_chat() -> None:
    problems, _ = looked(lambda _: chat("a"), lambda _: error(403, "missing scope"))
    assert problems == ()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_that_is_busy_is_left_to_the_patience_of_the_run(status: int) -> None:
    problems, server = looked(nothing_to_say, lambda _: error(status, "loading the model"))
    assert problems == ()
    assert len(server.seen) == 1


def test_a_length_by_another_name_is_no_problem() -> None:
    def particular(seen: Seen) -> Scripted:
        if "max_tokens" in seen.body:
            return error(400, "use 'max_completion_tokens' instead of max_tokens")
        return chat("a") if seen.body["max_completion_tokens"] == 1 else error(404, "")

    assert looked(particular, lambda _: models("other"))[0] == ()


def test_an_endpoint_that_is_not_there_is_tried_for_five_seconds() -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    nobody = place("http://127.0.0.1:9/v1")
    (problem,) = asyncio.run(preflight([nobody], SECRETS, sleep=wait))
    assert problem.hindrance is Hindrance.CONNECTION
    assert sum(waits) == pytest.approx(5.0)


def test_an_endpoint_that_comes_up_meanwhile_is_no_problem() -> None:
    async def late() -> tuple[EnvironmentalFailure, ...]:
        tries = 0

        def hanging_up_at_first(seen: Seen) -> Scripted | None:
            nonlocal tries
            tries += 1
            return None if tries < 3 else models("qwen")

        async with serving(nothing_to_say, hanging_up_at_first) as server:
            return await preflight([place(server.base_url)], SECRETS, sleep=no_wait)

    assert asyncio.run(late()) == ()


def test_all_endpoints_are_asked_at_once() -> None:
    async def together() -> tuple[EnvironmentalFailure, ...]:
        both = asyncio.Barrier(2)

        async def when_both_are_asked(seen: Seen) -> Scripted:
            await both.wait()
            return models("qwen")

        async with (
            serving(nothing_to_say, when_both_are_asked) as one,
            serving(nothing_to_say, when_both_are_asked) as other,
        ):
            places = [place(one.base_url), place(other.base_url)]
            return await asyncio.wait_for(preflight(places, SECRETS), 5)

    assert asyncio.run(together()) == ()


def test_a_model_for_embeddings_is_asked_for_vectors() -> None:
    vectors = Scripted(body=b'{"data": [{"index": 0, "embedding": [1.0]}]}')
    problems, server = looked(lambda _: vectors, lambda _: models("other"), Role.EMBEDDING)
    assert problems == ()
    assert server.seen[1].path == "/v1/embeddings"


def config(**models: object) -> RunConfig:
    return RunConfig.model_validate({"society": {"ticks": 3}, "models": models})


def test_each_address_of_a_model_is_looked_at_once_whoever_asks() -> None:
    two = {"base_url": ["http://one/v1", "http://two/v1"], "model": "qwen"}
    run = config(default=two)
    found = places_of(run, roles_asked(run, founding=True))
    assert [(p.address, p.roles) for p in found] == [
        ("http://one/v1", (Role.AGENT, Role.MODULATOR)),
        ("http://two/v1", (Role.AGENT, Role.MODULATOR)),
    ]


@pytest.mark.parametrize("model", [{"stub": {}}, {"gguf": "model.gguf"}])
def test_what_is_no_endpoint_is_not_looked_at(model: dict[str, object]) -> None:
    run = config(default=model)
    assert places_of(run, roles_asked(run, founding=True)) == ()


def test_vectors_are_needed_to_found_and_afterwards_only_to_route() -> None:
    vectors = {"base_url": "http://one/v1", "model": "e5"}
    by_llm = config(default={"stub": {}}, embedding=vectors)
    assert Role.EMBEDDING in roles_asked(by_llm, founding=True)
    assert Role.EMBEDDING not in roles_asked(by_llm, founding=False)
    by_vectors = by_llm.model_copy(
        update={"society": by_llm.society.model_copy(update={"routing": "embedding"})}
    )
    assert Role.EMBEDDING in roles_asked(by_vectors, founding=False)


def run_on(use: Callable[[RunConfig], None], answer_get: Answering) -> None:
    async def running() -> None:
        async with serving(lambda _: error(404, "no model"), answer_get) as server:
            model = {"base_url": server.base_url, "model": "qwen"}
            await asyncio.to_thread(use, config(default=model))

    asyncio.run(running())


def test_everything_that_is_wrong_is_told_together_and_where_to_look() -> None:
    def demand(run: RunConfig) -> None:
        with pytest.raises(RunFailure, match=r"no model.*\n.*check-models"):
            asyncio.run(demand_endpoints(run, founding=True))

    run_on(demand, lambda _: models("other"))


def test_a_run_with_replies_of_another_is_only_told_what_is_wrong() -> None:
    def look(run: RunConfig) -> None:
        said: list[str] = []
        look_before_founding(run, said.append)(True)
        assert len(said) == 1 and said[0].startswith("note: ") and "no model" in said[0]
        with pytest.raises(RunFailure, match="no model"):
            look_before_founding(run, said.append)(False)

    run_on(look, lambda _: models("other"))


def test_a_refused_endpoint_ends_a_new_run_before_it_is_founded(tmp_path: Path) -> None:
    loaded = load_values(
        {"society": {"ticks": 3}, "models": {"default": {"stub": {}}}, "personas": {"count": 4}},
        (),
        {},
    )

    def refuse(taken_along: bool) -> None:
        assert not taken_along
        raise RunFailure("the endpoint does not know the key")

    with pytest.raises(RunFailure, match="does not know the key"):
        open_run(loaded, tmp_path / "run", owner="test", before_founding=refuse)
    with RunStore.read_only(tmp_path / "run") as store:
        assert store.events("group") == {}
    assert open_run(loaded, tmp_path / "run", owner="test").fresh
    assert not open_run(loaded, tmp_path / "run", owner="test", before_founding=refuse).fresh
