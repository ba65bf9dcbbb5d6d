"""The corpus of invented posts, and what of it the rules are known to get wrong."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.personas.anonymise.finds import Kind

CORPUS = Path(__file__).parents[1] / "data" / "pii_cases.jsonl"

KNOWN_EXTRA = {
    # "@" before a place in Latin letters looks like an account.
    Kind.HANDLE: ("ja-neg-33", "en-neg-26"),
    # The month, in the middle of a sentence, of somebody called April May; a street with the
    # family name of somebody called Clark.
    Kind.NAME: ("en-neg-19", "en-late-03"),
}
KNOWN_MISSED = {
    # In kanji numerals; seven digits that nothing calls a telephone number.
    Kind.PHONE: ("ja-phone-17", "en-late-05"),
    Kind.NAME: ("ja-name-23", "en-name-11"),  # nicknames that the profile does not tell
}
