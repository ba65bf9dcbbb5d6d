"""From a config file and the environment to a run's config, or to everything that is wrong."""

from pathlib import Path

import pytest
import yaml

from matrix_sim.config import RunConfig
from matrix_sim.config.file import dump_config, load_config, with_environment
from matrix_sim.errors import UsageError
from tests.support.config_files import GOOD, STUB, load, refusal

TABLE = "personas: {source: table, path: x.csv, fields: "
KEY = "sk-0123456789abcdef"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the checkout, where a developer's own .env may lie."""
    folder = tmp_path / "working-directory"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "configs"
    folder.mkdir()
    return folder


def test_a_small_config_is_filled_with_the_defaults(folder: Path) -> None:
    config = load(folder, GOOD)
    assert config.society.ticks == 3
    assert config.society.scenario_window == 3
    assert config.models.embedding.local


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml: no such file"):
        load_config(Path("nowhere.yaml"), (), {})


def test_a_folder_is_no_config(folder: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        load_config(folder, (), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("- a\n- b\n", "must be a mapping"),
        ("just words", "must be a mapping"),
        ("a: [1, 2\nb: 3\n", "line 2, column 2"),
        ("society:\n\tticks: 3\n", "line 2, column 1"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("seed: !!python/object:os.system x\n", "line 1, column 7"),
        ("1: x\n", "a key must be text"),
        ("a: &a [*a]\n", "an alias that holds itself"),
        ("seed: 2026-13-45\n", "not YAML"),
        ("seed: \x00\n", "not YAML"),
    ],
)
def test_what_is_no_yaml_mapping_is_refused_with_its_place(
    folder: Path, text: str, said: str
) -> None:
    message = refusal(folder, text)
    assert "run.yaml" in message
    assert said in message


def test_a_file_that_is_not_utf_8_is_refused_with_the_byte(folder: Path) -> None:
    path = folder / "run.yaml"
    path.write_bytes("name: 社会\n".encode("shift-jis"))
    with pytest.raises(UsageError, match="not UTF-8 at byte 6"):
        load_config(path, (), {})


def test_a_byte_order_mark_is_no_problem(folder: Path) -> None:
    assert load(folder, "\ufeff" + GOOD).society.ticks == 3


def test_a_key_that_stands_twice_is_refused_with_both_lines(folder: Path) -> None:
    message = refusal(folder, "society:\n  ticks: 3\n  ticks: 4\n" + STUB)
    assert "line 3, society.ticks: stands twice, in line 2 and in line 3" in message


def test_an_unknown_key_is_refused_with_path_line_and_suggestion(folder: Path) -> None:
    message = refusal(folder, "society:\n  ticks: 3\n  scenario_windw: 4\n" + STUB)
    assert "run.yaml" in message
    assert "line 3, society.scenario_windw: unknown key" in message
    assert "did you mean 'scenario_window'?" in message


def test_an_unknown_key_without_a_neighbour_lists_what_is_known(folder: Path) -> None:
    message = refusal(folder, GOOD + "xyzzyx: {max_calls: 3}\n")
    assert "xyzzyx: unknown key; known here: name, seed" in message
    assert "secrets" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: three\n", "seed: 'three' given; wants a whole number (at least 0)"),
        ("seed: yes\n", "seed: true given; wants a whole number"),
        ("seed: -1\n", "seed: -1 given; wants a whole number (at least 0)"),
        ("seed: 99999999999999999999\n", "seed: is too great a number"),
        ("name: 5\n", "name: 5 given; wants text"),
        ("name: 2026-01-01\n", "name: is read as a date by YAML; put it in quotes"),
        ('name: "\\ud800"\n', "name: holds a character that cannot be stored"),
        ("language: fr\n", "language: 'fr' given; wants 'ja' or 'en'"),
        ("personas: [a]\n", "personas: a list given; wants a mapping with keys of: source"),
        ("personas: {source: nemotron}\n", "personas: source 'nemotron' needs a path"),
        ("personas: {count: 0}\n", "personas.count: 0 given; wants a whole number (at least 1)"),
        (
            TABLE + "{age: 5}}\n",
            "personas.fields.age: 5 given; wants a column name, a list of column names, "
            "or a mapping with keys of: columns, separator, default",
        ),
        (
            TABLE + "{age: []}}\n",
            "personas.fields.age.columns: a list given; wants a list of column names",
        ),
        (TABLE + "{age: {colums: [a]}}}\n", "age.colums: unknown key; did you mean 'columns'?"),
        (TABLE + "{ages: a}}\n", "personas.fields.ages: unknown key; did you mean 'age'?"),
        (
            TABLE + "{sex: {columns: [a], separator: b}}}\n",
            "personas.fields: 'sex' is one text and takes no separator",
        ),
        (
            TABLE + "{age: {columns: [a], default: old}}}\n",
            "personas.fields: the default of 'age' is a whole number",
        ),
        (TABLE + "{handle: a}}\n", "personas: 'fields.handle' is for source 'social'"),
        ("runtime: {placement: sprad}\n", "'sprad' given; wants 'auto', 'spread' or 'packed'"),
        (
            "runtime: {llm_actors: many}\n",
            "runtime.llm_actors: 'many' given; wants a whole number (at least 1) or 'auto'",
        ),
        ("runtime: {max_in_flight: }\n", "runtime.max_in_flight: nothing given; wants"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_given_and_what_is_wanted(
    folder: Path, text: str, said: str
) -> None:
    assert said in refusal(folder, GOOD + text)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("{}", "models.default: needs exactly one of 'base_url'"),
        ("{base_url: 'http://h/v1'}", "'base_url' needs 'model'"),
        ("{base_url: 'h:80', model: m}", "models.default.base_url: 'h:80' is not an address"),
        ("{base_url: 'http://[/v1', model: m}", "models.default.base_url: is not an address"),
        ("{base_url: 'http://h/v1?k=1', model: m}", "must end with its path"),
        (
            "{base_url: ['http://h/v1', 'http://h/v1/'], model: m}",
            "default.base_url: lists an address twice",
        ),
        (
            "{base_url: ['http://h/v1', 3], model: m}",
            "default.base_url: a list given; wants text or a list of texts",
        ),
        (
            "{base_url: 'http://h/v1/chat/completions/', model: m}",
            "default.base_url: must end before '/chat/completions', which is added to it",
        ),
        ("{gguf: a.gguf, model: m}", "models.default: 'gguf' takes no 'model'"),
        ("{stub: {}, llama: {slots: 2}}", "models.default: 'llama' says how a 'gguf' file"),
        (
            "{stub: {}, extra_body: {stream: true}}",
            "default.extra_body: must not hold 'stream': give 'models.ROLE.stream'",
        ),
        ("{stub: {}, extra_body: {n: 2}}", "must not hold 'n': one reply is read"),
        ("{local: true}", "'local: true' is for 'embedding' only"),
        ("{stub: {latency: slow}}", "stub.latency: stub latency 'slow' is not understood"),
        ("{stub: {faults: {sever: 0.1}}}", "did you mean 'server'?"),
        ("{stub: {faults: {server: 2}}}", "faults.server: 2 given; wants a number (at least 0"),
        ("{stub: {faults: {server: on}}}", "faults.server: true given; wants a number"),
        ("{stub: {}, extra_body: {a: .nan}}", "extra_body.a: is no finite number"),
        ("{stub: {}, sampling: {temperature: 3}}", "3 given; wants a number (at least 0 and at"),
    ],
)
def test_a_wrong_model_is_named_with_its_place(folder: Path, model: str, said: str) -> None:
    assert said in refusal(folder, f"society: {{ticks: 3}}\nmodels: {{default: {model}}}\n")


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    text = (
        "nam: x\nsociety: {ticks: drei, neighbors: 2}\nmodels:\n  default: {stub: {}, local: 3}\n"
    )
    message = refusal(folder, text, "runtime.max_in_flight=0")
    for said in (
        "line 1, nam: unknown key; did you mean 'name'?",
        "line 2, society.ticks: 'drei' given",
        "line 2, society.neighbors: unknown key; did you mean 'neighbours'?",
        "line 4, models.default.local: 3 given; wants true or false",
        "--set runtime.max_in_flight: 0 given",
    ):
        assert said in message
    assert len(message.splitlines()) == 6


