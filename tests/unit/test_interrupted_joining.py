"""Ctrl-C at any moment around the joining of Ray: it is never lost, and the run ends with 130."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from matrix_sim.cli import playing, simulation
from matrix_sim.cli.errors import INTERRUPTED
from matrix_sim.cli.main import main
from matrix_sim.cli.swallowed_interrupts import swallowed_interrupts_come_again
from matrix_sim.society.simulation import RunStopped
from tests.support.small_run import embedded_stub, write_config


@pytest.fixture(autouse=True)
def _signals_of_a_terminal() -> Iterator[None]:
    # Tests may run in the background of a script, where shells have SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Dying:
    """Something whose end is noticed by a callback, as that of a module's lock is."""


def press(_: object = None, number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def press_where_nothing_can_be_raised() -> None:
    dying = Dying()
    keeper = weakref.ref(dying, press)
    del dying
    assert keeper() is None


class Scene:
    """A run whose Ray is not there: it only passes the places where Ctrl-C is pressed."""

    def __init__(self, at: str, number: int = signal.SIGINT) -> None:
        self.placement = SimpleNamespace(kind="packed", reason="it is a scene")
        self.actors = 1
        self.happened: list[str] = []
        self._at, self._number = at, number
        self._stopped = asyncio.Event()

    def reach(self, place: str) -> None:
        self.happened.append(place)
        if place == self._at:
            press(number=self._number)
        if self._at == f"{place}, in a callback":
            press_where_nothing_can_be_raised()

    def connect(self) -> bool:
        self.reach("connect")
        # As `ray.init` does.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        self.reach("connected")
        return True

    def disconnect(self) -> None:
        self.reach("disconnect")

    def production(self, _: object) -> Scene:
        self.reach("production")
        return self

    async def start(self) -> None:
        self.reach("start")
        await asyncio.sleep(0)
        self.reach("started")

    async def run(self, _: object) -> None:
        self.reach("run")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), 2)
            raise RunStopped
        self.reach("end")

    async def stop(self) -> None:
        self.reach("stop")
        self._stopped.set()

    async def close(self) -> None:
        self.reach("close")


def played(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(playing, "connect", scene.connect)
    monkeypatch.setattr(playing, "disconnect", scene.disconnect)
    monkeypatch.setattr(playing, "Production", scene.production)
    introduce = simulation._introduce

    def introduced(*all_of_it: Any) -> None:
        introduce(*all_of_it)
        scene.reach("introduced")

    monkeypatch.setattr(simulation, "_introduce", introduced)
    config = write_config(folder, embedded_stub())
    return main(["simulate", str(config), "--run", str(folder / "run")])


@pytest.mark.parametrize(
    "moment",
    [
        "introduced",
        "introduced, in a callback",
        "connect",
        "connect, in a callback",
        "connected",
        "connected, in a callback",
        "production",
        "start",
        "started",
        "run",
    ],
)
def test_an_interrupt_is_heard_whenever_it_comes(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    scene = Scene(moment)
    assert played(scene, tmp_path, monkeypatch) == INTERRUPTED, scene.happened
    assert "the same command goes on" in capsys.readouterr().err
    assert ("disconnect" in scene.happened) is ("connect" in scene.happened)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_sigterm_is_heard_too_though_ray_takes_it_while_it_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene("production", signal.SIGTERM)
    assert played(scene, tmp_path, monkeypatch) == INTERRUPTED, scene.happened


def test_the_second_one_does_not_wait_for_what_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(Scene):
        async def stop(self) -> None:
            self.reach("stop")
            press()

    scene = Stubborn("run")
    assert played(scene, tmp_path, monkeypatch) == INTERRUPTED
    assert scene.happened[-4:] == ["run", "stop", "close", "disconnect"]


def test_one_that_python_swallowed_comes_again() -> None:
    with pytest.raises(KeyboardInterrupt), swallowed_interrupts_come_again():
        press_where_nothing_can_be_raised()
        threading.Event().wait(10)
