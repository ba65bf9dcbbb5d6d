"""The personas of a run, as its config asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matrix_sim.config import Language, PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas import builtin, nemotron
from matrix_sim.personas.anonymise import Kind
from matrix_sim.personas.anonymising_reader import AnonymisingReader
from matrix_sim.personas.hub_table import HubTable
from matrix_sim.personas.model import Persona
from matrix_sim.personas.reader import PersonaReader
from matrix_sim.personas.rows import Schema, Table
from matrix_sim.personas.selection import ChosenPersonas, LeftOut, choose_personas
from matrix_sim.personas.sources import open_tables
from matrix_sim.personas.table_columns import check_columns
from matrix_sim.personas.table_reader import TableReader

_PROFILES = "profiles of your own, anonymised; see that you may use them"


@dataclass(frozen=True, slots=True)
class PersonaSelection:
    """Who lives in the society, and where they come from."""

    personas: tuple[Persona, ...]
    """In the order of the source."""
    source: str
    """Where they were read from, for people."""
    attribution: str
    """Whose work they are and under which licence; goes wherever their text goes."""
    rows_seen: int
    """How many the source holds."""
    replaced_characters: int = 0
    """NUL and lone surrogates in the chosen rows, replaced by U+FFFD."""
    left_out: tuple[LeftOut, ...] = ()
    """Rows that could not be read, by reason; only with `invalid: skip`."""
    ids_made: int = 0
    """Personas whose id is a hash of the row, for it has none."""
    anonymised: Mapping[Kind, int] | None = None
    """How much the rules replaced, by kind; None where they were not asked to."""
    nameless: int = 0
    """Anonymised people of whom the source says neither a name nor an account name."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about them, a line each."""
        told = [f"left out: {one}" for one in self.left_out]
        if self.ids_made:
            told.append(f"rows without an id: {self.ids_made}; a hash of what they say stands in")
        if self.nameless:
            told.append(
                f"profiles without a name and an account name: {self.nameless}; what they call "
                "themselves in their texts cannot be known (personas.fields.name and handle)"
            )
        if self.replaced_characters:
            told.append(f"{self.replaced_characters} unstorable characters in personas replaced")
        return tuple(told)


def load_personas(
    config: PersonasConfig, seed: int, base_dir: Path, language: Language
) -> PersonaSelection:
    """Read and choose the personas of a run, and anonymise them by rule if it says so.

    Args:
        config: where they come from and how many.
        seed: the run's seed; it decides which ones, if not all.
        base_dir: what a relative `config.path` starts from: the folder of the config file.
        language: the run's; it decides which built-in set, and what stands for names.

    Raises:
        UsageError: the source cannot be read, a row is broken, or there are too few; the
            message names file, row and field.
    """
    match config.source:
        case "builtin":
            return _builtin(config, seed, language)
        case "nemotron":
            return _read(config, seed, base_dir, language, nemotron.ATTRIBUTION)
        case "table":
            _check(config, base_dir, language)
            whose = f"{_named(config, base_dir)}; its owner's terms hold"
            return _read(config, seed, base_dir, language, whose)
        case "social":
            _check(config, base_dir, language)
            return _read(config, seed, base_dir, language, _PROFILES)
        case "sampler":
            return _sampled(config, seed, base_dir, language)


def reader_of(config: PersonasConfig, language: Language) -> PersonaReader:
    """What turns the rows of the source into personas, anonymised if the config says so.

    Raises:
        UsageError: the source has no rows that could be read.
    """
    reader: PersonaReader
    match config.source:
        case "nemotron":
            reader = nemotron.NemotronReader()
        case "table" | "social" | "builtin":
            reader = TableReader(config.fields)
        case "sampler":
            raise UsageError(f"personas.source: '{config.source}' has no rows that can be read")
    if config.anonymised == "none":
        return reader
    return AnonymisingReader(reader, config.fields, language)


def open_source(config: PersonasConfig, base_dir: Path, schema: Schema) -> tuple[Table, ...]:
    """The tables that `config.path` or `config.hub` stands for; nothing is read yet.

    Raises:
        SourceError: there is no such file or folder, or of no type that can be read.
    """
    if config.hub is not None:
        return (HubTable(config.hub, schema),)
    return open_tables(_path(config, base_dir), schema)


def _sampled(
    config: PersonasConfig, seed: int, base_dir: Path, language: Language
) -> PersonaSelection:
    # Its tables are read by nobody else.
    from matrix_sim.personas.sampler.sampling import ATTRIBUTION, personas_for

    like = base_dir / config.like.expanduser() if config.like else None
    people = list(personas_for(config.count or 0, seed, language, like))
    return PersonaSelection(
        personas=tuple(people),
        source="the sampler" if like is None else f"the sampler, like {like}",
        attribution=ATTRIBUTION if like is None else f"{ATTRIBUTION}; attributes from {like}",
        rows_seen=len(people),
    )


def _builtin(config: PersonasConfig, seed: int, language: Language) -> PersonaSelection:
    reader = reader_of(config, language)
    with builtin.builtin_file(language) as path:
        tables = open_tables(path, reader.schema)
        chosen = choose_personas(tables, reader, config.count, seed)
    return _selection(chosen, builtin.NAME, builtin.ATTRIBUTION)


def _check(config: PersonasConfig, base_dir: Path, language: Language) -> None:
    schema = reader_of(config, language).schema
    tables = open_source(config, base_dir, schema)
    check_columns(tables, config.fields, private=schema.private)


def _read(
    config: PersonasConfig, seed: int, base_dir: Path, language: Language, attribution: str
) -> PersonaSelection:
    reader = reader_of(config, language)
    tables = open_source(config, base_dir, reader.schema)
    chosen = choose_personas(tables, reader, config.count, seed, config.invalid)
    return _selection(chosen, _named(config, base_dir), attribution)


def _named(config: PersonasConfig, base_dir: Path) -> str:
    if config.hub is not None:
        hub = config.hub
        parts = [hub.name, hub.split, hub.revision and f"revision {hub.revision}"]
        return f"{hub.id} ({', '.join(part for part in parts if part)}) of the Hugging Face hub"
    return str(_path(config, base_dir))


def _path(config: PersonasConfig, base_dir: Path) -> Path:
    # The config has checked that there is a path where there is no hub data set.
    return base_dir / (config.path or Path()).expanduser()


def _selection(chosen: ChosenPersonas, source: str, attribution: str) -> PersonaSelection:
    return PersonaSelection(
        personas=_told_apart([each.persona for each in chosen.read]),
        source=source,
        attribution=attribution,
        rows_seen=chosen.rows_seen,
        replaced_characters=sum(each.replaced for each in chosen.read),
        left_out=chosen.left_out,
        ids_made=sum(each.id_made for each in chosen.read),
        nameless=sum(each.nameless for each in chosen.read),
        anonymised=_total([each.anonymised for each in chosen.read]),
    )


def _told_apart(personas: Sequence[Persona]) -> tuple[Persona, ...]:
    """The personas; of those that say the same once anonymised, the second gets `-2` to its id."""
    seen: Counter[str] = Counter()
    apart = []
    for persona in personas:
        seen[persona.id] += 1
        number = seen[persona.id]
        numbered = {"id": f"{persona.id}-{number}"}
        apart.append(persona if number == 1 else persona.model_copy(update=numbered))
    return tuple(apart)


def _total(counts: Sequence[Mapping[Kind, int] | None]) -> Mapping[Kind, int] | None:
    found = [one for one in counts if one is not None]
    total: Counter[Kind] = Counter()
    for one in found:
        total.update(one)
    return {kind: total[kind] for kind in Kind if total[kind]} if found else None
