"""Texts as they are compared. Keys only: nothing that a data set holds is ever rewritten."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from matrix_sim.quality.kept import TEXTS

_KEPT = 64
"""Texts whose keys are remembered: several checks ask for those of one row."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\u301c~", "-"))
_SILENT = re.compile(r"[\W_]+")
_SIGN = re.compile("[-.:/*~×÷#+%=<>\u2010-\u2013\u2212\u2200-\u22ff\u301c]")
_UNSIGNED = re.compile(
    r"((?<=[0-9])[.:/*×÷-](?=[0-9])"  # 1.5 is not 15
    r"|(?<![0-9a-z])-(?=[0-9])"  # -5 is not 5
    r"|(?<=[a-z])#|(?<=[a-z])\++|(?<=\w)\+(?=\w)|[%=<>\u2200-\u22ff])"  # C#, C++, 10%, formulas
    r"|[\W_]"
)
"""Where there are signs: what a key leaves out, but for the group, which makes another number or
name of what it stands in."""


@lru_cache(TEXTS)
def key_of(text: str) -> str:
    """The text without differences of width, case, white space and punctuation."""
    plain = normalize("NFKC", text).casefold()
    if _SIGN.search(plain) is None:
        return _SILENT.sub("", plain)
    return _UNSIGNED.sub(r"\1", plain.translate(_DASHES))
