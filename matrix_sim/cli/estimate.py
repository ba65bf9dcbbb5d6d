"""`matrix-sim estimate`: what a config will ask of its models, before anything is paid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, SetOption
from matrix_sim.cli.preview import PreviewRunOption

if TYPE_CHECKING:
    from matrix_sim.config.file import LoadedConfig
    from matrix_sim.outlook.figures import Estimate


def estimate(
    config: ConfigArgument,
    preview: Annotated[
        int | None,
        typer.Option(
            "--preview",
            metavar="N",
            min=1,
            help="Play N people on the real endpoints first (paid for): then output tokens, "
            "cost and time are known, too.",
        ),
    ] = None,
    run: PreviewRunOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Calls and prompt tokens of a run, by role, without an endpoint and without paying.

    The society is played on the built-in stub with the config's own people, settings and prompts;
    of a large one, a part of it. With --preview, the figures are calibrated by what a few people
    took on the real endpoints.
    """
    import json
    import os
    import sys

    from matrix_sim.cli.estimate_display import as_dict, lines_of
    from matrix_sim.config.file import load_config
    from matrix_sim.errors import UsageError

    if run is not None and preview is None:
        raise UsageError("--run is where a preview is kept: give --preview N, too")
    out = sys.stderr if as_json else sys.stdout
    loaded = load_config(config, set_ or (), os.environ)
    found = estimated(loaded, preview, run, lambda line: print(line, file=out, flush=True))
    if as_json:
        print(json.dumps(as_dict(found), ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines_of(found, loaded.config)))


def estimated(
    loaded: LoadedConfig, preview: int | None, run: Path | None, say: Callable[[str], None]
) -> Estimate:
    """Estimate a run, after a preview of so many people, if any.

    Raises:
        UsageError: the personas, the group sizes or the prompts cannot be used.
        RunFailure: the preview could not be played.
    """
    import time

    from matrix_sim.cli.preview import played_preview
    from matrix_sim.llm.contracts import LLM
    from matrix_sim.outlook.dry_run import dry_run
    from matrix_sim.outlook.estimate import estimate as scaled
    from matrix_sim.outlook.manner import Mannered
    from matrix_sim.personas.loading import load_personas
    from matrix_sim.prompts.library import PromptLibrary
    from matrix_sim.society.homophily.profile import profile_text
    from matrix_sim.text import estimate_tokens

    config = loaded.config
    selection = load_personas(config.personas, config.seed, loaded.base_dir, config.language)
    prompts = PromptLibrary(config.language, config.prompts)
    previewed = None if preview is None else played_preview(loaded, preview, run, say)

    def in_its_manner(llm: LLM) -> LLM:
        return llm if previewed is None else Mannered(llm, previewed.manner, config.seed)

    played = dry_run(config, selection.personas, prompts, clock=time.monotonic, wrap=in_its_manner)
    profiles = sum(estimate_tokens(profile_text(persona)) for persona in selection.personas)
    return scaled(config, played, profiles, previewed)
