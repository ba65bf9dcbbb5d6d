"""The journal's rows: calls, their replies, and the prompts that were sent."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import (
    AbandonCall,
    CallKey,
    Finish,
    OpenCall,
    RecordCall,
    Reply,
    Role,
    StoredPrompt,
)
from matrix_sim.llm.prompt_delta import decode
from matrix_sim.store.codec import decode_reply, encode_reply
from matrix_sim.store.failures import StoreConflict


@dataclass(frozen=True, slots=True)
class RoleUsage:
    """What the calls of one role came to. All figures are totals; tokens as the endpoint counts."""

    role: Role
    finishes: tuple[tuple[Finish, int], ...]
    """How many replies ended how, by name."""
    calls: int
    """Different calls; a call sent again after a crash is the same call."""
    replies: int
    lost: int
    """Reservations that got no reply: in flight at a kill, given up by a failure of the
    moment, or, while the run goes on, still under way."""
    lost_tokens: int
    """What the lost ones are charged: their reservations."""
    sendings: int
    """Requests sent for the replies, the client's retries included."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    uncached_tokens: int
    """Prompt tokens (estimated) beyond an LRU prefix cache of the stated size."""

    @property
    def charged_tokens(self) -> int:
        """What the endpoint is taken to have charged: never less than it did."""
        return self.prompt_tokens + self.completion_tokens + self.lost_tokens


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What all calls of a run came to."""

    roles: tuple[RoleUsage, ...]
    """The roles that asked, by name."""
    routing: int
    """Replies to questions for routes, repeated ones included."""

    @property
    def calls(self) -> int:
        """Different calls."""
        return sum(role.calls for role in self.roles)

    @property
    def replies(self) -> int:
        """Calls with a reply."""
        return sum(role.replies for role in self.roles)

    @property
    def lost(self) -> int:
        """Reservations that got no reply."""
        return sum(role.lost for role in self.roles)

    @property
    def charged_tokens(self) -> int:
        """What the endpoints are taken to have charged."""
        return sum(role.charged_tokens for role in self.roles)


_OPEN = """
INSERT INTO calls (address, attempt, request_hash, role, reserved_tokens, sends)
VALUES (?, ?, ?, ?, ?, 1)
ON CONFLICT (address, attempt, request_hash)
DO UPDATE SET sends = sends + 1 WHERE reply IS NULL
"""
_REPLY = "SELECT reply FROM calls WHERE address = ? AND attempt = ? AND request_hash = ?"
_RECORD = """
UPDATE calls SET finish = ?, prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?,
    uncached_tokens = ?, sendings = ?, reply = ?
WHERE address = ? AND attempt = ? AND request_hash = ? AND reply IS NULL
"""
_GIVE_BACK = """
UPDATE calls SET sends = sends - 1
WHERE address = ? AND attempt = ? AND request_hash = ? AND reply IS NULL AND sends > 0
"""
_KEEP_PROMPT = "INSERT OR IGNORE INTO prompts VALUES (?, ?, ?, ?)"
_PROMPT = "SELECT base, shared, tail FROM prompts WHERE request_hash = ?"
_REPLIES_OF = "SELECT rowid, reply FROM calls WHERE role = ? AND reply IS NOT NULL"
_FORGET_REPLY = "UPDATE calls SET reply = ? WHERE rowid = ?"
_FORGET_PROMPTS = """
DELETE FROM prompts WHERE request_hash IN (SELECT request_hash FROM calls WHERE role = ?)
"""
_TOTALS = """
SELECT role, count(*), count(reply), sum(sends) - count(reply),
    sum(reserved_tokens * (sends - (reply IS NOT NULL))),
    coalesce(sum(sendings), 0), coalesce(sum(prompt_tokens), 0),
    coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0),
    coalesce(sum(uncached_tokens), 0)
FROM calls GROUP BY role ORDER BY role
"""
# As a range, which the index answers: all that begin with `route/`.
_ROUTING = "SELECT count(reply) FROM calls WHERE address >= 'route/' AND address < 'route0'"
_FINISHES = """
SELECT role, finish, count(*) FROM calls WHERE reply IS NOT NULL
GROUP BY role, finish ORDER BY role, finish
"""


class CallTable:
    """Calls and prompts of one database; inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open(self, call: OpenCall) -> Reply | None:
        """Reserve for one more sending; or the reply, if there is one, and no reservation."""
        key = call.key
        row = (key.address, key.attempt, key.request_hash, call.role.value, call.reserved_tokens)
        if self._connection.execute(_OPEN, row).rowcount:
            return None
        return self.reply(key)

    def record(self, call: RecordCall) -> Reply:
        """Keep a reply and its prompt; returns the reply that was there first.

        Raises:
            StoreConflict: the call was never opened.
        """
        key, reply, usage = call.key, call.reply, call.reply.usage
        row = (
            reply.finish.value,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens,
            call.uncached_tokens,
            call.sendings,
            encode_reply(reply),
            key.address,
            key.attempt,
            key.request_hash,
        )
        if self._connection.execute(_RECORD, row).rowcount:
            prompt = call.prompt
            kept = (key.request_hash, prompt.base, prompt.shared, prompt.tail)
            self._connection.execute(_KEEP_PROMPT, kept)
            return reply
        earlier = self.reply(key)
        if earlier is None:
            raise StoreConflict(
                f"a reply to {key.address} (attempt {key.attempt}) was to be recorded, but the"
                " call was never opened: its tokens were not reserved"
            )
        return earlier

    def abandon(self, call: AbandonCall) -> None:
        """Give the last reservation back, unless it may have been paid."""
        if not call.maybe_paid:
            key = call.key
            where = (key.address, key.attempt, key.request_hash)
            self._connection.execute(_GIVE_BACK, where)

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

    def usage(self) -> CallUsage:
        """Totals by role."""
        finishes: dict[str, list[tuple[Finish, int]]] = {}
        for role, finish, count in self._connection.execute(_FINISHES):
            finishes.setdefault(role, []).append((Finish(finish), count))
        return CallUsage(
            tuple(
                RoleUsage(Role(role), tuple(finishes.get(role, ())), *totals)
                for role, *totals in self._connection.execute(_TOTALS).fetchall()
            ),
            routing=self._connection.execute(_ROUTING).fetchone()[0],
        )
