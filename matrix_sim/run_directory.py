"""A run directory: opened, founded if it is new, refused if it is another society's (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matrix_sim.anonymiser import look_at_people
from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.config.file import LoadedConfig, dump_config
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.founding import Embed, found_society, local_embedding, read_society
from matrix_sim.identity import Identity, differences, society_identity
from matrix_sim.llm.backends import key_of, model_of
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Role
from matrix_sim.llm.limits.gates import LeasedGates
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.llm.tariff import tariffs_of
from matrix_sim.messages import summary_address
from matrix_sim.personas.anonymise.close_look import CloseLook
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.catalogue import ANONYMISE, REASONING_LANGUAGE, SOCIETY_TEMPLATES
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.homophily.embedding import Vectors, unit_rows
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreJournal
from matrix_sim.store.fork import fork_journal
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import DropScenarios, ForgetTexts, PutEvent, PutPrices, SetAside
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.facets_file import load_facets
from matrix_sim.synthesis.registration import register, set_failed_candidates_aside

if TYPE_CHECKING:
    from matrix_sim.llm.embedding_client import Vector

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
    facets: Facets
    """What requests of data sets may be like."""
    asked_again: int = 0
    """Summaries and candidates that had failed for good and are to be asked for again."""


def open_run(
    loaded: LoadedConfig,
    directory: Path,
    *,
    owner: str,
    fork: Path | None = None,
    retry_failed: bool = False,
    say: Callable[[str], None] = lambda _: None,
    before_founding: Callable[[bool], None] = lambda _: None,
) -> OpenedRun:
    """Open `directory` for this config; make and found it if it is new.

    With `fork`, a new run is made there instead, which takes along what `directory` has paid for.
    Founding may ask models; `say` is told how far that is, and `before_founding` is called before
    it, with whether replies were taken along, and may refuse. With `retry_failed`, what failed for
    good and is part of no committed tick is asked again.

    Raises:
        UsageError: the directory is no run, or one of another society (with what differs).
        RunFailure: it is open elsewhere, or cannot be written; or a model gave no replies.
    """
    config = loaded.config
    prompts = PromptLibrary(config.language, config.prompts)
    facets = load_facets(config.language, config.prompts)
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    identity = run_identity(config, selection.personas, prompts)
    if fork is not None:
        fork_journal(directory, fork)
        directory = fork
    look: CloseLook | None = None
    with RunStore.open(
        directory, owner=owner, create=True, wait_s=LOCK_WAIT_S, budget=config.budget
    ) as store:
        store.apply([PutPrices(tariffs_of(config.models))])
        stored = store.events(_SOCIETY[0]).get(_SOCIETY[1])
        if stored is None:
            before_founding(store.usage().taken_along > 0)
            people = selection.personas
            if config.personas.anonymised == "llm":
                look = look_at_people(config, prompts, people, store, say)
                people = look.personas
            _found(config, people, prompts, identity, store, say)
        else:
            _demand_same(Identity.from_canonical(stored), identity, directory)
        register(store, config, identity, prompts, facets)
        asked_again = 0
        if retry_failed:
            asked_again = set_failed_summaries_aside(store)
            asked_again += set_failed_candidates_aside(store, config.datasets)
        society = read_society(store, config.society)
        notices = (*loaded.notes, *store.notices)
    (directory / CONFIG_FILE).write_text(dump_config(config), encoding="utf-8")
    fresh = stored is None
    return OpenedRun(
        directory,
        config,
        prompts,
        society,
        selection,
        look,
        fresh,
        notices,
        facets,
        asked_again,
    )


def set_failed_summaries_aside(store: RunStore) -> int:
    """Have the scenarios whose summary failed for good summarised again; how many there are.

    In one transaction; what was answered, and what it cost, stays in the journal.
    """
    failed = [scenario for scenario in store.scenarios() if scenario.failure is not None]
    store.apply(
        [
            SetAside(tuple(summary_address(one.group, one.window) for one in failed)),
            DropScenarios(tuple((one.window, one.group) for one in failed)),
        ]
    )
    return len(failed)


def run_identity(
    config: RunConfig, personas: Sequence[Persona], prompts: PromptLibrary
) -> Identity:
    """The identity of the run of `config` with these people, as the rules left them."""
    templates, roles = [*SOCIETY_TEMPLATES], [Role.AGENT, Role.MODULATOR]
    if config.personas.anonymised == "llm":
        templates.append(ANONYMISE)
        roles.append(Role.ANONYMISER)
    if any(model_of(config.models, role).reasoning.language != "any" for role in roles):
        templates.append(REASONING_LANGUAGE)
    return society_identity(config, personas, prompts.texts(templates))


def _found(
    config: RunConfig,
    people: Sequence[Persona],
    prompts: PromptLibrary,
    identity: Identity,
    store: RunStore,
    say: Callable[[str], None],
) -> None:
    """Commit the society of these people, and erase what models were shown of them."""
    founding = found_society(config, people, prompts, embedding_of(config, store, say))
    events = [*founding.events, PutEvent(*_SOCIETY, identity.canonical)]
    # In one transaction: with the people, what was shown has served its purpose.
    store.apply([*events, ForgetTexts(Role.ANONYMISER), ForgetTexts(Role.EMBEDDING)])


def _demand_same(old: Identity, new: Identity, directory: Path) -> None:
    changed = differences(old, new)
    if changed:
        listed = "\n".join(f"  {line}" for line in changed)
        raise UsageError(
            f"{directory} is the run of another society; what differs:\n{listed}\n"
            "Undo the change, choose a new --run directory, or keep what was paid for with\n"
            f"  --run {directory} --fork NEW_DIR"
        )


def embedding_of(
    config: RunConfig, store: RunStore, say: Callable[[str], None] = lambda _: None
) -> Embed:
    """Where the vectors come from that people are grouped by; `store` keeps those that cost."""
    model = config.models.embedding
    if model.local:
        return local_embedding(config.seed)
    if model.stub is not None:
        return lambda texts: unit_rows(np.asarray([bigram_vector(text) for text in texts]))
    key = key_of(model, config.secrets)
    return lambda texts: _endpoint_vectors(config, key, texts, store, say)


def _endpoint_vectors(
    config: RunConfig,
    key: str,
    texts: Sequence[str],
    store: RunStore,
    say: Callable[[str], None],
) -> Vectors:
    # The client is heavy to import; a run with local embeddings does without.
    from matrix_sim.llm.embeddings import embed_texts
    from matrix_sim.llm.kept_vectors import KeptVectors
    from matrix_sim.llm.local_server import within_reach

    model = config.models.embedding

    def tell(clipped: int) -> None:
        say(
            f"note: {clipped} of {len(texts)} profiles are longer than {model.label} takes, and "
            "were cut for the grouping"
        )

    async def embedded(served: ModelConfig, its_key: str) -> list[Vector]:
        gate = LeasedGates(Limiter("founding"), config.runtime, "founding")(
            served, served.base_urls[0]
        )
        kept = KeptVectors(served, StoreJournal(GroupCommit(store)), gate, seed=config.seed)
        try:
            return await embed_texts(
                served,
                its_key,
                texts,
                kept.vectors,
                tell_clipped=tell,
                on_headers=gate.saw,
            )
        finally:
            await kept.close()

    try:
        with within_reach(model, key, vectors=True) as (served, its_key):
            vectors = asyncio.run(embedded(served, its_key))
    except EnvironmentalFailure as failure:
        if failure.hindrance is Hindrance.BUDGET:
            raise RunFailure(
                f"{failure}\nWhat is done is kept: the same command goes on."
            ) from failure
        raise RunFailure(
            f"no embeddings for the grouping: {failure}. Mend models.embedding, "
            "or set it to {local: true}, which needs no endpoint"
        ) from failure
    return unit_rows(np.stack(vectors))
