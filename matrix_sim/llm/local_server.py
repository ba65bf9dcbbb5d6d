"""llama.cpp's own HTTP server inside this process, for a model file in place of an endpoint.

It listens on a free port of the loopback interface and wants a key that is made up here, so that
nobody else on the machine uses it; the ordinary client speaks to it. It lives and dies with the
process: a crash of llama.cpp takes the process along.

Of the library's interface this uses `CommonParams` and `Server`: https://pypi.org/project/xllamacpp
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from matrix_sim.config import LlamaConfig, ModelConfig, RunConfig
from matrix_sim.config.roles import model_of, played_roles
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.gguf_file import GgufFile, read_gguf

if TYPE_CHECKING:
    from xllamacpp import CommonParams, Server

DEFAULT_CONTEXT_TOKENS = 8192
"""Context of a slot where the config says nothing, and the model was trained for that much."""
_MOST_TOKENS = 2**31 - 1
"""Of all slots together: llama.cpp counts them in 32 bits."""
_PROMPT_CACHE_MIB = 8192
_READY_TIMEOUT_S = 30.0
_LOG_PATIENCE_S = 2.0
"""llama.cpp writes its log from a thread of its own, a little later."""
_LOG_LOOK_S = 0.01
_LONGEST_LOG = 1_000_000
_LAST_WORDS = b"exiting due to"
_SILENT, _ERRORS = 0, 1
"""Levels of llama.cpp's log, which goes to stderr: nothing; errors alone."""
_USUAL_LAST_LINES = ("failed to load model", "exiting due to", "failed to create context")
"""What follows every failure and says nothing about it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A model file and how it is served; what is equal in all of it shares a server."""

    path: Path
    llama: LlamaConfig
    vectors: bool
    """Whether it gives vectors; otherwise it chats. A server does one of the two."""

    @classmethod
    def of(cls, model: ModelConfig, *, vectors: bool) -> Serving:
        """How a model with `gguf` is served."""
        if model.gguf is None:
            raise AssertionError("a model with 'gguf'")
        return cls(model.gguf, model.llama, vectors)

    def check(self) -> GgufFile:
        """See whether it may be possible, without loading anything.

        Raises:
            UsageError: the extra is not installed; the file is no good; the context is too large.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            raise UsageError(
                f"gguf: {self.path.name} needs llama.cpp: pip install 'matrix-sim[local]'"
            )
        file = read_gguf(self.path)
        asked, trained = self.llama.context_tokens, file.trained_context
        if asked is not None and trained is not None and asked > trained:
            raise UsageError(
                f"llama.context_tokens: {asked} is more than {self.path.name} was trained for "
                f"({trained} tokens); leave it out to take what the model can"
            )
        if asked is not None and asked * self.llama.slots > _MOST_TOKENS:
            raise UsageError(
                f"llama: {self.llama.slots} slots of {asked} tokens are more than llama.cpp counts "
                f"({_MOST_TOKENS})"
            )
        return file


class LocalServer:
    """A server that runs."""

    def __init__(self, serving: Serving) -> None:
        """Load the model, which may take minutes and holds everything up meanwhile.

        Raises:
            UsageError: as `Serving.check`.
            RunFailure: llama.cpp cannot load the file, or there is no memory for it.
        """
        file = serving.check()
        self.serving = serving
        self.context_tokens = _context_tokens(serving.llama, file)
        self.api_key = secrets.token_urlsafe(24)
        self._server: Server | None = self._started(file)
        self.base_url = f"{self._server.listening_address}/v1"
        self._demand_slots(f"{self._server.listening_address}/slots")

    def close(self) -> None:
        """Stop it; what is under way fails."""
        self._server = None  # the last reference: its destructor stops and joins its threads

    def _started(self, file: GgufFile) -> Server:
        from xllamacpp import Server

        try:
            return Server(self._params(file, _SILENT))
        except RuntimeError:
            raise self._failure(file) from None

    def _params(self, file: GgufFile, verbosity: int) -> CommonParams:
        from xllamacpp import CommonParams, llama_pooling_type

        llama = self.serving.llama
        params = CommonParams()
        params.model.path = str(file.path)
        params.model_alias = {f"gguf:{file.path.name}"}
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [self.api_key]
        params.ui = False
        params.endpoint_slots = True
        params.offline = True
        params.verbosity = verbosity
        params.warmup = False
        params.cache_ram_mib = _prompt_cache_mib()
        # What is asked for holds: otherwise less context is given where memory is short.
        params.fit_params = False
        params.n_gpu_layers = llama.gpu_layers
        params.n_parallel = llama.slots
        params.n_ctx = llama.slots * self.context_tokens
        if llama.threads is not None:
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = llama.threads
        if self.serving.vectors:
            params.embedding = True
            # A text has to fit one batch, and texts of one request share it: in separate
            # caches they are split over batches, and what is pooled is wrong.
            params.kv_unified = True
            params.n_batch = params.n_ubatch = self.context_tokens
            if not file.has_pooling:
                params.pooling_type = llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        return params

    def _failure(self, file: GgufFile) -> RunFailure:
        """Why it did not start, which llama.cpp only ever tells stderr: so it is asked again."""
        from xllamacpp import Server

        with _stderr_aside(_LAST_WORDS) as said, suppress(RuntimeError):
            Server(self._params(file, _ERRORS))
        reason = _reason(said)
        llama = self.serving.llama
        message = f"llama.cpp cannot serve {file.path}: {reason}."
        if "memory" in reason or "alloc" in reason:
            message += (
                f" There is no room for {llama.slots} slots of {self.context_tokens} tokens: lower "
                "'llama.slots' or 'llama.context_tokens', or take a smaller model"
            )
        else:
            message += " Is the file whole, and xllamacpp new enough for its architecture?"
        return RunFailure(message)

    def _demand_slots(self, url: str) -> None:
        # Its health is good once the model is loaded, and its loop may only start afterwards; one
        # that is closed before that never ends. The slots are what the loop itself tells of.
        request = urllib.request.Request(url)  # noqa: S310
        request.add_header("Authorization", f"Bearer {self.api_key}")
        try:
            with urllib.request.urlopen(request, timeout=_READY_TIMEOUT_S):  # noqa: S310
                return
        except (urllib.error.URLError, OSError) as error:
            self.close()
            raise RunFailure(
                f"llama.cpp loaded {self.serving.path}, but {url} does not answer: {error}"
            ) from None


class LocalServers:
    """The servers of this process; what is served in the same way shares one."""

    def __init__(self) -> None:
        self._running: list[LocalServer] = []

    def for_model(self, model: ModelConfig, *, vectors: bool) -> tuple[ModelConfig, str]:
        """Serve a model with `gguf`: as a model with `base_url`, and the key for it.

        Raises:
            UsageError, RunFailure: as `LocalServer`.
        """
        serving = Serving.of(model, vectors=vectors)
        server = next((one for one in self._running if one.serving == serving), None)
        if server is None:
            server = LocalServer(serving)
            self._running.append(server)
        served = {"gguf": None, "base_url": server.base_url, "model": model.label}
        return model.model_copy(update=served), server.api_key

    def close(self) -> None:
        """Stop them all."""
        while self._running:
            self._running.pop().close()


def check_model_files(config: RunConfig) -> list[str]:
    """See whether the model files of a run may be served here, before any process is started.

    Returns:
        What the user should know.

    Raises:
        UsageError: as `Serving.check`.
    """
    served = dict.fromkeys(
        Serving.of(model_of(config.models, role), vectors=role is Role.EMBEDDING)
        for role in played_roles(config)
        if model_of(config.models, role).gguf is not None
    )
    for serving in served:
        serving.check()
    actors = config.runtime.llm_actors
    if not served or actors == "auto" or actors == 1:
        return []
    names = " and ".join(dict.fromkeys(serving.path.name for serving in served))
    return [f"each of {actors} LLM actors loads {names}, as runtime.llm_actors asks for"]


@contextmanager
def within_reach(
    model: ModelConfig, api_key: str, *, vectors: bool
) -> Iterator[tuple[ModelConfig, str]]:
    """A model with `base_url` and its key, as they are; one with `gguf` is served meanwhile.

    Raises:
        UsageError, RunFailure: as `LocalServer`.
    """
    if model.gguf is None:
        yield model, api_key
        return
    servers = LocalServers()
    try:
        yield servers.for_model(model, vectors=vectors)
    finally:
        servers.close()


def _prompt_cache_mib() -> int:
    """Room for prompts that have left their slot: people are more than slots, and come again."""
    return min(_PROMPT_CACHE_MIB, int(psutil.virtual_memory().available / 2**20 / 4))


def _context_tokens(llama: LlamaConfig, file: GgufFile) -> int:
    if llama.context_tokens is not None:
        return llama.context_tokens
    return min(DEFAULT_CONTEXT_TOKENS, file.trained_context or DEFAULT_CONTEXT_TOKENS)


@contextmanager
def _stderr_aside(last_words: bytes) -> Iterator[list[str]]:
    """Lead stderr, that of native code too, into a list of lines, which is filled at the end.

    The end waits a little for the line with `last_words`.
    """
    lines: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        before = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            yield lines
        finally:
            said, give_up = b"", time.monotonic() + _LOG_PATIENCE_S
            while last_words not in said and time.monotonic() < give_up:
                time.sleep(_LOG_LOOK_S)
                said = os.pread(aside.fileno(), _LONGEST_LOG, 0)
            os.dup2(before, 2)
            os.close(before)
            lines += said.decode("utf-8", "replace").splitlines()


def _reason(said: list[str]) -> str:
    """The line of llama.cpp's that says most: `0.12.929 E llama_model_load: WHAT`."""
    told = [line.partition(" E ")[2].partition(": ")[2].strip() for line in said]
    told = [text.removeprefix("error loading model: ") for text in told]
    telling = [t for t in told if t and not any(usual in t for usual in _USUAL_LAST_LINES)]
    return telling[0].rstrip(".") if telling else "it does not say why"
