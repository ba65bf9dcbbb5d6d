"""The data sets of a run as its store knows them: whose they are, which are done (S1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matrix_sim.canonical import sha256_hex
from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.config.roles import model_of
from matrix_sim.errors import UsageError
from matrix_sim.identity import Identity, dataset_identity, differences
from matrix_sim.prompts.catalogue import REASONING_LANGUAGE
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import DropCandidates, DropEvent, PutEvent, SetAside, Write
from matrix_sim.synthesis.contracts import Candidate, candidate_address
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.kinds import templates_of
from matrix_sim.synthesis.retrieval import SOURCES_EVENT

IDENTITY_EVENT = "dataset"
"""The kind of event that keeps a data set's identity, by its label."""


def identity_of(
    config: RunConfig,
    dataset: DatasetConfig,
    society: Identity,
    prompts: PromptLibrary,
    facets: Facets,
) -> Identity:
    """The identity of one of the data sets of a run.

    Raises:
        UsageError: a benchmark file cannot be read.
    """
    templates = [*templates_of(dataset, config.quality)]
    if any(model_of(config.models, role).reasoning.language != "any" for role in dataset.roles):
        templates.append(REASONING_LANGUAGE)
    benchmarks = sorted(_hash_of(path) for path in config.quality.contamination.benchmarks)
    return dataset_identity(
        config,
        dataset,
        society,
        prompts.texts(templates),
        facets.canonical(dataset.kind, dataset.level),
        benchmarks,
    )


def register(
    store: RunStore,
    config: RunConfig,
    society: Identity,
    prompts: PromptLibrary,
    facets: Facets,
) -> None:
    """Note the data sets that are new; refuse those that are another than they were.

    One whose scenarios were not chosen yet may still become another: nothing was made of it.

    Raises:
        UsageError: one is not what it was when it was begun, with what differs.
    """
    stored, begun = store.events(IDENTITY_EVENT), store.events(SOURCES_EVENT)
    new: list[Write] = []
    for dataset in config.datasets:
        identity = identity_of(config, dataset, society, prompts, facets)
        before = stored.get(dataset.label)
        if before is None:
            new.append(PutEvent(IDENTITY_EVENT, dataset.label, identity.canonical))
            continue
        if dataset.label not in begun:
            new.append(DropEvent(IDENTITY_EVENT, dataset.label))
            new.append(PutEvent(IDENTITY_EVENT, dataset.label, identity.canonical))
            continue
        changed = differences(Identity.from_canonical(before), identity)
        if changed:
            listed = "\n".join(f"  {line}" for line in changed)
            raise UsageError(
                f"the data set '{dataset.label}' was begun as another; what differs:\n{listed}\n"
                "Undo the change, or give it another 'name' (what was made stays; requests that "
                "are the same cost again), or keep what was paid for with --fork NEW_DIR"
            )
    store.apply(new)


def set_failed_candidates_aside(store: RunStore, datasets: Sequence[DatasetConfig]) -> int:
    """Have what failed for good in the making of data sets asked again; how many that is.

    What comes after the first of them is looked at again, because it may be compared with it;
    its replies are there.
    """
    failed = 0
    items: list[Write] = []
    for dataset in datasets:
        lost = [one for one in store.candidates(dataset.label) if one.failure is not None]
        if lost:
            items.append(SetAside(tuple(address for one in lost for address in _failed_calls(one))))
            items.append(DropCandidates(dataset.label, lost[0].draw.number))
        failed += len(lost)
    store.apply(items)
    return failed


def is_complete(store: RunStore, dataset: DatasetConfig) -> bool:
    """Whether nothing is left to make of a data set: all rows are there, or its cap is reached."""
    wanted, tried = dataset.count, 0
    for candidate in store.candidates(dataset.label):
        if candidate.draw.number != tried:
            return False
        tried += 1
        wanted -= candidate.accepted
        if not wanted:
            return True
    return tried >= dataset.cap


def _failed_calls(candidate: Candidate) -> list[str]:
    parts = candidate.failure.parts if candidate.failure is not None else ()
    return [candidate_address(candidate.dataset, candidate.draw.number, part) for part in parts]


def _hash_of(path: Path) -> str:
    try:
        return sha256_hex(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"quality.contamination.benchmarks: {path} cannot be read ({error.strerror})"
        ) from error
