"""Where a run may be kept."""

from pathlib import Path

import pytest

from matrix_sim.cli.run_location import lasting_directory
from matrix_sim.errors import UsageError

IN_A_JOB = {"RAY_JOB_CONFIG_JSON_ENV_VAR": "{}"}
SESSION = Path("/tmp/ray/session_2026-11-22_18-58-41_464417_32303")
UPLOADED = SESSION / "runtime_resources" / "working_dir_files" / "_ray_pkg_0a1b"


def test_a_relative_directory_starts_from_where_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lasting_directory(Path("runs/mine"), {}) == tmp_path / "runs" / "mine"


def test_an_absolute_directory_stays_as_it_is() -> None:
    path = Path("/var/tmp/matrix-runs/first")
    assert lasting_directory(path, {}) == lasting_directory(path, IN_A_JOB) == path


def test_a_submitted_job_takes_no_relative_directory() -> None:
    with pytest.raises(UsageError, match=r"runs/mine: .* absolute run directory.*/var/tmp"):
        lasting_directory(Path("runs/mine"), IN_A_JOB)


@pytest.mark.parametrize("above", [SESSION, UPLOADED, Path("/mnt/tmp") / SESSION.name])
def test_the_temporary_folder_of_a_ray_session_is_no_place_for_a_run(above: Path) -> None:
    with pytest.raises(UsageError, match=f"{SESSION.name} is the temporary folder"):
        lasting_directory(above / "runs" / "mine", {})


def test_nor_is_it_by_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = tmp_path / SESSION.name
    session.mkdir()
    (tmp_path / "session_latest").symlink_to(session)
    (tmp_path / "shortcut").symlink_to(session)
    monkeypatch.chdir(session)
    for name in (tmp_path / "session_latest" / "run", tmp_path / "shortcut" / "run", Path("run")):
        with pytest.raises(UsageError, match="temporary folder of a Ray session"):
            lasting_directory(name, {})


def test_a_name_that_only_looks_a_bit_like_it_is_fine() -> None:
    path = Path("/data/session_notes/run")
    assert lasting_directory(path, {}) == path
