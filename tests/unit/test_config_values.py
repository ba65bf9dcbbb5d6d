"""A config from Python values: what a file may say, in the types that Python has for it."""

from pathlib import Path
from types import MappingProxyType

import pytest

from matrix_sim.config.file import _report, load_config, load_values
from matrix_sim.config.yaml_document import Problem
from matrix_sim.errors import UsageError


def test_python_values_may_be_what_python_has_for_them(tmp_path: Path) -> None:
    society = MappingProxyType({"ticks": 3})
    values = {
        "personas": {"source": "nemotron", "path": Path("p") / "x.csv"},
        "prompts": tmp_path / "own",
        "society": society,
        "models": {"default": {"stub": {}, "extra_body": {"stop": ("a", "b")}}},
    }
    config = load_values(values, (), {}).config
    assert config.personas.path == Path.cwd() / "p" / "x.csv"
    assert config.prompts == tmp_path / "own"
    assert config.society.ticks == 3
    assert config.models.default.extra_body == {"stop": ["a", "b"]}


def test_what_is_wrong_with_python_values_names_no_file() -> None:
    with pytest.raises(UsageError) as refused:
        load_values({"society": {"ticks": -1}, "models": {"default": {"stub": {}}}}, (), {})
    assert str(refused.value).startswith("the config cannot be used:\n  society.ticks: -1 given")


def test_pairs_without_a_worse_model_are_told_at_their_place(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "society: {ticks: 3}\nmodels: {default: {stub: {}}}\ndatasets: [{kind: dpo, count: 3}]\n",
        "utf-8",
    )
    with pytest.raises(UsageError) as refused:
        load_config(file, (), {})
    told = str(refused.value).splitlines()[1]
    assert told.startswith("  line 3, datasets: the data set 'dpo' needs 'models.rejected'")


def test_what_is_wrong_with_all_of_it_has_a_name_too() -> None:
    whole = [Problem((), "two parts do not fit")]
    assert _report(Path("c.yaml"), whole, {}, ()).endswith("\n  as a whole: two parts do not fit")


ENDPOINT = {"base_url": "http://127.0.0.1:8000/v1", "model": "m"}


def test_roles_that_share_an_endpoint_share_its_limits() -> None:
    warm = ENDPOINT | {"sampling": {"temperature": 1.0}}
    models = {"default": ENDPOINT | {"limits": {"rpm": 60}}, "agent": warm}
    with pytest.raises(UsageError) as refused:
        load_values({"society": {"ticks": 3}, "models": models}, (), {})
    assert "'agent': 'limits' differ from those of 'default'" in str(refused.value)
    assert "m at http://127.0.0.1:8000/v1; give both the same" in str(refused.value)
    models["agent"] = warm | {"limits": {"rpm": 60}}
    assert load_values({"society": {"ticks": 3}, "models": models}, (), {}).config.models.agent


@pytest.mark.parametrize(
    "other", [{"model": "n"}, {"base_url": "http://127.0.0.1:8001/v1"}, {"api_key_env": "KEY"}]
)
def test_another_model_address_or_key_has_limits_of_its_own(other: dict[str, str]) -> None:
    models = {"default": ENDPOINT | {"limits": {"rpm": 60}}, "agent": ENDPOINT | other}
    assert load_values(
        {"society": {"ticks": 3}, "models": models}, (), {"KEY": "k"}
    ).config.models.agent