def test_a_society_needs_one_horizon(folder: Path) -> None:
    for society in ("{}", "{ticks: 3, scenarios: 4}"):
        message = refusal(folder, f"society: {society}\n" + STUB)
        assert "society: needs either 'scenarios' (a quota) or 'ticks' (a horizon)" in message


def test_what_is_missing_is_said_with_what_is_wanted(folder: Path) -> None:
    message = refusal(folder, "name: x\n")
    assert "society: is missing; wants a mapping with at least 'scenarios: N'" in message
    assert "models: is missing; wants a mapping with 'default: {base_url" in message
    assert "OPENAI_BASE_URL" in message


@pytest.mark.parametrize("name", ["MY_TOKEN", "OPENAI_API_KEY", "DB_PASSWORD", "ODD_NAME"])
def test_a_key_is_never_taken_into_the_config(folder: Path, name: str) -> None:
    text = (
        "society: {ticks: 3}\nmodels: {default: {base_url: 'http://h/v1', model: m, "
        f"api_key_env: ODD_NAME, extra_body: {{k: '${{{name}}}'}}}}}}\n"
    )
    message = refusal(folder, text, environ={name: KEY, "ODD_NAME": KEY})
    assert f"models.default.extra_body.k: {name} holds a key" in message
    assert KEY not in message


