"""Tables with a target column: the rows split class by class, the columns turned into numbers.

All that is learnt from values (medians, means, deviations, categories) is learnt from the training part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from bench.data.columns import Feature, check_texts, checked_features, learn_features
from bench.data.naming import counted, did_you_mean, listed
from bench.data.splits import NAMES, Batch, DataSet
from bench.errors import InputError

VALIDATION_SHARE = 0.2
TEST_SHARE = 0.2
MAX_NUMBER_CLASSES = 100
"""A column of more different whole numbers is a quantity, not a class."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """Columns as they were read, and where from."""

    where: str
    frame: pd.DataFrame
    class_names: tuple[str, ...] = ()
    """Names of the classes where the target holds their numbers."""
    own_parts: Rows | None = None
    """The part of each row by its place in `NAMES`, where the data brings its parts; what has none is cut."""
    notes: tuple[str, ...] = ()


def table_data(table: Table, target: str | None, seed: int = 0) -> DataSet:
    """Turn a table into inputs (rows, features) and classes (rows,).

    Numbers are standardised by the training part, categories become one column each and one for what was not
    seen in training, missing numbers are the training part's median. Identical rows fall into the same part.
    Raises InputError naming the table, the column and what to do about it.
    """
    codes, class_names = classes_of(table, target)
    features = table.frame.drop(columns=[target])
    usable, notes = checked_features(table.where, features)
    parts, num_dropped = _parts_of(table, features[usable], codes, class_names, seed)
    learnt, more_notes, num_imputed = learn_features(table.where, features, usable, parts[0])
    batches = [_batch(table.where, features, learnt, codes, rows) for rows in parts]
    facts = {f"{name}_items": float(len(rows)) for name, rows in zip(NAMES, parts, strict=True)}
    facts |= {"feature_columns_items": float(len(learnt)), "imputed_items": float(num_imputed)}
    if num_dropped:
        facts["left_out_items"] = float(num_dropped)
        notes = (
            *notes,
            f"{counted(num_dropped, 'row')} of training, of which validation or test hold a copy, left out",
        )
    return DataSet(
        name=f"the table {table.where}",
        item="items",
        training=batches[0],
        validation=batches[1],
        test=batches[2],
        facts=facts,
        notes=(*table.notes, *notes, *more_notes),
        whole="row",
        class_names=class_names,
    )


def classes_of(table: Table, target: str | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the class of each row, and the names of the classes in their order.

    Raises InputError when the target is missing, has gaps, is a quantity, or has fewer than two classes.
    """
    columns = [str(name) for name in table.frame.columns]
    where = table.where
    if target is None:
        raise InputError(f"{where}: name the target column; its columns are {listed(columns)}")
    if target not in columns:
        raise InputError(
            f"{where}: no column {target!r}; its columns are {listed(columns)}{did_you_mean(target, columns)}"
        )
    if len(table.frame) == 0:
        raise InputError(f"{where}: no rows below the names of the columns")
    column = table.frame[target]
    check_texts(where, target, column)
    num_missing = int(column.isna().sum())
    if num_missing:
        raise InputError(
            f"{where}: the target column {target!r} is empty, or says NA or the like, in {num_missing:,} of "
            f"{counted(len(column), 'row')}; "
            "fill them in or take these rows out"
        )
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        column = _whole_numbers(where, target, column)
    codes, values = pd.factorize(column, sort=True)
    names = _class_names(table, target, list(values))
    if len(names) < 2:
        raise InputError(
            f"{where}: the target column {target!r} has one class only ({names[0]}); at least two are needed"
        )
    return codes.astype(np.int64), names


def _class_names(table: Table, target: str, values: Sequence[object]) -> tuple[str, ...]:
    if not table.class_names:
        return tuple(str(value) for value in values)
    known = table.class_names
    if not all(isinstance(value, int | np.integer) and 0 <= value < len(known) for value in values):
        raise InputError(
            f"{table.where}: the target column {target!r} holds a number outside of its {len(known)} classes, "
            f"0 to {len(known) - 1}; without a class (-1) a row cannot be learnt from"
        )
    return tuple(known[int(str(value))] for value in values)


def _whole_numbers(where: str, target: str, column: pd.Series) -> pd.Series:
    values = column.to_numpy(dtype=np.float64)
    distinct = np.unique(values)
    if not np.all(np.isfinite(distinct)) or np.any(distinct != np.round(distinct)):
        kind = "numbers with decimals"
    elif len(distinct) > MAX_NUMBER_CLASSES:
        kind = f"{len(distinct):,} different whole numbers"
    else:
        return column.astype(np.int64)
    raise InputError(
        f"{where}: the target column {target!r} holds {kind}, which is a quantity; benchplan trains classifiers only: "
        f"put it into classes first (pandas.qcut), at most {MAX_NUMBER_CLASSES} where they are numbers"
    )


