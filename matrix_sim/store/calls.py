"""The journal's rows: calls, their replies, and the prompts that were sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import (
    AbandonCall,
    CallKey,
    Finish,
    Hindrance,
    OpenCall,
    RecordCall,
    Reply,
    Role,
    StoredPrompt,
)
from matrix_sim.llm.prompt_delta import decode
from matrix_sim.llm.tariff import Tariffs
from matrix_sim.store.budget import BudgetBook, OverBudget
from matrix_sim.store.codec import decode_reply, encode_reply
from matrix_sim.store.failures import StoreConflict

_Where = tuple[str, int, bytes]
"""Address, attempt and request hash, as SQL is told them."""


_OPEN = """
INSERT INTO calls (
    address, attempt, request_hash, role, reserved_tokens, reserved_cost, repeats, sends, open
)
VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1)
ON CONFLICT (address, attempt, request_hash) DO UPDATE SET
    forfeited_tokens = forfeited_tokens + open * reserved_tokens,
    forfeited_cost = forfeited_cost + open * reserved_cost,
    reserved_tokens = excluded.reserved_tokens, reserved_cost = excluded.reserved_cost,
    sends = sends + 1, open = 1
WHERE reply IS NULL
"""
_REPLY = "SELECT reply FROM calls WHERE address = ? AND attempt = ? AND request_hash = ?"
_RESERVED = """
SELECT reserved_tokens, reserved_cost FROM calls
WHERE address = ? AND attempt = ? AND request_hash = ? AND open
"""
_RECORD = """
UPDATE calls SET open = 0, finish = ?, prompt_tokens = ?, completion_tokens = ?,
    cached_tokens = ?, uncached_tokens = ?, sendings = ?, cost = ?, reply = ?
WHERE address = ? AND attempt = ? AND request_hash = ? AND reply IS NULL
"""
_GIVE_BACK = """
UPDATE calls SET sends = sends - 1, open = 0
WHERE address = ? AND attempt = ? AND request_hash = ? AND open
"""
_FORFEIT = """
UPDATE calls SET forfeited_tokens = forfeited_tokens + reserved_tokens,
    forfeited_cost = forfeited_cost + reserved_cost, open = 0
WHERE address = ? AND attempt = ? AND request_hash = ? AND open
"""
_SETBACK = """
INSERT INTO setbacks VALUES (?, ?, ?, ?)
ON CONFLICT (role, cause) DO UPDATE SET met = met + excluded.met, lost = lost + excluded.lost
"""
_ROLE = "SELECT role FROM calls WHERE address = ? AND attempt = ? AND request_hash = ?"
_KEEP_PROMPT = "INSERT OR IGNORE INTO prompts VALUES (?, ?, ?, ?)"
_PROMPT = "SELECT base, shared, tail FROM prompts WHERE request_hash = ?"
_REPLIES_OF = "SELECT rowid, reply FROM calls WHERE role = ? AND reply IS NOT NULL"
_FORGET_REPLY = "UPDATE calls SET reply = ? WHERE rowid = ?"
_FORGET_PROMPTS = """
DELETE FROM prompts WHERE request_hash IN (SELECT request_hash FROM calls WHERE role = ?)
"""
# As ranges, which the index answers; a name that was set aside is `ADDRESS~NUMBER`.
_SET_ASIDE = "SELECT count(DISTINCT address) FROM calls WHERE address > ? AND address < ?"
_RENAME = "UPDATE calls SET address = ? WHERE address = ?"
# What was recorded before its role had a price; prices are for a million tokens.
_PRICE_REPLIES = """
UPDATE calls SET cost = (
    (prompt_tokens - min(cached_tokens, prompt_tokens)) * ?
    + min(cached_tokens, prompt_tokens) * ? + completion_tokens * ? + 999999) / 1000000
WHERE role = ? AND cost = 0 AND NOT taken
"""
_PRICE_RESERVATIONS = """
UPDATE calls SET reserved_cost = (reserved_tokens * ?1 + 999999) / 1000000,
    forfeited_cost = (forfeited_tokens * ?1 + 999999) / 1000000
