"""`matrix-sim stub-server`: the stub as an OpenAI-compatible endpoint, for trying things out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from matrix_sim.language import Language

if TYPE_CHECKING:
    from pydantic import BaseModel


_M = TypeVar("_M", bound="BaseModel")


def stub_server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8100,
    latency: Annotated[
        str, typer.Option(help="fixed:SECONDS or lognormal:MEAN:SIGMA.")
    ] = "fixed:0",
    slots: Annotated[int, typer.Option(min=1, help="Requests served at once.")] = 64,
    over: Annotated[
        Literal["queue", "reject"],
        typer.Option(help="More than these wait, or get a 429 at once."),
    ] = "queue",
    rpm: Annotated[int | None, typer.Option(min=1, help="Requests let in a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Tokens let in a minute.")] = None,
    count: Annotated[
        Literal["actual", "reserved"],
        typer.Option(help="Tokens as they come, or prompt and max_tokens beforehand."),
    ] = "actual",
    window: Annotated[
        Literal["bucket", "sliding"],
        typer.Option(help="An even flow with a burst of 1 s, or the last 60 s."),
    ] = "bucket",
    headers: Annotated[
        bool, typer.Option(help="Say in each answer what is left of the limits.")
    ] = True,
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
    close_idle: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="Close connections that idle for so long."),
    ] = 3600.0,
    api_key_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Ask for the key in this environment variable."),
    ] = None,
) -> None:
    """Serve the stub over HTTP until Ctrl-C.

    GET /stats shows what it did; POST /admission changes slots and limits while it runs, such as
    '{"slots": 8, "over": "reject"}'.
    """
    import os

    from matrix_sim.config import StubConfig
    from matrix_sim.errors import UsageError
    from matrix_sim.llm.stub.admission import AdmissionRules
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
    config = _made(StubConfig, latency=latency, slots=slots, faults=rates, reasoning=reasoning)
    admission = _made(
        AdmissionRules,
        rpm=rpm,
        tpm=tpm,
        count=count,
        window=window,
        headers=headers,
        slots=slots,
        over=over,
    )
    run_stub_server(
        config,
        seed=seed,
        language=language,
        host=host,
        port=port,
        api_key=os.environ[api_key_env] if api_key_env else None,
        admission=admission,
        close_idle_s=close_idle,
    )


def _made(kind: type[_M], **settings: Any) -> _M:
    from pydantic import ValidationError

    from matrix_sim.errors import UsageError

    try:
        return kind(**settings)
    except ValidationError as error:
        said = "; ".join(str(problem["msg"]) for problem in error.errors())
        raise UsageError(f"the stub cannot be like this: {said}") from None
