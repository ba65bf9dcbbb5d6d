"""The shapes that trainers read, one file a trainer."""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.export.format_names import FormatName
from matrix_sim.export.formats.axolotl import Axolotl
from matrix_sim.export.formats.contracts import Format
from matrix_sim.export.formats.llamafactory import LlamaFactory
from matrix_sim.export.formats.ms_swift import MsSwift
from matrix_sim.export.formats.openai import OpenAI
from matrix_sim.export.formats.parquet import Parquet
from matrix_sim.export.formats.trl import Trl

FORMATS: Mapping[FormatName, Format] = {
    FormatName.TRL: Trl(),
    FormatName.LLAMAFACTORY: LlamaFactory(),
    FormatName.MS_SWIFT: MsSwift(),
    FormatName.AXOLOTL: Axolotl(),
    FormatName.OPENAI: OpenAI(),
    FormatName.PARQUET: Parquet(),
}
"""Every format that there is."""
