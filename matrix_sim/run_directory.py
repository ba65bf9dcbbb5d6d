"""A run directory: opened, founded if it is new, refused if it is another society's (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.config.file import LoadedConfig, dump_config
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.founding import Embed, found_society, local_embedding, read_society
from matrix_sim.identity import SocietyIdentity, differences, society_identity
from matrix_sim.llm.backends import key_of
from matrix_sim.llm.contracts import EnvironmentalFailure
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.prompts.catalogue import SOCIETY_TEMPLATES
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.homophily.embedding import Vectors, unit_rows
from matrix_sim.society.society import Society
from matrix_sim.store.fork import fork_journal
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import PutEvent

LOCK_WAIT_S = 10.0
"""How long a killed predecessor may take to let go of the lock."""
_SOCIETY = ("society", "identity")


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run that is ready to be played."""

    directory: Path
    config: RunConfig
    prompts: PromptLibrary
    society: Society
    selection: PersonaSelection
    fresh: bool
    """Whether it was founded just now."""
    notices: tuple[str, ...]
    """What the user should know about the place the run is kept in."""


def open_run(
    loaded: LoadedConfig, directory: Path, *, owner: str, fork: Path | None = None
) -> OpenedRun:
    """Open `directory` for this config; make and found it if it is new.

    With `fork`, a new run is made there instead, which takes along what `directory` has paid for.

    Raises:
        UsageError: the directory is no run, or one of another society (with what differs).
        RunFailure: it is open elsewhere, or cannot be written.
    """
    config = loaded.config
    prompts = PromptLibrary(config.language, config.prompts)
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    identity = society_identity(config, selection.personas, prompts.texts(SOCIETY_TEMPLATES))
    if fork is not None:
        fork_journal(directory, fork)
        directory = fork
    store = RunStore.open(directory, owner=owner, create=True, wait_s=LOCK_WAIT_S)
    try:
        stored = store.events(_SOCIETY[0]).get(_SOCIETY[1])
        if stored is None:
            founding = found_society(config, selection.personas, prompts, _embedding(config))
            store.apply([*founding.events, PutEvent(*_SOCIETY, identity.canonical)])
        else:
            _demand_same(SocietyIdentity.from_canonical(stored), identity, directory)
        society = read_society(store, config.society)
        notices = store.notices
    finally:
        store.close()
    (directory / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    return OpenedRun(directory, config, prompts, society, selection, stored is None, notices)


def _demand_same(old: SocietyIdentity, new: SocietyIdentity, directory: Path) -> None:
    changed = differences(old, new)
    if changed:
        listed = "\n".join(f"  {line}" for line in changed)
        raise UsageError(
            f"{directory} is the run of another society; what differs:\n{listed}\n"
            "Undo the change, choose a new --run directory, or keep what was paid for with\n"
            f"  --run {directory} --fork NEW_DIR"
        )


def _embedding(config: RunConfig) -> Embed:
    model = config.models.embedding
    if model.local:
        return local_embedding(config.seed)
    key = key_of(model, config.secrets)
    return lambda texts: _endpoint_vectors(model, key, texts)


def _endpoint_vectors(model: ModelConfig, key: str, texts: Sequence[str]) -> Vectors:
    # The client is heavy to import; a run with local embeddings does without.
    from matrix_sim.llm.embeddings import embed_texts

    try:
        vectors = asyncio.run(embed_texts(model, key, texts))
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"no embeddings for the grouping: {failure}. Mend models.embedding, "
            "or set it to {local: true}, which needs no endpoint"
        ) from failure
    return unit_rows(np.stack(vectors))
