"""`matrix-sim stub-server`: the stub as an OpenAI-compatible endpoint, for trying things out."""

from __future__ import annotations

from typing import Annotated

import typer

from matrix_sim.language import Language


def stub_server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8100,
    latency: Annotated[
        str, typer.Option(help="fixed:SECONDS or lognormal:MEAN:SIGMA.")
    ] = "fixed:0",
    slots: Annotated[int, typer.Option(min=1, help="Requests served at once.")] = 64,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", metavar="NAME=RATE", help="Such as rate_limited=0.05; may be repeated."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    language: Annotated[
        Language, typer.Option(help="Of the replies: the language of the run that asks.")
    ] = "ja",
    reasoning: Annotated[bool, typer.Option(help="Reply with a short thinking text.")] = False,
    api_key_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Ask for the key in this environment variable."),
    ] = None,
) -> None:
    """Serve the stub over HTTP until Ctrl-C; GET /stats shows what it did."""
    import os

    from pydantic import ValidationError

    from matrix_sim.config import StubConfig
    from matrix_sim.errors import UsageError
    from matrix_sim.llm.stub.server import run_stub_server

    rates: dict[str, float] = {}
    for fault in faults or []:
        name, _, rate = fault.partition("=")
        try:
            rates[name] = float(rate)
        except ValueError:
            raise UsageError(f"--fault {fault}: write NAME=RATE, such as server=0.1") from None
    if api_key_env is not None and not os.environ.get(api_key_env):
        raise UsageError(f"--api-key-env {api_key_env}: there is no such environment variable")
    try:
        config = StubConfig(latency=latency, slots=slots, faults=rates, reasoning=reasoning)
    except ValidationError as error:
        said = "; ".join(str(problem["msg"]) for problem in error.errors())
        raise UsageError(f"the stub cannot be like this: {said}") from None
    run_stub_server(
        config,
        seed=seed,
        language=language,
        host=host,
        port=port,
        api_key=os.environ[api_key_env] if api_key_env else None,
    )
