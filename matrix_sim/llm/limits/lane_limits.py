"""One endpoint as the limiter keeps it: what it can take, and who may send how much of that."""

from __future__ import annotations

from matrix_sim.llm.limits.breaker import Breaker
from matrix_sim.llm.limits.concurrency import FIRST, Concurrency
from matrix_sim.llm.limits.lease import Announced, LaneStatus, Lease, Report, Tally
from matrix_sim.llm.limits.rates import Pace
from matrix_sim.llm.limits.refusals import Seen
from matrix_sim.llm.limits.shares import VALID_S, Holder, slots_of

_SOON_S = 0.05
"""When a holder without a slot asks again: others may have given some back by then."""
_PATIENT_S = 0.5
"""The longest that a holder is told to wait before it asks again, and that a new limiter waits
for those who hold leases of the one before it: leases are renewed as often."""
_SLACK_REQUESTS = 0.01
"""Share of the limit that stays unused: clocks differ, and a minute here is not one there."""
_SLACK_TOKENS = 0.02
"""Tokens are counted when they are known: they come in lumps, and not when they were paced."""


class LaneLimits:
    """Everything about one endpoint."""

    def __init__(self, life: str, report: Report, now: float) -> None:
        """`report` is the first that comes; where it names a lease, a predecessor gave it."""
        terms, before = report.terms, report.lease
        self.name = report.lane
        self._life = life
        self._began = now
        self._terms = terms
        first = terms.bound if terms.fixed else FIRST
        self._concurrency = Concurrency(
            terms.bound, start=before.limit if before else first, fixed=terms.fixed
        )
        self._inherited = before is not None
        self._breaker = Breaker(terms.outage)
        self._holders: dict[str, Holder] = {}
        self._requests = self._pace(terms.rpm or (before.rpm if before else None), now)
        self._tokens = self._pace(terms.tpm or (before.tpm if before else None), now, tokens=True)
        self._hold_until = now
        self._looked_at = now
        self._sent = self._rejected = 0

    def renew(self, report: Report, now: float) -> Lease:
        """The next lease of a holder."""
        self._forget_the_dead(now)
        holder = self._told(report, now)
        known = report.lease is not None and report.lease.life == self._life
        self._take_in(report.tally, now, report.lease.epoch if known and report.lease else -1)
        if report.lease is not None and report.lease.down is not None and not known:
            self._breaker.recalled(report.lease.down, now)
        requests, tokens = self._grant(holder, report, now)
        holder.slots = self._slots(holder, report, now)
        down = self._breaker.ask(now, wants_probe=report.waiting > 0)
        return Lease(
            life=self._life,
            valid_s=VALID_S,
            slots=holder.slots,
            limit=self._concurrency.limit,
            epoch=self._concurrency.epoch,
            requests=requests,
            tokens=tokens,
            more_in_s=self._more_in_s(holder, report, now),
            hold_s=max(0.0, self._hold_until - now),
            down=down,
            rpm=_limit_of(self._requests),
            tpm=_limit_of(self._tokens),
        )

    def status(self, now: float) -> LaneStatus:
        """How it does."""
        self._forget_the_dead(now)
        return LaneStatus(
            name=self.name,
            in_flight=sum(h.in_flight for h in self._holders.values()),
            limit=self._concurrency.limit,
            waiting=sum(h.waiting for h in self._holders.values()),
            rejected_share=self._rejected / max(1, self._sent),
            rpm=_limit_of(self._requests),
            tpm=_limit_of(self._tokens),
            held_s=max(0.0, self._hold_until - now),
            down_s=self._breaker.down_s(now),
            why=self._breaker.why,
            probe_every_s=self._terms.outage.probe_every_s,
        )

    def _pace(self, per_minute: float | None, now: float, *, tokens: bool = False) -> Pace | None:
        if per_minute is None:
            return None
        return Pace(per_minute, now, slack=_SLACK_TOKENS if tokens else _SLACK_REQUESTS)

    # Who is there.

    def _forget_the_dead(self, now: float) -> None:
        for name in [n for n, holder in self._holders.items() if holder.expires_at <= now]:
            del self._holders[name]

    def _told(self, report: Report, now: float) -> Holder:
        holder = self._holders.get(report.holder)
        if holder is None:
            holder = self._holders[report.holder] = Holder(report.holder, now)
            holder.granted_requests = report.spent_requests
            holder.granted_tokens = report.spent_tokens
        holder.expires_at = now + VALID_S
        holder.in_flight, holder.waiting = report.in_flight, report.waiting
        holder.waits_since = now - report.waiting_s
        return holder

    def _slots(self, holder: Holder, report: Report, now: float) -> int:
        if not holder.demand:
            return 0
        slots = slots_of(holder, self._holders.values(), self._concurrency.limit)
        if self._inherited and now - self._began < _PATIENT_S and report.lease is not None:
            # Others still go by what a predecessor gave them, and have not come back yet.
            slots = min(slots, max(report.lease.slots, report.in_flight))
        return slots

    # What was seen.

    def _take_in(self, tally: Tally, now: float, epoch: int) -> None:
        self._sent += tally.sent
        self._rejected += tally.rejected + tally.paced_out
        if tally.succeeded:
            self._breaker.succeeded()
        self._breaker.saw(tally.trouble, now)
        self._hold_until = max(self._hold_until, now + tally.hold_s)
        if tally.announced is not None:
            self._adopt(tally.announced, now)
        paced = [pace for pace in (self._requests, self._tokens) if pace is not None]
        if tally.paced_out:
            for pace in paced:
                pace.turned_away(now)
        # What has a pace is turned away for its pace; of an endpoint that only says "wait",
        # nobody knows whether it means that.
        rejected = tally.rejected + (0 if paced else tally.paced_out)
        self._concurrency.observe(
            Seen(
                epoch=epoch,
                samples=tally.samples,
                replies=tally.replies,
                sent=tally.sent,
                rejected=rejected,
                late=tally.late,
                seconds=now - self._looked_at,
                in_flight=sum(h.in_flight for h in self._holders.values()),
            )
        )
        self._looked_at = now

    def _adopt(self, said: Announced, now: float) -> None:
        """Keep to what the endpoint says, where the config says nothing."""
        if self._terms.rpm is None and said.rpm not in (None, _limit_of(self._requests)):
            self._requests = self._pace(said.rpm, now)
        if self._terms.tpm is None and said.tpm not in (None, _limit_of(self._tokens)):
            self._tokens = self._pace(said.tpm, now, tokens=True)

    # What is given.

    def _grant(
        self, holder: Holder, report: Report, now: float
    ) -> tuple[float | None, float | None]:
        """What a holder may have spent since it began: of both, or of neither.

        One that held requests and waited for tokens would keep another waiting that holds tokens
        and waits for requests.
        """
        demand = {h.name: float(h.demand) for h in self._holders.values()}
        asked: list[tuple[Pace, float, float]] = []
        for pace, spent, granted, wanted, least in (
            (
                self._requests,
                report.spent_requests,
                holder.granted_requests,
                report.wanted_requests,
                1.0 if report.waiting else 0.0,
            ),
            (
                self._tokens,
                report.spent_tokens,
                holder.granted_tokens,
                report.wanted_tokens,
                report.next_tokens,
            ),
        ):
            if pace is not None:
                pace.pass_time(now, demand)
                # What it has not spent, or got back, makes up for what was spent in advance.
                pace.charge(holder.name, spent - granted)
                pace.may_take(least)
                asked.append((pace, wanted, least))
        share = holder.demand / max(1.0, sum(demand.values()))
        may = all(pace.has(holder.name, least) for pace, _, least in asked)
        taken = {
            id(pace): pace.take(holder.name, min(wanted, max(least, pace.burst * share)), least)
            for pace, wanted, least in asked
            if may
        }
        if self._requests is not None:
            holder.granted_requests = report.spent_requests + taken.get(id(self._requests), 0.0)
        if self._tokens is not None:
            holder.granted_tokens = report.spent_tokens + taken.get(id(self._tokens), 0.0)
        return (
            None if self._requests is None else holder.granted_requests,
            None if self._tokens is None else holder.granted_tokens,
        )

    def _more_in_s(self, holder: Holder, report: Report, now: float) -> float:
        if self._breaker.down:
            return min(_PATIENT_S, max(_SOON_S, self._breaker.next_probe_s(now)))
        share = holder.demand / max(1, sum(h.demand for h in self._holders.values()))
        waits = [0.0]
        if self._requests is not None:
            waits.append(self._requests.wait_s(holder.name, 1.0, share))
        if self._tokens is not None:
            waits.append(self._tokens.wait_s(holder.name, report.next_tokens, share))
        return min(_PATIENT_S, max(_SOON_S, *waits))


def _limit_of(pace: Pace | None) -> float | None:
    return None if pace is None else pace.per_minute
