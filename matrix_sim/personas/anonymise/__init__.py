"""Takes out of profiles what identifies the people who wrote them, before anything else sees it."""

from matrix_sim.personas.anonymise.finds import Kind
from matrix_sim.personas.anonymise.persona import Anonymised, anonymised
from matrix_sim.personas.anonymise.rules import KnownNames, Rules

__all__ = ["Anonymised", "Kind", "KnownNames", "Rules", "anonymised"]
