"""One run: what its data is, apart from how it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from matrix_sim.config.budget import BudgetConfig
from matrix_sim.config.models import ModelConfig, ModelsConfig
from matrix_sim.config.personas import PersonasConfig
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
    prompts: Path | None = None
    """A folder with templates of one's own; what it does not hold comes from the package."""
    budget: BudgetConfig = BudgetConfig()
    """What the run may spend, over all its starts; may change whenever it is started."""
    runtime: RuntimeConfig = RuntimeConfig()
    """How the run is made; may change whenever it is started."""
    secrets: dict[str, SecretStr] = Field(default_factory=dict, exclude=True, repr=False)
    """Keys by `ModelConfig.key_name`; from the environment or secret files, never in a config."""

    @field_validator("budget")
    @classmethod
    def _priced(cls, budget: BudgetConfig, info: ValidationInfo) -> BudgetConfig:
        """Prices are never guessed: a bound in money needs one for whatever may cost any."""
        models, personas = info.data.get("models"), info.data.get("personas")
        if budget.max_cost is None or models is None or personas is None:
            return budget
        in_use: dict[str, ModelConfig] = {
            "agent": models.agent or models.default,
            "modulator": models.modulator or models.default,
            "embedding": models.embedding,
        }
        if personas.anonymised == "llm":
            in_use["anonymiser"] = models.anonymiser or models.default
        unpriced = [role for role, one in in_use.items() if one.base_urls and one.price is None]
        if unpriced:
            raise ValueError(
                f"'max_cost' needs the price of every model in use, and that of "
                f"{' and '.join(unpriced)} has none; add 'price: {{input: ..., output: ...}}' to "
                "it, per million tokens"
            )
        return budget
