"""The configuration of a run: what the data is, apart from how it is made.

`society_identity` names everything that decides what happens (S1); `runtime`, `budget`, base
URLs, keys, limits and prices may change between two starts of the same run.
"""

from matrix_sim.config.budget import BudgetConfig
from matrix_sim.config.datasets import DatasetConfig, DatasetKind
from matrix_sim.config.endpoint import (
    LimitsConfig,
    LlamaConfig,
    PriceConfig,
    ReasoningConfig,
    RetryConfig,
)
from matrix_sim.config.models import ModelConfig, ModelsConfig, Preset, SamplingConfig
from matrix_sim.config.personas import FieldConfig, FieldsConfig, HubConfig, PersonasConfig
from matrix_sim.config.quality import QualityConfig
from matrix_sim.config.run import RunConfig
from matrix_sim.config.runtime import BackupConfig, OutageConfig, RuntimeConfig
from matrix_sim.config.society import (
    GroupSizeConfig,
    MemoryConfig,
    RoutingPolicy,
    SimilarityConfig,
    SocietyConfig,
)
from matrix_sim.config.stub import StubConfig
from matrix_sim.language import Language

__all__ = [
    "BackupConfig",
    "BudgetConfig",
    "DatasetConfig",
    "DatasetKind",
    "FieldConfig",
    "FieldsConfig",
    "GroupSizeConfig",
    "HubConfig",
    "Language",
    "LimitsConfig",
    "LlamaConfig",
    "MemoryConfig",
    "ModelConfig",
    "ModelsConfig",
    "OutageConfig",
    "PersonasConfig",
    "Preset",
    "PriceConfig",
    "QualityConfig",
    "ReasoningConfig",
    "RetryConfig",
    "RoutingPolicy",
    "RunConfig",
    "RuntimeConfig",
    "SamplingConfig",
    "SimilarityConfig",
    "SocietyConfig",
    "StubConfig",
]
