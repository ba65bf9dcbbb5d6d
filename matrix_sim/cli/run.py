"""The door for Python programs: a run that is made, played and read without the command line.

It stands beside the command line because it is the other way to put domain and actors together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from matrix_sim.cli.preflight import look_before_founding
from matrix_sim.cli.run_location import lasting_directory, run_owner
from matrix_sim.config import RunConfig
from matrix_sim.config.file import LoadedConfig, load_config, load_values, with_environment
from matrix_sim.errors import UsageError
from matrix_sim.export.dataset import EXPORTS, samples_in
from matrix_sim.export.finished import FinishedDataset, FinishedRun, read_datasets
from matrix_sim.export.samples import Sample
from matrix_sim.export.scenarios import SCENARIOS_FILE
from matrix_sim.founding import read_society
from matrix_sim.messages import Scenario
from matrix_sim.run_directory import CONFIG_FILE, OpenedRun, open_run
from matrix_sim.society.society import Society
from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from matrix_sim.synthesis.contracts import Candidate

if TYPE_CHECKING:
    from actors.coordinator import Status
    from actors.synthesist import MakingStatus


class Run:
    """One run: a config and the directory that what happens is kept in.

    Nothing happens until it is played; what is there already can be read at any time, also by
    another process and while the run goes on.
    """

    def __init__(
        self,
        config: RunConfig | Mapping[str, Any] | str | Path,
        directory: str | Path,
        *,
        overrides: Sequence[str] = (),
        fork_of: str | Path | None = None,
    ) -> None:
        """Check a config; nothing is written yet.

        Args:
            config: a config file, the same as a mapping, or a `RunConfig`. Relative paths in it
                start from the folder of the file, otherwise from the current one. `.env` and the
                environment count as they do for a file.
            directory: the run directory; new, or that of a run of the same society.
            overrides: `KEY=VALUE` texts as of `--set`, for a file or a mapping.
            fork_of: the directory of another run whose replies a new one takes along: a request
                that is the same, word for word, is not paid for again.

        Raises:
            UsageError: with everything that is wrong with the config.
        """
        self._loaded = _loaded(config, overrides)
        self._directory = Path(directory).absolute()
        self._fork_of = None if fork_of is None else Path(fork_of).absolute()

    @classmethod
    def open(cls, directory: str | Path) -> Self:
        """A run that is there, with the config that it was last started with.

        Raises:
            UsageError: there is none.
        """
        file = Path(directory) / CONFIG_FILE
        if not file.is_file():
            raise UsageError(f"{directory} is no run: it has no {CONFIG_FILE}")
        return cls(file, directory)

    @property
    def config(self) -> RunConfig:
        """The config, with paths made absolute."""
        return self._loaded.config

    @property
    def directory(self) -> Path:
        """The run directory, absolute."""
        return self._directory

    @property
    def scenarios_file(self) -> Path:
        """Where `play` exports the scenarios to, one a line."""
        return self._directory / SCENARIOS_FILE

    @property
    def exports_folder(self) -> Path:
        """Where `play` writes the data sets to: `NAME/trl`, each with its card."""
        return self._directory / EXPORTS

    def play(
        self,
        on_progress: Callable[[Status], None] | None = None,
        *,
        on_making: Callable[[MakingStatus], None] | None = None,
        retry_failed: bool = False,
    ) -> RunSummary:
        """Play what is left of the run, make its data sets, and export what came of it.

        It joins the Ray that this process is in, or starts one of its own for as long as it
        takes. A run that has ended costs nothing to play again. Ctrl-C lets what is under way
        come home; what happened is kept, and the next `play` goes on from there.

        Args:
            on_progress: told twice a second how far the run is; what it raises stops the run as
                Ctrl-C does, and is raised here.
            on_making: the same while the data sets are made.
            retry_failed: whether to ask again where summaries and candidates failed for good.

        Raises:
            UsageError: the directory is another society's, or the personas or prompts are no
                good; or there is an event loop already (use `play_async`).
            RunFailure: it could not go on; what is done is kept.
            KeyboardInterrupt: it was interrupted, and brought to a clean stop.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            playing = self.play_async(on_progress, on_making=on_making, retry_failed=retry_failed)
            return asyncio.run(playing)
        raise UsageError("an event loop is running here (a notebook?): await run.play_async()")

    async def play_async(
        self,
        on_progress: Callable[[Status], None] | None = None,
        *,
        on_making: Callable[[MakingStatus], None] | None = None,
        retry_failed: bool = False,
    ) -> RunSummary:
        """`play` for a program or a notebook that has an event loop."""
        # Ray is heavy to import; reading a run does without.
        from matrix_sim.cli.playing import play_to_the_end

        run = await asyncio.to_thread(self._open, retry_failed)
        return (await play_to_the_end(run, _Listener(on_progress, on_making))).summary

    def scenarios(self) -> Iterator[Scenario]:
        """The scenarios so far in the order (window, group); no more than the quota, if any.

        Raises:
            UsageError: the run was never started.
        """
        with RunStore.read_only(self._directory) as store:
            yield from islice(store.scenarios(), self.config.society.scenarios)

    def samples(self, dataset: str) -> tuple[Sample, ...]:
        """The rows of a data set so far: what is exported, with where each row comes from.

        Args:
            dataset: its name; without one in the config, its kind.

        Raises:
            UsageError: the run was never started, or has no such data set.
        """
        finished, found = self._dataset(dataset)
        return samples_in(finished, found)

    def candidates(self, dataset: str) -> tuple[Candidate, ...]:
        """All that was made for a data set so far, the refused too, with what was found.

        Args:
            dataset: its name; without one in the config, its kind.

        Raises:
            UsageError: the run was never started, or has no such data set.
        """
        return self._dataset(dataset)[1].candidates

    def society(self) -> Society:
        """Who lives in the run, in which groups.

        Raises:
            UsageError: the run was never started.
        """
        with RunStore.read_only(self._directory) as store:
            return read_society(store, self.config.society)

    def summary(self) -> RunSummary:
        """What the run came to so far, in figures.

        Raises:
            UsageError: the run was never started.
        """
        with RunStore.read_only(self._directory) as store:
            quota = self.config.society.scenarios
            return summarise_run(store, self.config.datasets, quota=quota)

    def _dataset(self, name: str) -> tuple[FinishedRun, FinishedDataset]:
        finished = read_datasets(self._directory)
        for one in finished.datasets:
            if one.config.label == name:
                return finished, one
        names = ", ".join(one.config.label for one in finished.datasets) or "none"
        raise UsageError(f"{self._directory} has no data set '{name}'; it has: {names}")

    def _open(self, retry_failed: bool) -> OpenedRun:
        directory = lasting_directory(self._directory, os.environ)
        source = None if (directory / DATABASE_FILE).exists() else self._fork_of
        return open_run(
            self._loaded,
            source or directory,
            owner=run_owner(),
            retry_failed=retry_failed and not source,
            fork=directory if source else None,
            before_founding=look_before_founding(self.config, lambda _: None),
        )


@dataclass(frozen=True, slots=True)
class _Listener:
    """Hears how a run goes; what a person would be told is left out."""

    on_progress: Callable[[Status], None] | None
    on_making: Callable[[MakingStatus], None] | None

    def say(self, line: str) -> None:
        """Nothing: a program asked."""

    def show(self, status: Status) -> None:
        """How far it is now."""
        if self.on_progress is not None:
            self.on_progress(status)

    def show_making(self, status: MakingStatus) -> None:
        """How far the data sets are now."""
        if self.on_making is not None:
            self.on_making(status)


def _loaded(
    config: RunConfig | Mapping[str, Any] | str | Path, overrides: Sequence[str]
) -> LoadedConfig:
    if isinstance(config, RunConfig):
        if overrides:
            raise UsageError("overrides are for a config file or a mapping; change the RunConfig")
        return with_environment(config, os.environ)
    if isinstance(config, Mapping):
        return load_values(config, overrides, os.environ)
    return load_config(Path(config), overrides, os.environ)
