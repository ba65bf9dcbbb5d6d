"""Which roles a config has, and which entry of its `models` plays each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.config.models import ModelConfig, ModelsConfig
from matrix_sim.config.quality import QualityConfig
from matrix_sim.llm.contracts import Role

if TYPE_CHECKING:
    from matrix_sim.config.run import RunConfig

DEFAULT = "default"
_SOCIETY = (Role.AGENT, Role.MODULATOR, Role.EMBEDDING)


def roles_in_use(
    anonymise: object, datasets: Sequence[DatasetConfig], quality: QualityConfig
) -> tuple[Role, ...]:
    """The roles that somebody may ask, in the order of `Role`.

    Args:
        anonymise: `personas.anonymise`; with `llm` there is an anonymiser.
        datasets: what is made.
        quality: how it is looked at.
    """
    used = {*_SOCIETY, *(role for dataset in datasets for role in dataset.roles)}
    if anonymise == "llm":
        used.add(Role.ANONYMISER)
    if datasets and quality.judge.enabled:
        used.add(Role.JUDGE)
    return tuple(role for role in Role if role in used)


def entries_of(models: Mapping[str, object], roles: Sequence[Role]) -> dict[Role, str]:
    """The entry that plays each role.

    Args:
        models: the entries of `models`, checked or not; those that are None count as absent.
        roles: of whom.
    """
    return {role: _entry(models, role) for role in roles}


def played_roles(config: RunConfig) -> tuple[Role, ...]:
    """The roles that a run may ask once it is founded: local embeddings are no call."""
    roles = roles_in_use(None, config.datasets, config.quality)
    return tuple(role for role in roles if not model_of(config.models, role).local)


def society_roles(models: ModelsConfig) -> tuple[Role, ...]:
    """The roles that a society asks while it lives."""
    return tuple(role for role in _SOCIETY if not model_of(models, role).local)


def model_of(models: ModelsConfig, role: Role) -> ModelConfig:
    """The model that plays a role."""
    model: ModelConfig = getattr(models, _entry(dict(models), role))
    return model


def _entry(models: Mapping[str, object], role: Role) -> str:
    # Vectors are computed here unless they have an entry; every other role falls back.
    own = role is Role.EMBEDDING or models.get(role.value) is not None
    return role.value if own else DEFAULT
