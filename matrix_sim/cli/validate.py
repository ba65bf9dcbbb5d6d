"""`matrix-sim validate`: is this config good, and what would the run be?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matrix_sim.cli.anonymised import anonymised_line
from matrix_sim.cli.options import ConfigArgument, JsonOption, SetOption
from matrix_sim.text import printable

if TYPE_CHECKING:
    from matrix_sim.config import DatasetConfig, ModelConfig
    from matrix_sim.config.file import LoadedConfig
    from matrix_sim.personas.anonymise import Kind


def validate(config: ConfigArgument, set_: SetOption = None, as_json: JsonOption = False) -> None:
    """Check a config, its personas and its prompts; no endpoint is asked."""
    import json
    import os

    from matrix_sim.config.file import load_config

    outlook = run_outlook(load_config(config, set_ or (), os.environ))
    if as_json:
        print(json.dumps(outlook, ensure_ascii=False, indent=2))
    else:
        print("\n".join([f"{config} is good.", *_lines(outlook)]))


def run_outlook(loaded: LoadedConfig) -> dict[str, Any]:
    """What a run of this config would be, without making it.

    Raises:
        UsageError: the personas, the group sizes or the prompts cannot be used.
    """
    from matrix_sim.config.doubts import dataset_doubts
    from matrix_sim.config.roles import model_of, roles_in_use
    from matrix_sim.llm.local_server import check_model_files
    from matrix_sim.personas.loading import load_personas
    from matrix_sim.prompts.library import PromptLibrary
    from matrix_sim.run_directory import run_identity
    from matrix_sim.society.homophily.arrangement import count_groups
    from matrix_sim.society.horizon import horizon_of

    config = loaded.config
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    people = len(selection.personas)
    groups = count_groups(people, config.society)
    prompts = PromptLibrary(config.language, config.prompts)
    ticks = horizon_of(config.society, groups).first().end
    models = config.models
    identity = run_identity(config, selection.personas, prompts)
    roles = roles_in_use(config.personas.anonymised, config.datasets, config.quality)
    return {
        "config": str(loaded.path),
        "name": config.name,
        "seed": config.seed,
        "language": config.language,
        "personas": people,
        "in_source": selection.rows_seen,
        "source": selection.source,
        "attribution": selection.attribution,
        "left_out": [one.as_dict() for one in selection.left_out],
        "ids_made": selection.ids_made,
        "notes": [
            *loaded.notes,
            *check_model_files(config),
            *selection.notes,
            *dataset_doubts(config),
        ],
        "anonymised": _counts(selection.anonymised),
        "groups": groups,
        "quota": config.society.scenarios,
        "ticks": ticks,
        "windows": ticks // config.society.scenario_window,
        "models": {role.value: _model(model_of(models, role)) for role in roles},
        "datasets": [_dataset(dataset) for dataset in config.datasets],
        "prompts": str(config.prompts or f"the package's ({config.language})"),
        "placement": config.runtime.placement,
        "identity": identity.sha256,
    }


def _counts(anonymised: Mapping[Kind, int] | None) -> dict[str, int] | None:
    return None if anonymised is None else {kind.value: n for kind, n in anonymised.items()}


def _model(model: ModelConfig) -> str:
    if model.local:
        return "local, no endpoint"
    if model.stub is not None:
        return f"stub ({model.stub.latency}, {model.stub.slots} slots)"
    if model.gguf is not None:
        return f"{model.label}, served by an LLM actor ({model.llama.slots} slots)"
    key = f", key from {model.api_key_env or model.api_key_file}" if model.key_name else ""
    return f"{model.model} at {' and '.join(model.base_urls)}{key}"


def _dataset(dataset: DatasetConfig) -> dict[str, Any]:
    return {
        "name": dataset.label,
        "kind": dataset.kind,
        "count": dataset.count,
        "requirement": dataset.requirement,
        "ground": dataset.ground,
        "reasoning": dataset.thinks,
    }


def _dataset_line(one: dict[str, Any]) -> str:
    thinking = " with the thinking" if one["reasoning"] else ""
    about = one["requirement"] if one["requirement"] != "general" else "whatever there is"
    ground = ", from people alone" if one["ground"] == "persona" else ""
    return f"{one['name']}: {one['count']:,} of {one['kind']}{thinking}, on {about}{ground}"


def _lines(outlook: dict[str, Any]) -> list[str]:
    quota = outlook["quota"]
    goal = f"{quota} scenarios, at first {{}}" if quota else "{}"
    replaced = outlook["anonymised"]
    rows: list[tuple[str, object]] = [
        ("name", f"{outlook['name']} (seed {outlook['seed']}, {outlook['language']})"),
        ("personas", f"{outlook['personas']} of {outlook['in_source']}, {outlook['source']}"),
        ("from", outlook["attribution"]),
        ("anonymised", None if replaced is None else anonymised_line(replaced)),
        ("groups", outlook["groups"]),
        ("horizon", goal.format(f"{outlook['ticks']} ticks in {outlook['windows']} windows")),
        *outlook["models"].items(),
        *(("data set", _dataset_line(one)) for one in outlook["datasets"]),
        ("prompts", outlook["prompts"]),
        ("placement", outlook["placement"]),
        ("identity", outlook["identity"][:16]),
    ]
    lines = [f"  {key:<10} {value}" for key, value in rows if value is not None]
    return [printable(line) for line in lines + [f"  note: {note}" for note in outlook["notes"]]]
