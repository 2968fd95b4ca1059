"""How fast one person is screened against trials whose criteria a catalogue keeps, beside drafting them each time.

Both judge the same person by the same records. Beside the kept criteria stands what a loop without a catalogue does:
read the record, draft its eligibility, judge. Without records at hand a small trial is taken many times.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Figure, medians, tell
from records import records
from stromal.catalogue import drafts, making
from stromal.catalogue.answering import against, described
from stromal.catalogue.screen import Judging, screen
from stromal.catalogue.store import Catalogue
from stromal.read import registries, screening
from stromal.read.eligibility import drafted
from stromal.read.person import Described

TRIALS, RUNS = 120, 5
PERSON = (Path(__file__).parents[1] / "docs" / "person.yaml").read_text(encoding="utf-8")


def numbered(content: bytes, number: int) -> bytes:
    """A record under a number of its own."""
    tree = json.loads(content)
    tree["protocolSection"]["identificationModule"]["nctId"] = f"NCT{number:08}"
    return json.dumps(tree).encode()


def kept(catalogue: Catalogue) -> int:
    """Criteria out of the catalogue, the person's file, every verdict, the shortest questions, the ranking."""
    trials = against(catalogue).trials
    person, protocol = described(PERSON, "person.yaml", trials)
    return len(screen(trials, Judging(person, protocol)).outcomes)


def naive(found: list[bytes], person: Described) -> int:
    """Every record read, drafted and judged; no questions and no ranking."""
    return len([screening.judge(drafted(registries.parse(each, prose=False)), person) for each in found])


def main() -> None:
    """Make a catalogue, screen it both ways, tell."""
    found = [numbered(each, number) for number, each in enumerate(records("msc_v2_converted.jsonl.gz", TRIALS))]
    with TemporaryDirectory() as name:
        file = Path(name) / "some.jsonl"
        file.write_bytes(b"\n".join(found))
        with Catalogue.create(Path(name) / "catalogue") as catalogue:
            making.make(catalogue, [str(file)], reader="benchmark")
            drafts.follow(catalogue)
            person, _ = described(PERSON, "person.yaml", against(catalogue).trials)
            took = medians({"kept": lambda: kept(catalogue), "naive": lambda: naive(found, person)}, RUNS)
    rates = {name: len(found) / seconds for name, seconds in took.items()}
    tell(
        f"One person against {len(found)} trials",
        [Figure("screen kept criteria", rates["kept"], "trials/s", "drafting each time", rates["naive"])],
    )


if __name__ == "__main__":
    main()
