"""One contract for every book: what `ledger.chain.Book` promises, played through at random and told in examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest import TestCase

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from histories import DAY, entry, observations
from stromal.ledger import events as e
from stromal.ledger.chain import Book, Head, Sealed, link, verify
from stromal.store import sqlite
from stromal.store.memory import MemoryBook
from stromal.store.sqlite import SqliteBook

BOOKS: dict[str, Callable[[Path], Book]] = {
    "memory": lambda _: MemoryBook(),
    "sqlite": lambda folder: SqliteBook.create(folder / "trial.book"),
}
"""Every kind of book, made in a folder."""


@pytest.fixture(autouse=True, scope="module")
def short_pages() -> Iterator[None]:
    """Pages of three rows, so that small books have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "PAGE", 3)
        yield


@pytest.fixture(params=BOOKS)
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    """An empty book of each kind."""
    made = BOOKS[request.param](tmp_path)
    yield made
    made.close()


def write(book: Book, count: int) -> list[e.Entry]:
    """Append entries in one transaction; give them back."""
    with book.writing() as writer:
        made = observations(count, after=writer.head.number)
        writer.append(made)
    return made


class Slip(Exception):  # noqa: N818
    """Something that goes wrong in the middle of a transaction."""


# ---------------------------------------------------------------- the contract as a machine


