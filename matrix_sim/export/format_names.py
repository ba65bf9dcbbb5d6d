"""What the formats go by: on the command line, and as folders."""

from __future__ import annotations

from enum import StrEnum


class FormatName(StrEnum):
    """For which trainer rows are written."""

    TRL = "trl"
    LLAMAFACTORY = "llamafactory"
    MS_SWIFT = "ms-swift"
    AXOLOTL = "axolotl"
    OPENAI = "openai"
    PARQUET = "parquet"
