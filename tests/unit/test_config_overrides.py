"""What is put into a config from outside its file: overrides and variables."""

from pathlib import Path

import pytest

from tests.support.config_files import GOOD, STUB, load, refusal

KEY = "sk-0123456789abcdef"
TABLE = "personas: {source: table, path: x.csv, fields: "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the config, and the current one: no checkout, where a developer's own .env may lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_overrides_replace_values_and_are_read_as_yaml(folder: Path) -> None:
    overrides = ("society.ticks=null", "society.scenarios=7", "models.default.stub.slots=2")
    config = load(folder, GOOD, *overrides, "name=a=b", "models.default.extra_body={a: [1, 2]}")
    assert (config.society.ticks, config.society.scenarios) == (None, 7)
    assert config.models.default.stub is not None
    assert config.models.default.stub.slots == 2
    assert config.name == "a=b"
    assert config.models.default.extra_body == {"a": [1, 2]}


def test_an_override_reaches_into_lists(folder: Path) -> None:
    text = "society: {ticks: 3}\nmodels: {default: {stub: {}, extra_body: {stop: [a, b]}}}\n"
    config = load(
        folder,
        text,
        "models.default.extra_body.stop.1=c",
        "models.default.extra_body.stop.2=d",
    )
    assert config.models.default.extra_body == {"stop": ["a", "c", "d"]}
    message = refusal(folder, text, "models.default.extra_body.stop.5=c")
    assert "'5' is no place in a list of 2" in message


def test_an_override_changes_one_use_of_an_alias_only(folder: Path) -> None:
    text = (
        "society: {ticks: 3}\n"
        "models: {default: &m {stub: {}, max_tokens: 100}, agent: *m, modulator: {<<: *m}}\n"
    )
    models = load(folder, text, "models.agent.max_tokens=200").models
    assert models.default.max_tokens == 100
    assert models.agent is not None
    assert models.agent.max_tokens == 200
    assert models.modulator is not None
    assert models.modulator.max_tokens == 100


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("society.ticks", "write --set dotted.key=value"),
        ("=3", "write --set dotted.key=value"),
        ("a..b=3", "write --set dotted.key=value"),
        ("society.ticks=[", "the value is not YAML"),
        ("name.x=3", "'name' is a single value"),
        ("society.tiks=3", "--set society.tiks: unknown key; did you mean 'ticks'?"),
        ("sociity.ticks=3", "--set sociity: unknown key; did you mean 'society'?"),
        ("society.ticks=x", "--set society.ticks: 'x' given; wants a whole number"),
    ],
)
def test_a_wrong_override_is_named_as_one(folder: Path, override: str, said: str) -> None:
    assert said in refusal(folder, GOOD + "name: x\n", override)


def test_variables_are_put_into_strings(folder: Path) -> None:
    text = 'society: {ticks: "${N}"}\nname: "${A}-${B:-b}-${C:-${x}"\n' + STUB
    config = load(folder, text, environ={"N": "4", "A": "a", "C": "c"})
    assert config.society.ticks == 4
    assert config.name == "a-b-c"


def test_an_empty_variable_takes_the_default(folder: Path) -> None:
    assert load(folder, GOOD + 'name: "${A:-b}"\n', environ={"A": ""}).name == "b"


def test_a_missing_variable_is_named_with_its_key(folder: Path) -> None:
    message = refusal(folder, GOOD + 'name: "${NAME_OF_IT}"\nseed: "${NUMBER}"\n')
    assert "line 3, name: the environment variable NAME_OF_IT is not set" in message
    assert "line 4, seed: the environment variable NUMBER is not set" in message
    assert len(message.splitlines()) == 3


def test_what_is_no_variable_is_refused(folder: Path) -> None:
    assert "'${a b}' is no variable" in refusal(folder, GOOD + 'name: "${a b}"\n')
