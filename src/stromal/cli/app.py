"""The commands, one function each: what they take, and which step of the walk they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stromal.cli import answers, designs, paper, recordcheck, recorddiff, registry, screening, trial
from stromal.cli import catalogue as many
from stromal.cli.edge import bad, edge
from stromal.cli.mistakes import Commands

app = typer.Typer(
    name="stromal", cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    help="Run a cell-therapy trial from its protocol. Exit codes: 0 done, 1 findings or a no, 2 bad input.",
)  # fmt: skip

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ProtocolFile = Annotated[Path, typer.Argument(metavar="FILE", help="A protocol file (YAML).")]
PageFile = Annotated[Path, typer.Argument(metavar="PAGE", help="A registry page saved as text.")]
BookFile = Annotated[Path, typer.Argument(metavar="BOOK", help="A book (SQLite file).")]


# ---------------------------------------------------------------- on paper


@app.command()
@edge
def read(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A registry's record or page; a folder, archive or file of many; - for standard input."
        ),
    ],
    as_json: Json = False,
) -> int:
    """Read registry records and pages: one in full, with every fact and its state; many as a table with a tally."""
    return registry.read(path, as_json=as_json)


@app.command()
@edge
def fetch(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder the records go to.")],
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NCT...", help="Numbers of ClinicalTrials.gov.")
    ] = None,
    search: Annotated[str, typer.Option(help="Words to search for, instead of numbers.")] = "",
    address: Annotated[str, typer.Option(help="Where the registry answers.")] = registry.PUBLIC,
    most: Annotated[int | None, typer.Option(min=1, help="The most records that a search may give.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over another version that is there.")] = False,
    as_json: Json = False,
) -> int:
    """Fetch records from ClinicalTrials.gov, a file for each. No other command asks anybody on a network."""
    return registry.fetch(numbers or (), search, output, address, most, force=force, as_json=as_json)


@app.command()
@edge
def draft(
    page: PageFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the drafted protocol goes.")],
    as_json: Json = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> int:
    """Draft a protocol file from a registry page, with findings for what stays words."""
    return paper.draft(page, output, as_json=as_json, force=force)


@app.command()
@edge
def check(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A protocol, a registry record or page; or a folder, .jsonl(.gz) or .zip of records.",
        ),
    ],
    on: Annotated[str, typer.Option(help="The day to look from; each record's last update when left out.")] = "",
    table: Annotated[Path | None, typer.Option("--csv", help="Write every finding on records as a table.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write what was found in records as a page.")] = None,
    as_json: Json = False,
) -> int:
    """Check a protocol file, a registry record or page, or many records, for contradictions and gaps."""
    return recordcheck.check(file, on, table, page, as_json=as_json)


@app.command()
@edge
def fmt(
    file: ProtocolFile,
    only_check: Annotated[bool, typer.Option("--check", help="Change nothing; 1 if the file would change.")] = False,
) -> int:
    """Rewrite a protocol file canonically; comments stay."""
    return paper.fmt(file, only_check=only_check)


@app.command()
@edge
def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A protocol, or a registry record: the earlier version.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The later version of the same trial.")],
    as_json: Json = False,
) -> int:
    """Tell two versions of a protocol, or two records of one trial, apart in words. 1 when they differ."""
    return recorddiff.diff(a, b, as_json=as_json)


@app.command()
@edge
def words(file: ProtocolFile, as_json: Json = False) -> int:
    """Say a protocol in plain English: synopsis, checklist, schedule."""
    return paper.words(file, as_json=as_json)


@app.command()
@edge
def screen(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE", help="A protocol file (YAML).")] = None,
    person: Annotated[Path | None, typer.Argument(metavar="PERSON]", help="What is known of a person (YAML).")] = None,
    who: Annotated[Path | None, typer.Option("--person", help="The same, for every trial of a catalogue.")] = None,
    folder: Annotated[Path, typer.Option("--catalogue", metavar="DIR", help="The folder of the catalogue.")] = Path(
        "catalogue"
    ),
    condition: Annotated[str, typer.Option(help="Words that the conditions of trials hold.")] = "",
    country: Annotated[list[str] | None, typer.Option(help="Trials with a site there; may be given again.")] = None,
    recruiting: Annotated[bool, typer.Option("--recruiting", help="Only trials whose record says recruiting.")] = False,
    one: Annotated[str, typer.Option("--trial", help="Every verdict on this one trial of the catalogue.")] = "",
    protocols: Annotated[
        Path | None, typer.Option(help="A folder of protocols NCT*.yaml, whose criteria count as confirmed.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many trials of each kind are shown.")] = 10,
    as_json: Json = False,
) -> int:
    """Screen one person by a protocol, or with --person by every trial of a catalogue, as far as it was drafted.

    Met, not met or unknown, why, and what would settle it. By a protocol, 0 only when all criteria are met. By a
    catalogue, 0 when the person could be eligible somewhere; only what the registry states in fields, what a person
    confirmed and limits read in one way alone keep somebody out. No medical advice.
    """
    if who is None:
        if file is None or person is None:
            hint = "write: stromal screen PROTOCOL PERSON, or: stromal screen --person PERSON --catalogue DIR"
            raise bad("screen.what", "a protocol and a person are needed, or --person and a catalogue", hint)
        return paper.screen(file, person, as_json=as_json)
    if file is not None:
        hint = "leave out --person to screen by a protocol, or the protocol to screen by a catalogue"
        raise bad("screen.what", "a protocol is named beside --person", hint, str(file))
    options = screening.Options(condition, country or (), recruiting, one, limit, protocols)
    return screening.screen_all(who, folder, options, as_json=as_json)


@app.command()
@edge
def confirm(
    name: Annotated[str, typer.Argument(metavar="TRIAL", help="The id of a trial, such as NCT03268603.")],
    folder: Annotated[Path, typer.Option("--catalogue", metavar="DIR", help="The folder of the catalogue.")] = Path(
        "catalogue"
    ),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The sheet; in the catalogue, where it counts, when left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a sheet that is there.")] = False,
) -> int:
    """Write the sheet on which a person confirms or corrects, line by line, what was drafted of a trial's criteria."""
    return screening.confirm(name, folder, output, force=force)


