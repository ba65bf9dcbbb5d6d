"""A real actor that does as it is told; the worker imports it from here."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

from actors.base import DeskActor
from actors.desk import Desk


class EchoActor(DeskActor):
    """Answers what it is asked, but for a few orders."""

    def __init__(self) -> None:
        self._desk = Desk(self._obey)
        self._never = asyncio.Event()
        self._untold = threading.Lock()

    async def _obey(self, item: Any) -> Any:
        match item:
            case "wait for ever":
                await self._never.wait()
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "answer what cannot travel":
                return self._untold
            case "raise":
                raise KeyError("as told")
        return item
