"""The languages that prompts, the stub and the built-in people come in."""

from typing import Literal

Language = Literal["ja", "en"]
