"""Config files of tests, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.config.file import load_config
from matrix_sim.errors import UsageError

STUB = "models: {default: {stub: {}}}\n"
GOOD = "society: {ticks: 3}\n" + STUB


def load(
    folder: Path, text: str, *overrides: str, environ: Mapping[str, str] | None = None
) -> RunConfig:
    """The config of a file `run.yaml` in `folder` that holds `text`."""
    path = folder / "run.yaml"
    path.write_text(text, "utf-8")
    return load_config(path, overrides, environ or {}).config


def refusal(
    folder: Path, text: str, *overrides: str, environ: Mapping[str, str] | None = None
) -> str:
    """Why it is refused."""
    with pytest.raises(UsageError) as refused:
        load(folder, text, *overrides, environ=environ)
    return str(refused.value)
