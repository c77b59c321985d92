"""The command that holds plans against what was reported: validate."""

from __future__ import annotations

from pathlib import Path

import click

from planner.cli_options import json_option, print_json

VALIDATE_DRAWS = 4096


@click.command()
@click.argument("what", type=click.Choice(["cases"]))
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO...]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the checks as one HTML file.")
@click.option("--measurements", default="auto", show_default=True, metavar="auto|none|PATH")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the draws.")
@click.option("--draws", default=VALIDATE_DRAWS, show_default=True, type=click.IntRange(min=2), help="Draws.")
@click.option("--lang", default="en", show_default=True, help="Language of the page: en or zh.")
@json_option
@click.pass_context
def validate(
    ctx: click.Context,
    what: str,
    scenarios: tuple[str, ...],
    output: Path | None,
    measurements: str,
    seed: int,
    draws: int,
    lang: str,
    as_json: bool,
) -> None:
    """Hold plans of real companies against what was reported of them.

    `cases` takes the scenarios that ship with Benchplan, or those that are named; each lists under `reported:` what
    it is held against. The exit status is 1 when a figure lies outside its interval, or the interval is too wide,
    and the scenario does not explain it.
    """
    from planner.analysis.validation import SCHEMA, shipped_cases
    from planner.analysis.validation import validate as run
    from planner.printing import checks

    if output is not None:
        from planner.report import check_language, check_output

        check_language(lang)
        check_output(output)
    found = run(scenarios or shipped_cases(), measurements=measurements, draws=draws, seed=seed)
    if output is not None:
        from planner.report import render_validation

        render_validation(found, draws, output, lang=lang)
        click.echo(f"{output}: {len(found)} checks on {draws:,} draws each", err=as_json)
    if as_json:
        print_json(
            {"schema": SCHEMA, "draws": draws, "seed": seed, what: [check.to_json() for check in found]}
        )
    elif output is None:
        click.echo(checks(found))
    ctx.exit(0 if all(check.is_passed or check.explanation for check in found) else 1)
