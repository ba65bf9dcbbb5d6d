"""n rows of a source by seed: whatever the format, the order and the shards."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.config.personas import FieldsConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.rows import RowError
from matrix_sim.personas.selection import ChosenPersonas, choose_personas
from matrix_sim.personas.sources import open_tables
from matrix_sim.personas.table_reader import TableReader

READER = TableReader(FieldsConfig.model_validate({"id": "id", "description": "text"}))
Fields = dict[str, str]


def choose(
    path: Path, count: int | None, seed: int, invalid: Literal["stop", "skip"] = "stop"
) -> ChosenPersonas:
    return choose_personas(open_tables(path, READER.schema), READER, count, seed, invalid)


def people(count: int) -> list[Fields]:
    return [{"id": f"p{number:04d}", "text": f"{number}番の人"} for number in range(count)]


def write_csv(path: Path, rows: Sequence[Fields]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=["id", "text"])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Sequence[Fields]) -> Path:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[Fields], row_group: int = 16) -> Path:
    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path, row_group_size=row_group)
    return path


def write_shards(folder: Path, rows: Sequence[Fields], cuts: Sequence[int]) -> Path:
    folder.mkdir()
    bounds = [0, *cuts, len(rows)]
    for number, (first, end) in enumerate(pairwise(bounds)):
        write_parquet(folder / f"part-{number:05d}.parquet", rows[first:end], row_group=7)
    return folder


def contents(chosen: ChosenPersonas) -> list[tuple[object, object]]:
    return [(read.persona.id, read.persona.description) for read in chosen.read]


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows = people(100)
    sources = [
        write_csv(tmp_path / "people.csv", rows),
        write_jsonl(tmp_path / "people.jsonl", rows),
        write_parquet(tmp_path / "people.parquet", rows),
        write_shards(tmp_path / "shards", rows, [33, 70]),
    ]
    chosen = [contents(choose(source, 12, seed=7)) for source in sources]
    assert len(chosen[0]) == 12
    assert all(one == chosen[0] for one in chosen)


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=4).map(sorted),
    count=st.integers(1, 60),
    seed=st.integers(0, 3),
)
def test_the_cut_into_shards_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], count: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole = write_parquet(folder / "whole.parquet", people(60))
    shards = write_shards(folder / "shards", people(60), cuts)
    assert contents(choose(shards, count, seed)) == contents(choose(whole, count, seed))


def test_the_order_of_the_source_decides_the_order_of_the_chosen_and_not_who_they_are(
    tmp_path: Path,
) -> None:
    rows = people(80)
    forwards = contents(choose(write_csv(tmp_path / "a.csv", rows), 20, seed=1))
    backwards = contents(choose(write_csv(tmp_path / "b.csv", rows[::-1]), 20, seed=1))
    assert forwards == sorted(forwards)
    assert backwards == forwards[::-1]


def test_another_seed_chooses_others_and_a_higher_count_keeps_those_chosen(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "people.jsonl", people(200))
    chosen = set(contents(choose(source, 20, seed=1)))
    assert chosen != set(contents(choose(source, 20, seed=2)))
    assert chosen < set(contents(choose(source, 40, seed=1)))


def test_every_row_has_the_same_chance(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "people.jsonl", people(20))
    times = dict.fromkeys((row["id"] for row in people(20)), 0)
    for seed in range(200):
        for identity, _ in contents(choose(source, 5, seed)):
            times[str(identity)] += 1
    # 50 expected each; 5 standard deviations are 31.
    assert all(19 <= count <= 81 for count in times.values())


def test_without_a_count_all_rows_come_in_order(tmp_path: Path) -> None:
    chosen = choose(write_parquet(tmp_path / "p.parquet", people(50)), None, seed=3)
    assert contents(chosen) == [(row["id"], row["text"]) for row in people(50)]
    assert chosen.rows_seen == 50


def test_a_count_above_the_source_says_how_many_there_are(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "people.csv", people(3))
    with pytest.raises(UsageError, match=r"people\.csv.*asks for 4 personas and there are 3"):
        choose(source, 4, seed=0)


@pytest.mark.parametrize("count", [None, 2])
def test_a_source_without_rows_is_refused(tmp_path: Path, count: int | None) -> None:
    with pytest.raises(UsageError, match=r"people\.csv: holds no rows"):
        choose(write_csv(tmp_path / "people.csv", []), count, seed=0)


def test_an_empty_shard_among_others_is_fine(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", people(10), [4, 4])
    assert choose(shards, None, seed=0).rows_seen == 10


@pytest.mark.parametrize("count", [None, 5])
def test_a_repeated_id_is_refused_naming_both_rows(tmp_path: Path, count: int | None) -> None:
    rows = people(30)
    twice = contents(choose(write_csv(tmp_path / "a.csv", rows), 5, seed=7))[0][0]
    first = int(str(twice)[1:]) + 1
    source = write_shards(tmp_path / "b", [*rows, {"id": str(twice), "text": "別の人"}], [30])
    with pytest.raises(RowError) as error:
        choose(source, count, seed=7)
    assert f"part-00001.parquet, row 1: has the same id as {source}" in str(error.value)
    assert f"part-00000.parquet, row {first}: '{twice}'" in str(error.value)


def test_a_row_without_an_id_is_refused_even_if_it_would_not_be_chosen(tmp_path: Path) -> None:
    rows = [*people(30), {"id": " ", "text": "名無し"}]
    with pytest.raises(RowError, match=r"row 31 \(line 32\): 'id' is empty"):
        choose(write_csv(tmp_path / "a.csv", rows), 1, seed=0)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_large_source_streams_through_a_small_memory(tmp_path: Path, suffix: str) -> None:
    rows = 30_000
    path = tmp_path / f"people.{suffix}"
    filler = "長い文章" * 50
    if suffix == "jsonl":
        with path.open("w", encoding="utf-8") as stream:
            for number in range(rows):
                stream.write(f'{{"id": "p{number}", "text": "{filler}"}}\n')
    else:
        write_parquet(path, [{"id": f"p{n}", "text": filler} for n in range(rows)], row_group=rows)
    tracemalloc.start()
    try:
        chosen = choose(path, 100, seed=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert chosen.rows_seen == rows
    assert peak < 500_000  # all ids are 2 MB, all texts 12


def with_gaps(count: int, empty: range) -> list[Fields]:
    return [row | {"text": ""} if n in empty else row for n, row in enumerate(people(count))]


def test_rows_that_cannot_be_read_are_left_out_and_the_count_is_met_by_others(
    tmp_path: Path,
) -> None:
    gaps = range(0, 100, 3)
    source = write_parquet(tmp_path / "p.parquet", with_gaps(100, gaps))
    good = [row for n, row in enumerate(people(100)) if n not in gaps]
    without = write_csv(tmp_path / "good.csv", good)
    chosen = choose(source, 40, seed=7, invalid="skip")
    assert contents(chosen) == contents(choose(without, 40, seed=7))
    assert chosen.rows_seen == 100


@pytest.mark.parametrize("count", [1, 5, 20, 40])
def test_only_those_that_would_have_been_chosen_count_as_left_out_whatever_the_order(
    tmp_path: Path, count: int
) -> None:
    rows = with_gaps(100, range(0, 100, 3))
    chosen = choose(write_csv(tmp_path / "a.csv", rows), count, 7, "skip")
    backwards = choose(write_csv(tmp_path / "b.csv", rows[::-1]), count, 7, "skip")
    lost = sum(one.rows for one in chosen.left_out)
    assert lost == sum(one.rows for one in backwards.left_out)
    best = choose(write_csv(tmp_path / "c.csv", people(100)), count + lost, 7)
    assert {read.persona.id for read in chosen.read} <= {read.persona.id for read in best.read}


def test_which_row_of_one_id_is_taken_is_not_up_to_their_order(tmp_path: Path) -> None:
    rows = [{"id": f"p{n % 5}", "text": text} for n, text in enumerate("abcdefghijkl")]
    rows += [{"id": f"p{n}", "text": ""} for n in range(4)]
    one = choose(write_csv(tmp_path / "a.csv", rows), 4, 7, "skip")
    other = choose(write_csv(tmp_path / "b.csv", rows[::-1]), 4, 7, "skip")
    assert sorted(contents(one)) == sorted(contents(other))
    lost, also = ({(o.reason, o.rows) for o in each.left_out} for each in (one, other))
    assert lost == also


def test_each_reason_is_counted_with_the_first_places(tmp_path: Path) -> None:
    lines = ['{"id": "1", "text": "人。"}', "no json", '{"text": ""}', '{"id": "1", "text": "x"}']
    lines += [f'{{"id": "e{n}", "text": ""}}' for n in range(5)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    left_out = choose(path, None, 7, "skip").left_out
    assert [(one.reason, one.rows) for one in left_out] == [
        ("'text' is empty", 5),
        ("'id' is empty", 1),
        ("has the same id as another row", 1),
        ("no valid JSON", 1),
    ]
    assert [place.line for place in left_out[0].first] == [5, 6, 7]
    assert str(left_out[3]) == f"1 x no valid JSON ({path}, line 2)"


def test_too_few_good_rows_are_refused_with_what_was_left_out(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", with_gaps(10, range(4)))
    with pytest.raises(UsageError) as error:
        choose(source, 7, 7, "skip")
    assert "asks for 7 personas and there are 6" in str(error.value)
    assert "left out: 4 x 'text' is empty" in str(error.value)
    nobody = write_csv(tmp_path / "b.csv", with_gaps(3, range(3)))
    with pytest.raises(UsageError, match="no row can be read as a persona"):
        choose(nobody, None, 7, "skip")


def test_broken_csv_ends_it_even_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,人。\n2,"open\n3,x\n', "utf-8")
    with pytest.raises(RowError, match="is broken CSV"):
        choose(path, None, 7, "skip")
