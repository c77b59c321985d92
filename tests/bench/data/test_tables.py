"""Tables of the user's: rows split by class without leaks, columns turned into numbers by the training part alone."""

from __future__ import annotations

import gzip
import re
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.choosing import choose
from bench.data.columns import MAX_CATEGORIES
from bench.data.splits import DataSet
from bench.data.tables import Table, hash_rows, split_rows, table_data
from bench.errors import InputError

seeds = st.integers(0, 1000)


def animals(num_rows: int = 120, seed: int = 0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "height_cm": chance.normal(50, 12, num_rows).round(3),
            "age": chance.integers(1, 15, num_rows),
            "colour": chance.choice(["red", "blue", "green"], num_rows),
            "tame": chance.random(num_rows) > 0.5,
            "animal": chance.choice(["cat", "dog", "hen"], num_rows),
        }
    )


def read(frame: pd.DataFrame, target: str = "animal", seed: int = 0) -> DataSet:
    return table_data(Table("rows.csv", frame), target, seed)


def refused(frame: pd.DataFrame, target: str | None = "animal") -> str:
    with pytest.raises(InputError) as caught:
        table_data(Table("rows.csv", frame), target)
    assert str(caught.value).startswith("rows.csv: ")
    return str(caught.value)


def parts_of(data: DataSet) -> list[set[bytes]]:
    batches = (data.training, data.validation, data.test)
    return [{row.numpy().tobytes() for row in batch.inputs} for batch in batches]


tables = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=80)


@given(tables, seeds)
def test_any_rows_split_into_three_without_loss_and_equal_rows_stay_together(
    rows: list[tuple[int, int]], seed: int
) -> None:
    hashes = np.array([row[0] for row in rows], dtype=np.uint64)
    codes = np.array([row[1] for row in rows])
    parts = split_rows(hashes, codes, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    training, validation, test = (set(hashes[part].tolist()) for part in parts)
    assert not training & validation | validation & test | training & test


@given(st.lists(st.integers(1, 500), min_size=3, max_size=30), seeds)
def test_a_class_with_three_different_rows_is_in_all_parts_however_often_each_is_there(
    counts: list[int], seed: int
) -> None:
    hashes = np.repeat(np.arange(len(counts)), counts).astype(np.uint64)
    parts = split_rows(hashes, np.zeros(len(hashes), dtype=np.int64), seed)
    assert all(len(part) for part in parts)


@given(tables, seeds)
def test_the_part_of_a_row_does_not_depend_on_the_order(rows: list[tuple[int, int]], seed: int) -> None:
    hashes = np.array([row[0] for row in rows], dtype=np.uint64)
    codes = np.array([row[1] for row in rows])
    order = np.random.default_rng(seed).permutation(len(rows))
    before, after = split_rows(hashes, codes, seed), split_rows(hashes[order], codes[order], seed)
    for one, other in zip(before, after, strict=True):
        assert set(one.tolist()) == set(order[other].tolist())


def test_a_seed_repeats_and_another_gives_another_split() -> None:
    frame = animals()
    one, again, other = read(frame), read(frame), read(frame, seed=1)
    assert torch.equal(one.test.inputs, again.test.inputs)
    assert one.test.inputs.shape != other.test.inputs.shape or not torch.equal(
        one.test.inputs, other.test.inputs
    )
    shuffled = read(frame.sample(frac=1, random_state=3))
    assert shuffled.facts == one.facts
    assert sorted(map(bytes, parts_of(shuffled)[2])) == sorted(map(bytes, parts_of(one)[2]))


def test_each_class_has_its_share_in_each_part() -> None:
    frame = pd.DataFrame({"x": np.arange(1000.0), "y": np.repeat(["a", "b"], [900, 100])})
    data = read(frame, "y")
    for batch, share in ((data.training, 0.6), (data.validation, 0.2), (data.test, 0.2)):
        assert batch.targets.bincount().tolist() == [900 * share, 100 * share]


def test_identical_rows_fall_into_one_part_even_with_another_class() -> None:
    frame = animals(40)
    thrice = pd.concat([frame, frame, frame.assign(animal=frame.animal.to_numpy()[::-1])])
    data = read(thrice)
    training, validation, test = parts_of(data)
    assert not training & validation | validation & test | training & test
    assert sum(len(part.inputs) for part in (data.training, data.validation, data.test)) == 120
    assert len(training | validation | test) == 40


def test_zero_and_minus_zero_are_the_same() -> None:
    one, other = hash_rows(pd.DataFrame({"x": [0.0, -0.0]}))
    assert one == other


def test_numbers_are_standardised_by_the_training_part() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(100, 20, 500), "y": ["a", "b"] * 250})
    data = read(frame, "y")
    values = data.training.inputs[:, 0].double()
    assert float(values.mean()) == pytest.approx(0, abs=1e-6)
    assert float(values.std(correction=0)) == pytest.approx(1, abs=1e-6)
    scale = frame.x.max() - frame.x.min()
    everything = torch.cat([part.inputs for part in (data.training, data.validation, data.test)])
    deviation = scale / float(everything.max() - everything.min())
    # The deviation of the training rows, not that of all rows.
    assert deviation != pytest.approx(frame.x.std(ddof=0), rel=1e-4)
    assert deviation == pytest.approx(frame.x.std(ddof=0), rel=0.1)


