"""The configuration of a run: what the data is, apart from how it is made.

`society_identity` names everything that decides what happens (S1); `runtime`, `budget`, base
URLs, keys, limits and prices may change between two starts of the same run.
"""

from matrix_sim.config.models import (
    ModelConfig,
    ModelsConfig,
    RetryConfig,
    SamplingConfig,
    StubConfig,
)
from matrix_sim.config.personas import FieldConfig, FieldsConfig, HubConfig, PersonasConfig
from matrix_sim.config.run import RunConfig
from matrix_sim.config.runtime import BackupConfig, RuntimeConfig
from matrix_sim.config.society import (
    GroupSizeConfig,
    MemoryConfig,
    RoutingPolicy,
    SimilarityConfig,
    SocietyConfig,
)
from matrix_sim.language import Language

__all__ = [
    "BackupConfig",
    "FieldConfig",
    "FieldsConfig",
    "GroupSizeConfig",
    "HubConfig",
    "Language",
    "MemoryConfig",
    "ModelConfig",
    "ModelsConfig",
    "PersonasConfig",
    "RetryConfig",
    "RoutingPolicy",
    "RunConfig",
    "RuntimeConfig",
    "SamplingConfig",
    "SimilarityConfig",
    "SocietyConfig",
    "StubConfig",
]
