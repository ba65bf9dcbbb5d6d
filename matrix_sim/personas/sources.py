"""From a path to its tables: one file, or a folder of shards."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.personas.parquet_table import ParquetTable
from matrix_sim.personas.rows import Schema, SourceError, Table
from matrix_sim.personas.text_tables import CsvTable, JsonlTable

_TABLES: dict[str, type[CsvTable] | type[JsonlTable] | type[ParquetTable]] = {
    ".csv": CsvTable,
    ".jsonl": JsonlTable,
    ".parquet": ParquetTable,
}
_KNOWN = ", ".join(_TABLES)


def open_tables(path: Path, schema: Schema) -> tuple[Table, ...]:
    """The tables of a file or of a folder of shards, the shards by name; nothing is read yet.

    In a folder, files of other types and names that begin with a dot or underscore are passed over.

    Raises:
        SourceError: there is no such file, it is empty or of no known type, or the folder
            holds none or several of the types.
    """
    if path.is_dir():
        return tuple(_open_table(shard, schema) for shard in _shards(path))
    if not path.exists():
        raise SourceError(path, "there is no such file or folder; correct 'personas.path'")
    return (_open_table(path, schema),)


def _open_table(path: Path, schema: Schema) -> Table:
    table = _TABLES.get(path.suffix.lower())
    if table is None:
        raise SourceError(path, f"is of no type that can be read; convert it to one of {_KNOWN}")
    if path.stat().st_size == 0:
        raise SourceError(path, "is empty; download or export it again")
    return table(path, schema)


def _shards(folder: Path) -> list[Path]:
    try:
        files = sorted(folder.iterdir(), key=lambda file: file.name)
    except OSError as error:
        raise SourceError(
            folder, f"cannot be listed ({error.strerror}); check its permissions"
        ) from error
    shards = [
        file
        for file in files
        if file.suffix.lower() in _TABLES
        and not file.name.startswith((".", "_"))
        and file.is_file()
    ]
    types = sorted({shard.suffix.lower() for shard in shards})
    if not types:
        raise SourceError(
            folder, f"holds no file of type {_KNOWN}; give the folder that holds the shards"
        )
    if len(types) > 1:
        raise SourceError(
            folder,
            f"holds files of several types ({', '.join(types)}); "
            "give one of the files, or a folder that holds one type",
        )
    return shards