def test_missing_numbers_are_the_training_median_and_said() -> None:
    frame = pd.DataFrame({"x": [*range(1, 100), np.nan], "w": range(100), "y": ["a", "b"] * 50})
    data = read(frame, "y")
    assert data.facts["imputed_items"] == 1
    [note] = data.notes
    assert "column 'x': 1 missing value filled with the training part's median" in note
    median = float(note.rsplit(" ", 1)[1])
    everything = torch.cat([part.inputs for part in (data.training, data.validation, data.test)])
    by_number = everything[everything[:, 1].argsort()][:, 0]
    step = float(by_number[1] - by_number[0])
    assert float(by_number[0]) + step * (median - 1) == pytest.approx(float(by_number[-1]), abs=1e-4)


def test_categories_become_a_column_each_and_one_for_the_unseen() -> None:
    frame = animals(300)
    frame.loc[::9, "colour"] = None
    data = read(frame)
    # height, age, blue, green, red, unseen, tame
    assert data.num_inputs == 7
    one_hot = data.training.inputs[:, 2:6]
    assert one_hot.sum(1).tolist() == [1.0] * len(one_hot)
    assert int(one_hot[:, 3].sum()) > 0
    assert data.num_classes == 3
    assert data.class_names == ("cat", "dog", "hen")


def test_a_category_that_training_has_not_seen_is_unseen() -> None:
    frame = pd.DataFrame({"colour": ["red"] * 99 + ["mauve"], "x": range(100), "y": ["a", "b"] * 50})
    places = set()
    for seed in range(12):
        data = read(frame, "y", seed)
        # Either training saw mauve (mauve, red, unseen), or mauve is the unseen.
        places.add(data.num_inputs)
        everything = torch.cat([part.inputs for part in (data.training, data.validation, data.test)])
        assert int(everything[:, : data.num_inputs - 1].sum()) == 100
        if data.num_inputs == 3:
            assert int(data.training.inputs[:, 1].sum()) == 0
            assert int(everything[:, 1].sum()) == 1
    assert places == {3, 4}


