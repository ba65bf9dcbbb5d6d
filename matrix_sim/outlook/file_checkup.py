"""What a model file is like: it is served for a moment, and looked at as an endpoint is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from pydantic import SecretStr

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.errors import RunFailure
from matrix_sim.llm.backends import model_of
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.local_server import within_reach
from matrix_sim.llm.preflight import Place
from matrix_sim.outlook.checkup import Checkup, Finding, Needs, check_up

_OF_ITS_ADDRESS = ("reachable", "key", "model")
"""Nothing that a file could be wrong about."""


def check_up_files(models: ModelsConfig, roles: Sequence[Role], needs: Needs) -> list[Checkup]:
    """Load the model files of these roles, each once, and look at what serves them.

    One after the other: two large ones may not fit into memory.

    Raises:
        UsageError: a file is not there or no model, or its `llama` cannot be.
    """
    asked: dict[str, list[Role]] = {}
    for role in roles:
        model = model_of(models, role)
        if model.gguf is not None:
            asked.setdefault(f"{role is Role.EMBEDDING} {model.model_dump_json()}", []).append(role)
    return [_checked(model_of(models, who[0]), tuple(who), needs) for who in asked.values()]


def _checked(model: ModelConfig, roles: tuple[Role, ...], needs: Needs) -> Checkup:
    checkup, begun = Checkup(roles, model.label, str(model.gguf), ()), time.monotonic()
    try:
        with within_reach(model, "", vectors=Role.EMBEDDING in roles) as (served, key):
            loaded = Finding("loads", "ok", f"in {time.monotonic() - begun:.1f} s")
            place = Place(served, served.base_urls[0], roles)
            found = asyncio.run(check_up(place, {served.key_name: SecretStr(key)}, needs))
    except RunFailure as failure:
        return replace(checkup, findings=(Finding("loads", "wrong", str(failure)),))
    of_the_model = (one for one in found.findings if one.check not in _OF_ITS_ADDRESS)
    return replace(checkup, findings=(loaded, *of_the_model))
