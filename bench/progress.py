"""Progress on standard error: for people who watch, silent otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click


def progress(verbose: bool, leads: bool = True) -> Callable[[str], None]:
    """Return a function that says a line with the seconds so far, or nothing where nobody watches.

    Of several processes only the one that leads says anything.
    """
    if not (leads and (verbose or sys.stderr.isatty())):
        return lambda text: None
    started = time.monotonic()
    return lambda text: click.echo(f"[{time.monotonic() - started:3.0f} s] {text}", err=True)
