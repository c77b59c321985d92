"""Runs a function in a fresh interpreter, where no earlier work has warmed caches or taken memory."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from bench.errors import BenchplanError, MeasurementError
from bench.memory_keeping import keep_memory

TIMEOUT_SECONDS = 600.0
_BOOTSTRAP = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from bench.measuring.processes import serve; serve()"
)
_OUT_OF_MEMORY_SIGNS = ("MemoryError", "OutOfMemoryError", "can't allocate memory", "out of memory")
_ADVICE = "Take fewer rows or a smaller model, or a machine with more memory"

Result = TypeVar("Result")


def in_fresh_process(
    function: Callable[..., Result],
    *args: object,
    num_threads: int | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Result:
    """Call a top-level function in a fresh interpreter and return what it returns; both must pickle.

    `num_threads` bounds the threads of numerical libraries there. An error of Benchplan comes back as it is.
    Raises MeasurementError when the function fails otherwise, takes too long or runs out of memory; ctrl-C
    ends the other interpreter too.
    """
    if function.__module__ == "__main__" or "<locals>" in function.__qualname__:
        raise ValueError(f"{function.__qualname__} must be a function of a module that can be imported")
    try:
        task = pickle.dumps((function, args))
    except (pickle.PicklingError, AttributeError, TypeError) as err:
        raise MeasurementError(f"{_name(function)}: cannot be handed to a process of its own: {err}") from err
    environment = dict(os.environ)
    if num_threads is not None:
        environment |= {name: str(num_threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOTSTRAP, json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        answer, said = process.communicate(task, timeout_seconds)
    except subprocess.TimeoutExpired:
        raise MeasurementError(
            f"{_name(function)}: was stopped after {timeout_seconds:g} s in a process of its own"
        ) from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise MeasurementError(_failure(function, process.returncode, said.decode(errors="replace")))
    # Both ends of the pipe are ours.
    outcome: Any = pickle.loads(answer)
    if isinstance(outcome, BenchplanError):
        raise outcome
    result: Result = outcome
    return result


def serve() -> None:
    """Be the fresh interpreter: read a function and its arguments, call it, write what it returned."""
    # Ctrl-C reaches the whole group; the parent speaks, this process just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What the function prints must not stand in the answer.
    channel = os.dup(1)
    os.dup2(2, 1)
    keep_memory()
    function, args = pickle.load(sys.stdin.buffer)
    try:
        outcome = function(*args)
    except BenchplanError as err:
        outcome = err
    with os.fdopen(channel, "wb") as answer:
        pickle.dump(outcome, answer)


def _failure(function: Callable[..., object], status: int, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    name = _name(function)
    if status == -signal.SIGKILL:
        return f"{name}: out of memory: the system killed the process. {_ADVICE}"
    if status != -signal.SIGINT and any(sign in last for sign in _OUT_OF_MEMORY_SIGNS):
        return f"{name}: out of memory ({last}). {_ADVICE}"
    if status < 0:
        return f"{name}: its process was ended by {signal.Signals(-status).name}{': ' if last else ''}{last}"
    return f"{name}: failed in a process of its own: {last or f'exit status {status}'}"


def _name(function: Callable[..., object]) -> str:
    return function.__name__.strip("_").replace("_", " ")
