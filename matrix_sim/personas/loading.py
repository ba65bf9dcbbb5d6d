"""The personas of a run, as its config asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matrix_sim.config import Language, PersonasConfig
from matrix_sim.personas import builtin, nemotron
from matrix_sim.personas.model import Persona
from matrix_sim.personas.selection import choose_rows


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


def load_personas(
    config: PersonasConfig, seed: int, base_dir: Path, language: Language = "ja"
) -> PersonaSelection:
    """Read and choose the personas of a run.

    Args:
        config: where they come from and how many.
        seed: the run's seed; it decides which ones, if not all.
        base_dir: what a relative path of the config starts from: the folder of the config file.
        language: of the built-in and the sampled people; a file's are in the language they are in.

    Raises:
        UsageError: the source cannot be read, a row is broken, or there are too few; the
            message names file, row and field.
    """
    if config.source == "sampler":
        return _sampled(config, seed, base_dir, language)
    if config.path is None:  # only the built-in set has none; the config has checked that
        with builtin.builtin_file(language) as path:
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


def _sampled(
    config: PersonasConfig, seed: int, base_dir: Path, language: Language
) -> PersonaSelection:
    # Its tables are read by nobody else.
    from matrix_sim.personas.sampler.sampling import ATTRIBUTION, personas_for

    like = base_dir / config.like.expanduser() if config.like else None
    personas = tuple(personas_for(config.count or 0, seed, language, like))
    return PersonaSelection(
        personas=personas,
        source="the sampler" if like is None else f"the sampler, like {like}",
        attribution=ATTRIBUTION if like is None else f"{ATTRIBUTION}; attributes from {like}",
        rows_seen=len(personas),
        replaced_characters=0,
    )
