"""The commands about designs: what they take. Their work is imported when called, for compiled loops load slowly."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from stromal.cli.edge import bad, edge

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Numbers = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NUMBER=VALUE]...", help="What it is made of, such as target=.25."),
]

Makeable = Annotated[
    str,
    typer.Option(help="The chance that each dose can be made of a person's own cells, such as .98,.9,.7."),
]


def _planning() -> ModuleType:
    from stromal.cli import planning  # noqa: PLC0415 - see above

    return planning


@edge
def design(
    name: Annotated[str, typer.Argument(metavar="DESIGN", help="Such as 3+3, boin or crm; see --list.")] = "",
    given: Numbers = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help="True toxicities of the doses, such as .05,.15,.30; may be repeated.")
    ] = None,
    trials: Annotated[int, typer.Option(help="Also simulate so many trials, for how long they take.")] = 0,
    gap_days: Annotated[float, typer.Option(help="Mean days until the next person comes.")] = 14.0,
    window_days: Annotated[float, typer.Option(help="Days in which toxicity shows.")] = 28.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trials.")] = 1,
    makeable: Makeable = "",
    listing: Annotated[bool, typer.Option("--list", help="Print the designs and the numbers they take.")] = False,
    as_json: Json = False,
) -> int:
    """Work out what a dose-finding design does: doses declared, people, toxicities; exact where it is finite."""
    if listing:
        return int(_planning().listing(as_json=as_json))
    if not name:
        raise bad("design.missing", "no design is named", "name one, such as boin; see them with --list")
    planning = _planning()
    assumed = planning.Assumed(trials, gap_days, window_days, seed, makeable)
    return int(planning.design(name, given or [], scenario or [], assumed, as_json=as_json))


@edge
def compare(
    designs: Annotated[
        list[str], typer.Argument(metavar="DESIGN...", help="Designs, with numbers in quotes: 'boin most=24'.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")],
    scenario: Annotated[list[str] | None, typer.Option(help="True toxicities of the doses; may be repeated.")] = None,
    target: Annotated[float, typer.Option(help="The toxicity rate looked for.")] = 0.30,
    trials: Annotated[int, typer.Option(help="Simulated trials of each pair, for how long they take.")] = 10_000,
    gap_days: Annotated[float, typer.Option(help="Mean days until the next person comes.")] = 14.0,
    window_days: Annotated[float, typer.Option(help="Days in which toxicity shows.")] = 28.0,
    leaves: Annotated[float, typer.Option(help="The share of people who leave within the window.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trials.")] = 1,
    makeable: Makeable = "",
) -> int:
    """Set several designs side by side under several scenarios: a page with tables and figures."""
    planning = _planning()
    assumed = planning.Assumed(trials, gap_days, window_days, seed, makeable)
    return int(planning.compare(designs, scenario or [], target, assumed, leaves, output))


@edge
def paths(
    name: Annotated[str, typer.Argument(metavar="DESIGN", help="Such as 3+3, boin or crm.")],
    given: Numbers = None,
    doses: Annotated[int, typer.Option(help="How many doses there are.")] = 5,
    cohorts: Annotated[int, typer.Option(help="How many cohorts to look ahead.")] = 2,
    after: Annotated[str, typer.Option(help="What was seen so far, such as '1NNN 2NNT'.")] = "",
    scenario: Annotated[str, typer.Option(help="True toxicities, to see the chance of each path.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Also draw the paths, as a figure.")] = None,
    as_json: Json = False,
) -> int:
    """Show every path that the next cohorts of a design can take."""
    return int(_planning().paths(name, given or [], doses, cohorts, after, scenario, svg, as_json=as_json))


@edge
def monitor(
    kind: Annotated[
        str,
        typer.Argument(metavar="BOUNDARY", help="pocock, obrien-fleming, wang-tsiatis, beta-binomial, sprt or simon."),
    ],
    given: Numbers = None,
    limit: Annotated[float, typer.Option(help="The rate of events that is still acceptable.")] = 0.20,
    people: Annotated[int, typer.Option(help="How many people at most.")] = 20,
    level: Annotated[float, typer.Option(help="The chance of stopping while the rate is acceptable.")] = 0.05,
    rates: Annotated[str, typer.Option(help="True rates to look at, such as .2,.3,.4.")] = "",
    as_json: Json = False,
) -> int:
    """Work out a safety boundary, or a two-stage design, and what it does, exactly."""
    return int(_planning().monitor(kind, given or [], limit, people, level, rates, as_json=as_json))


@edge
def simulate(
    file: Annotated[Path, typer.Argument(metavar="PROTOCOL", help="A protocol file (YAML).")],
    trials: Annotated[
        int | None, typer.Option(help="How many trials; else 10,000, or 1,000 where a design moves the dose.")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(help="Assumptions (YAML): toxicity, made and so on; see docs/simulating.md.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trials.")] = 1,
    workers: Annotated[int, typer.Option(help="Over how many processes; their number changes no answer.")] = 1,
    cluster: Annotated[str, typer.Option(help="The address of a Dask scheduler, instead of processes.")] = "",
    report: Annotated[Path | None, typer.Option(help="Write the answers with figures as an HTML page.")] = None,
    as_json: Json = False,
) -> int:
    """Simulate a whole protocol: declarations, length, doses, products lost, harm, power, with Monte Carlo errors."""
    from stromal.cli import simulation  # noqa: PLC0415 - see above

    return simulation.simulate(file, trials, scenario, seed, workers, cluster, report, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (design, compare, paths, monitor, simulate):
        app.command()(command)
