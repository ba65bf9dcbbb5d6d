"""Several runs in one process share a Ray; the last one to end leaves it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import ray

from actors import connection
from actors.connection import connect, disconnect
from matrix_sim import Run
from matrix_sim.cli import playing
from tests.support.small_run import embedded_stub, write_config


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of Ray, which is not really there."""
    said: list[str] = []
    monkeypatch.setattr(connection, "_VISIT", connection._Visit())
    monkeypatch.setattr(ray, "is_initialized", lambda: said[-1:] == ["init"])
    monkeypatch.setattr(ray, "init", lambda **_: said.append("init"))
    monkeypatch.setattr(ray, "shutdown", lambda: said.append("shutdown"))
    return said


def test_the_one_that_ends_first_leaves_ray_to_the_other(happened: list[str]) -> None:
    assert connect()
    assert connect()
    disconnect()
    assert happened == ["init"]
    disconnect()
    assert happened == ["init", "shutdown"]
    assert connect(), "the next one begins anew"
    disconnect()
    assert happened == ["init", "shutdown"] * 2


def test_the_ray_of_the_program_is_not_joined_and_not_left(happened: list[str]) -> None:
    ray.init()
    assert not connect()
    assert happened == ["init"]


def test_a_ray_that_the_program_ended_is_forgotten(happened: list[str]) -> None:
    assert connect()
    ray.shutdown()
    ray.init()
    ray.shutdown()
    assert connect()
    disconnect()
    assert happened[-2:] == ["init", "shutdown"]


def test_a_ray_that_a_thread_began_outlives_the_thread(
    happened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[threading.Thread] = []
    monkeypatch.setattr(ray, "init", lambda **_: began.append(threading.current_thread()))
    run = threading.Thread(target=connect)
    run.start()
    run.join()
    assert began[0].is_alive(), "its processes die with the thread that started them"
    connect()
    assert began[1] is threading.main_thread()


def test_a_run_that_cannot_be_cast_leaves_the_ray_that_it_joined(
    happened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(_: object) -> None:
        raise RuntimeError("the cluster is not what it was")

    monkeypatch.setattr(playing, "Production", nowhere)
    run = Run(write_config(tmp_path, embedded_stub()), tmp_path / "run")
    with pytest.raises(RuntimeError, match="not what it was"):
        asyncio.run(run.play_async())
    assert happened == ["init", "shutdown"]
