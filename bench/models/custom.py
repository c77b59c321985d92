"""A model for the bench: its module, the inputs it takes, and where both come from; read from the user's own file."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from bench.errors import InputError
from bench.measuring.flops import on_meta
from bench.models.building import Config
from bench.models.spelling import did_you_mean

Inputs = tuple[Tensor, ...]
PROMISE = "it must return (module, example_inputs): a torch.nn.Module, and a tensor or a tuple of tensors"


@dataclass(frozen=True)
class Custom:
    """A model to measure: how to make it, what it takes (first axis: rows), and where it came from.

    `config` is the shape of a built-in kind, with its formulas; other models have none, and their parameters
    and FLOPs are counted.
    """

    kind: ClassVar[str] = "custom"

    name: str
    origin: str
    make: Callable[[], nn.Module]
    make_on_meta: Callable[[], nn.Module]
    """Makes it under the meta device, where it takes no memory: for counting."""
    example_inputs: Inputs
    config: Config | None = None

    @property
    def num_rows(self) -> int:
        """Rows of the example inputs."""
        return len(self.example_inputs[0])

    def inputs(self, num_rows: int) -> Inputs:
        """Give inputs of so many rows: the example's, repeated as often as needed."""
        rows = torch.arange(num_rows) % self.num_rows
        return tuple(tensor[rows.to(tensor.device)] for tensor in self.example_inputs)

    def in_words(self) -> str:
        """Say what the model is and where it came from."""
        return self.origin if self.config is None else self.config.in_words()


def load_function(file: Path, function_name: str) -> Custom:
    """Load the model that a function in the user's file returns, and run it once on its example.

    The function draws the same random numbers each time.
    Raises InputError when file or function are not there, when one of them or the model raises, and when the
    function returns anything else than (module, example_inputs).
    """
    where = f"{file}:{function_name}"
    if not file.is_file():
        raise InputError(f"--model {where}: there is no file {file}; give path/to/file.py:function")
    module = _import(file)
    function = getattr(module, function_name, None)
    if not callable(function):
        functions = [
            name for name, value in vars(module).items() if callable(value) and not name.startswith("_")
        ]
        raise InputError(
            f"--model {where}: {file} has no function {function_name!r}."
            f"{did_you_mean(function_name, functions, 'It has')}"
        )

    def call() -> tuple[nn.Module, Inputs]:
        raised = _guarded(file, f"--model {where}: the function raised")
        with torch.random.fork_rng(devices=[]), torch.device("cpu"), raised:
            torch.manual_seed(0)
            returned = function()
        return _checked(returned, where)

    model, inputs = call()
    with torch.no_grad(), _guarded(file, f"--model {where}: the module raised on its example inputs"):
        outputs = model.eval()(*inputs)
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(outputs)):
        raise InputError(f"--model {where}: the module gives no tensor but {type(outputs).__name__}")
    origin = f"{function_name} of {file.name}"
    return Custom(function_name, origin, lambda: call()[0], lambda: on_meta(call()[0]), inputs)


def _import(file: Path) -> ModuleType:
    # The name is unlike any package's, so that the user's file hides nothing of ours.
    name = f"_benchplan_model_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"--model {file}: is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickle look their module up there.
    sys.modules[name] = module
    sys.path.insert(0, str(file.resolve().parent))
    try:
        with _guarded(file, f"--model {file}: cannot be imported"):
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.resolve().parent))
    return module


@contextlib.contextmanager
def _guarded(file: Path, what: str) -> Iterator[None]:
    """Run the user's code: what it prints goes to standard error, what it raises becomes an InputError."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (Exception, SystemExit) as err:  # whatever it is, it is the user's and must be named
        last_line = traceback.format_exception_only(err)[-1].strip()
        raise InputError(f"{what} {last_line} ({_place(err, file)})") from err


def _place(err: BaseException, file: Path) -> str:
    """Find the line of the user's file that raised, or else the innermost line."""
    if isinstance(err, SyntaxError) and err.filename:
        return f"{Path(err.filename).name}:{err.lineno}"
    frames = traceback.extract_tb(err.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve() == file.resolve()]
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _checked(returned: object, where: str) -> tuple[nn.Module, Inputs]:
    pair = returned if isinstance(returned, tuple | list) and len(returned) == 2 else (None, None)
    module, given = pair
    tensors = [given] if isinstance(given, Tensor) else given
    if not (
        isinstance(module, nn.Module)
        and isinstance(tensors, tuple | list)
        and tensors
        and all(isinstance(tensor, Tensor) for tensor in tensors)
    ):
        raise InputError(f"--model {where}: returned {_described(returned)}; {PROMISE}")
    inputs: Inputs = tuple(tensors)
    shapes = [tuple(tensor.shape) for tensor in inputs]
    if any(not shape or shape[0] < 1 or shape[0] != shapes[0][0] for shape in shapes):
        raise InputError(
            f"--model {where}: the example inputs have the shapes {', '.join(map(str, shapes))}; "
            "the first axis of each is the batch, of the same size, at least 1"
        )
    return module, inputs


def _described(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of ({', '.join(_described(part) for part in value)})"
    return type(value).__name__
