"""A run directory: opened, founded if it is new, refused if it is another society's (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matrix_sim.anonymiser import look_at_people
from matrix_sim.config import RunConfig
from matrix_sim.config.file import LoadedConfig, dump_config
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.founding import Embed, found_society, local_embedding, read_society
from matrix_sim.identity import SocietyIdentity, differences, society_identity
from matrix_sim.llm.backends import key_of
from matrix_sim.llm.contracts import EnvironmentalFailure, Role
from matrix_sim.llm.limits.gates import LeasedGates
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.personas.anonymise.close_look import CloseLook
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.catalogue import ANONYMISE, SOCIETY_TEMPLATES
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.homophily.embedding import Vectors, unit_rows
from matrix_sim.society.society import Society
from matrix_sim.store.fork import fork_journal
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import ForgetTexts, PutEvent

LOCK_WAIT_S = 10.0
"""How long a killed predecessor may take to let go of the lock."""
CONFIG_FILE = "config.yaml"
_SOCIETY = ("society", "identity")


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run that is ready to be played."""

    directory: Path
    config: RunConfig
    prompts: PromptLibrary
    society: Society
    selection: PersonaSelection
    """As read, and anonymised by rule; who lives in the society is the society's to say."""
    close_look: CloseLook | None
    """What the anonymiser came to, where it was asked just now."""
    fresh: bool
    """Whether it was founded just now."""
    notices: tuple[str, ...]
    """What the user should know about the place the run is kept in."""


def open_run(
    loaded: LoadedConfig,
    directory: Path,
    *,
    owner: str,
    fork: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> OpenedRun:
    """Open `directory` for this config; make and found it if it is new.

    With `fork`, a new run is made there instead, which takes along what `directory` has paid for.
    Founding may ask models; `say` is told how far that is.

    Raises:
        UsageError: the directory is no run, or one of another society (with what differs).
        RunFailure: it is open elsewhere, or cannot be written; or a model gave no replies.
    """
    config = loaded.config
    prompts = PromptLibrary(config.language, config.prompts)
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    identity = run_identity(config, selection.personas, prompts)
    if fork is not None:
        fork_journal(directory, fork)
        directory = fork
    look: CloseLook | None = None
    with RunStore.open(directory, owner=owner, create=True, wait_s=LOCK_WAIT_S) as store:
        stored = store.events(_SOCIETY[0]).get(_SOCIETY[1])
        if stored is None:
            people = selection.personas
            if config.personas.anonymised == "llm":
                look = look_at_people(config, prompts, people, store, say)
                people = look.personas
            _found(config, people, prompts, identity, store)
        else:
            _demand_same(SocietyIdentity.from_canonical(stored), identity, directory)
        society = read_society(store, config.society)
        notices = store.notices
    (directory / CONFIG_FILE).write_text(dump_config(config), encoding="utf-8")
    fresh = stored is None
    return OpenedRun(directory, config, prompts, society, selection, look, fresh, notices)


def run_identity(
    config: RunConfig, personas: Sequence[Persona], prompts: PromptLibrary
) -> SocietyIdentity:
    """The identity of the run of `config` with these people, as the rules left them."""
    templates = [*SOCIETY_TEMPLATES]
    if config.personas.anonymised == "llm":
        templates.append(ANONYMISE)
    return society_identity(config, personas, prompts.texts(templates))


def _found(
    config: RunConfig,
    people: Sequence[Persona],
    prompts: PromptLibrary,
    identity: SocietyIdentity,
    store: RunStore,
) -> None:
    """Commit the society of these people, and erase what the anonymiser was shown of them."""
    founding = found_society(config, people, prompts, _embedding(config))
    events = [*founding.events, PutEvent(*_SOCIETY, identity.canonical)]
    # In one transaction: with the people, what was shown has served its purpose.
    store.apply([*events, ForgetTexts(Role.ANONYMISER)])


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
    if model.stub is not None:
        return lambda texts: unit_rows(np.asarray([bigram_vector(text) for text in texts]))
    key = key_of(model, config.secrets)
    return lambda texts: _endpoint_vectors(config, key, texts)


def _endpoint_vectors(config: RunConfig, key: str, texts: Sequence[str]) -> Vectors:
    # The client is heavy to import; a run with local embeddings does without.
    from matrix_sim.llm.embeddings import embed_texts

    model = config.models.embedding
    gate = LeasedGates(Limiter("founding"), config.runtime, "founding")(model, model.base_urls[0])
    try:
        vectors = asyncio.run(embed_texts(model, key, texts, gate=gate))
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"no embeddings for the grouping: {failure}. Mend models.embedding, "
            "or set it to {local: true}, which needs no endpoint"
        ) from failure
    return unit_rows(np.stack(vectors))
