"""A run as those see it who take its data sets: read once, nothing of it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from matrix_sim.canonical import content_hash
from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.errors import UsageError
from matrix_sim.society.society import Society
from matrix_sim.synthesis.contracts import Candidate

if TYPE_CHECKING:
    from matrix_sim.store.run_store import RunStore

_WHAT_IT_IS = {"seed", "language", "society", "quality"}
"""Of a config: what is the same on every machine; people, models and prompts are in identities."""


@dataclass(frozen=True, slots=True)
class FinishedDataset:
    """One data set of a run, whether all of its rows are there or not."""

    config: DatasetConfig
    candidates: tuple[Candidate, ...]
    """All that came to their end, in the order of their numbers, the refused ones too."""
    identity: str
    """SHA-256 of what decides its rows (S1); growing it does not change that."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the templates that it was made with, by name."""
    benchmarks: tuple[str, ...] = ()
    """SHA-256 of the files that its rows were compared with, in order."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a run has come to."""

    config: RunConfig
    society: Society
    identity: str
    """SHA-256 of what the society is."""
    datasets: tuple[FinishedDataset, ...]
    """In the order of the config."""

    def config_sha256(self, dataset: FinishedDataset) -> str:
        """Of what the config says of a data set, whoever runs it and wherever.

        What else is made of the society changes nothing of it, and files are known by what they
        held when it was begun.
        """
        said = self.config.model_dump(mode="json", include=_WHAT_IT_IS)
        said["quality"]["contamination"]["benchmarks"] = [*dataset.benchmarks]
        return content_hash(said | {"dataset": dataset.config.model_dump(mode="json")})


def read_datasets(directory: Path) -> FinishedRun:
    """The data sets of the run in `directory`, as far as they are; no key is needed.

    Raises:
        UsageError: there is no run, one without a society, or its config cannot be read.
        RunFailure: its store cannot be read.
    """
    # They load what groups people, which those who only hold the values do without.
    from matrix_sim.founding import read_society
    from matrix_sim.identity import Identity
    from matrix_sim.run_directory import CONFIG_FILE
    from matrix_sim.store.run_store import RunStore

    with RunStore.read_only(directory) as store:
        stored = store.events("society").get("identity")
        if stored is None:
            raise UsageError(f"{directory}: nobody lives there yet; 'matrix-sim run' begins it")
        config = _config_in(directory / CONFIG_FILE)
        return FinishedRun(
            config=config,
            society=read_society(store, config.society),
            identity=Identity.from_canonical(stored).sha256,
            datasets=tuple(_read(store, dataset) for dataset in config.datasets),
        )


def _config_in(path: Path) -> RunConfig:
    # Not as a user's file is read: what was written here names keys that nobody needs now.
    try:
        return RunConfig.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise UsageError(
            f"{path}: is not the config that the run was started with "
            f"({' '.join(str(error).split())}); start the run again with its own config, and it "
            "is written anew"
        ) from error


def _read(store: RunStore, dataset: DatasetConfig) -> FinishedDataset:
    from matrix_sim.identity import Identity
    from matrix_sim.synthesis.registration import IDENTITY_EVENT

    stored = store.events(IDENTITY_EVENT).get(dataset.label)
    if stored is None:  # it was added to the config, and the run not started since
        return FinishedDataset(dataset, (), "")
    identity = Identity.from_canonical(stored)
    return FinishedDataset(
        dataset,
        tuple(store.candidates(dataset.label)),
        identity.sha256,
        identity.prompts,
        identity.benchmarks,
    )
