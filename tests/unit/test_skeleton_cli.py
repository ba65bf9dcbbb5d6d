"""The program `matrix-sim`: its messages and exit codes, and the verb `validate`."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
import typer

from matrix_sim import __version__
from matrix_sim.cli.errors import ReportingGroup
from matrix_sim.cli.main import main
from matrix_sim.errors import RunFailure, UsageError

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = str(CHECKOUT / "examples" / "demo.yaml")

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)


def ended(error: BaseException, *arguments: str) -> int:
    """The exit code of a program whose verb `fail` raises `error`."""
    app = typer.Typer(cls=ReportingGroup, pretty_exceptions_enable=False)

    @app.callback()
    def program(debug: bool = False) -> None:
        pass

    @app.command()
    def fail() -> NoReturn:
        raise error

    with pytest.raises(SystemExit) as ending:
        app(args=["fail", *arguments], prog_name="program")
    assert isinstance(ending.value.code, int)
    return ending.value.code


def test_wrong_usage_is_one_message_and_exit_code_2(capsys: Output) -> None:
    assert ended(UsageError("row 3: no age; add one")) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "matrix-sim: row 3: no age; add one\n")


def test_a_failure_is_one_message_and_exit_code_1(capsys: Output) -> None:
    assert ended(RunFailure("the endpoint is gone")) == 1
    assert capsys.readouterr().err == "matrix-sim: the endpoint is gone\n"


def test_debug_adds_the_traceback_wherever_it_stands(capsys: Output) -> None:
    assert ended(UsageError("no"), "--debug") == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("UsageError: no\n")


def test_a_bug_is_called_one_and_says_how_to_see_more(capsys: Output) -> None:
    assert ended(KeyError("x")) == 1
    said = capsys.readouterr().err
    assert "a bug: KeyError: 'x'" in said
    assert "--debug" in said
    assert "Traceback" not in said


def test_a_full_disk_is_no_bug(capsys: Output) -> None:
    assert ended(OSError(28, "No space left on device")) == 1
    assert capsys.readouterr().err == "matrix-sim: [Errno 28] No space left on device\n"


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(capsys: Output) -> None:
    assert ended(KeyboardInterrupt()) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_a_task_groups_error_is_told_by_what_caused_it(capsys: Output) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async def together() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail(ValueError("in between")))
            tasks.create_task(fail(UsageError("group_size: too small")))

    with pytest.raises(ExceptionGroup) as group:
        asyncio.run(together())
    assert ended(group.value) == 2
    assert capsys.readouterr().err == "matrix-sim: group_size: too small\n"


def test_a_verb_may_end_with_a_code_of_its_own(capsys: Output) -> None:
    assert ended(typer.Exit(3)) == 3
    assert capsys.readouterr().err == ""


def test_an_unknown_verb_and_a_missing_argument_are_wrong_usage(capsys: Output) -> None:
    assert main(["validat"]) == 2
    assert "Did you mean 'validate'?" in capsys.readouterr().err
    assert main(["validate"]) == 2


def test_the_version_is_shown(capsys: Output) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"matrix-sim {__version__}\n"


def test_python_m_is_the_same_program() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "matrix_sim", "validate", "nowhere.yaml"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("matrix-sim: nowhere.yaml: no such file")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("loaded", "heavy"),
    [
        (
            "matrix_sim.cli.main",
            ("ray", "openai", "numpy", "sklearn", "pyarrow", "aiohttp", "pydantic"),
        ),
        # What a run that goes on needs; one that is founded loads more.
        (
            "matrix_sim.cli.run, matrix_sim.cli.simulation",
            ("openai", "sklearn", "k_means_constrained", "matrix_sim.quality.rules"),
        ),
    ],
    ids=["program", "run"],
)
def test_the_program_starts_without_the_heavy_libraries(
    loaded: str, heavy: tuple[str, ...]
) -> None:
    script = f"import sys, {loaded}; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.strip() == "[]"


def test_validate_says_what_the_run_would_be(capsys: Output) -> None:
    assert main(["validate", DEMO]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{DEMO} is good.")
    assert "12 of" in said
    assert "9 scenarios, at first 9 ticks in 3 windows" in said


def test_validate_gives_json_to_programs(capsys: Output) -> None:
    assert main(["validate", DEMO, "--json", "--set", "personas.count=7", "--set", "seed=3"]) == 0
    outlook = json.loads(capsys.readouterr().out)
    assert (outlook["personas"], outlook["seed"]) == (7, 3)
    assert len(outlook["identity"]) == 64


def test_validate_says_which_rows_are_left_out_and_which_ids_are_made(capsys: Output) -> None:
    lines = [json.dumps({"description": f"{n}番。", "age": n if n % 4 else "?"}) for n in range(20)]
    Path("people.jsonl").write_text("\n".join(lines), "utf-8")
    personas = f"personas={{source: table, path: {Path.cwd()}/people.jsonl, invalid: skip}}"
    assert main(["validate", DEMO, "--set", personas]) == 0
    said = capsys.readouterr().out
    assert "personas   15 of 20," in said
    assert "note: left out: 5 x 'age' is not a whole number of years" in said
    assert "note: rows without an id: 15" in said
    assert main(["validate", DEMO, "--set", personas, "--json"]) == 0
    outlook = json.loads(capsys.readouterr().out)
    assert (outlook["left_out"][0]["rows"], outlook["ids_made"]) == (5, 15)


def test_validate_refuses_what_a_run_would_stumble_over(capsys: Output) -> None:
    bounds = ["--set", "society.group_size={min: 3, max: 3, mean: 3}", "--set", "personas.count=7"]
    assert main(["validate", DEMO, *bounds]) == 2
    assert "7 people cannot be put into groups of 3 to 3" in capsys.readouterr().err
    assert main(["validate", DEMO, "--set", "prompts=nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert main(["validate", DEMO, "--set", "personas={source: nemotron, path: no.csv}"]) == 2
    assert "no.csv" in capsys.readouterr().err


def test_validate_names_a_mistake_in_a_template_of_ones_own(tmp_path: Path, capsys: Output) -> None:
    speaker = tmp_path / "speaker.j2"
    speaker.write_text("{{ persona.name }}\n{% if 0 %}{{ persona.ocupation }}{% endif %}\n")
    assert main(["validate", DEMO, "--set", f"prompts={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert f"{speaker}, line 2: there is no 'persona.ocupation'" in said
    assert "did you mean 'persona.occupation'?" in said


def test_the_language_decides_which_of_the_built_in_people_there_are(capsys: Output) -> None:
    identities = set()
    for language in ("ja", "en"):
        assert main(["validate", DEMO, "--json", "--set", f"language={language}"]) == 0
        identities.add(json.loads(capsys.readouterr().out)["identity"])
    assert len(identities) == 2


def test_the_stub_server_speaks_the_language_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    started: list[str] = []
    monkeypatch.setattr(
        "matrix_sim.llm.stub.server.run_stub_server",
        lambda config, *, language, **rest: started.append(language),
    )
    assert main(["stub-server"]) == main(["stub-server", "--language", "en"]) == 0
    assert started == ["ja", "en"]
    assert main(["stub-server", "--language", "fr"]) == 2
    assert "'ja', 'en'" in capsys.readouterr().err


def test_validate_shows_no_key(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("OPENAI_MODEL_NAME", "qwen")
    assert main(["validate", str(CHECKOUT / "examples" / "openai.yaml")]) == 0
    said = capsys.readouterr()
    assert "qwen at http://127.0.0.1:1/v1, key from OPENAI_API_KEY" in said.out
    assert "sk-0123456789" not in said.out + said.err
