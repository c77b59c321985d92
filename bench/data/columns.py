"""Columns of a table as numbers for a model; what they need to know is learnt from the training part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.data.naming import counted, listed
from bench.errors import InputError

MAX_CATEGORIES = 64
"""Most categories that get a column of their own; the rarer ones share the column of the unseen."""
MAX_SIZE = 1e30
"""Larger numbers have squares beyond what 32 bits hold, or are meant as infinite."""

Rows = NDArray[np.int64]
Filled = NDArray[np.float32]


class Feature(Protocol):
    """One column of the table and the columns of inputs that it becomes."""

    @property
    def name(self) -> str:
        """The column's name."""
        ...

    @property
    def width(self) -> int:
        """Columns of inputs."""
        ...

    def fill(self, column: pd.Series, rows: Rows, filled: Filled) -> None:
        """Write the rows asked for, (rows, width)."""
        ...


@dataclass(frozen=True)
class NumericFeature:
    """A number less the mean over the deviation of the training part; the median where it is missing."""

    name: str
    median: float
    mean: float
    deviation: float
    width: int = 1

    def fill(self, column: pd.Series, rows: Rows, filled: Filled) -> None:
        """Write the standardised numbers, (rows, 1)."""
        values = as_numbers(column)[rows]
        filled[:, 0] = (np.where(np.isnan(values), self.median, values) - self.mean) / self.deviation


@dataclass(frozen=True)
class CategoricalFeature:
    """One column for each category of the training part, and a last one for all others and the missing."""

    name: str
    categories: tuple[str, ...]

    @property
    def width(self) -> int:
        """Categories and one for the unseen."""
        return len(self.categories) + 1

    def fill(self, column: pd.Series, rows: Rows, filled: Filled) -> None:
        """Write a one in the column of each row's category, (rows, width)."""
        places = pd.Index(self.categories).get_indexer(pd.Index(as_texts(column, rows)))
        filled[:] = 0
        # The unseen have the place -1, which is the last column.
        filled[np.arange(len(rows)), places] = 1


def is_number(column: pd.Series) -> bool:
    """Say whether a column holds numbers, truth values or times, which are numbers as well."""
    types = pd.api.types
    return types.is_numeric_dtype(column) or _is_time(column) or _is_decimal(column)


def as_numbers(column: pd.Series) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where it is missing; points in time in days since 1970, spans of time in days."""
    if pd.api.types.is_timedelta64_dtype(column):
        return column.to_numpy() / np.timedelta64(1, "D")
    if pd.api.types.is_datetime64_any_dtype(column):
        moments = column.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        days: NDArray[np.float64] = (moments - np.datetime64(0, "us")) / np.timedelta64(1, "D")
        return days
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def as_texts(column: pd.Series, rows: Rows) -> pd.Series:
    """Return the rows asked for as text, missing values as missing."""
    chosen = column.iloc[rows]
    return chosen.astype("str").where(chosen.notna())


def checked_features(where: str, features: pd.DataFrame) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns that can serve as features, and a note for each that is left out.

    Raises InputError for a column of lists, without any value, or with an infinite one, and when none is usable.
    """
    usable: list[str] = []
    notes: list[str] = []
    for name in features.columns:
        column = features[name]
        if column.isna().all():
            raise InputError(f"{where}: the column {name!r} has no value in any row; take it out")
        if is_number(column):
            _check_sizes(where, name, column)
        else:
            check_texts(where, name, column)
            num_different, num_present = column.nunique(), int(column.notna().sum())
            if num_different == num_present or num_different > max(MAX_CATEGORIES, num_present / 2):
                notes.append(f"column {name!r} left out: {num_different:,} different texts are no categories")
                continue
        usable.append(name)
    if not usable:
        left = f" ({'; '.join(notes)})" if notes else ""
        raise InputError(
            f"{where}: no column beside the target that a model can learn from{left}; numbers or categories are needed"
        )
    return usable, tuple(notes)


def learn_features(
    where: str, features: pd.DataFrame, usable: list[str], training: Rows
) -> tuple[list[Feature], tuple[str, ...], int]:
    """Learn medians, means, deviations and categories from the training rows.

    Returns the features, notes on what was filled in or put together, and how many missing numbers there are in
    all parts. Raises InputError for a column without a value in the training part.
    """
    learnt: list[Feature] = []
    notes: list[str] = []
    num_imputed = 0
    for name in usable:
        column = features[name]
        if column.iloc[training].isna().all():
            raise InputError(
                f"{where}: the column {name!r} has no value in the training part and few in all; take it out"
            )
        num_missing = int(column.isna().sum())
        if is_number(column):
            feature = _learn_numbers(name, as_numbers(column)[training])
            learnt.append(feature)
            num_imputed += num_missing
            if num_missing:
                filled = f"the training part's median {feature.median:g}"
                notes.append(f"column {name!r}: {counted(num_missing, 'missing value')} filled with {filled}")
        else:
            counts = as_texts(column, training).value_counts()
            # Categories of the same count stand in the order of their names, whatever the order of the rows.
            ordered = counts.sort_index().sort_values(ascending=False, kind="stable").index
            learnt.append(CategoricalFeature(name, tuple(sorted(ordered[:MAX_CATEGORIES]))))
            notes += _numbers_among(name, column)
            if len(ordered) > MAX_CATEGORIES:
                rare = len(ordered) - MAX_CATEGORIES
                notes.append(
                    f"column {name!r}: the {rare:,} rarest of {len(ordered):,} categories are put together"
                )
    return learnt, tuple(notes), num_imputed


def _numbers_among(name: str, column: pd.Series) -> list[str]:
    """Say it where one odd text makes categories of a column that is meant to be numbers."""
    different = pd.Series(column.dropna().unique())
    odd = different[pd.to_numeric(different, errors="coerce").isna()]
    if len(odd) in (0, len(different)) or len(odd) > len(different) / 2:
        return []
    return [
        f"column {name!r}: taken as categories, because {listed([repr(str(each)) for each in odd])} is no number"
    ]


def _learn_numbers(name: str, values: NDArray[np.float64]) -> NumericFeature:
    present = values[~np.isnan(values)]
    deviation = float(present.std())
    return NumericFeature(name, float(np.median(present)), float(present.mean()), deviation or 1.0)


def _check_sizes(where: str, name: str, column: pd.Series) -> None:
    values = as_numbers(column)
    large = np.flatnonzero(np.abs(values) > MAX_SIZE)
    if len(large):
        raise InputError(
            f"{where}: the column {name!r} holds an infinite number or one above {MAX_SIZE:g} in "
            f"{counted(len(large), 'row')}, first in row {large[0] + 1:,} ({values[large[0]]}); replace it or leave it "
            "empty"
        )


def check_texts(where: str, name: str, column: pd.Series) -> None:
    """Raise InputError for a column of lists, images and other things that are no single value."""
    if column.dtype != object:
        return
    odd = {type(value) for value in column if not isinstance(value, str | bool | int | float | None)}
    kinds = sorted("list" if kind is np.ndarray else kind.__name__ for kind in odd)
    if kinds:
        raise InputError(
            f"{where}: the column {name!r} holds {listed(kinds)}, not numbers or categories; take it out or "
            "make a column of each of its numbers"
        )


def _is_time(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column)


def _is_decimal(column: pd.Series) -> bool:
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "decimal"
