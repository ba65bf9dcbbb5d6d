"""`pii`: no data that leads to a private person.

The rules are those that anonymise people (`matrix_sim.personas.anonymise`); what they find in
a row is not always a person's: 110, an office's free line, and addresses at example.com are fine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.personas.anonymise.finds import Find, Kind
from matrix_sim.personas.anonymise.folded import folded
from matrix_sim.personas.anonymise.rules import KnownNames, Rules
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.verdicts import verdict
from matrix_sim.quality.vocabulary import any_of, vocabulary

_HINT = re.compile(
    r"[0-9０-９]{4}|[0-9０-９][-‐－−ー―–.(（)）　 ][0-9０-９]|@|＠|アット|ドット|\bat\b|丁目|番地"
)
"""Without any of these there is nothing to find."""
_HINTED = re.compile(r"[0-9０-９@＠]")
_HINTS = ("アット", "ドット", "at", "丁目", "番地")
"""What a hint holds or begins with: quicker to look for."""
_NUMBERLESS = re.compile(r"[^0-9]")
_FREE = re.compile(r"0120|0800|0570|0077|0088|0990|00777")
"""How numbers begin that lead to an office: free of charge or at one price."""
_MADE_UP = re.compile(r"(?:0\d{1,3})?(\d)\1{6,}$")
"""A subscriber of the same digit throughout stands for any."""
_NAMES = {
    Kind.EMAIL: "an e-mail address",
    Kind.PHONE: "a telephone number",
    Kind.CARD: "a card number",
    Kind.MY_NUMBER: "a My Number",
    Kind.HANDLE: "an account name",
}
_GAP = r"[^0-9\n]{0,12}"
_ACCOUNT = re.compile(
    rf"(?:{any_of('account_labels')})[^0-9\n]{{0,8}}(?<![0-9])[0-9]{{7}}(?![0-9円人個件年])"
    rf"|記号{_GAP}[0-9]{{5}}{_GAP}番号{_GAP}[0-9]{{6,8}}(?![0-9])"
)
_LABELLED = re.compile(
    rf"(?:{any_of('number_labels')}){_GAP}(?=[A-Z0-9 -]*[0-9]{{4}})"
    r"[A-Z]{0,2}[0-9][0-9A-Z -]{5,14}"
)
_MY_NUMBER = re.compile(
    rf"(?:{any_of('my_number_labels')}){_GAP}[0-9]{{4}}[ -]?[0-9]{{4}}[ -]?[0-9]{{4}}(?![0-9])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:[都道府県]|[一-龠ぁ-んァ-ヶ]{1,6}[市区郡])[一-龠々ぁ-んァ-ヶヶケノ之]{1,14}"
    r"(?:[0-9]{1,2}条[東西][0-9]{1,2}丁目)?"
    r"(?:[0-9]{1,4}[-ー][0-9]{1,4}(?:[-ー][0-9]{1,4})?"
    r"|[0-9]{1,3}丁目[ ]?[0-9]{1,3}(?:番(?:地)?[ ]?|[-ー])[0-9]{0,4}(?:号)?|[0-9]{1,5}番地)"
)
_PUBLIC = re.compile(rf"(?:{any_of('public_places')})(?:の(?:住所|所在地))?[はが:(（、]?\s?$")
"""Before an address: it is that of a place which everybody may know."""
_PROFILE = re.compile(rf"(?:{any_of('profile_labels')})[^。\n]{{0,10}}$")
_LOOK_BACK = 16


class PiiCheck:
    """Looks at everything that a data set would hold: both answers of a pair, and thinking."""

    name = "pii"

    def __init__(self) -> None:
        self._rules = Rules(KnownNames())

    def look(self, row: Row) -> Verdict:
        """Refused with the first find. The reason says what it is, and does not repeat it."""
        reasons = (
            f"{turn.role}: {why}"
            for turn in (*row.turns, *row.chosen, *row.rejected)
            for text in (turn.content, turn.reasoning)
            if _may_hold_some(text)
            for why in self._finds(text)
        )
        return verdict(self.name, next(reasons, None))

    def _finds(self, text: str) -> Iterator[str]:
        view = folded(text).text
        for find in self._rules.finds(view):
            found = view[find.start : find.end]
            if _is_private(find, found, view):
                yield f"{_NAMES[find.kind]} ({_masked(found)})"
        for pattern, name in (
            (_MY_NUMBER, "a My Number"),
            (_ACCOUNT, "the number of a bank account"),
            (_LABELLED, "the number of a document"),
            (_ADDRESS, "an address down to the house"),
        ):
            match = pattern.search(view)
            if match is not None and not _PUBLIC.search(view, 0, match.start()):
                yield f"{name} ({_masked(match[0])})"


def _may_hold_some(text: str) -> bool:
    likely = _HINTED.search(text) is not None or any(hint in text for hint in _HINTS)
    return likely and _HINT.search(text) is not None


def _is_private(find: Find, found: str, view: str) -> bool:
    match find.kind:
        case Kind.EMAIL:
            return not _is_example(found)
        case Kind.PHONE:
            digits = _NUMBERLESS.sub("", found)
            return not (_FREE.match(digits) or _MADE_UP.match(digits))
        case Kind.CARD | Kind.MY_NUMBER:
            return True
        case Kind.HANDLE:
            before = view[max(0, find.start - _LOOK_BACK) : find.start]
            return _PROFILE.search(before) is not None
        case _:  # links lead to pages, and a postal code alone to a whole quarter
            return False


def _is_example(address: str) -> bool:
    domain = address.lower().rpartition("@")[2]
    parts = domain.split(".")
    return any(".".join(parts[n:]) in vocabulary("example_domains") for n in range(len(parts)))


def _masked(found: str) -> str:
    """Enough to find the place again: its ends."""
    return f"{found[:2]}…{found[-2:]}" if len(found) > 4 else "…"
