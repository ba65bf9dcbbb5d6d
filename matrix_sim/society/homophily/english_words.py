"""English words: what stands between spaces, in the form that most people of the society use.

Case and plural are folded only on evidence: `Hiking` is `hiking` if somebody writes it small, and
`boat` and `boats` are one word if both are written; so `Python`, `SQL` and `news` stay as they are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import pairwise

from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.profile import facts
from matrix_sim.society.homophily.wording import Lexicon, Wording

_WORD = re.compile(r"[^\W\d_](?:[\w'’+#&-]*[\w+#])?")
_LONGEST_WORD = 24
_LONGEST_FACT = 4
"""Words. A listed fact up to that long counts as a word itself (`sheep dog trials`)."""
_RECURRING = 2
"""People whose facts hold a pair of words, at least, for it to be a phrase."""
_SAME_BEGINNING = 4
"""Letters of a word that begins another, from which on they are the same: `cook`, `cooking`."""

_ARTICLES = ("a", "an", "the")

_LISTS = json.loads((files(__package__) / "english_words.json").read_text("utf-8"))
_LISTED = _LISTS["holding_together"] + _LISTS["saying_nothing"]
_SMALL = frozenset([*_LISTED, *(word.replace("'", "’") for word in _LISTED)])
"""Words that hold a sentence together, and words that say that somebody does something, but not
what."""


class EnglishWords(Wording):
    """Words of people whose language is written with spaces."""

    def lexicon(self, personas: Sequence[Persona]) -> Lexicon:
        """How words are written, and the pairs of words that recur."""
        listed = Counter(w for one in personas for fact in facts(one) for w in _written(fact))
        told = (text for one in personas for text in (one.description, *one.details))
        forms = _forms(listed, frozenset(listed) | {w for text in told for w in _written(text)})
        pairs = Counter(pair for one in personas for pair in dict.fromkeys(_pairs(one, forms)))
        recurring = frozenset(pair for pair, count in pairs.items() if count >= _RECURRING)
        return Lexicon(recurring, forms)

    def words(self, persona: Persona, lexicon: Lexicon) -> tuple[str, ...]:
        """Short facts as they are, then pairs of words that recur, then single words."""
        short: dict[str, None] = {}
        for fact in facts(persona):
            words = [_cased(word, lexicon.forms) for word in _written(fact)]
            if words and words[0] in _ARTICLES:
                del words[0]
            if 1 < len(words) <= _LONGEST_FACT:
                short[" ".join(words)] = None
        pairs = [pair for pair in _pairs(persona, lexicon.forms) if pair in lexicon.standing]
        runs = _runs(persona, lexicon.forms)
        singles = [lexicon.forms.get(word, word) for run in runs for word in run]
        return tuple(short | dict.fromkeys(pairs) | dict.fromkeys(singles))

    def overlap(self, one: str, other: str) -> bool:
        """Whether they share a word, or one begins with the other."""
        return any(_alike(a, b) for a in one.split() for b in other.split())

    def tells(self, text: str, word: str) -> bool:
        """Whether each part of it is among the words of the text."""
        said = _written(text)
        return all(any(_alike(part, other) for other in said) for part in word.split())


def _written(text: str) -> list[str]:
    return _WORD.findall(text)


def _forms(listed: Counter[str], written: frozenset[str]) -> dict[str, str]:
    """For words of lists, the form that most lists give them; the plural where it is a draw."""
    known = written | _SMALL
    small_of = {word: word.lower() if word.lower() in known else word for word in listed}
    families: dict[str, Counter[str]] = {}
    for word, small in small_of.items():
        families.setdefault(_singular(small, written), Counter())[small] += listed[word]
    usual = {
        one: max(forms, key=lambda form: (forms[form], len(form), form))
        for one, forms in families.items()
    }
    usual_of = {small: usual[_singular(small, written)] for small in small_of.values()}
    return usual_of | {word: usual_of[small] for word, small in small_of.items()}


def _cased(word: str, forms: Mapping[str, str]) -> str:
    """In small letters where the society writes it so; its number stays."""
    return word.lower() if forms.get(word, word).islower() else word


def _singular(word: str, written: frozenset[str]) -> str:
    if word.endswith("ss"):
        return word
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        one = word.removesuffix(ending) + instead
        if word.endswith(ending) and len(one) > 2 and one in written and one not in _SMALL:
            return one
    return word


def _runs(persona: Persona, forms: Mapping[str, str]) -> list[list[str]]:
    """The telling words of the facts, those together that stand next to each other."""
    runs: list[list[str]] = []
    for fact in facts(persona):
        runs.append([])
        end = 0
        for match in _WORD.finditer(fact):
            word = _cased(match[0], forms)
            if fact[end : match.start()].strip() or word.lower() in _SMALL:
                runs.append([])
            if word.lower() not in _SMALL and 1 < len(word) <= _LONGEST_WORD:
                runs[-1].append(word)
            end = match.end()
    return runs


def _pairs(persona: Persona, forms: Mapping[str, str]) -> list[str]:
    """Neighbours within a run; a number says something of the second only."""
    return [
        f"{one} {forms.get(other, other)}"
        for run in _runs(persona, forms)
        for one, other in pairwise(run)
    ]


def _alike(one: str, other: str) -> bool:
    one, other = sorted((one.lower(), other.lower()), key=len)
    return one == other or (len(one) >= _SAME_BEGINNING and other.startswith(one))