@app.command()
@edge
def dose(
    file: ProtocolFile,
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="The visit that gives the dose.")],
    count: Annotated[str, typer.Option(help="Cells per mL of the product.")],
    viability: Annotated[str, typer.Option(help="Living cells in percent.")],
    weight: Annotated[str, typer.Option(help="Body weight in kg.")] = "",
    level: Annotated[str, typer.Option(help="The rung of a ladder, in cells; the first when left out.")] = "",
    volume: Annotated[str, typer.Option(help="The volume given in mL, to see what it delivers.")] = "",
    as_json: Json = False,
) -> int:
    """Work out a dose: prescribed cells, the volume that holds them, what is delivered."""
    return paper.dose(file, visit, count, viability, weight, level, volume, as_json=as_json)


@app.command()
@edge
def grade(
    term: Annotated[str, typer.Argument(metavar="TERM", help="A laboratory term of CTCAE, such as anemia.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value with its unit, such as '7.5 g/dL'.")],
    version: Annotated[str, typer.Option(help="The version of CTCAE: 5.0 or 6.0.")] = "5.0",
    lower_normal: Annotated[str, typer.Option(help="The lower limit of normal, with its unit.")] = "",
    upper_normal: Annotated[str, typer.Option(help="The upper limit of normal, with its unit.")] = "",
    baseline: Annotated[str, typer.Option(help="The value before treatment, with its unit.")] = "",
    as_json: Json = False,
) -> int:
    """Grade a laboratory value by CTCAE, as far as the value tells. 1 when the grade is unknown."""
    return paper.grade(term, value, version, lower_normal, upper_normal, baseline, as_json=as_json)


@app.command()
@edge
def calendar(
    file: ProtocolFile,
    anchor: Annotated[str, typer.Option(help="The day of the visit at day 0.")],
    on: Annotated[str, typer.Option(help="The day to look from; the anchor when left out.")] = "",
    ics: Annotated[Path | None, typer.Option(help="Write an iCalendar file.")] = None,
    as_json: Json = False,
) -> int:
    """Work out the visits from the day of day 0."""
    return paper.calendar(file, anchor, on, ics, as_json=as_json)


@app.command()
@edge
def schema() -> int:
    """Print the JSON Schema of a protocol file, for editors."""
    return paper.schema()


# ---------------------------------------------------------------- answers from a catalogue

CatalogueFolder = Annotated[Path, typer.Option("--catalogue", metavar="DIR", help="The folder of the catalogue.")]
OwnRecord = Annotated[Path | None, typer.Option("--record", help="The trial's record, where it is not in there.")]
TrialId = Annotated[str, typer.Argument(metavar="TRIAL", help="The id of a trial, such as NCT03268603.")]


@app.command()
@edge
def related(
    name: TrialId = "",
    folder: CatalogueFolder = Path("catalogue"),
    record: OwnRecord = None,
    limit: Annotated[int, typer.Option(help="How many trials to show.")] = 10,
    as_json: Json = False,
) -> int:
    """Rank the trials related to one by the facts they share, each reason written out. 1 when there are none."""
    return answers.related(name, folder, record, limit, as_json=as_json)


@app.command()
@edge
def doses(
    folder: CatalogueFolder = Path("catalogue"),
    by: Annotated[str, typer.Option(help="route, tissue, condition or year.")] = "route",
    until: Annotated[int | None, typer.Option(help="Only trials that began in this year or before.")] = None,
    least: Annotated[int, typer.Option(help="Show groups in which at least so many trials give a dose.")] = 3,
    svg: Annotated[Path | None, typer.Option(help="Draw the landscape into this file.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Beside the numbers of a published review.")] = False,
    as_json: Json = False,
) -> int:
    """Show which doses trials give: median and quartiles per administration, in all and per kg."""
    return answers.doses(folder, by, until, least, svg, published=published, as_json=as_json)


