"""Hugging Face data sets on disk, in the layout that `save_to_disk` leaves, read with pyarrow alone.

A `Dataset` is a folder of `dataset_info.json`, `state.json` and Arrow streams; a `DatasetDict` is a folder of
`dataset_dict.json` and one such folder for each split.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.data.naming import counted, first_line, listed, wanted
from bench.data.splits import NAMES
from bench.data.table_files import ARROW_TO_PANDAS, check_names
from bench.data.tables import Table
from bench.data.texts import Parts, split_documents
from bench.data.vocabularies import Document
from bench.errors import InputError

if TYPE_CHECKING:
    import pyarrow

STATE, INFO, SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"
SPLIT_NAMES = {
    "training": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}


def is_saved(folder: Path) -> bool:
    """Say whether a folder looks like what `save_to_disk` leaves."""
    return any((folder / name).exists() for name in (STATE, SPLITS, INFO))


def splits_of(folder: Path) -> dict[str, Path]:
    """Return the folders of training, validation and test as far as the data set has them.

    A lone `Dataset`, or one split, is all training: validation and test are cut from it.
    Raises InputError when none of several splits is called train.
    """
    if not (folder / SPLITS).exists():
        return {"training": folder}
    names = _json(folder / SPLITS).get("splits")
    if not isinstance(names, list) or not names:
        raise InputError(f"{folder / SPLITS}: names no splits; save the data set anew with save_to_disk")
    if len(names) == 1:
        return {"training": folder / str(names[0])}
    names = [str(name) for name in names]
    found: dict[str, Path] = {}
    for part, known in SPLIT_NAMES.items():
        chosen = [name for name in known if name in names]
        if chosen:
            found[part] = folder / chosen[0]
    if "training" not in found:
        raise InputError(f"{folder}: none of its splits ({listed(names)}) is called train; rename one")
    return found


def load_saved_table(folder: Path, target: str | None) -> Table:
    """Read features and target; the data set's own splits are kept.

    Raises InputError when the folder is damaged or the splits have different columns.
    """
    splits = splits_of(folder)
    frames = {part: _read(place).to_pandas(**ARROW_TO_PANDAS) for part, place in splits.items()}
    first = frames["training"]
    for part, frame in frames.items():
        if list(frame.columns) != list(first.columns):
            raise InputError(
                f"{splits[part]}: other columns ({listed(list(frame.columns))}) than in {splits['training']}"
            )
    codes = [np.full(len(frame), NAMES.index(part)) for part, frame in frames.items()]
    return Table(
        str(folder),
        pd.concat(frames.values(), ignore_index=True) if len(frames) > 1 else first,
        class_names=_class_names(splits["training"], target),
        own_parts=np.concatenate(codes) if len(frames) > 1 else None,
        notes=_own_splits(splits),
    )


def load_saved_text(folder: Path, seed: int) -> tuple[Parts, tuple[str, ...]]:
    """Read the documents of a text column, one a row; the data set's own splits are kept, the rest is cut by seed.

    The column is the one called text, else the only one of texts. Raises InputError when there is none.
    """
    splits = splits_of(folder)
    documents = {part: _documents(place) for part, place in splits.items()}
    cut = split_documents(documents["training"], seed, str(folder)) if len(splits) < len(NAMES) else None
    own = [documents.get(name) for name in NAMES]
    validation, test = (found or (cut[k] if cut else []) for k, found in enumerate(own) if k)
    # What is cut from training must leave it, and no text may be in two parts, wherever it came from.
    in_test = {document.content for document in test}
    validation = [document for document in validation if document.content not in in_test]
    held_out = in_test | {document.content for document in validation}
    training = [document for document in documents["training"] if document.content not in held_out]
    num_before = sum(len(found) for found in documents.values())
    num_left_out = num_before - len(training) - len(validation) - len(test)
    copies = f"{counted(num_left_out, 'text')} of which a later part holds a copy left out"
    return (training, validation, test), (*_own_splits(splits), *((copies,) if num_left_out else ()))


def _own_splits(splits: dict[str, Path]) -> tuple[str, ...]:
    if len(splits) == 1:
        return ()
    own = ", ".join(f"{part} is its split {place.name}" for part, place in splits.items())
    cut = " and ".join(name for name in NAMES if name not in splits)
    return (own + (f"; {cut} cut from training" if cut else ""),)


def _documents(folder: Path) -> list[Document]:
    table = _read(folder)
    texts = [field.name for field in table.schema if str(field.type) in ("string", "large_string")]
    if "text" not in texts and len(texts) != 1:
        raise InputError(
            f"{folder}: which column is the text? None is called text, and of its columns "
            f"({listed(table.column_names)}) {len(texts) or 'none'} hold texts; rename one to text, or name a target "
            "column to classify"
        )
    column = table.column("text" if "text" in texts else texts[0])
    numbered = enumerate((value.as_py() for value in column), start=1)
    return [Document(f"{folder}, row {n:,}", text.encode()) for n, text in numbered if text and text.strip()]


def _class_names(folder: Path, target: str | None) -> tuple[str, ...]:
    features = _json(folder / INFO).get("features")
    column = features.get(target) if isinstance(features, dict) else None
    names = column.get("names") if isinstance(column, dict) and column.get("_type") == "ClassLabel" else None
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _read(folder: Path) -> pyarrow.Table:
    wanted("pyarrow", "data", f"reading {folder}")
    import pyarrow

    state = _json(folder / STATE)
    files = state.get("_data_files")
    if not isinstance(files, list) or not files or state.get("_indices_data_files"):
        raise InputError(
            f"{folder / STATE}: names no files of data; save the data set anew with save_to_disk"
        )
    tables = []
    for entry in files:
        path = folder / str(entry.get("filename") if isinstance(entry, dict) else entry)
        try:
            with pyarrow.memory_map(str(path)) as source, pyarrow.ipc.open_stream(source) as stream:
                tables.append(stream.read_all())
        except (pyarrow.ArrowException, OSError) as err:
            reason = "no such file" if not path.exists() else first_line(err)
            raise InputError(f"{path}: no Arrow stream, or damaged ({reason}); copy or save it anew") from err
    table = pyarrow.concat_tables(tables)
    check_names(str(folder), table.column_names)
    return table


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as err:
        raise InputError(
            f"{path}: no such file, so {path.parent} is no data set as save_to_disk leaves it; save it anew"
        ) from err
    except (OSError, ValueError) as err:
        raise InputError(
            f"{path} cannot be read ({first_line(err)}); copy or save the data set anew"
        ) from err
    if not isinstance(content, dict):
        raise InputError(f"{path}: no JSON object; copy or save the data set anew")
    return content
