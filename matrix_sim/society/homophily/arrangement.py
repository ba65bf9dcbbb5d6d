"""From personas and their vectors to groups, links and what is shared, as `communication` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt

from matrix_sim.config import SocietyConfig
from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.description import GroupTraits, describe_groups
from matrix_sim.society.homophily.embedding import unit_rows
from matrix_sim.society.homophily.grouping import form_groups, group_count
from matrix_sim.society.homophily.lots import groups_by_lot, links_by_lot
from matrix_sim.society.homophily.neighbours import link_groups


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Who is with whom, who is next to whom, and why. Compared by identity: it holds an array."""

    groups: tuple[tuple[int, ...], ...]
    """Per group its members, ascending; numbered by their smallest member."""
    neighbours: tuple[tuple[int, ...], ...]
    """Per group the groups that it may send to, most similar first; by lot, in its order."""
    traits: tuple[GroupTraits, ...]
    """Per group what its members share."""
    centroids: npt.NDArray[np.float32]
    """Shape (groups, d): the mean vector of each group, at length 1 (or 0)."""


def arrange(
    personas: Sequence[Persona],
    vectors: npt.NDArray[np.float32],
    settings: SocietyConfig,
    seed: int,
) -> Arrangement:
    """Put a society together.

    Args:
        personas: By agent number.
        vectors: Shape (people, d), by agent number, of any length: from `embed` or an endpoint.
        settings: How people come together, bounds of a group, numbers of neighbours and weak ties.
        seed: The run's seed.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people.
    """
    # At length 1 the nearest by distance, which K-means goes by, are the nearest by cosine.
    directions = unit_rows(vectors)
    groups = _groups(directions, settings, seed)
    centroids = unit_rows(np.stack([directions[list(members)].mean(axis=0) for members in groups]))
    return Arrangement(
        groups=groups,
        neighbours=_links(centroids, settings, seed),
        traits=describe_groups(personas, groups),
        centroids=centroids,
    )


def count_groups(people: int, settings: SocietyConfig) -> int:
    """How many groups `arrange` makes of so many people.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people.
    """
    if settings.communication == "none":
        return people
    return group_count(people, settings.group_size)


def _groups(
    directions: npt.NDArray[np.float32], settings: SocietyConfig, seed: int
) -> tuple[tuple[int, ...], ...]:
    match settings.communication:
        case "homophily":
            return form_groups(directions, settings.group_size, seed)
        case "random":
            return groups_by_lot(len(directions), settings.group_size, seed)
        case "none":
            return tuple((person,) for person in range(len(directions)))
        case _:
            assert_never(settings.communication)


def _links(
    centroids: npt.NDArray[np.float32], settings: SocietyConfig, seed: int
) -> tuple[tuple[int, ...], ...]:
    match settings.communication:
        case "homophily":
            return link_groups(centroids, settings.neighbours, settings.weak_ties, seed)
        case "random":
            return links_by_lot(len(centroids), settings.neighbours + settings.weak_ties, seed)
        case "none":
            return ((),) * len(centroids)
        case _:
            assert_never(settings.communication)
