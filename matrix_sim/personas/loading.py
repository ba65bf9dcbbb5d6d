"""The personas of a run, as its config asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matrix_sim.config import PersonasConfig
from matrix_sim.personas import builtin, nemotron
from matrix_sim.personas.anonymise import Anonymised, Kind, KnownNames, anonymised
from matrix_sim.personas.model import Persona
from matrix_sim.personas.selection import choose_rows
from matrix_sim.personas.social import ATTRIBUTION, read_profile, social_schema


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
    replaced_characters: int
    """NUL and lone surrogates in the chosen rows, replaced by U+FFFD."""
    anonymised: Mapping[Kind, int] | None = None
    """How much the rules replaced, by kind; None where they were not asked to."""


def load_personas(
    config: PersonasConfig, seed: int, base_dir: Path, language: str = "ja"
) -> PersonaSelection:
    """Read and choose the personas of a run, and anonymise them by rule if it says so.

    Args:
        config: where they come from and how many.
        seed: the run's seed; it decides which ones, if not all.
        base_dir: what a relative `config.path` starts from: the folder of the config file.
        language: the run's; placeholders are in it.

    Raises:
        UsageError: the source cannot be read, a row is broken, or there are too few; the
            message names file, row and field.
    """
    if config.source == "social" and config.path is not None:
        return _load_social(config, config.path, seed, base_dir, language)
    selection = _load_plain(config, seed, base_dir)
    if config.anonymised == "none":
        return selection
    return _without_names(selection, language)


def _load_plain(config: PersonasConfig, seed: int, base_dir: Path) -> PersonaSelection:
    if config.path is None:  # only the built-in set has none; the config has checked that
        with builtin.builtin_file() as path:
            chosen = choose_rows(path, builtin.SCHEMA, config.count, seed)
        read, source, attribution = builtin.read_persona, builtin.SCHEMA.name, builtin.ATTRIBUTION
    else:
        path = base_dir / config.path.expanduser()
        chosen = choose_rows(path, nemotron.SCHEMA, config.count, seed)
        read, source, attribution = nemotron.read_persona, str(path), nemotron.ATTRIBUTION
    personas = [read(row) for row in chosen.rows]
    return PersonaSelection(
        personas=tuple(persona for persona, _ in personas),
        source=source,
        attribution=attribution,
        rows_seen=chosen.rows_seen,
        replaced_characters=sum(replaced for _, replaced in personas),
    )


def _load_social(
    config: PersonasConfig, path: Path, seed: int, base_dir: Path, language: str
) -> PersonaSelection:
    path = base_dir / path.expanduser()
    chosen = choose_rows(path, social_schema(config.fields), config.count, seed)
    profiles = [read_profile(row, config.fields) for row in chosen.rows]
    people = [anonymised(profile.persona, profile.known, language) for profile in profiles]
    return PersonaSelection(
        personas=_told_apart(people),
        source=str(path),
        attribution=ATTRIBUTION,
        rows_seen=chosen.rows_seen,
        replaced_characters=sum(profile.replaced for profile in profiles),
        anonymised=_total(people),
    )


def _without_names(selection: PersonaSelection, language: str) -> PersonaSelection:
    people = [anonymised(p, KnownNames(p.name), language) for p in selection.personas]
    return replace(selection, personas=_told_apart(people), anonymised=_total(people))


def _told_apart(people: Sequence[Anonymised]) -> tuple[Persona, ...]:
    """The personas; of those that now say the same, the second gets `-2` to its id."""
    seen: Counter[str] = Counter()

    def distinct() -> Iterator[Persona]:
        for person in people:
            persona = person.persona
            seen[persona.id] += 1
            number = seen[persona.id]
            yield (
                persona
                if number == 1
                else persona.model_copy(update={"id": f"{persona.id}-{number}"})
            )

    return tuple(distinct())


def _total(people: Iterable[Anonymised]) -> Mapping[Kind, int]:
    counts: Counter[Kind] = Counter()
    for person in people:
        counts.update(person.counts)
    return {kind: counts[kind] for kind in Kind if counts[kind]}