def test_the_env_file_beside_the_config_counts_over_the_one_of_the_working_directory(
    folder: Path,
) -> None:
    (folder / ".env").write_text("A=beside\nB=beside\nD\n", "utf-8")
    Path(".env").write_text("B=cwd\nC='cwd ${A}' # quoted\n", "utf-8")
    text = GOOD + 'name: "${A} ${B} ${C}"\n'
    assert load(folder, text).name == "beside beside cwd ${A}"
    assert load(folder, text, environ={"A": "real"}).name == "real beside cwd ${A}"


def test_an_env_file_changes_no_environment(folder: Path) -> None:
    (folder / ".env").write_text("SOMETHING_NEW=1\n", "utf-8")
    environ: dict[str, str] = {}
    load(folder, GOOD, environ=environ)
    assert environ == {}


def test_an_env_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / ".env").write_bytes(b"A=\xff\xfe\n")
    assert ".env: cannot be read" in refusal(folder, GOOD)


ENDPOINT = "models: {default: {base_url: 'http://h/v1', model: m, api_key_env: MY_ENDPOINT}}\n"


def test_the_key_goes_into_the_secrets_and_nowhere_else(folder: Path) -> None:
    config = load(folder, "society: {ticks: 3}\n" + ENDPOINT, environ={"MY_ENDPOINT": KEY})
    assert config.secrets["MY_ENDPOINT"].get_secret_value() == KEY
    for text in (repr(config), str(config), config.model_dump_json(), dump_config(config)):
        assert KEY not in text


def test_a_key_in_the_env_file_is_found(folder: Path) -> None:
    (folder / ".env").write_text(f"MY_ENDPOINT={KEY}\n", "utf-8")
    config = load(folder, "society: {ticks: 3}\n" + ENDPOINT)
    assert config.secrets["MY_ENDPOINT"].get_secret_value() == KEY


@pytest.mark.parametrize("environ", [{}, {"MY_ENDPOINT": ""}])
def test_a_missing_key_is_named_beside_everything_else(
    folder: Path, environ: dict[str, str]
) -> None:
    message = refusal(folder, "society: {tiks: 3}\n" + ENDPOINT, environ=environ)
    assert "models.default.api_key_env: the environment variable MY_ENDPOINT is not set" in message
    assert "society.tiks: unknown key" in message


