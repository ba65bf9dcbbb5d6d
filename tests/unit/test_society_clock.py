"""The grant rule and the post office, each on its own."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.messages import Action, ActionKind, Envelope
from matrix_sim.society.clock import Clock
from matrix_sim.society.post_office import PostOffice
from tests.support.examples import examples

Graph = tuple[tuple[int, ...], ...]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 6))
    others = [[g for g in range(count) if g != group] for group in range(count)]
    return tuple(
        tuple(draw(st.lists(st.sampled_from(rest), unique=True))) if rest else () for rest in others
    )


@examples(150)
@given(graph=graphs(), slack=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_a_group_may_start_exactly_when_its_in_neighbours_are_a_window_behind_at_most(
    graph: Graph, slack: int, seed: int
) -> None:
    clock, committed = Clock(graph, slack, [-1] * len(graph)), [-1] * len(graph)
    draw = random.Random(seed)
    for _ in range(40):
        allowed = []
        for group in range(len(graph)):
            tick = committed[group] + 1
            sources = [s for s, targets in enumerate(graph) if group in targets]
            by_the_rule = all(committed[source] >= tick - slack for source in sources)
            assert clock.may_start(group) == by_the_rule
            assert clock.next_tick(group) == tick
            if by_the_rule:
                allowed.append(group)
        assert allowed, "somebody can always go on"
        group = draw.choice(allowed)
        waiting = {g for g in range(len(graph)) if not clock.may_start(g)}
        told = set(clock.commit(group, committed[group] + 1))
        committed[group] += 1
        freed = {g for g in waiting if clock.may_start(g)}
        assert freed <= told, "a group that was freed is not told"


@examples(30)
@given(graph=graphs(), slack=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_a_clock_started_on_a_progress_is_the_one_that_got_there(
    graph: Graph, slack: int, seed: int
) -> None:
    clock, committed = Clock(graph, slack, [-1] * len(graph)), [-1] * len(graph)
    draw = random.Random(seed)
    for _ in range(20):
        group = draw.choice([g for g in range(len(graph)) if clock.may_start(g)])
        committed[group] += 1
        clock.commit(group, committed[group])
    again = Clock(graph, slack, committed)
    for group in range(len(graph)):
        assert again.may_start(group) == clock.may_start(group)
        assert again.next_tick(group) == clock.next_tick(group)


@pytest.mark.parametrize("tick", [0, 2])
def test_a_tick_out_of_order_is_refused(tick: int) -> None:
    clock = Clock(((),), 3, [0])
    with pytest.raises(ValueError, match=f"commits tick {tick} after 0"):
        clock.commit(0, tick)


def envelope(tick: int, source: int, target: int, *, rank: int = 0, agent: int = 0) -> Envelope:
    return Envelope(target, rank, Action(tick, source, agent, ActionKind.PLAN, "する"), "誰か")


@examples(50)
@given(
    order=st.permutations(
        [
            envelope(tick, source, target, rank=rank, agent=agent)
            for tick, source, target in product((4, 5), (1, 2), (0, 3))
            for rank, agent in enumerate((7, 3, 5))
        ]
    ),
    batches=st.integers(1, 5),
)
def test_an_inbox_is_that_of_its_tick_in_order_whenever_it_was_posted(
    order: list[Envelope], batches: int
) -> None:
    office = PostOffice(window=3, inbox_limit=100)
    for batch in range(batches):
        office.post(order[batch::batches])
    inbox, cut = office.collect(0, 7)
    senders = [(e.source, e.action.agent) for e in inbox]
    assert senders == [(source, agent) for source in (1, 2) for agent in (3, 5, 7)]
    assert cut == 0
    assert all(e.target == 0 and e.action.tick == 4 for e in inbox)
    assert office.collect(0, 6) == office.collect(0, 9) == ((), 0)


@examples(30)
@given(
    order=st.permutations(
        [envelope(0, source, 9, rank=rank) for source in (1, 2, 3) for rank in range(4)]
    ),
    limit=st.integers(1, 12),
)
def test_a_full_inbox_keeps_what_the_senders_ranked_first_and_counts_the_rest(
    order: list[Envelope], limit: int
) -> None:
    office = PostOffice(window=1, inbox_limit=limit)
    office.post(order)
    inbox, cut = office.collect(9, 1)
    wanted = [(rank, source) for rank in range(4) for source in (1, 2, 3)][:limit]
    assert sorted((e.rank, e.source) for e in inbox) == wanted
    assert [e.action.order for e in inbox] == sorted(e.action.order for e in inbox)
    assert cut == 12 - limit


def test_collecting_leaves_an_inbox_where_it_is_and_delivering_removes_it() -> None:
    office = PostOffice(window=2, inbox_limit=5)
    assert office.empty
    office.post([envelope(0, 1, 0)])
    assert office.collect(0, 2) == office.collect(0, 2)
    assert not office.empty
    office.delivered(0, 2)
    assert office.collect(0, 2) == ((), 0)
    assert office.empty
