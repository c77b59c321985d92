"""Options that several commands of the command line share, and how they print JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on standard output."
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that share the draws; the result is the same. By default as many as save time, often one.",
)


def planning(command: Command) -> Command:
    """Add the options that every command that plans has."""
    options = [
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="KEY=VALUE",
            help="Set a key or a figure; may be repeated.",
        ),
        click.option(
            "--measurements",
            default="auto",
            show_default=True,
            metavar="auto|none|PATH",
            help="Which measurements to use: the newest in ./measurements or else those shipped (auto), "
            "none, or a record or folder.",
        ),
        click.option(
            "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the draws."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def print_json(document: Any) -> None:  # noqa: ANN401
    """Print one JSON document, which holds no NaN."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
