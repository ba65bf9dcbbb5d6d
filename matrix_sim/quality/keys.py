"""Texts as they are compared. Keys only: nothing that a data set holds is ever rewritten."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

_KEPT = 64
"""Texts whose keys are remembered: several checks ask for those of one row."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\u301c~", "-"))
_SILENT = re.compile(
    r"((?<=[0-9])[.:/*×÷-](?=[0-9])"  # 1.5 is not 15
    r"|(?<![0-9a-z])-(?=[0-9])"  # -5 is not 5
    r"|(?<=[a-z])#|(?<=[a-z])\++|(?<=\w)\+(?=\w)|[%=<>\u2200-\u22ff])"  # C#, C++, 10%, formulas
    r"|[\W_]"
)
"""What a key leaves out, but for the group: signs that make another number or name."""


@lru_cache(_KEPT)
def key_of(text: str) -> str:
    """The text without differences of width, case, white space and punctuation."""
    return _SILENT.sub(r"\1", normalize("NFKC", text).casefold().translate(_DASHES))
