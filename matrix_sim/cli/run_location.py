"""Where a run may be kept (not where Ray throws things away), and who holds it."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path

from matrix_sim.errors import UsageError

_SESSION = re.compile(r"session_\d{4}(-\d\d){2}_(\d\d-){2}\d\d_\d+_\d+|session_latest")
"""The folder of a Ray session; what is uploaded with a job is unpacked in it."""
_JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Set by Ray for the command of a submitted job (`ray.job_submission`, JobSupervisor)."""
_EXAMPLE = "--run /var/tmp/matrix-runs/NAME"


def run_owner() -> str:
    """Who holds the lock of a run that is played from here, for people."""
    return f"matrix-sim on {socket.gethostname()}"


def lasting_directory(run: Path, environ: Mapping[str, str]) -> Path:
    """The run directory, absolute.

    Args:
        run: as given.
        environ: the environment, which tells whether this is a submitted job.

    Raises:
        UsageError: it would lie in the temporary folder of a Ray session; or it is relative in a
            submitted job, whose working directory is no place of the user's.
    """
    directory = run.absolute()
    if not run.is_absolute() and environ.get(_JOB_VARIABLE):
        raise UsageError(
            f"--run {run}: a submitted job needs an absolute run directory, since it works in a "
            f"folder of Ray's; give a place on the head node's disk that lasts, such as {_EXAMPLE}"
        )
    # As written, too: `session_latest` is a link whose target has another name after a restart.
    for path in (directory, directory.resolve()):
        if session := next((p for p in path.parents if _SESSION.fullmatch(p.name)), None):
            raise UsageError(
                f"--run {run}: {session} is the temporary folder of a Ray session, and a run in "
                f"it is lost with the session; give an absolute directory elsewhere, such as "
                f"{_EXAMPLE}"
            )
    return directory