def split_rows(hashes: NDArray[np.uint64], codes: Rows, seed: int) -> tuple[Rows, Rows, Rows]:
    """Split row numbers class by class into training, validation and test; each part is in ascending order.

    Rows of the same hash fall into the same part, and the part of a row does not depend on the order of the rows.
    """
    distinct, inverse, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    # Where equal rows have several classes, they go with the lowest.
    classes = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(classes, inverse, codes)
    order = _mixed(distinct, seed)
    part_of = np.zeros(len(distinct), dtype=np.int64)
    for value in np.unique(classes):
        groups = np.flatnonzero(classes == value)
        part_of[groups] = _parts_of_groups(sizes[groups], order[groups])
    of_rows = part_of[inverse]
    training, validation, test = (np.flatnonzero(of_rows == part) for part in range(3))
    return training, validation, test


def _parts_of_groups(sizes: Rows, order: NDArray[np.uint64]) -> Rows:
    """Deal the groups of one class: from the front to the test, then to validation, the rest to training."""
    total = sizes.sum()
    num_test, num_validation = (max(1, round(share * total)) for share in (TEST_SHARE, VALIDATION_SHARE))
    # A row that is there many times goes to training, and each part gets a group where there are three.
    ranks = np.lexsort((order, sizes > 2 * num_test))
    before = np.cumsum(sizes[ranks]) - sizes[ranks]
    num_groups = len(sizes)
    cut = min(int((before < num_test).sum()), max(0, num_groups - 2))
    last = min(int((before < before[cut] + num_validation).sum()), max(cut, num_groups - 1))
    parts = np.zeros(num_groups, dtype=np.int64)
    parts[ranks[:cut]] = 2
    parts[ranks[cut:last]] = 1
    return parts


def _mixed(values: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Return an order of hashes that depends on the seed. Source: splitmix64, Steele, Lea and Flood 2014."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        return mixed ^ (mixed >> np.uint64(31))


def hash_rows(features: pd.DataFrame) -> NDArray[np.uint64]:
    """Hash the features of each row, whatever its class; zero and minus zero are the same."""
    numbers = [name for name in features.columns if pd.api.types.is_float_dtype(features[name])]
    zeros = {name: features[name] + 0.0 for name in numbers if (features[name] == 0).any()}
    hashed = features.assign(**zeros) if zeros else features
    return pd.util.hash_pandas_object(hashed, index=False).to_numpy().astype(np.uint64)


def _parts_of(
    table: Table, features: pd.DataFrame, codes: Rows, class_names: tuple[str, ...], seed: int
) -> tuple[tuple[Rows, Rows, Rows], int]:
    hashes = hash_rows(features)
    parts = split_rows(hashes, codes, seed)
    if table.own_parts is not None:
        parts = _completed(table.own_parts, hashes, codes, seed)
    num_dropped = len(codes) - sum(len(rows) for rows in parts)
    _check_classes(table.where, parts, codes, class_names)
    return parts, num_dropped


def _completed(own: Rows, hashes: NDArray[np.uint64], codes: Rows, seed: int) -> tuple[Rows, Rows, Rows]:
    """Cut from training what the data does not bring, and leave out rows of which a later part holds a copy."""
    given, validation, test = (np.flatnonzero(own == part) for part in range(len(NAMES)))
    _, more_validation, more_test = split_rows(hashes[given], codes[given], seed)
    if not len(test):
        test = given[more_test]
    if not len(validation):
        validation = given[more_validation]
    # Validation steers, so it must know nothing of the test either.
    validation = validation[~np.isin(hashes[validation], hashes[test])]
    held_out = np.concatenate([hashes[validation], hashes[test]])
    # What was cut leaves training, because it is its own copy.
    return given[~np.isin(hashes[given], held_out)], validation, test


def _check_classes(
    where: str, parts: tuple[Rows, Rows, Rows], codes: Rows, class_names: tuple[str, ...]
) -> None:
    counts = {
        part: np.bincount(codes[rows], minlength=len(class_names))
        for part, rows in zip(NAMES, parts, strict=True)
    }
    lacking = []
    for number, name in enumerate(class_names):
        without = [part for part in NAMES if not counts[part][number]]
        if without:
            num_rows = counted(int((codes == number).sum()), "row")
            lacking.append(f"{name} ({num_rows}, none in {' and '.join(without)})")
    if lacking:
        raise InputError(
            f"{where}: classes with too few rows to be in training, validation and test: {listed(lacking)}; a class "
            "needs at least 3 different rows (identical ones fall into one part), and 10 or more to say anything: "
            "add rows, join classes, or take them out"
        )


def _batch(where: str, features: pd.DataFrame, learnt: Sequence[Feature], codes: Rows, rows: Rows) -> Batch:
    matrix = np.empty((len(rows), sum(feature.width for feature in learnt)), dtype=np.float32)
    first = 0
    for feature in learnt:
        feature.fill(features[feature.name], rows, matrix[:, first : first + feature.width])
        first += feature.width
    if not np.isfinite(matrix).all():
        raise InputError(
            f"{where}: a number lies too far from the others of its column to be standardised; remove it"
        )
    return Batch(torch.from_numpy(matrix), torch.from_numpy(codes[rows]))
