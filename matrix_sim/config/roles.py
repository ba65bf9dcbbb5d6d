"""Which roles a config has, and which entry of its `models` plays each."""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.config.models import ModelConfig, ModelsConfig
from matrix_sim.config.run import RunConfig
from matrix_sim.llm.contracts import Role

DEFAULT = "default"


def entries_in_use(models: Mapping[str, object], anonymise: object) -> dict[Role, str]:
    """The entry that plays each role that somebody may ask, in the order of the roles.

    Args:
        models: the entries of `models`, checked or not; those that are None count as absent.
        anonymise: `personas.anonymise`; with `llm` there is an anonymiser.
    """
    roles = (role for role in Role if role is not Role.ANONYMISER or anonymise == "llm")
    return {role: _entry(models, role) for role in roles}


def models_in_use(config: RunConfig) -> dict[str, ModelConfig]:
    """The models that somebody may ask, by the name of their entry, each once."""
    entries = entries_in_use(dict(config.models), config.personas.anonymised)
    return {entry: getattr(config.models, entry) for entry in entries.values()}


def society_roles(models: ModelsConfig) -> tuple[Role, ...]:
    """The roles that a simulation may call while it runs: local embeddings are no call."""
    roles = entries_in_use(dict(models), anonymise=None)
    return tuple(role for role in roles if not model_of(models, role).local)


def model_of(models: ModelsConfig, role: Role) -> ModelConfig:
    """The model that plays a role."""
    model: ModelConfig = getattr(models, _entry(dict(models), role))
    return model


def _entry(models: Mapping[str, object], role: Role) -> str:
    # Vectors are computed here unless they have an entry; every other role falls back.
    own = role is Role.EMBEDDING or models.get(role.value) is not None
    return role.value if own else DEFAULT
