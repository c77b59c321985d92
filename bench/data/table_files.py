"""Reading of tables that the user has: CSV with pandas, Parquet with pyarrow (the extra `data`)."""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from pathlib import Path

import pandas as pd

from bench.data.naming import counted, first_line, listed, wanted
from bench.data.tables import Table
from bench.errors import InputError

CSV_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")
SEPARATORS = ",;\t|"
ARROW_TO_PANDAS = {"ignore_metadata": True, "date_as_object": False}
"""A column that pandas had made its index is a column like the others, and dates are points in time."""


def read_table(path: Path) -> Table:
    """Read a table by the ending of its file's name.

    Raises InputError when it is empty or damaged, and for two columns of one name.
    """
    frame = read_csv(path) if path.name.lower().endswith(CSV_SUFFIXES) else read_parquet(path)
    return Table(str(path), frame)


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file in UTF-8 whose first line names the columns, separated by comma, semicolon, tab or bar."""
    names, separator = _header(path)
    check_names(str(path), names)
    try:
        with warnings.catch_warnings():
            # A row that is too long would lose its end, with a warning only.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                sep=separator,
                encoding="utf-8-sig",
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as err:
        reason = str(err).removeprefix("Error tokenizing data. C error: ").strip()
        raise InputError(
            f"{path}: rows do not fit the {counted(len(names), 'column')} of the first line ({reason}); put texts that "
            "hold a separator into quotes"
        ) from err
    except UnicodeDecodeError as err:
        raise _not_utf8(path, err) from err
    except (OSError, EOFError) as err:
        raise _unreadable(path, err) from err
    return frame


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file.

    Raises InputError when it is empty or damaged, or pyarrow is not installed.
    """
    wanted("pyarrow", "data", f"reading {path}")
    import pyarrow
    from pyarrow import parquet

    if not path.stat().st_size:
        raise InputError(f"{path}: the file is empty")
    try:
        file = parquet.ParquetFile(path)
        check_names(str(path), file.schema_arrow.names)
        frame: pd.DataFrame = file.read().to_pandas(**ARROW_TO_PANDAS, split_blocks=True, self_destruct=True)
    except (pyarrow.ArrowException, OSError) as err:
        raise InputError(
            f"{path}: no Parquet file, or damaged ({first_line(err)}); write or copy it anew"
        ) from err
    return frame


def check_names(where: str, names: list[str]) -> None:
    """Raise InputError when two columns have one name, or one has none."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{where}: columns of the same name: {listed(twice)}; each column needs a name of its own"
        )


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the separator, which is the one that is most often in the first line."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            line = file.readline()
            more = file.readline()
        text = line.decode("utf-8-sig")
    except (OSError, EOFError) as err:
        raise _unreadable(path, err) from err
    except UnicodeDecodeError as err:
        raise _not_utf8(path, err) from err
    if not text.strip():
        raise InputError(
            f"{path}: the file is empty"
            if not more
            else f"{path}: the first line, which names the columns, is empty"
        )
    separator = max(SEPARATORS, key=text.count)
    return next(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)), separator


def _not_utf8(path: Path, err: UnicodeDecodeError) -> InputError:
    # pandas decodes in pieces, so its offset says nothing; the file is read again for the true one.
    place = f"byte 0x{err.object[err.start]:02x}"
    try:
        content = (
            gzip.decompress(path.read_bytes()) if path.name.lower().endswith(".gz") else path.read_bytes()
        )
        content.decode()
    except UnicodeDecodeError as whole:
        place = f"byte 0x{whole.object[whole.start]:02x} at offset {whole.start:,}"
    return InputError(
        f"{path}: not UTF-8 ({place}); save it as UTF-8, or convert it: iconv -f LATIN1 -t UTF-8, if it is Latin 1"
    )


def _unreadable(path: Path, err: Exception) -> InputError:
    reason = err.strerror if isinstance(err, OSError) and err.strerror else first_line(err)
    return InputError(f"{path} cannot be read ({reason})")
