"""What the calls of a run came to, added up from the journal's rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from matrix_sim.llm.contracts import Finish, Hindrance, Role
from matrix_sim.messages import Failure
from matrix_sim.store.budget import Charged

_Kind = TypeVar("_Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RoleUsage:
    """What the calls of one role came to. All figures are totals; tokens as the endpoint counts."""

    role: Role
    finishes: tuple[tuple[Finish, int], ...]
    """How many replies ended how, by name."""
    setbacks: tuple[tuple[Hindrance, int], ...]
    """What sendings met that brought no reply, by name."""
    lost_by: tuple[tuple[Hindrance, int], ...]
    """Of the lost: those of which is known what they met, by name."""
    repeated: tuple[tuple[Failure, int], ...]
    """Calls that repeat a question, by what was wrong with the reply before."""
    calls: int
    """Different calls with a reply, or with a sending that may have been paid; one that is sent
    again after a crash is the same call."""
    replies: int
    sends: int
    """Requests that were paid, or may have been: what `budget.max_calls` counts."""
    lost_tokens: int
    """Charged without a reply that says what it took: reservations."""
    lost_cost: int
    sendings: int
    """Requests sent for the replies, the client's retries included."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    uncached_tokens: int
    """Prompt tokens (estimated) beyond an LRU prefix cache of the stated size."""
    cost: int
    """Of the replies, in billionths of the currency."""
    overruns: int
    """Replies that took more than the most that was reserved for them."""
    overrun_tokens: int
    """By how much, in all."""

    @property
    def lost(self) -> int:
        """Sendings without a reply that may have been paid.

        Given up by a failure of the moment, in flight at a kill, or, while the run goes on, still
        under way.
        """
        return self.sends - self.replies

    @property
    def broken_off(self) -> int:
        """Of the lost: those in flight when a process ended, or now."""
        return self.lost - sum(count for _, count in self.lost_by)

    @property
    def charged_tokens(self) -> int:
        """What the endpoint is taken to have charged: never less than it did."""
        return self.prompt_tokens + self.completion_tokens + self.lost_tokens

    @property
    def charged_cost(self) -> int:
        """The same in billionths of the currency."""
        return self.cost + self.lost_cost


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What all calls of a run came to, without those that another run has paid for."""

    roles: tuple[RoleUsage, ...]
    """The roles that asked, by name."""
    routing: int
    """Replies to questions for routes, repeated ones included."""
    taken_along: int = 0
    """Calls that another run has paid for (`--fork`); in none of the other figures."""

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
        """Sendings without a reply that may have been paid."""
        return sum(role.lost for role in self.roles)

    @property
    def charged_tokens(self) -> int:
        """What the endpoints are taken to have charged."""
        return sum(role.charged_tokens for role in self.roles)

    @property
    def charged(self) -> Charged:
        """What the budget goes by."""
        return Charged(
            sum(role.sends for role in self.roles),
            self.charged_tokens,
            sum(role.charged_cost for role in self.roles),
        )


_TOTALS = """
SELECT role, sum(sends > 0), count(reply), sum(sends),
    sum(forfeited_tokens + open * reserved_tokens), sum(forfeited_cost + open * reserved_cost),
    coalesce(sum(sendings), 0), coalesce(sum(prompt_tokens), 0),
    coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0),
    coalesce(sum(uncached_tokens), 0), coalesce(sum(cost), 0),
    coalesce(sum(prompt_tokens + completion_tokens > reserved_tokens), 0),
    coalesce(sum(max(0, prompt_tokens + completion_tokens - reserved_tokens)), 0)
FROM calls WHERE NOT taken GROUP BY role ORDER BY role
"""
_CHARGED = """
SELECT coalesce(sum(sends), 0),
    coalesce(sum(forfeited_tokens + open * reserved_tokens
        + coalesce(prompt_tokens + completion_tokens, 0)), 0),
    coalesce(sum(forfeited_cost + open * reserved_cost + coalesce(cost, 0)), 0)
FROM calls WHERE NOT taken
"""
# As a range, which the index answers: all that begin with `route/`.
_ROUTING = """
SELECT count(reply) FROM calls WHERE address >= 'route/' AND address < 'route0' AND NOT taken
"""
_TAKEN = "SELECT count(*) FROM calls WHERE taken"
_FINISHES = """
SELECT role, finish, count(*) FROM calls WHERE reply IS NOT NULL AND NOT taken
GROUP BY role, finish ORDER BY role, finish
"""
_REPEATED = """
SELECT role, repeats, count(*) FROM calls WHERE repeats IS NOT NULL AND NOT taken
GROUP BY role, repeats ORDER BY role, repeats
"""
_SETBACKS = "SELECT role, cause, met FROM setbacks WHERE met > 0 ORDER BY role, cause"
_LOST_BY = "SELECT role, cause, lost FROM setbacks WHERE lost > 0 ORDER BY role, cause"


def read_usage(connection: sqlite3.Connection) -> CallUsage:
    """Totals by role."""
    finishes = _by_role(connection.execute(_FINISHES), Finish)
    setbacks = _by_role(connection.execute(_SETBACKS), Hindrance)
    lost_by = _by_role(connection.execute(_LOST_BY), Hindrance)
    repeated = _by_role(connection.execute(_REPEATED), Failure)
    return CallUsage(
        tuple(
            RoleUsage(
                Role(role),
                finishes.get(role, ()),
                setbacks.get(role, ()),
                lost_by.get(role, ()),
                repeated.get(role, ()),
                *totals,
            )
            for role, *totals in connection.execute(_TOTALS).fetchall()
        ),
        routing=connection.execute(_ROUTING).fetchone()[0],
        taken_along=connection.execute(_TAKEN).fetchone()[0],
    )


def read_charged(connection: sqlite3.Connection) -> Charged:
    """What the rows come to, for a budget."""
    return Charged(*connection.execute(_CHARGED).fetchone())


def _by_role(
    rows: Iterable[tuple[str, str, int]], kind: type[_Kind]
) -> dict[str, tuple[tuple[_Kind, int], ...]]:
    found: dict[str, tuple[tuple[_Kind, int], ...]] = {}
    for role, name, count in rows:
        found[role] = (*found.get(role, ()), (kind(name), count))
    return found
