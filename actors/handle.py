"""What an actor is to those who ask it: Ray does not know which methods it has."""

from __future__ import annotations

from typing import Any, TypeAlias

from ray.actor import ActorHandle

Handle: TypeAlias = ActorHandle[Any]