def test_the_key_of_a_role_that_nobody_plays_is_not_needed(folder: Path) -> None:
    text = (
        "society: {ticks: 3}\nmodels:\n  default: {base_url: 'http://h/v1', model: m, "
        "api_key_env: MY_ENDPOINT}\n  agent: {stub: {}}\n  modulator: {stub: {}}\n"
    )
    assert load(folder, text).secrets == {}


ANONYMISED = (
    "society: {ticks: 3}\npersonas: {source: social, path: x.jsonl, anonymise: llm}\nmodels:\n"
    "  default: {stub: {}}\n  anonymiser: {base_url: 'http://h/v1', model: m, "
    "api_key_env: MY_ENDPOINT}\n"
)


def test_the_key_of_the_anonymiser_is_taken_along_where_it_is_asked(folder: Path) -> None:
    config = load(folder, ANONYMISED, environ={"MY_ENDPOINT": KEY})
    assert config.secrets["MY_ENDPOINT"].get_secret_value() == KEY
    assert with_environment(config, {"MY_ENDPOINT": KEY}).config.secrets == config.secrets
    assert "MY_ENDPOINT is not set" in refusal(folder, ANONYMISED)
    assert load(folder, ANONYMISED, "personas.anonymise=rules").secrets == {}


def test_a_key_in_place_of_its_name_is_refused_without_showing_it(folder: Path) -> None:
    for key in (KEY, "hf_abcdefABCDEF"):
        message = refusal(
            folder, "society: {ticks: 3}\n" + ENDPOINT, f"models.default.api_key_env={key}"
        )
        assert "api_key_env: wants the name of an environment variable" in message
        assert key not in message


def test_a_password_in_an_address_is_refused_without_showing_it(folder: Path) -> None:
    message = refusal(
        folder, "society: {ticks: 3}\nmodels: {default: {base_url: 'http://u:pw1@h/v1', model: m}}"
    )
    assert "must not hold a user or a password" in message
    assert "pw1" not in message


def test_secrets_are_no_key_of_a_config(folder: Path) -> None:
    message = refusal(folder, GOOD + f"secrets: {{A: {KEY}}}\n")
    assert "secrets: unknown key" in message
    assert KEY not in message


def test_without_models_the_environment_names_one(folder: Path) -> None:
    environ = {"OPENAI_BASE_URL": "http://h/v1", "OPENAI_MODEL_NAME": "m"}
    default = load(folder, "society: {ticks: 3}\n", environ=environ).models.default
    assert (default.base_url, default.model, default.api_key_env) == ("http://h/v1", "m", None)
    with_key = load(folder, "society: {ticks: 3}\n", environ=environ | {"OPENAI_API_KEY": KEY})
    assert with_key.models.default.api_key_env == "OPENAI_API_KEY"
    assert with_key.secrets["OPENAI_API_KEY"].get_secret_value() == KEY


def test_models_of_the_config_count_over_the_environment(folder: Path) -> None:
    environ = {"OPENAI_BASE_URL": "http://h/v1", "OPENAI_MODEL_NAME": "m"}
    assert load(folder, GOOD, environ=environ).models.default.base_url is None


def test_relative_paths_start_at_the_config_file(folder: Path) -> None:
    config = load(folder, GOOD + "personas: {source: nemotron, path: p/x.csv}\nprompts: own\n")
    assert config.personas.path == folder / "p" / "x.csv"
    assert config.prompts == folder / "own"


def test_where_a_config_came_from_is_absolute(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "run.yaml").write_text(GOOD, "utf-8")
    monkeypatch.chdir(folder)
    loaded = load_config(Path("run.yaml"), (), {})
    assert (loaded.path, loaded.base_dir) == (folder / "run.yaml", folder)


def test_a_dumped_config_loads_as_the_same(folder: Path) -> None:
    text = GOOD + "name: 日本語\npersonas: {source: nemotron, path: x.csv, count: 3}\n"
    config = load(folder, text)
    dumped = dump_config(config)
    assert "日本語" in dumped
    assert load(folder, dumped) == config
    assert set(yaml.safe_load(dumped)) == set(RunConfig.model_fields) - {"secrets", "prompts"}