WHERE role = ?2 AND reserved_cost = 0 AND NOT taken
"""


class CallTable:
    """Calls and prompts of one database; inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, book: BudgetBook) -> None:
        self._connection = connection
        self._book = book

    def open(self, call: OpenCall) -> Reply | OverBudget | None:
        """Reserve for one more sending; or the reply, if there is one, and no reservation."""
        key = call.key
        where = (key.address, key.attempt, key.request_hash)
        book = self._book
        if call.after is not None and self._connection.execute(_FORFEIT, where).rowcount:
            self._note(call.role.value, call.after, met=0, lost=1)
        if book.limited:
            book.leave(key)  # one flight at a time: what it held is not under way any more
            if not book.fits(call):
                return self.reply(key) or book.refusal(call)
        reserved = (call.reserved_tokens, call.reserved_cost)
        row = (*where, call.role.value, *reserved, call.repeats)
        if not self._connection.execute(_OPEN, row).rowcount:
            return self.reply(key)
        if book.limited:
            book.reserve(call)
        return None

    def record(self, call: RecordCall) -> Reply:
        """Keep a reply and its prompt; returns the reply that was there first.

        Raises:
            StoreConflict: the call was never opened.
        """
        key, reply, usage = call.key, call.reply, call.reply.usage
        where = (key.address, key.attempt, key.request_hash)
        tokens, reserved = usage.prompt_tokens + usage.completion_tokens, (0, 0)
        if self._book.limited:
            reserved = self._reserved(key)
        if not tokens and reply.finish is not Finish.CONTEXT_OVERFLOW:
            # It does not say what it took; who says that the prompt is too long has taken nothing.
            self._connection.execute(_FORFEIT, where)
            reserved = (0, 0)
        row = (
            reply.finish.value,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens,
            call.uncached_tokens,
            call.sendings,
            call.cost,
            encode_reply(reply),
            *where,
        )
        if self._connection.execute(_RECORD, row).rowcount:
            prompt = call.prompt
            kept = (key.request_hash, prompt.base, prompt.shared, prompt.tail)
            self._connection.execute(_KEEP_PROMPT, kept)
            if call.setbacks:
                self._note_all(where, call.setbacks)
            if self._book.limited:
                tokens, cost = tokens - reserved[0], call.cost - reserved[1]
                self._book.settle(key, calls=0, tokens=tokens, cost=cost)
            return reply
        earlier = self.reply(key)
        if earlier is None:
            raise StoreConflict(
                f"a reply to {key.address} (attempt {key.attempt}) was to be recorded, but the"
                " call was never opened: its tokens were not reserved"
            )
        return earlier

    def abandon(self, call: AbandonCall) -> None:
        """Give the last reservation back, unless it may have been paid; done again: nothing."""
        key = call.key
        where = (key.address, key.attempt, key.request_hash)
        if call.maybe_paid:
            lost = self._connection.execute(_FORFEIT, where).rowcount
            self._book.leave(key)
        else:
            tokens, cost = self._reserved(key)
            lost = 0
            if self._connection.execute(_GIVE_BACK, where).rowcount:
                self._book.settle(key, calls=-1, tokens=-tokens, cost=-cost)
        self._note_all(where, call.setbacks)
        if lost and call.after is not None:
            self._note(self._role(where), call.after, met=0, lost=1)

    def bury(self, holder: str) -> None:
        """A process has died: nobody need wait for what it had under way."""
        self._book.bury(holder)

    def set_aside(self, addresses: Sequence[str]) -> None:
        """Rename the calls of these addresses, so that they are asked again.

        What was said and what it cost stays, under `ADDRESS~1`, `ADDRESS~2`, ...
        """
        for address in addresses:
            bounds = (f"{address}~", f"{address}~:")  # a colon follows on the digits
            (before,) = self._connection.execute(_SET_ASIDE, bounds).fetchone()
            self._connection.execute(_RENAME, (f"{address}~{before + 1}", address))

    def put_prices(self, tariffs: Tariffs) -> None:
        """Price what was called before its role had a price."""
        for role, tariff in tariffs.items():
            if not tariff.free:
                rates = (tariff.input, tariff.cached_input, tariff.output)
                self._connection.execute(_PRICE_REPLIES, (*rates, role.value))
                # Of an old reservation only the sum of its tokens is known.
                self._connection.execute(_PRICE_RESERVATIONS, (max(rates), role.value))

    def _reserved(self, key: CallKey) -> tuple[int, int]:
        """Tokens and cost that a call holds: none where nothing is open."""
        held = self._book.held(key)
        if held is not None:
            return held.reserved_tokens, held.reserved_cost
        where = (key.address, key.attempt, key.request_hash)
        row = self._connection.execute(_RESERVED, where).fetchone()
        return (0, 0) if row is None else row

    def _note_all(self, where: _Where, setbacks: Iterable[tuple[Hindrance, int]]) -> None:
        for cause, count in setbacks:
            self._note(self._role(where), cause, met=count, lost=0)

    def _note(self, role: str, cause: Hindrance, *, met: int, lost: int) -> None:
        self._connection.execute(_SETBACK, (role, cause.value, met, lost))

    def _role(self, where: _Where) -> str:
        (role,) = self._connection.execute(_ROLE, where).fetchone()
        return str(role)

    def reply(self, key: CallKey) -> Reply | None:
        """What the journal holds for a call."""
        where = (key.address, key.attempt, key.request_hash)
        row = self._connection.execute(_REPLY, where).fetchone()
        return None if row is None or row[0] is None else decode_reply(row[0])

    def forget_texts(self, role: Role) -> None:
        """Erase what was said in the calls of a role; that they were made, and their cost, stays.

        No prompt of another role may build on theirs: addresses of different kinds never do.
        """
        for row, reply in self._connection.execute(_REPLIES_OF, (role.value,)).fetchall():
            silent = replace(decode_reply(reply), text="", reasoning="")
            self._connection.execute(_FORGET_REPLY, (encode_reply(silent), row))
        self._connection.execute(_FORGET_PROMPTS, (role.value,))

    def prompt(self, request_hash: bytes) -> bytes | None:
        """The messages (canonical JSON) of a recorded call; None where there is none.

        Raises:
            RunFailure: a prompt that it builds on was never recorded.
        """
        if self._stored_prompt(request_hash) is None:
            return None
        try:
            return decode(self._stored_prompt, request_hash)
        except LookupError as error:
            raise RunFailure(str(error)) from error

    def _stored_prompt(self, request_hash: bytes) -> StoredPrompt | None:
        row = self._connection.execute(_PROMPT, (request_hash,)).fetchone()
        return None if row is None else StoredPrompt(*row)
