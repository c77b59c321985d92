"""The one entry to all data: a name that is built in, or a path of the user's."""

from __future__ import annotations

from pathlib import Path

from bench.data.digits import load_digits
from bench.data.naming import did_you_mean
from bench.data.saved_datasets import is_saved, load_saved_table, load_saved_text
from bench.data.source_text import load_source_text
from bench.data.splits import DataSet
from bench.data.table_files import CSV_SUFFIXES, PARQUET_SUFFIXES, read_table
from bench.data.tables import table_data
from bench.data.texts import language_data, load_folder
from bench.data.vocabularies import merges_asked_for
from bench.errors import InputError

BUILT_IN = ("digits", "source-text")
VALIDATION_WINDOWS = 64
TEST_WINDOWS = 384


def choose(
    spec: str,
    *,
    target: str | None = None,
    vocabulary: str = "bytes",
    context_tokens: int = 128,
    num_validation_rows: int = VALIDATION_WINDOWS,
    num_test_rows: int = TEST_WINDOWS,
    seed: int = 0,
) -> DataSet:
    """Return `digits`, `source-text`, or what lies at a path: CSV, Parquet, a folder of text, a saved data set.

    `vocabulary` (`bytes` or `bpe:1024`), context and the most rows (windows) of validation and test are for text;
    tables and digits give a fifth of their rows to validation and to test each. `target` is the column of a table
    to learn; a saved data set without a target is read as text.
    Raises InputError that names what is wrong, and MeasurementError when Python brings no source text.
    """
    merges_asked_for(vocabulary)
    _check_numbers(context_tokens, num_validation_rows, num_test_rows)
    num_rows = (num_validation_rows, num_test_rows)
    if spec in BUILT_IN:
        _refuse_target(spec, target)
        if spec == "digits":
            return load_digits(seed)
        return load_source_text(context_tokens, *num_rows, seed=seed, vocabulary=vocabulary)
    path = Path(spec).expanduser()
    if not spec or not _exists(path):
        raise InputError(_no_such(spec, path))
    if path.is_dir():
        return _folder(path, target, vocabulary, context_tokens, num_rows, seed)
    if not path.name.lower().endswith((*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
        raise InputError(
            f"{path}: a file of data ends in {', '.join((*CSV_SUFFIXES, *PARQUET_SUFFIXES))}; text is read from a "
            "folder, because it is split by file"
        )
    return table_data(read_table(path), target, seed)


def _folder(
    path: Path, target: str | None, vocabulary: str, context_tokens: int, num_rows: tuple[int, int], seed: int
) -> DataSet:
    if not is_saved(path):
        _refuse_target(str(path), target)
        return load_folder(path, vocabulary, context_tokens, *num_rows, seed)
    if target is not None:
        return table_data(load_saved_table(path, target), target, seed)
    parts, notes = load_saved_text(path, seed)
    facts = {"documents_items": float(sum(len(part) for part in parts))}
    name = f"the text in {path}"
    return language_data(
        name, parts, vocabulary, context_tokens, num_rows, facts=facts, notes=notes, whole="text"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        # The name is longer than names can be, or holds a NUL.
        return False


def _no_such(spec: str, path: Path) -> str:
    try:
        beside = [str(other) for other in path.parent.iterdir()]
    except OSError:
        beside = []
    near = did_you_mean(spec, [*BUILT_IN, *beside]) or did_you_mean(str(path), beside)
    return f"{spec or repr(spec)}: no such file or folder, and no data set of that name ({', '.join(BUILT_IN)}){near}"


def _refuse_target(what: str, target: str | None) -> None:
    if target is not None:
        raise InputError(
            f"{what} has no columns, so there is no target column {target!r}; leave the target out, or name a table"
        )


def _check_numbers(context_tokens: int, num_validation_rows: int, num_test_rows: int) -> None:
    wrong = {"context": context_tokens, "validation rows": num_validation_rows, "test rows": num_test_rows}
    for name, number in wrong.items():
        if number < 1:
            raise InputError(f"{name}: {number} given, at least 1 is needed")
