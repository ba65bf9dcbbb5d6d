"""Words of a society's people, each found as the person's writing asks for."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.english_words import EnglishWords
from matrix_sim.society.homophily.japanese_words import JapaneseWords
from matrix_sim.society.homophily.script import reads_japanese
from matrix_sim.society.homophily.wording import Lexicon, Wording

_JAPANESE, _ENGLISH = JapaneseWords(), EnglishWords()


def wording_of(personas: Sequence[Persona]) -> Wording:
    """How the words of these people are found and compared; of a mixed group, as Japanese ones."""
    return _JAPANESE if any(map(reads_japanese, personas)) else _ENGLISH


def lexicon_of(personas: Sequence[Persona]) -> Lexicon:
    """What the texts of the society say on what is a word."""
    japanese = _JAPANESE.lexicon([one for one in personas if reads_japanese(one)])
    english = _ENGLISH.lexicon([one for one in personas if not reads_japanese(one)])
    return Lexicon(japanese.standing | english.standing, english.forms)


def words_of(persona: Persona, lexicon: Lexicon) -> tuple[str, ...]:
    """The words that the facts of a persona hold, each once, in order of appearance."""
    return wording_of((persona,)).words(persona, lexicon)
