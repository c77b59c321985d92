"""The commands that ask questions of plans: compare, solve, gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.cli_options import json_option, planning, print_json, workers_option

if TYPE_CHECKING:
    from planner.analysis.solving import Solution

COMPARE_DRAWS, SOLVE_DRAWS, GATE_DRAWS = 4096, 2048, 8192


@click.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO SCENARIO...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the comparison as one HTML file."
)
@planning
@workers_option
@click.option("--draws", default=COMPARE_DRAWS, show_default=True, type=int, help="Draws, the same for all.")
@click.option("--lang", default="en", show_default=True, help="Language of the page: en or zh.")
@json_option
def compare(
    scenarios: tuple[str, ...],
    output: Path | None,
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    workers: int | None,
    draws: int,
    lang: str,
    as_json: bool,
) -> None:
    """Plan several SCENARIOs on the same draws and say how they differ.

    The first is the one that the others are measured against. A file that says only what is different is laid over
    another with +, as in base.yaml+cheaper.yaml.
    """
    from planner.analysis.comparing import check_count, figures_to_draw
    from planner.analysis.comparing import compare as run
    from planner.planning import check_draws, plan_prepared
    from planner.preparing import prepare
    from planner.printing import comparison
    from planner.printing_compression import compression

    check_count(len(scenarios), draws)
    if output is not None:
        from planner.report import check_language, check_output

        check_language(lang)
        check_output(output)
    check_draws(draws)
    ready = [prepare(path, sets, measurements) for path in scenarios]
    figures = figures_to_draw([one.loaded.scenario for one in ready], is_page=output is not None)
    results = plan_prepared(ready, draws=draws, seed=seed, figures=figures, workers=workers)
    found = run(scenarios, results)
    if output is not None:
        from planner.report import render_comparison

        render_comparison(found, output, lang=lang)
        click.echo(f"{output}: {len(scenarios)} plans on {draws:,} draws", err=as_json)
    if as_json:
        print_json(found.to_json())
    elif output is None:
        click.echo("\n\n".join(filter(None, (comparison(found), compression(found)))))


@click.command()
@click.argument("scenario")
@click.option("--vary", required=True, metavar="KEY", help="The input or figure whose value is sought.")
@click.option("--target", required=True, metavar="'FIGURE >= X'", help="What is to be met, in every month.")
@click.option(
    "--probability",
    default=0.5,
    show_default=True,
    type=float,
    help="The share of the draws that are to meet it.",
)
@planning
@workers_option
@click.option(
    "--draws", default=SOLVE_DRAWS, show_default=True, type=int, help="Draws; 1 for the central path alone."
)
@json_option
def solve(
    scenario: str,
    vary: str,
    target: str,
    probability: float,
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    workers: int | None,
    draws: int,
    as_json: bool,
) -> None:
    """Find the value of one input of SCENARIO at which a target is met with a probability.

    The nearest to the scenario's own value is told, or, if there is none, the value that comes closest. A share is
    sought from 0.001 to 0.999, anything else from a 32nd to 32 times its own value.
    """
    from planner.analysis.solving import solve_plan
    from planner.printing import solution

    found = solve_plan(
        scenario, vary, target, probability, sets=sets, measurements=measurements, draws=draws, seed=seed,
        workers=workers,
    )  # fmt: skip
    if as_json:
        print_json(_solution_json(found, vary, target, probability))
    else:
        click.echo(solution(found, vary, target, probability))


@click.command()
@click.argument("scenario")
@click.option(
    "--require",
    "requirements",
    multiple=True,
    required=True,
    metavar="CONDITION",
    help="'P(cash_usd < 0) < 0.1', in any month, or 'gross_margin_share@p50 > 0.5', in every month; "
    "cash_usd[12] is month 12 alone; may be repeated.",
)
@planning
@workers_option
@click.option("--draws", default=GATE_DRAWS, show_default=True, type=int, help="Draws.")
@json_option
@click.pass_context
def gate(
    ctx: click.Context,
    scenario: str,
    requirements: tuple[str, ...],
    sets: tuple[str, ...],
    measurements: str,
    seed: int,
    workers: int | None,
    draws: int,
    as_json: bool,
) -> None:
    """Check requirements on SCENARIO; the exit status is 1 when one of them is not met."""
    from planner.analysis.gating import check
    from planner.analysis.gating import gate as run
    from planner.planning import plan
    from planner.printing import verdicts

    figures = check(requirements, plan(scenario, sets=sets, measurements=measurements), draws)
    result = plan(
        scenario,
        sets=sets,
        measurements=measurements,
        draws=draws,
        seed=seed,
        figures=figures,
        workers=workers,
    )
    found = run(requirements, result)
    if as_json:
        print_json({"schema": "benchplan.gate/1", "requirements": [verdict.to_json() for verdict in found]})
    else:
        click.echo(verdicts(found))
    ctx.exit(0 if all(verdict.is_met for verdict in found) else 1)


def _solution_json(found: Solution, vary: str, target: str, probability: float) -> dict[str, Any]:
    return {
        "schema": "benchplan.solution/1",
        "vary": vary,
        "target": target,
        "wanted_probability_share": probability,
        "is_found": found.is_found,
        "value": found.value,
        "interval": {"low": found.low, "high": found.high},
        "probability_share": found.probability,
        "is_monotone": found.is_monotone,
        "num_crossings": found.crossings,
        "searched": [
            {"value": a.value, "probability_share": a.probability, "standard_error": a.error}
            for a in found.attempts
        ],
    }
