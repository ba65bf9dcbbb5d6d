"""A persona without what the rules find: the seam for every reader of personas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from matrix_sim.canonical import content_hash
from matrix_sim.personas.anonymise.finds import Kind
from matrix_sim.personas.anonymise.rules import KnownNames, Rules, replaced
from matrix_sim.personas.model import LISTS, TEXTS, Persona
from matrix_sim.personas.placeholders import placeholders

_ID_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A persona as the rules leave it."""

    persona: Persona
    """Without a name; its id is a hash of what it now says, so that it tells nothing else."""
    counts: Mapping[Kind, int]
    """How many finds of each kind were replaced."""


def anonymised(persona: Persona, known: KnownNames, language: str) -> Anonymised:
    """Take out what the rules find in all texts of a persona.

    Args:
        persona: as the source has it.
        known: what the source says the person is called; `persona.name` counts too.
        language: of the placeholders.

    Raises:
        UsageError: there are no placeholders in this language.
    """
    words, counts = placeholders(language), Counter[Kind]()
    rules = Rules(known if known.name else KnownNames(persona.name, known.handles))

    def clean(text: str) -> str:
        cleaned, found = replaced(text, rules.finds(text), words)
        counts.update(found)
        return cleaned

    nameless = rewritten(persona, clean).model_copy(update={"name": "", "id": "-"})
    identity = content_hash(nameless.model_dump(mode="json"))[:_ID_CHARACTERS]
    return Anonymised(
        nameless.model_copy(update={"id": identity}),
        {kind: counts[kind] for kind in Kind if counts[kind]},
    )


def texts_of(persona: Persona) -> Iterator[str]:
    """All texts that `rewritten` goes through and that are not empty."""
    for name in TEXTS:
        if text := getattr(persona, name):
            yield text
    for name in LISTS:
        yield from getattr(persona, name)


def rewritten(persona: Persona, rewrite: Callable[[str], str]) -> Persona:
    """The persona with all its texts but name and id as `rewrite` gives them."""
    texts = {name: rewrite(getattr(persona, name)) for name in TEXTS}
    lists = {name: tuple(map(rewrite, getattr(persona, name))) for name in LISTS}
    return persona.model_copy(update=texts | lists)
