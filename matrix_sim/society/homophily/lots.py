"""Groups and links by lot: what homophily is compared with (the paper's random communication)."""

from __future__ import annotations

from matrix_sim.config import GroupSizeConfig
from matrix_sim.randomness import named_random
from matrix_sim.society.homophily.grouping import group_count


def groups_by_lot(people: int, sizes: GroupSizeConfig, seed: int) -> tuple[tuple[int, ...], ...]:
    """As many groups as homophily would make, of as equal a size as can be, members by lot.

    Returns:
        A partition of 0..people-1: members ascending, groups by their smallest member.

    Raises:
        UsageError: the bounds cannot be kept.
    """
    count = group_count(people, sizes)
    order = list(range(people))
    named_random(seed, "random-groups").shuffle(order)
    return tuple(sorted(tuple(sorted(order[place::count])) for place in range(count)))


def links_by_lot(groups: int, links: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """Per group the groups that it may send to: `links` of them, by lot, and in that order.

    Shifts of a shuffled circle: every group is sent to by as many as it sends to, and the first
    shift, by one place, leads through all of them (S5). That holds of the first links alone, too:
    a limit of how many groups an action goes out to favours nobody.
    """
    circle, shifts = list(range(groups)), list(range(2, groups))
    generator = named_random(seed, "random-links")
    generator.shuffle(circle)
    generator.shuffle(shifts)
    chosen = [1, *shifts][: min(links, groups - 1)]
    found: list[tuple[int, ...]] = [()] * groups
    for place, group in enumerate(circle):
        found[group] = tuple(circle[(place + shift) % groups] for shift in chosen)
    return tuple(found)