@app.command()
@edge
def ask(
    name: TrialId = "",
    folder: CatalogueFolder = Path("catalogue"),
    record: OwnRecord = None,
    on: Annotated[str, typer.Option(help="The day of the question; today when left out.")] = "",
    only: Annotated[str, typer.Option("--question", help="Only this question, such as recruiting.")] = "",
    as_json: Json = False,
) -> int:
    """Answer questions about a trial by counting, and say which cannot be answered and why."""
    return answers.ask(name, folder, record, on, only, as_json=as_json)


# ---------------------------------------------------------------- many trials

Values = Annotated[list[str] | None, typer.Option(help="Given more than once, any of them may fit.")]


@app.command()
@edge
def index(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Folders, .json, .jsonl, .xml, .txt, .gz, .zip, or -.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="The folder of the catalogue.")
    ] = Path("catalogue"),
    again: Annotated[bool, typer.Option("--again", help="Read every file again, changed or not.")] = False,
    as_json: Json = False,
) -> int:
    """Make a catalogue of many records, or bring it up to date. Files that are gone go; 1 when some cannot be read."""
    return many.index(paths, output, again=again, as_json=as_json)


@app.command(context_settings={"ignore_unknown_options": True})  # a word may begin with a minus
@edge
def search(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help='All must be held; also "a phrase", -word, OR.')
    ] = None,
    condition: Annotated[str, typer.Option(help="Words that the conditions hold.")] = "",
    phase: Values = None,
    status: Values = None,
    route: Values = None,
    tissue: Values = None,
    donor: Values = None,
    country: Values = None,
    dose: Annotated[str, typer.Option(help="A dose that overlaps: 1e6..5e6/kg, 2e6/kg, 1e8..")] = "",
    since: Annotated[str, typer.Option("--from", help="Started on this day, month or year or later.")] = "",
    until: Annotated[str, typer.Option("--to", help="Started on this day, month or year or before.")] = "",
    has_dose: Annotated[bool, typer.Option("--has-dose", help="Only trials that state a dose.")] = False,
    has_results: Annotated[bool, typer.Option("--has-results", help="Only trials with results.")] = False,
    limit: Annotated[int, typer.Option(help="How many trials are shown.")] = 10,
    folder: CatalogueFolder = Path("catalogue"),
    as_json: Json = False,
) -> int:
    """Search a catalogue by words and facts: each hit with the sentence that was found. 1 when no trial fits."""
    filters = many.Filters(
        condition, phase or (), status or (), route or (), tissue or (), donor or (), country or (), dose, since,
        until, has_dose, has_results,
    )  # fmt: skip
    return many.search(" ".join(words or ()), filters, folder, limit, as_json=as_json)


# ---------------------------------------------------------------- in the book


@app.command()
@edge
def rehearse(
    file: ProtocolFile,
    people: Annotated[
        int | None, typer.Option(help="How many people are enrolled; the planned number when left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trial.")] = 1,
    book: Annotated[Path | None, typer.Option(help="The new book to write.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Assumptions of the rehearsal (YAML).")] = None,
    as_json: Json = False,
) -> int:
    """Rehearse a whole trial on virtual people, through the desk, into a new book."""
    return trial.rehearse(file, people, seed, book, scenario, as_json=as_json)


@app.command()
@edge
def verify(
    book: BookFile,
    head: Annotated[str, typer.Option(help="The head of the chain as it was printed, to find entries cut off.")] = "",
    as_json: Json = False,
) -> int:
    """Verify the chain and the signatures of a book; name the first broken entry."""
    return trial.verify(book, head, as_json=as_json)


@app.command()
@edge
def replay(
    book: BookFile,
    as_known: Annotated[str, typer.Option(help="As known on this day, or moment with its zone.")] = "",
    as_json: Json = False,
) -> int:
    """Add up a book: where every participant, lot and hold stands."""
    return trial.replay(book, as_known, as_json=as_json)


@app.command()
@edge
def report(
    book: BookFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder the report goes to.")],
) -> int:
    """Write the report of a book as an HTML page."""
    return trial.report(book, output)


@app.command()
@edge
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where books and reports go.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    protocols: Annotated[Path | None, typer.Option(help="A folder of protocol files.")] = None,
    records: Annotated[Path | None, typer.Option(help="A folder of registry records.")] = None,
) -> int:
    """Read, check and ask the records of the house; rehearse, verify and report its protocols."""
    return trial.demo(output, seed, protocols, records)


# ---------------------------------------------------------------- before the trial

designs.register(app)


def main() -> None:
    """Entry point of `stromal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
