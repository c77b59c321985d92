"""Finds and reads scenario files, follows `extends:` and `+`, and lays trees over each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from planner.errors import nearest
from planner.scenario.tree import Node, Place, Problem, read_tree
from planner.scenario.wording import show

LARGEST_FILE_BYTES = 1_000_000
EXTENDS = "extends"


class Files:
    """The scenario files of one call, in the order in which they were read, with their problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.is_complete = True
        """False once a file could not be read: what seems to be missing may stand there."""
        self.count = 0
        """How many files were read or sought."""

    def read(self, text: str) -> Node:
        """Read `SCENARIO` or `SCENARIO+OVERRIDE+...` into one tree."""
        layers = [layer for part in split(text) if (layer := self._chain(part, None, ()))]
        first, *overrides = layers or [Node({}, Place(0, text), Place(0, text))]
        tree = first
        for layer in overrides:
            tree = merge(tree, layer)
        # What is missing is missing in the scenario, not in what was laid over it last.
        return replace(tree, place=first.place, key_place=first.key_place)

    def _chain(self, path: Path, asked_at: Place | None, above: tuple[Path, ...]) -> Node | None:
        """Read a file over the one that it extends; `above` are the files that extend this one."""
        start = Place(self.count, str(path), 1, 1)
        self.count += 1
        try:
            if _resolved(path) in map(_resolved, above):
                names = " -> ".join(str(one) for one in (*above, path))
                raise _UnreadableError(f"files extend each other in a circle: {names}")
            text = _read_text(path, above)
        except _UnreadableError as error:
            place = Place(start.rank, str(path), *error.position) if error.position else asked_at
            self._lost(place or Place(start.rank, str(path)), EXTENDS if asked_at else "", str(error))
            return None
        count = len(self.problems)
        tree = read_tree(text, start, self.problems)
        if tree is None or not isinstance(tree.value, dict):
            if len(self.problems) == count:
                is_empty = tree is None or tree.value is None
                what = "the file is empty" if is_empty else "the file is no mapping of keys to values"
                self._lost(start, "", f"{what}; write keys such as `name: ...`")
            self.is_complete = False
            return None
        return self._extend(path, tree, above)

    def _extend(self, path: Path, tree: Node, above: tuple[Path, ...]) -> Node:
        """Lay a file over the one that its `extends` names, if it names one."""
        base = tree.value.pop(EXTENDS, None)
        if base is None:
            return tree
        if base.is_broken or not isinstance(base.value, str) or not base.value.strip():
            self.is_complete = False
            if not base.is_broken:
                wrong = f"must be the name of one file, relative to this one (was {show(base.value)})"
                self._lost(base.place, EXTENDS, wrong)
            return tree
        below = self._chain(path.parent / base.value, base.place, (*above, path))
        return merge(below, tree) if below else tree

    def _lost(self, place: Place, key: str, text: str) -> None:
        self.is_complete = False
        self.problems.append(Problem(place, key, text))


class _UnreadableError(Exception):
    """A file cannot be read as text; `position` is the line and column where its text goes wrong."""

    def __init__(self, text: str, position: tuple[int, int] | None = None) -> None:
        super().__init__(text)
        self.position = position


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        raise _UnreadableError(f"cannot read {str(path)!r}: {error}") from error


def _read_text(path: Path, above: tuple[Path, ...]) -> str:
    try:
        if path.is_dir():
            raise _UnreadableError(f"{path} is a folder; name a file in it{_first_file(path)}")
        if not path.exists():
            raise _UnreadableError(f"there is no file {path}{_nearest_file(path, above)}")
        with path.open("rb") as file:  # a bounded read, so that a pipe without an end is refused as well
            content = file.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise _UnreadableError(f"cannot read {str(path)!r}: {reason}") from error
    if len(content) > LARGEST_FILE_BYTES:
        raise _UnreadableError(f"{path} is over {LARGEST_FILE_BYTES:,} bytes, so it is no scenario")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = (
            content.count(b"\n", 0, error.start) + 1,
            error.start - content.rfind(b"\n", 0, error.start),
        )
        byte = content[error.start]
        message = f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        raise _UnreadableError(message, position) from error


def split(text: str) -> list[Path]:
    """Split `SCENARIO+OVERRIDE` into paths; a `+` that is part of an existing file's name is left alone."""
    paths: list[Path] = []
    pending = ""
    for part in text.split("+"):
        pending = f"{pending}+{part}" if pending else part
        if _is_file(Path(pending)) or "+" not in text:
            paths.append(Path(pending))
            pending = ""
    return [*paths, *(Path(part) for part in pending.split("+"))] if pending else paths


def merge(below: Node, above: Node) -> Node:
    """Lay one tree over another: mappings merge key by key, everything else is replaced.

    A quantity (a mapping with a `value`) is replaced whole: no source outlives the number it stood for.
    """
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    if "value" in below.value or "value" in above.value:
        return above
    merged = dict(below.value)
    for key, node in above.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    lacks_keys = below.lacks_keys or above.lacks_keys
    return Node(merged, above.place, above.key_place, above.is_broken, lacks_keys)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _nearest_file(path: Path, above: tuple[Path, ...]) -> str:
    """Return the most similar name in the folder, other than of the files that extend the one sought."""
    folder = path.parent
    if not folder.is_dir():
        return f" (there is no folder {folder} either)"
    extending = {_resolved(one) for one in above}
    files = [one for one in folder.iterdir() if one.is_file() and _resolved(one) not in extending]
    names = {one.stem: one.name for one in files}  # the ending, which all share, makes any two look alike
    close = nearest(path.stem, names)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def _first_file(folder: Path) -> str:
    names = sorted(one.name for one in folder.glob("*.yaml"))
    return f", such as {names[0]}" if names else ""