class BookMachine(RuleBasedStateMachine):
    """Any order of writing, failing and reading, beside a list that says what the book must hold."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.book = BOOKS[self.kind](Path(self.folder.name))
        self.kept: list[e.Entry] = []
        self.rows: list[Sealed] = []
        self.readers: list[tuple[Iterator[e.Entry], list[e.Entry]]] = []

    def keep(self, entries: list[e.Entry]) -> None:
        """What a committed transaction leaves."""
        rows, _ = link(entries, self.expected_head())
        self.kept += entries
        self.rows += rows

    def expected_head(self) -> Head:
        """The head as the list knows it."""
        return Head(self.rows[-1].number, self.rows[-1].seal, self.kept[-1].at) if self.kept else Head()

    @initialize(count=st.integers(0, 8))
    def fill(self, count: int) -> None:
        """Begin with some entries."""
        self.keep(write(self.book, count))

    @rule(sizes=st.lists(st.integers(0, 4), max_size=3))
    def append(self, sizes: list[int]) -> None:
        """Several appends in one transaction; the writer sees them, readers do not until it is left."""
        with self.book.writing() as writer:
            assert writer.head == self.expected_head()
            made: list[e.Entry] = []
            for size in sizes:
                added = observations(size, after=writer.head.number)
                head = writer.append(added)
                made += added
                assert head == writer.head == link(made, self.expected_head())[1]
            assert list(writer.entries()) == [*self.kept, *made]
            assert list(writer.rows(len(self.kept))) == list(link(made, self.expected_head())[0])
            assert self.book.head() == self.expected_head()
            assert list(self.book.rows()) == self.rows
        self.keep(made)

    @rule(good=st.integers(0, 3), off=st.integers(-2, 2).filter(bool))
    def append_wrong_numbers(self, good: int, off: int) -> None:
        """A wrong number adds nothing of its batch; what was appended before it stays, if the writer goes on."""
        with self.book.writing() as writer:
            made = observations(good, after=writer.head.number)
            writer.append(made)
            before = writer.head
            right, wrong = entry(before.number + 1, made_up()), entry(before.number + 2 + off, made_up())
            with pytest.raises(ValueError, match=f"expected entry {before.number + 2}, got {wrong.number}"):
                writer.append([right, wrong])
            assert writer.head == before
            assert list(writer.entries(len(self.kept))) == made
        self.keep(made)

    @rule(size=st.integers(0, 4))
    def fail(self, size: int) -> None:
        """An exception undoes the whole transaction."""
        with suppress(Slip), self.book.writing() as writer:
            writer.append(observations(size, after=writer.head.number))
            raise Slip

    @rule(data=st.data())
    def begin_reading(self, data: st.DataObject) -> None:
        """A reader that has begun is not disturbed by what is written after."""
        after = data.draw(st.integers(0, len(self.kept) + 1))
        reader, expected = self.book.entries(after), self.kept[after:]
        assert next(reader, None) == (expected[0] if expected else None)
        self.readers.append((reader, expected[1:]))

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), count=st.integers(1, 5))
    def read_on(self, data: st.DataObject, count: int) -> None:
        """Readers go on where they were, whatever happened since."""
        reader, expected = self.readers[data.draw(st.integers(0, len(self.readers) - 1))]
        for _ in range(count):
            assert next(reader, None) == (expected.pop(0) if expected else None)

    @invariant()
    def holds_what_was_kept(self) -> None:
        """Head and rows are those of the list, and the chain is whole."""
        assert self.book.head() == self.expected_head()
        assert list(self.book.rows()) == self.rows
        assert verify(self.book.rows(), self.expected_head().seal).broken is None

    def teardown(self) -> None:
        """Read every reader to its end; let go."""
        for reader, expected in self.readers:
            assert list(reader) == expected
        self.book.close()
        self.folder.cleanup()


class MemoryMachine(BookMachine):
    """The reference."""

    kind = "memory"


class SqliteMachine(BookMachine):
    """The file, which may also be closed and opened again between any two steps."""

    kind = "sqlite"

    @rule()
    def reopen(self) -> None:
        """What was committed is there after closing and opening."""
        self.readers.clear()
        self.book.close()
        self.book = SqliteBook.open(Path(self.folder.name) / "trial.book")


def made_up() -> e.Event:
    """An event like any other."""
    return e.FactObserved("P1", "weight", 70.0, DAY, "kg")


TestMemoryBook: type[TestCase] = MemoryMachine.TestCase
TestSqliteBook: type[TestCase] = SqliteMachine.TestCase
TestMemoryBook.settings = TestSqliteBook.settings = settings(  # type: ignore[attr-defined]
    max_examples=40, stateful_step_count=20, deadline=None
)


# ---------------------------------------------------------------- the contract in examples


def test_an_empty_book_has_the_genesis_for_a_head(book: Book) -> None:
    """Nothing in it, nothing broken."""
    assert book.head() == Head()
    assert list(book.rows()) == []
    assert list(book.entries()) == []


def test_leaving_normally_keeps_the_entries(book: Book) -> None:
    """Head, rows and entries after a number."""
    made = write(book, 7)
    assert book.head().number == 7
    assert book.head().at == made[-1].at
    assert list(book.entries()) == made
    assert list(book.entries(after=5)) == made[5:]
    assert [row.number for row in book.rows(after=2)] == [3, 4, 5, 6, 7]
    assert list(book.rows(after=7)) == list(book.rows(after=99)) == []


def fail(book: Book, error: type[BaseException]) -> None:
    """Append, and then let something go wrong."""
    with book.writing() as writer:
        writer.append(observations(3, after=writer.head.number))
        raise error


@pytest.mark.parametrize("error", [Slip, KeyboardInterrupt])
def test_an_exception_undoes_everything(book: Book, error: type[BaseException]) -> None:
    """Also one that is no error, Ctrl-C. The next transaction goes on from the head before."""
    made = write(book, 2)
    with pytest.raises(error):
        fail(book, error)
    assert list(book.entries()) == made
    assert write(book, 1)[0].number == 3


def test_readers_see_nothing_of_an_open_transaction(book: Book) -> None:
    """Only what was acknowledged can be read."""
    made = write(book, 2)
    with book.writing() as writer:
        writer.append(observations(3, after=2))
        assert book.head().number == 2
        assert list(book.entries()) == made
        assert [each.number for each in writer.entries(after=1)] == [2, 3, 4, 5]
    assert book.head().number == 5


def test_a_reader_begun_before_a_commit_ends_where_the_book_ended(book: Book) -> None:
    """A reader never sees half of a later transaction."""
    made = write(book, 4)
    reader = book.entries()
    assert next(reader) == made[0]
    write(book, 4)
    assert list(reader) == made[1:]


def test_one_writes_at_a_time(book: Book) -> None:
    """A second transaction inside the first is refused; the first goes on."""
    with book.writing() as writer:
        with pytest.raises(ValueError, match="being written already"), book.writing():
            pass
        writer.append(observations(1))
    assert book.head().number == 1


def test_a_writer_ends_with_its_transaction(book: Book) -> None:
    """Nothing is appended afterwards."""
    with book.writing() as writer:
        pass
    with pytest.raises(ValueError, match="this transaction has ended"):
        writer.append(observations(1))
    assert book.head() == Head()


@pytest.mark.parametrize("number", [0, 2, 4, 5, 99])
def test_wrong_numbers_are_refused(book: Book, number: int) -> None:
    """The message names the expected and the given number; nothing is written."""
    write(book, 2)
    with pytest.raises(ValueError, match=f"expected entry 3, got {number}"), book.writing() as writer:
        writer.append([entry(number, made_up())])
    assert book.head().number == 2


def test_a_clock_that_runs_backwards_is_refused(book: Book) -> None:
    """Also from one transaction to the next."""
    write(book, 2)
    early = e.Entry(3, entry(1, made_up()).at, "ann", "coordinator", made_up())
    with pytest.raises(ValueError, match="a clock ran backwards"), book.writing() as writer:
        writer.append([early])
    assert book.head().number == 2


def test_books_of_every_kind_hold_the_same_rows(tmp_path: Path) -> None:
    """Number, body and seal do not depend on where they are kept."""
    books = [make(tmp_path) for make in BOOKS.values()]
    for each in books:
        write(each, 5)
        write(each, 4)
    first, *others = [list(each.rows()) for each in books]
    assert all(rows == first for rows in others)
    for each in books:
        each.close()
