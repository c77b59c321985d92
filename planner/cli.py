"""The command line: a table of commands whose bodies import what they need, so that `--help` is instant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from planner.cli_analysis import compare, gate, solve
from planner.cli_options import planning, print_json, workers_option
from planner.cli_validation import validate
from planner.errors import BenchplanError, InputError, nearest

if TYPE_CHECKING:
    from planner.result import Result

DEFAULT_REPORT_DRAWS = 4096
Command = TypeVar("Command", bound=Callable[..., Any])


class Table(click.Group):
    """The commands; `bench` is loaded when it is asked for, and a misspelt one is answered with the nearest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the help."""
        return [*super().list_commands(ctx), "bench"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; raises UsageError with the nearest spelling for an unknown one."""
        if cmd_name == "bench":
            from bench.cli import bench

            return bench
        command = super().get_command(ctx, cmd_name)
        if command is None:
            close = nearest(cmd_name, self.list_commands(ctx))
            hint = (
                f" Did you mean '{close[0]}'?"
                if close
                else f" There are: {', '.join(self.list_commands(ctx))}."
            )
            raise click.UsageError(f"There is no command '{cmd_name}'.{hint}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without loading `bench`."""
        rows = [(name, command.get_short_help_str(90)) for name, command in sorted(self.commands.items())]
        rows.append(("bench", "Measure what this machine and the methods really do."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Table, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="benchplan", prog_name="benchplan")
def cli(debug: bool) -> None:
    """Plan a company on a large model: what it costs, what it earns, how sure that is, and why."""


@cli.command()
@click.argument("scenario")
@click.option("-o", "--output", default="report.html", show_default=True, type=click.Path(path_type=Path))
@planning
@workers_option
@click.option("--draws", default=DEFAULT_REPORT_DRAWS, show_default=True, type=int, help="Draws; 1 for none.")
@click.option("--lang", default="en", show_default=True, help="Language of the page: en or zh.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
def report(
    scenario: str,
    output: Path,
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    workers: int | None,
    draws: int,
    lang: str,
    open_page: bool,
) -> None:
    """Plan SCENARIO and write the report: one HTML file that needs nothing else."""
    from planner.report import check_language, check_output, render

    check_language(lang)
    check_output(output)
    result = _plan(scenario, sets, measurements, draws, seed, workers)
    path = render(result, output, lang=lang)
    click.echo(f"{path}: {result.scenario.name}, {result.num_draws:,} draws, {result.measured.headline}")
    if open_page:
        click.launch(str(path))


@cli.command()
@click.argument("scenario")
@planning
@workers_option
@click.option(
    "--draws", default=1, show_default=True, type=int, help="Draws; 1 puts every input at its median."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print all figures and their evidence as one JSON document."
)
def plan(
    scenario: str,
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    workers: int | None,
    draws: int,
    as_json: bool,
) -> None:
    """Plan SCENARIO and print its figures."""
    result = _plan(scenario, sets, measurements, draws, seed, workers)
    if as_json:
        print_json(result.to_json())
        return
    from planner.printing import summary

    click.echo(summary(result))


@cli.command()
@click.argument("scenario")
@click.argument("figure")
@planning
@click.option("--month", type=int, help="Month at which to look; the last one by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the tree as one JSON document.")
def trace(
    scenario: str,
    figure: str,
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    month: int | None,
    as_json: bool,
) -> None:
    """Print how FIGURE of SCENARIO is worked out, down to the evidence it rests on."""
    from planner.printing import trace_json, tree

    result = _plan(scenario, sets, measurements, 1, seed)
    root = result.trace(figure, month)
    print_json(trace_json(root, result.leaves)) if as_json else click.echo(tree(root, result.leaves))


@cli.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set a key or a figure; may be repeated."
)
@click.option("--measurements", default="auto", show_default=True, metavar="auto|none|PATH")
def check(scenarios: tuple[str, ...], sets: tuple[str, ...], measurements: str) -> None:
    """Read each SCENARIO and say all that is wrong with it, without planning it."""
    from datetime import UTC, datetime

    from planner.analysis.plausibility import remarks
    from planner.preparing import prepare

    problems, today = [], datetime.now(UTC).date()
    for scenario in scenarios:
        try:
            ready = prepare(scenario, sets, measurements)
        except InputError as error:
            problems.append(str(error))
        else:
            count, uncertain = len(ready.program.leaves), _uncertain(ready.leaves, ready.program.leaves)
            click.echo(f"{scenario}: good; {count} inputs, {uncertain} of them uncertain")
            for remark in remarks(ready.leaves, ready.program.leaves, ready.loaded, today):
                click.echo(f"  {remark}")
    if problems:
        raise InputError("\n".join(problems))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check as you write."""
    from planner.scenario.documents import json_schema
    from planner.strategies import scenario_model

    print_json(json_schema(scenario_model()))


@cli.command()
@click.argument("folder", default="scenarios", type=click.Path(path_type=Path), metavar="[DIR]")
def init(folder: Path) -> None:
    """Copy the example scenarios and their schema into DIR, as a start for your own (default: scenarios)."""
    from planner.resources import copy_scenarios

    written = copy_scenarios(folder)
    for path in written:
        click.echo(path)
    click.echo(f"next: benchplan report {folder / 'base.yaml'}")


for command in (compare, solve, gate, validate):
    cli.add_command(command)


def main() -> None:
    """Run the command line; errors become one paragraph on standard error and an exit status."""
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        sys.exit(cli.main(arguments, prog_name="benchplan", standalone_mode=False) or 0)
    except BenchplanError as error:
        if debug:
            raise
        _fail(str(error), error.exit_status)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; nothing half-written is left behind, and what was there before is as it was", 1)
    except BrokenPipeError:
        # Whoever read the output has seen enough; close it without a second complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _plan(
    scenario: str, sets: tuple[str, ...], measurements: str, draws: int, seed: int, workers: int | None = 1
) -> Result:
    from planner.planning import plan as run

    return run(scenario, sets=sets, measurements=measurements, draws=draws, seed=seed, workers=workers)


def _uncertain(leaves: Any, used: tuple[str, ...]) -> int:  # noqa: ANN401
    return sum(1 for name in used if leaves[name].uncertain)


def _fail(message: str, exit_status: int) -> None:
    click.echo(f"benchplan: {message}", err=True)
    sys.exit(exit_status)
