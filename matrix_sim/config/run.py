"""One run: what its data is, apart from how it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from matrix_sim.config.budget import BudgetConfig
from matrix_sim.config.datasets import DatasetConfig, twice_named
from matrix_sim.config.models import ModelsConfig
from matrix_sim.config.personas import PersonasConfig
from matrix_sim.config.quality import QualityConfig
from matrix_sim.config.roles import model_of, roles_in_use
from matrix_sim.config.runtime import RuntimeConfig
from matrix_sim.config.section import Section
from matrix_sim.config.society import SocietyConfig
from matrix_sim.language import Language


class RunConfig(Section):
    """One run of matrix-sim."""

    name: str = "run"
    """For people; nothing depends on it."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Decides every draw: who is chosen, the grouping, the weak ties, what the stub says."""
    language: Language = "ja"
    """Of the prompts, and so of what the people do; also of the stub and the built-in people."""
    personas: PersonasConfig = PersonasConfig()
    """Who lives in the society."""
    society: SocietyConfig = Field(
        description="a mapping with at least 'scenarios: N' (a quota) or 'ticks: N' (a horizon)"
    )
    """How they live together, and for how long."""
    models: ModelsConfig = Field(
        description="a mapping with 'default: {base_url: ..., model: ...}', unless OPENAI_BASE_URL "
        "and OPENAI_MODEL_NAME are set in the environment"
    )
    """Who speaks for them. May be left out where OPENAI_BASE_URL and OPENAI_MODEL_NAME are set."""
    datasets: tuple[DatasetConfig, ...] = ()
    """What is made from what happened. May be added to whenever the run is started."""
    quality: QualityConfig = QualityConfig()
    """What rows must be like. Part of the identity of every data set."""
    prompts: Path | None = None
    """A folder with templates and `facets.yaml` of one's own; what it does not hold comes from the
    package."""
    budget: BudgetConfig = BudgetConfig()
    """What the run may spend, over all its starts; may change whenever it is started."""
    runtime: RuntimeConfig = RuntimeConfig()
    """How the run is made; may change whenever it is started."""
    secrets: dict[str, SecretStr] = Field(default_factory=dict, exclude=True, repr=False)
    """Keys by `ModelConfig.key_name`; from the environment or secret files, never in a config."""

    @field_validator("datasets")
    @classmethod
    def _told_apart(cls, datasets: tuple[DatasetConfig, ...]) -> tuple[DatasetConfig, ...]:
        twice = twice_named(datasets)
        if twice is not None:
            raise ValueError(f"two are called '{twice}'; give each a 'name' of its own")
        return datasets

    @field_validator("datasets")
    @classmethod
    def _somebody_is_worse(
        cls, datasets: tuple[DatasetConfig, ...], info: ValidationInfo
    ) -> tuple[DatasetConfig, ...]:
        """The same model twice would make pairs without any difference."""
        models = info.data.get("models")
        pairs = [dataset.label for dataset in datasets if dataset.kind == "dpo"]
        if pairs and models is not None and models.rejected is None:
            raise ValueError(
                f"the data set '{pairs[0]}' needs 'models.rejected': a weaker model, or the same "
                "one with 'sampling: {temperature: 1.3}'"
            )
        return datasets

    @field_validator("budget")
    @classmethod
    def _priced(cls, budget: BudgetConfig, info: ValidationInfo) -> BudgetConfig:
        """Prices are never guessed: a bound in money needs one for whatever may cost any."""
        models, personas = info.data.get("models"), info.data.get("personas")
        if budget.max_cost is None or models is None or personas is None:
            return budget
        datasets, quality = info.data.get("datasets", ()), info.data.get("quality")
        if quality is None:
            return budget
        roles = roles_in_use(personas.anonymised, datasets, quality)
        in_use = {role.value: model_of(models, role) for role in roles}
        unpriced = [role for role, one in in_use.items() if one.base_urls and one.price is None]
        if unpriced:
            raise ValueError(
                f"'max_cost' needs the price of every model in use, and that of "
                f"{' and '.join(unpriced)} has none; add 'price: {{input: ..., output: ...}}' to "
                "it, per million tokens"
            )
        return budget
