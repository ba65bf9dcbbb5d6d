"""Files and folders of rows, and what is said about those that cannot be read."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matrix_sim.personas.rows import Row, RowError, Schema, SourceError
from matrix_sim.personas.sources import open_tables

SCHEMA = Schema(name="a test", columns=("id", "text"))


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def scanned(path: Path) -> list[Row]:
    rows: list[Row] = []
    for table in open_tables(path, SCHEMA):
        for row in table.rows():
            if isinstance(row, RowError):
                raise row
            # Whole and now: the fields may be read only until the next row comes.
            rows.append(Row(row.place, dict(row.fields)))
    return rows


def refusal(path: Path, kind: type[SourceError] | type[RowError] = SourceError) -> str:
    with pytest.raises(kind) as error:
        scanned(path)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_row_says_where_it_stands_as_a_reader_would_count(tmp_path: Path) -> None:
    rows = scanned(write(tmp_path / "a.csv", 'id,text\n1,"二行の\n文"\n\n2,次\n'))
    assert [row.fields["text"] for row in rows] == ["二行の\n文", "次"]
    assert [(row.place.row, row.place.line) for row in rows] == [(1, 2), (2, 5)]
    assert str(rows[1].place).endswith("a.csv, row 2 (line 5)")
    rows = scanned(write(tmp_path / "a.jsonl", '{"id": "1", "text": "x"}\n{"id": "2", "text": ""}'))
    assert str(rows[1].place).endswith("a.jsonl, line 2")
    pq.write_table(pa.table({"id": ["1", "2"], "text": ["x", "y"]}), tmp_path / "a.parquet")
    assert str(scanned(tmp_path / "a.parquet")[1].place).endswith("a.parquet, row 2")


def test_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    content = "\ufeffid,text\r\n1,一\r\n2,二\r\n"
    rows = scanned(write(tmp_path / "excel.csv", content))
    assert [dict(row.fields) for row in rows] == [
        {"id": "1", "text": "一"},
        {"id": "2", "text": "二"},
    ]


def test_further_columns_are_left_alone(tmp_path: Path) -> None:
    assert scanned(write(tmp_path / "a.csv", "score,text,id\n3,文,1\n"))[0].fields["id"] == "1"


def test_shards_come_by_name_and_other_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.jsonl", f'{{"id": "{name}", "text": "x"}}\n')
    write(tmp_path / "README.md", "# data")
    write(tmp_path / "._a.jsonl", b"\x00\x05\x16\x07")
    assert [row.fields["id"] for row in scanned(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize("row_group", [7, 3000])
def test_only_the_columns_that_are_read_are_taken_from_parquet(
    tmp_path: Path, row_group: int
) -> None:
    ids = [str(number) for number in range(3000)]
    table = pa.table({"id": ids, "text": [f"t{i}" for i in ids], "more": ids})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=row_group)
    rows = scanned(tmp_path / "a.parquet")
    assert [row.fields for row in rows] == [{"id": n, "text": f"t{n}"} for n in ids]
    assert [row.place.row for row in rows] == list(range(1, 3001))


def test_what_is_not_there_or_of_no_known_type_is_refused(tmp_path: Path) -> None:
    assert "nobody.csv: there is no such file or folder" in refusal(tmp_path / "nobody.csv")
    assert "holds no file of type .csv, .jsonl, .parquet" in refusal(tmp_path)
    assert "convert it to one of .csv, .jsonl, .parquet" in refusal(write(tmp_path / "a.txt", "x"))
    write(tmp_path / "a.csv", "id,text\n")
    write(tmp_path / "b.jsonl", "{}\n")
    assert "several types (.csv, .jsonl)" in refusal(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    assert f"a.{suffix}: is empty" in refusal(write(tmp_path / f"a.{suffix}", b""))


def test_missing_columns_are_named_with_the_file_and_what_it_has(tmp_path: Path) -> None:
    expected = "lacks 'text', which the schema of a test requires; it has 'id', 'txet'"
    assert f"a.csv: {expected}" in refusal(write(tmp_path / "a.csv", "id,txet\n1,x\n"))
    pq.write_table(pa.table({"id": ["1"], "txet": ["x"]}), tmp_path / "a.parquet")
    assert f"a.parquet: {expected}" in refusal(tmp_path / "a.parquet")
    lines = '{"id": "1", "text": "x"}\n{"id": "1", "txet": "x"}\n'
    assert f"a.jsonl, line 2: {expected}" in refusal(write(tmp_path / "a.jsonl", lines), RowError)


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    assert "more than one column 'text'" in refusal(write(tmp_path / "a.csv", "id,text,text\n"))


def test_a_header_of_very_many_columns_is_looked_through_once(tmp_path: Path) -> None:
    header = ",".join([*(f"c{number}" for number in range(60_000)), "id"])
    began = time.process_time()
    assert "lacks 'text'" in refusal(write(tmp_path / "a.csv", header + "\n"))
    assert time.process_time() - began < 20  # quadratic, it takes a minute


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,text\n1,x\n2,x,y\n", "row 2 (line 3): has 3 fields where the header has 2"),
        ("id,text\n1,x\n2\n", "row 2 (line 3): has 1 fields where the header has 2"),
        ('id,text\n1,x\n2,"open\n3,y\n', "row 2 (line 3): is broken CSV (unexpected end of data)"),
        ("id,text\r1,x\r", "line ends of a lone CR; save it with LF or CRLF"),
        ('id,text\n1,"a"b\n', "row 1 (line 2): is broken CSV (',' expected after '\"')"),
    ],
)
def test_a_broken_csv_row_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    assert expected in refusal(write(tmp_path / "a.csv", content), RowError)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "1", ', "is no valid JSON (Expecting property name"),
        ("[1, 2]", "holds a JSON array; JSONL has one object {...} a line"),
        ("null", "holds a JSON null"),
        ("[" * 100_000, "is no JSON that can be read"),
        ('{"id": ' + "9" * 5_000 + "}", "is no JSON that can be read"),
    ],
)
def test_a_broken_jsonl_line_is_refused(tmp_path: Path, line: str, expected: str) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": "1", "text": "x"}\n' + line + "\n")
    assert f"a.jsonl, line 2: {expected}" in refusal(path, RowError)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_text_in_another_encoding_is_refused_with_line_and_offset(
    tmp_path: Path, suffix: str
) -> None:
    first = "id,text\n" if suffix == "csv" else '{"id": "1", "text": "文"}\n'
    path = write(tmp_path / f"a.{suffix}", first.encode() + "1,文".encode("shift_jis"))
    offset = len(first.encode()) + 2
    assert f"line 2 has byte 0x95 at offset {offset} of the file; save it as UTF-8" in refusal(path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    message = refusal(write(tmp_path / "a.parquet", pointer))
    assert "a.parquet: cannot be read as Parquet" in message
    assert "git lfs pull" in message


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    ids = [str(number) for number in range(1000)]
    pq.write_table(pa.table({"id": ids, "text": ids}), path, compression="snappy")
    content = bytearray(path.read_bytes())
    content[4:600] = bytes(596)
    write(path, bytes(content))
    assert "a.parquet: cannot be read as Parquet" in refusal(path)


def test_parquet_text_that_is_not_utf8_is_refused_with_row_and_column(tmp_path: Path) -> None:
    broken = pa.array([b"good", b"\xff\xfe"]).view(pa.string())
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1", "2"], "text": broken}), path)
    (table,) = open_tables(path, SCHEMA)
    texts = (row.fields["text"] for row in table.rows() if isinstance(row, Row))
    assert next(texts) == "good"
    with pytest.raises(RowError, match=r"a\.parquet, row 2: 'text' is not UTF-8"):
        next(texts)