def test_rare_categories_are_put_together_and_names_of_rows_left_out() -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "place": [f"place {n}" for n in chance.integers(0, 150, 2000)],
            "id": [f"row {n}" for n in range(2000)],
            "x": range(2000),
            "y": ["a", "b"] * 1000,
        }
    )
    data = read(frame, "y")
    assert data.num_inputs == MAX_CATEGORIES + 2
    assert "column 'id' left out: 2,000 different texts are no categories" in data.notes
    [note] = [note for note in data.notes if "place" in note]
    rare, of = (int(number) for number in re.findall(r"\d+", note))
    assert 140 < of <= 150
    assert rare == of - MAX_CATEGORIES


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([2, 10, 1], ("1", "2", "10")),
        ([0.0, 1.0], ("0", "1")),
        ([True, False], ("False", "True")),
        (["b", "a"], ("a", "b")),
    ],
)
def test_classes_may_be_whole_numbers_truth_values_and_words(
    values: list[object], names: tuple[str, ...]
) -> None:
    frame = pd.DataFrame({"x": range(60), "y": values * (60 // len(values))})
    data = read(frame, "y")
    assert data.class_names == names
    assert data.training.targets.dtype == torch.long
    assert sorted(set(data.training.targets.tolist())) == list(range(len(names)))


def test_a_text_among_numbers_is_said() -> None:
    frame = animals()
    data = read(frame.assign(age=["?", *frame.age.astype("str")[1:]]))
    assert data.notes == ("column 'age': taken as categories, because '?' is no number",)


def test_points_in_time_are_numbers() -> None:
    frame = animals().assign(born=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(120), unit="D"))
    frame["kept"] = frame.born - pd.Timestamp("2019-06-01", tz=None)
    frame.loc[3, ["born", "kept"]] = pd.NaT
    data = read(frame)
    assert data.facts["imputed_items"] == 2
    assert torch.allclose(data.test.inputs[:, -1], data.test.inputs[:, -2], atol=1e-5)
    assert torch.isfinite(data.training.inputs).all()


@given(
    st.lists(
        st.one_of(st.floats(allow_infinity=False), st.integers(-(2**60), 2**60)), min_size=6, max_size=40
    ),
    seeds,
)
@settings(deadline=None, max_examples=40)
def test_any_numbers_give_finite_inputs_or_are_refused(values: list[float], seed: int) -> None:
    frame = pd.DataFrame({"x": np.array(values, dtype=np.float64), "w": range(len(values))})
    frame["y"] = np.arange(len(values)) % 2
    try:
        data = read(frame, "y", seed)
    except InputError:
        return
    for part in (data.training, data.validation, data.test):
        assert torch.isfinite(part.inputs).all()


def test_a_missing_target_is_named_with_the_nearest_spelling() -> None:
    said = refused(animals(), "animl")
    assert (
        "no column 'animl'; its columns are height_cm, age, colour, tame, animal; did you mean animal?"
        in said
    )
    assert "did you mean animal" in refused(animals(), "ANIMAL")
    assert "name the target column" in refused(animals(), None)


def test_what_cannot_be_learnt_is_refused_by_name() -> None:
    frame = animals()
    assert "one class only (cat)" in refused(frame.assign(animal="cat"))
    rare = frame.assign(animal=["cow", "cow"] + ["cat", "dog"] * 59)
    assert "cow (2 rows, none in test)" in refused(rare)
    assert "'height_cm' holds numbers with decimals, which is a quantity" in refused(frame, "height_cm")
    assert "120 different whole numbers" in refused(frame.assign(animal=range(120)))
    assert "is empty, or says NA or the like, in 1 of 120 rows" in refused(
        frame.assign(animal=[None, *frame.animal[1:]])
    )
    assert "no rows" in refused(frame.iloc[:0])
    assert "no column beside the target" in refused(frame[["animal"]])
    names = frame[["animal"]].assign(name=[f"n{n}" for n in range(120)])
    assert "column 'name' left out" in refused(names)


def test_columns_without_sense_are_refused_by_name() -> None:
    frame = animals()
    assert "'age' has no value in any row" in refused(frame.assign(age=np.nan))
    infinite = frame.assign(age=[1.0, np.inf, *frame.age[2:]])
    assert "'age' holds an infinite number or one above 1e+30 in 1 row, first in row 2 (inf)" in refused(
        infinite
    )
    assert "'age' holds list" in refused(frame.assign(age=[[1, 2]] * 120))
    assert "'animal' holds dict" in refused(frame.assign(animal=[{"a": 1}] * 120))


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def refused_file(path: str, target: str | None = "animal") -> str:
    with pytest.raises(InputError) as caught:
        choose(path, target=target)
    assert path in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_csv_file_gives_what_is_in_it_whatever_its_separator(tmp_path: Path, separator: str) -> None:
    frame = animals()
    frame.loc[::10, "height_cm"] = None
    path = tmp_path / "rows.csv"
    path.write_text("\ufeff" + frame.to_csv(index=False, sep=separator))
    data, expected = choose(str(path), target="animal"), read(frame)
    assert torch.equal(data.training.inputs, expected.training.inputs)
    assert torch.equal(data.test.targets, expected.test.targets)
    assert data.notes == expected.notes


def test_parquet_and_packed_csv_give_the_same_as_csv(tmp_path: Path) -> None:
    frame = animals()
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_csv(tmp_path / "rows.csv.gz", index=False)
    one, *others = (
        choose(str(tmp_path / f"rows.{end}"), target="animal") for end in ("csv", "parquet", "csv.gz")
    )
    for other in others:
        assert torch.equal(one.validation.inputs, other.validation.inputs)


def test_files_that_are_empty_damaged_or_ambiguous_are_refused_by_name(tmp_path: Path) -> None:
    assert "the file is empty" in refused_file(write(tmp_path / "a.csv", ""))
    assert "the first line, which names the columns, is empty" in refused_file(
        write(tmp_path / "b.csv", "\nx,y\n")
    )
    assert "columns of the same name: x" in refused_file(write(tmp_path / "c.csv", "x,x,animal\n1,2,cat\n"))
    assert "rows do not fit the 2 columns" in refused_file(
        write(tmp_path / "d.csv", "x,animal\n1,a\n1,b,7\n")
    )
    assert "no rows" in refused_file(write(tmp_path / "e.csv", "x,animal\n"))
    latin = b"x,animal\n" + b"1,cat\n" * 100_000 + b"2,caf\xe9\n"
    assert "byte 0xe9 at offset 600,014" in refused_file(write(tmp_path / "f.csv", latin))
    half = gzip.compress(animals().to_csv(index=False).encode())[:-100]
    assert "cannot be read" in refused_file(write(tmp_path / "g.csv.gz", half))
    assert "the file is empty" in refused_file(write(tmp_path / "h.parquet", ""))
    animals().to_parquet(tmp_path / "i.parquet")
    whole = (tmp_path / "i.parquet").read_bytes()
    for number, damaged in enumerate((whole[:-50], whole[:4] + bytes(800) + whole[804:], b"PAR1")):
        assert "damaged" in refused_file(write(tmp_path / f"j{number}.parquet", damaged))
    assert "a file of data ends in .csv" in refused_file(write(tmp_path / "k.txt", "x"))


def test_rows_that_are_all_one_too_long_are_refused(tmp_path: Path) -> None:
    assert "rows do not fit" in refused_file(write(tmp_path / "a.csv", "x,animal\n" + "1,cat,7\n" * 20))


def test_a_missing_path_is_named_with_what_lies_beside(tmp_path: Path) -> None:
    write(tmp_path / "animals.csv", "x")
    assert f"did you mean {tmp_path / 'animals.csv'}?" in refused_file(str(tmp_path / "animal.csv"))
    with pytest.raises(InputError, match="did you mean digits"):
        choose("digit")
    for nothing in ("", "x" * 5000, "a\0b"):
        with pytest.raises(InputError, match="no such file or folder"):
            choose(nothing)
    with pytest.raises(InputError, match="no target column 'x'"):
        choose("digits", target="x")
    with pytest.raises(InputError, match="context: 0 given"):
        choose("digits", context_tokens=0)


def test_missing_pyarrow_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    animals().to_parquet(tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install pyarrow" in refused_file(str(tmp_path / "a.parquet"))


def test_digits_come_flat_and_as_images_and_tables_do_not(tmp_path: Path) -> None:
    flat = choose("digits")
    images = flat.as_images()
    assert images.training.inputs.shape == (len(flat.training.inputs), 1, 8, 8)
    assert torch.equal(images.test.inputs[5, 0, 2], flat.test.inputs[5, 16:24])
    assert (images.num_inputs, images.num_classes, images.row_in_words) == (64, 10, "one image")
    with pytest.raises(InputError, match="needs images"):
        read(animals()).as_images()
    with pytest.raises(InputError, match="a loss per byte needs text"):
        flat.bytes_per_target(flat.test)
    assert read(animals()).row_in_words == "one row"


def test_parquet_brings_dates_decimals_and_an_index_as_columns(tmp_path: Path) -> None:
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(60)]
    columns = {"day": days, "price_usd": [Decimal(number) / 4 for number in range(60)], "y": ["a", "b"] * 30}
    pd.DataFrame(columns).set_index("price_usd").to_parquet(tmp_path / "rows.parquet")
    data = choose(str(tmp_path / "rows.parquet"), target="y")
    assert data.num_inputs == 2
    assert torch.allclose(data.test.inputs[:, 0], data.test.inputs[:, 1], atol=1e-5)
