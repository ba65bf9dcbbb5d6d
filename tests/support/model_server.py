"""`python -m tests.support.model_server FILE CONTEXT_TOKENS SLOTS`: serves a model file as a run
does, until stdin ends; its first line says where, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matrix_sim.config import LlamaConfig, ModelConfig
from matrix_sim.llm.local_server import LocalServers


def main() -> None:
    file, context_tokens, slots = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    llama = LlamaConfig(context_tokens=context_tokens, slots=slots, threads=1)
    servers = LocalServers()
    places = []
    for vectors in (False, True):
        model, key = servers.for_model(ModelConfig(gguf=file, llama=llama), vectors=vectors)
        places.append({"base_url": model.base_urls[0], "model": model.model, "api_key": key})
    print(json.dumps(places), flush=True)
    sys.stdin.read()
    servers.close()


if __name__ == "__main__":
    main()
