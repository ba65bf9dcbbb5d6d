"""Data sets over HTTP: killed, replayed, grown, mended and changed, by the commands of a user."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import candidate_address
from tests.support.made import candidate_rows, exported, made_in, questions
from tests.support.outage import kept_calls
from tests.support.program import Program, StubServer, ended_at_last, stub_server
from tests.support.small_run import write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e, pytest.mark.xdist_group("datasets")]

Datasets = tuple[dict[str, Any], ...]
SFT, MORE_SFT = {"kind": "sft", "count": 6}, {"kind": "sft", "count": 10}
DIALOGUE = {"kind": "dialogue", "count": 4, "reasoning": True, "turns": [2, 3]}
DPO = {"kind": "dpo", "count": 3}
CODE = {"kind": "code", "name": "scripts", "count": 3}
SMALL: Datasets = (SFT, DIALOGUE, DPO)
GROWN: Datasets = (MORE_SFT, DIALOGUE, DPO, CODE)
IN_FLIGHT = 16


def config_on(folder: Path, stub: StubServer, datasets: Datasets = SMALL) -> Path:
    folder.mkdir(exist_ok=True)
    models = {"default": stub.model(), "reasoner": stub.model(), "rejected": stub.model()}
    return write_config(folder, models, datasets=datasets, max_in_flight=IN_FLIGHT)


def program(config: Path, run: Path, *more: str, **environment: str) -> Program:
    command = ("run", str(config), "--run", str(run), "--json", *more)
    return Program(config.parent, *command, **environment)


def ended(config: Path, run: Path, *more: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a run that goes on to its end."""
    with ended_at_last(program(config, run, *more, **environment)) as driver:
        code, output = driver.end()
        return code, output, driver.said()


def finish(config: Path, run: Path, *more: str, **environment: str) -> dict[str, Any]:
    """Take a run to its end; its summary."""
    code, output, said = ended(config, run, *more, **environment)
    assert code == 0, said
    summary: dict[str, Any] = json.loads(output)
    return summary


def failed_in(run: Path) -> set[str]:
    """The addresses of calls that made a candidate fail for good."""
    with RunStore.read_only(run) as store:
        made = [one for label in ("sft", "scripts") for one in store.candidates(label)]
    return {
        candidate_address(one.dataset, one.draw.number, one.failure.part)
        for one in made
        if one.failure is not None
    }


@dataclass(frozen=True)
class Done:
    """A run that nothing disturbed."""

    run: Path
    stub: StubServer
    """Whom it asked; it lives on."""
    ray: dict[str, str]
    """Where it was played."""

    def copied_to(self, folder: Path) -> Path:
        """The same run in another place, to go on from."""
        shutil.copytree(self.run, folder / "run")
        return folder / "run"


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubServer]:
    folder = tmp_path_factory.mktemp("servers") / "stub"
    with stub_server(folder, "--reasoning") as started:
        yield started


@pytest.fixture(scope="module")
def done(
    stub: StubServer, shared_ray: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Done:
    folder = tmp_path_factory.mktemp("done")
    finish(config_on(folder, stub), folder / "run", **shared_ray)
    return Done(folder / "run", stub, shared_ray)


@pytest.fixture(scope="module")
def grown(done: Done, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, int]]:
    """The same run with more rows and one more data set, and what was asked for them."""
    folder = tmp_path_factory.mktemp("grown")
    run = done.copied_to(folder)
    before = done.stub.stats()["served"]
    finish(config_on(folder, done.stub, GROWN), run, **done.ray)
    after = done.stub.stats()["served"]
    return run, {
        call: n - before.get(call, 0) for call, n in after.items() if n > before.get(call, 0)
    }


