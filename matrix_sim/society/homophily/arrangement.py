"""Homophily as a whole: from personas and their vectors to groups, links and what is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matrix_sim.config import SocietyConfig
from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.description import GroupTraits, describe_groups
from matrix_sim.society.homophily.embedding import unit_rows
from matrix_sim.society.homophily.grouping import form_groups
from matrix_sim.society.homophily.neighbours import link_groups


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Who is with whom, who is next to whom, and why. Compared by identity: it holds an array."""

    groups: tuple[tuple[int, ...], ...]
    """Per group its members, ascending; numbered by their smallest member."""
    neighbours: tuple[tuple[int, ...], ...]
    """Per group the groups that it may send to, most similar first."""
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
        settings: Bounds of a group, numbers of neighbours and weak ties.
        seed: The run's seed.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people.
    """
    # At length 1 the nearest by distance, which K-means goes by, are the nearest by cosine.
    directions = unit_rows(vectors)
    groups = form_groups(directions, settings.group_size, seed)
    centroids = unit_rows(np.stack([directions[list(members)].mean(axis=0) for members in groups]))
    return Arrangement(
        groups=groups,
        neighbours=link_groups(centroids, settings.neighbours, settings.weak_ties, seed),
        traits=describe_groups(personas, groups),
        centroids=centroids,
    )
