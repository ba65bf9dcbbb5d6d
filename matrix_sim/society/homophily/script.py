"""In which kind of writing a person is described: with spaces between the words, or without.

It goes by the person and not by the run: people of a Japanese data set may live in an English run,
and their words are found as Japanese words are.
"""

from __future__ import annotations

import re

from matrix_sim.personas.model import Persona

_JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff々〆]")
_ENOUGH = 10
"""One kana or kanji in so many characters: an English text may quote a word of Japanese."""


def reads_japanese(persona: Persona) -> bool:
    """Whether the description of this person is Japanese."""
    text = persona.description
    return len(_JAPANESE.findall(text)) * _ENOUGH >= len(text)