def test_a_killed_making_goes_on_to_the_same_bytes_and_asks_nothing_twice(
    done: Done, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with stub_server(tmp_path / "stub", "--reasoning", "--latency", "fixed:0.3") as stub:
        config = config_on(tmp_path, stub)
        with ended_at_last(program(config, run)) as driver:
            driver.wait_until(lambda: made_in(run) >= 2)
        kept = kept_calls(run)
        assert made_in(run) < len(candidate_rows(done.run))
        summary = finish(config, run)
        twice = stub.stats()["served_twice"]
    assert exported(run) == exported(done.run)
    assert candidate_rows(run) == candidate_rows(done.run)
    assert questions(run) == questions(done.run)
    # What was answered twice was in flight at the kill.
    assert not kept & {*twice}
    assert len(twice) <= summary["calls_lost"] <= IN_FLIGHT


def test_a_finished_run_is_replayed_from_its_journal_without_any_endpoint(
    done: Done, tmp_path: Path
) -> None:
    with stub_server(tmp_path / "stub") as gone:
        config = config_on(tmp_path, gone)
    new = tmp_path / "new"
    code, output, said = ended(config, done.run, "--fork", str(new), **done.ray)
    assert code == 0, said
    summary = json.loads(output)
    assert (summary["calls"], summary["calls_lost"]) == (0, 0)
    assert summary["calls_taken_along"] == len(questions(done.run))
    assert gone.url in said and "replies it took along" in said
    assert exported(new) == exported(done.run)
    assert candidate_rows(new) == candidate_rows(done.run)


def test_a_run_that_grows_asks_only_for_what_is_new(
    done: Done, grown: tuple[Path, Mapping[str, int]]
) -> None:
    run, asked = grown
    before = {(dataset, number) for dataset, number, _ in candidate_rows(done.run)}
    new = {
        f"{dataset}/c{number:06d}"
        for dataset, number, _ in candidate_rows(run)
        if (dataset, number) not in before
    }
    assert {call.rpartition("/")[0] for call in asked} == new
    assert set(asked.values()) == {1}
    was, now = exported(done.run), exported(run)
    assert {file for file in now if file.startswith("scripts/")}
    assert all(now[file] == was[file] for file in was if not file.startswith("sft/"))
    rows = [row for row in candidate_rows(run) if row[:2] in before]
    assert rows == candidate_rows(done.run)


def test_candidates_that_failed_for_good_are_asked_again_and_nothing_else(
    done: Done, grown: tuple[Path, Mapping[str, int]], tmp_path: Path
) -> None:
    run = done.copied_to(tmp_path)
    with stub_server(tmp_path / "ill", "--reasoning", "--fault", "refused=0.4") as ill:
        finish(config_on(tmp_path / "first", ill, GROWN), run, **done.ray)
    lost = failed_in(run)
    assert lost
    with stub_server(tmp_path / "well", "--reasoning") as well:
        finish(config_on(tmp_path / "second", well, GROWN), run, "--retry-failed", **done.ray)
        again = well.stats()["served"]
    # The call that had failed, and what comes after it.
    assert {call.rpartition("/")[0] for call in again} <= {call.rpartition("/")[0] for call in lost}
    assert lost & {*again}
    assert failed_in(run) == set()
    assert exported(run) == exported(grown[0])


def test_a_data_set_that_was_changed_is_refused_and_says_what_differs(
    done: Done, tmp_path: Path
) -> None:
    run = done.copied_to(tmp_path)
    changed = DIALOGUE | {"turns": [2, 4]}
    code, output, said = ended(config_on(tmp_path, done.stub, (SFT, changed, DPO)), run)
    assert (code, output) == (2, "")
    assert "the data set 'dialogue' was begun as another" in said
    assert "dataset.turns: [2,3] -> [2,4]" in said
    assert "joining Ray" not in said
    assert exported(run) == exported(done.run)


def test_one_that_is_left_out_keeps_its_rows_and_its_files(done: Done, tmp_path: Path) -> None:
    run = done.copied_to(tmp_path)
    summary = finish(config_on(tmp_path, done.stub, (SFT, DPO)), run)
    assert [one["name"] for one in summary["datasets"]] == ["sft", "dpo"]
    assert exported(run) == exported(done.run)
    assert candidate_rows(run) == candidate_rows(done.run)
