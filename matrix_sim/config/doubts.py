"""What a config may not mean, though it is allowed: said before anything is paid."""

from __future__ import annotations

from matrix_sim.config.datasets import GENERAL, DatasetConfig
from matrix_sim.config.models import ModelConfig
from matrix_sim.config.roles import model_of
from matrix_sim.config.run import RunConfig
from matrix_sim.llm.contracts import Role

_WHAT_ANSWERS = {
    "base_url",
    "model",
    "gguf",
    "preset",
    "sampling",
    "extra_body",
    "reasoning",
}
"""Of a model: what its answers depend on."""


def dataset_doubts(config: RunConfig) -> tuple[str, ...]:
    """What is doubtful about the data sets, a sentence each."""
    return (*_thinking(config), *_pairs(config), *_requirements(config))


def _thinking(config: RunConfig) -> list[str]:
    wanting = [dataset.label for dataset in config.datasets if dataset.thinks]
    reasoner, own = model_of(config.models, Role.REASONER), config.models.reasoner is not None
    if not wanting or _told_to_think(reasoner):
        return []
    needed = f"thinking is part of {_named(wanting)}, and"
    name = "models.reasoner" if own else "models.default, which is the reasoner here,"
    if reasoner.stub is not None:
        return [
            f"{needed} {name} is a stub that gives none; add 'models.reasoner: {{stub: "
            "{reasoning: true}}'"
        ]
    if own:
        return []  # somebody chose it
    return [
        f"{needed} nothing says that {name} thinks; add 'reasoning: {{enabled: true}}' with its "
        "'preset', or a 'models.reasoner' of its own ('matrix-sim check-models' tells whether "
        "thinking comes)"
    ]


def _told_to_think(model: ModelConfig) -> bool:
    if model.stub is not None:
        return model.stub.reasoning
    return model.reasoning.enabled is True or model.preset is not None or bool(model.extra_body)


def _pairs(config: RunConfig) -> list[str]:
    rejected = model_of(config.models, Role.REJECTED)
    said = list[str]()
    for dataset in config.datasets:
        better = Role.REASONER if dataset.thinks else Role.RESPONDER
        if dataset.kind == "dpo" and _answer_alike(model_of(config.models, better), rejected):
            said.append(
                f"'{dataset.label}': models.rejected is the model of the {better.value} with the "
                "same sampling, so that few pairs will differ; give it a weaker model, or "
                "'sampling: {temperature: 1.3}'"
            )
    return said


def _answer_alike(one: ModelConfig, other: ModelConfig) -> bool:
    if one.stub is not None or other.stub is not None:
        return False  # the stub tells the roles apart
    return one.model_dump(include=_WHAT_ANSWERS) == other.model_dump(include=_WHAT_ANSWERS)


def _requirements(config: RunConfig) -> list[str]:
    wanting = [dataset.label for dataset in config.datasets if _looks_for_words(dataset)]
    if not wanting or not config.models.embedding.local:
        return []
    return [
        f"{_named(wanting)}: without 'models.embedding' scenarios fit a requirement by the words "
        "that they share with it; put it in words that people would use, or give an embedding model"
    ]


def _looks_for_words(dataset: DatasetConfig) -> bool:
    return dataset.ground == "scenario" and dataset.requirement != GENERAL


def _named(labels: list[str]) -> str:
    return " and ".join(f"'{label}'" for label in labels)
