"""The files around the code: examples that load, scripts that start on a bare machine."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from matrix_sim import __version__
from matrix_sim.config.file import load_config

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    "OPENAI_MODEL_NAME": "qwen",
    "OPENAI_API_KEY": "sk-x",
}


@pytest.mark.parametrize(
    "example", sorted((CHECKOUT / "examples").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_example_is_a_good_config(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert load_config(example, (), ENVIRONMENT).config.name


def test_the_demo_spreads_a_dozen_people_over_actors_and_needs_no_endpoint() -> None:
    config = load_config(CHECKOUT / "examples" / "demo.yaml", (), {}).config
    assert config.models.default.stub is not None
    assert config.runtime.placement == "spread"
    people = config.personas.count
    assert people is not None
    assert people >= 12
    assert people // config.society.group_size.mean >= 3


def test_the_package_says_the_version_of_its_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {w.split("[")[0].split(">")[0].split("=")[0].lower() for w in wanted}
    lines = (CHECKOUT / "constraints.txt").read_text("utf-8").lower().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert names <= set(pins)
    assert not [line for line in lines if "://" in line or "@" in line]


@pytest.mark.parametrize("script", ["scripts/setup-env", "scripts/test", "scripts/demo", ".ci/run"])
def test_the_scripts_can_be_run(script: str) -> None:
    assert os.access(CHECKOUT / script, os.X_OK)


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


class Machine:
    """A copy of the set-up script with Pythons that only write down what they were asked."""

    def __init__(self, root: Path) -> None:
        self.checkout = root / "checkout"
        self.bin = root / "bin"
        self.log = root / "log"
        self.log.touch()
        (self.checkout / "scripts").mkdir(parents=True)
        for name in ("pyproject.toml", "constraints.txt", "scripts/setup-env"):
            shutil.copy2(CHECKOUT / name, self.checkout / name)
        self.bin.mkdir()
        for tool in ("bash", "cat", "cksum", "dirname", "mkdir", "cp", "env"):
            found = shutil.which(tool)
            assert found is not None
            (self.bin / tool).symlink_to(found)

    def python(self, name: str, *, new: bool = True, venv: bool = True, pip: bool = True) -> None:
        """Put a Python on the path; `-m venv` copies it into the environment."""
        executable(
            self.bin / name,
            f"""case "$*" in
              *version_info*) exit {0 if new else 1} ;;
              *ensurepip*) exit {0 if venv else 1} ;;
              --version) echo "Python 3.11.7" ;;
              *"-m venv"*) echo "venv {name}" >> {self.log}
                mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
              *"-m pip install"*) echo "pip $*" >> {self.log}; exit {0 if pip else 1} ;;
            esac""",
        )

    def set_up(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "scripts" / "setup-env", *arguments],
            env={"PATH": str(self.bin), **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def done(self) -> list[str]:
        """The first words of what was done since last asked."""
        lines = self.log.read_text("utf-8").splitlines()
        self.log.write_text("", "utf-8")
        return [" ".join(line.split()[:2]) if line.startswith("venv") else line for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_set_up_makes_an_environment_from_pinned_versions_once(machine: Machine) -> None:
    machine.python("python3.12")
    assert machine.set_up().returncode == 0
    made, installed = machine.done()
    assert made == "venv python3.12"
    assert "-c constraints.txt -e ." in installed
    again = machine.set_up()
    assert (again.returncode, again.stdout, machine.done()) == (0, "", [])


def test_set_up_for_testing_adds_to_the_one_for_running_and_serves_both(machine: Machine) -> None:
    machine.python("python3")
    machine.set_up()
    machine.done()
    machine.set_up("dev")
    (installed,) = machine.done()
    assert installed.endswith("-e .[dev]")
    machine.set_up()
    assert machine.done() == []


def test_set_up_runs_again_when_the_versions_changed_or_the_folder_moved(machine: Machine) -> None:
    machine.python("python3")
    machine.set_up()
    machine.done()
    with (machine.checkout / "constraints.txt").open("a") as constraints:
        constraints.write("# changed\n")
    machine.set_up()
    assert [line.split()[0] for line in machine.done()] == ["pip"]
    moved = machine.checkout.with_name("check")
    machine.checkout = machine.checkout.rename(moved)
    machine.set_up()
    assert [line.split()[0] for line in machine.done()] == ["venv", "pip"]


def test_set_up_passes_over_a_python_that_is_too_old_or_lacks_venv(machine: Machine) -> None:
    machine.python("python3.11", venv=False)
    machine.python("python3.12", new=False)
    machine.python("python3")
    assert machine.set_up().returncode == 0
    assert machine.done()[0] == "venv python3"


def test_set_up_without_a_new_enough_python_says_what_to_do(machine: Machine) -> None:
    machine.python("python3", new=False)
    ended = machine.set_up()
    assert ended.returncode == 1
    assert "needs Python 3.11 or newer" in ended.stderr
    assert "PYTHON=/path/to/python3 scripts/setup-env" in ended.stderr


def test_set_up_without_the_venv_module_says_what_to_install(machine: Machine) -> None:
    machine.python("python3.11", venv=False)
    ended = machine.set_up()
    assert ended.returncode == 1
    assert "python3.11 has no venv module" in ended.stderr
    assert "apt-get install python3-venv" in ended.stderr


def test_set_up_takes_the_python_that_is_named(machine: Machine) -> None:
    machine.python("python3")
    machine.python("mine")
    assert machine.set_up(PYTHON=str(machine.bin / "mine")).returncode == 0
    assert machine.done()[0] == "venv mine"


def test_a_set_up_that_failed_is_tried_again(machine: Machine) -> None:
    machine.python("python3", pip=False)
    ended = machine.set_up()
    assert ended.returncode == 1
    assert "the installation failed" in ended.stderr
    machine.done()
    machine.set_up()
    assert [line.split()[0] for line in machine.done()] == ["pip"]


def test_an_unknown_kind_of_set_up_is_refused(machine: Machine) -> None:
    assert machine.set_up("developer").returncode == 2


class Checks:
    """A copy of scripts/test whose tools only write down how they were called."""

    def __init__(self, root: Path, failing: str) -> None:
        self.script = root / "scripts" / "test"
        self.script.parent.mkdir()
        shutil.copy2(CHECKOUT / "scripts" / "test", self.script)
        self.log = root / "log"
        tool = f'echo "$*" >> {self.log}; case "$*" in {failing}) exit 1 ;; *e2e*) exit 5 ;; esac'
        executable(root / "scripts" / "setup-env", f'echo "set-up $*" >> {self.log}')
        executable(root / ".venv" / "bin" / "python", tool)
        executable(root / ".venv" / "bin" / "lint-imports", f"echo layers >> {self.log}")

    def run(self, *arguments: str) -> tuple[int, str, list[str]]:
        """Exit code, last line of the output, and the calls of tools."""
        ran = subprocess.run(
            [self.script, *arguments], capture_output=True, text=True, timeout=30, check=False
        )
        calls = self.log.read_text("utf-8").splitlines()
        self.log.unlink()
        return ran.returncode, ran.stdout.splitlines()[-1], calls


EVERYTHING = [
    "set-up full",
    "-m ruff check .",
    "-m ruff format --check .",
    "-m mypy",
    "layers",
    "-m pytest tests/unit -n auto --dist loadfile",
    "-m pytest tests/trainers",
    "-m pytest tests/actors -n 2 --dist loadgroup",
    "-m pytest tests/e2e -n 2 --dist loadgroup",
]


def test_a_failed_check_fails_the_whole_and_the_others_still_run(tmp_path: Path) -> None:
    code, last, calls = Checks(tmp_path, failing="*mypy* | *unit*").run("-x")
    assert (code, last) == (1, "scripts/test: FAILED: types tests/unit")
    assert calls == [*EVERYTHING[:5], *(f"{call} -x" for call in EVERYTHING[5:])]


def test_a_suite_without_tests_fails_unless_tests_were_selected(tmp_path: Path) -> None:
    checks = Checks(tmp_path, failing="nothing")
    assert checks.run() == (1, "scripts/test: FAILED: tests/e2e", EVERYTHING)
    assert checks.run("-k", "x")[:2] == (0, "scripts/test: all good")


def test_the_fast_checks_need_neither_ray_nor_a_server(tmp_path: Path) -> None:
    code, last, calls = Checks(tmp_path, failing="nothing").run("--fast")
    assert (code, last) == (0, "scripts/test: all good")
    assert calls == ["set-up dev", *EVERYTHING[1:6]]
