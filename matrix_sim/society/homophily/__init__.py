"""Homophily: similar people in groups, similar groups next to each other.

Imports numpy, scikit-learn and k-means-constrained: for the process that sets a society up, not for
the agents'.
"""

from matrix_sim.society.homophily.arrangement import Arrangement, arrange
from matrix_sim.society.homophily.description import GroupTraits
from matrix_sim.society.homophily.embedding import embed
from matrix_sim.society.homophily.profile import profile_text

__all__ = ["Arrangement", "GroupTraits", "arrange", "embed", "profile_text"]
