"""A config with the stub in place of every model, so that nobody is asked and nothing is paid."""

from __future__ import annotations

from matrix_sim.config import ModelConfig, ModelsConfig, RunConfig, StubConfig
from matrix_sim.config.endpoint import ReasoningConfig
from matrix_sim.config.roles import model_of
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.stub.faults import FaultPlan


def on_the_stub(config: RunConfig) -> RunConfig:
    """The config with the stub for every model; local vectors stay.

    A `reasoner` thinks where a data set wants it to: that the real one does is for `check-models`
    and a preview to say. One that is the stub already stays as it is.
    """
    given = {name: getattr(config.models, name) for name in ModelsConfig.model_fields}
    stubbed = {
        name: model if model.local else _stub_of(model)
        for name, model in given.items()
        if model is not None
    }
    reasoner = model_of(config.models, Role.REASONER)
    if reasoner.stub is None and any(dataset.thinks for dataset in config.datasets):
        stubbed["reasoner"] = _stub_of(reasoner, reasoning=True)
    models = ModelsConfig.model_validate(stubbed)
    return config.model_copy(update={"models": models, "secrets": {}})


def _stub_of(model: ModelConfig, *, reasoning: bool = False) -> ModelConfig:
    stub = model.stub or StubConfig()
    # What spoils a reply is asked about again, and counts; what keeps one back only takes time.
    spoiling = FaultPlan(0, stub.faults).outcome_rates
    return ModelConfig(
        stub=StubConfig(faults=dict(spoiling), reasoning=stub.reasoning or reasoning),
        reasoning=ReasoningConfig(in_context=model.reasoning.in_context),
        max_tokens=model.max_tokens,
        max_tokens_limit=model.max_tokens_limit,
    )
