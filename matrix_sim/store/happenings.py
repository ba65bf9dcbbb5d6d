"""The rows of what happened: events before the first tick, ticks, scenarios."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from matrix_sim.messages import Scenario, TickReport, group_label
from matrix_sim.society.contracts import Progress
from matrix_sim.store.codec import (
    decode_report,
    decode_scenario,
    encode_report,
    encode_scenario,
)
from matrix_sim.store.failures import StoreConflict

_COMMIT_TICK = "INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?, ?, ?)"
_TICK = "SELECT body FROM ticks WHERE grp = ? AND tick = ?"
_REPORTS = "SELECT body FROM ticks WHERE grp = ? ORDER BY tick"
_REPORTS_SINCE = "SELECT body FROM ticks WHERE tick > ? ORDER BY grp, tick"
# SQLite takes the other columns from the row that has the maximum.
_LAST_TICKS = "SELECT grp, max(tick), round, quiescent FROM ticks GROUP BY grp"
_ACTIONS = """
SELECT tick / ? AS window, grp, sum(actions) FROM ticks WHERE actions > 0
GROUP BY window, grp ORDER BY window, grp
"""
_COMMIT_SCENARIO = "INSERT OR IGNORE INTO scenarios VALUES (?, ?, ?)"
_SCENARIO = "SELECT body FROM scenarios WHERE window = ? AND grp = ?"
_SCENARIOS = "SELECT body FROM scenarios ORDER BY window, grp"
_SCENARIO_KEYS = "SELECT window, grp FROM scenarios"
_DROP_SCENARIO = "DELETE FROM scenarios WHERE window = ? AND grp = ?"
_PUT_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?)"
_DROP_EVENT = "DELETE FROM events WHERE kind = ? AND key = ?"
_EVENT = "SELECT body FROM events WHERE kind = ? AND key = ?"
_EVENTS = "SELECT key, body FROM events WHERE kind = ? ORDER BY key"


class HappeningTables:
    """Events, ticks and scenarios of one database; inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def commit_tick(self, report: TickReport) -> None:
        """Keep a tick; the same one again changes nothing.

        Raises:
            StoreConflict: the store holds another report of this tick.
        """
        row = (
            report.group,
            report.tick,
            report.round,
            report.quiescent,
            len(report.actions),
            encode_report(report),
        )
        if self._connection.execute(_COMMIT_TICK, row).rowcount:
            return
        (body,) = self._connection.execute(_TICK, (report.group, report.tick)).fetchone()
        if decode_report(body) != report:
            raise StoreConflict(
                f"tick {report.tick} of group {group_label(report.group)} is committed already, and"
                " came out differently this time: the run would no longer follow from its history"
            )

    def commit_scenario(self, scenario: Scenario) -> None:
        """Keep a scenario; the same one again changes nothing.

        Raises:
            StoreConflict: the store holds another scenario of this window.
        """
        row = (scenario.window, scenario.group, encode_scenario(scenario))
        if self._connection.execute(_COMMIT_SCENARIO, row).rowcount:
            return
        where = (scenario.window, scenario.group)
        (body,) = self._connection.execute(_SCENARIO, where).fetchone()
        if decode_scenario(body) != scenario:
            raise StoreConflict(
                f"scenario {scenario.window} of group {group_label(scenario.group)} is committed"
                " already, and came out differently this time: the run would no longer follow"
                " from its history"
            )

    def drop_scenarios(self, keys: Iterable[tuple[int, int]]) -> None:
        """Forget scenarios, by (window, group): their windows await a summary again."""
        self._connection.executemany(_DROP_SCENARIO, keys)

    def drop_event(self, kind: str, key: str) -> None:
        """Forget an event; done again: nothing."""
        self._connection.execute(_DROP_EVENT, (kind, key))

    def put_event(self, kind: str, key: str, body: bytes) -> bytes:
        """Keep an event; returns the body that was there first."""
        if self._connection.execute(_PUT_EVENT, (kind, key, body)).rowcount:
            return body
        (earlier,) = self._connection.execute(_EVENT, (kind, key)).fetchone()
        return bytes(earlier)

    def events(self, kind: str) -> dict[str, bytes]:
        """The bodies of a kind by key, in the order of the keys."""
        return dict(self._connection.execute(_EVENTS, (kind,)))

    def reports(self, group: int) -> tuple[TickReport, ...]:
        """The committed ticks of a group, in order."""
        rows = self._connection.execute(_REPORTS, (group,))
        return tuple(decode_report(body) for (body,) in rows)

    def scenarios(self) -> Iterator[Scenario]:
        """All scenarios in the order (window, group)."""
        for (body,) in self._connection.execute(_SCENARIOS):
            yield decode_scenario(body)

    def progress(self, groups: int, window: int) -> Progress:
        """How far a society of `groups` groups with windows of `window` ticks has come."""
        last = {
            group: (tick, round_, bool(quiescent))
            for group, tick, round_, quiescent in self._connection.execute(_LAST_TICKS)
        }
        states = [last.get(group, (-1, -1, False)) for group in range(groups)]
        committed = tuple(tick for tick, _, _ in states)
        return Progress(
            committed=committed,
            rounds=tuple(round_ for _, round_, _ in states),
            quiescent=tuple(quiescent for _, _, quiescent in states),
            recent=self._recent(committed, window),
            scenarios=frozenset(self._connection.execute(_SCENARIO_KEYS)),
            actions_per_window=tuple(self._connection.execute(_ACTIONS, (window,))),
        )

    def _recent(self, committed: tuple[int, ...], window: int) -> tuple[TickReport, ...]:
        # Only its in-neighbours hold a group back, so it may be many windows ahead of a group
        # that it sends to: what an older report sent there is still under way.
        slowest = min(committed, default=-1)
        reports = (
            decode_report(body)
            for (body,) in self._connection.execute(_REPORTS_SINCE, (slowest - window,))
        )
        return tuple(
            report
            for report in reports
            if report.tick > committed[report.group] - window
            or any(report.tick + window > committed[e.target] for e in report.envelopes)
        )
