"""Reads a file of the digest's readers (CSV, as spreadsheets save it) and says which lines cannot be used.

The columns are ``email`` (required), ``name``, ``unit``, ``categories`` (slugs, ``;`` between), ``language``,
``basis``, ``portals`` (ids, likewise) and ``state``, in any order. One bad line stays one bad line: the others are
returned all the same. ``write_roster`` writes such a file; who left stands in it with their state, and is not taken
for a reader when it is read again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from syndication.domain.subscriber import RefusedLine, Registration, Subscriber, SubscriberState
from syndication.errors import RosterError
from syndication.text import one_line

COLUMNS = ("email", "name", "unit", "categories", "language", "basis", "portals", "state")
PAUSED = "paused"
"""The state in which the file names a reader who paused."""
_READERS = ("", SubscriberState.ACTIVE, PAUSED)
"""States in which somebody is a reader; an empty cell says so too."""
LANGUAGES = ("vi", "en")
_DELIMITERS = (",", ";", "\t")
_FORMULA = re.compile(r"[=+\-@]")
"""What a cell begins with that spreadsheets run as a formula (OWASP, CSV injection)."""
_INTERNAL_SUFFIX = ".local"
_NOT_UTF_8 = (
    "The file is not UTF-8; in Excel choose Save As, «CSV UTF-8 (Comma delimited)», and give that file"
)


def read_roster(
    text: str | bytes, *, categories: frozenset[str], portals: frozenset[str] = frozenset()
) -> tuple[list[Registration], list[RefusedLine]]:
    """Read a subscribers' file into the lines that can be used and those that cannot, by line number.

    Understood: UTF-8 with or without a byte order mark; comma, semicolon or tab between cells (Vietnamese
    Excel writes semicolons); any line ends; column names in any case. ``categories`` and ``portals`` are the slugs
    and ids that exist; a reader without any gets all. Domains are not looked up, and names that exist only inside an
    organisation (``.local``) or in trials (``.test``, ``.example``) are fine. Raises RosterError when nothing
    can be told apart: no UTF-8, no ``email`` column, a quotation mark that never closes.
    """
    rows = _rows(_decoded(text))
    header_line, header = next(rows, (1, []))
    if isinstance(header, str):
        raise RosterError(f"Line {header_line}, the names of the columns, cannot be read: {header}")
    names = [one_line(cell).lower() for cell in header]
    _check_columns(names)
    refused = _unknown_columns(header_line, header, names)
    accepted: list[Registration] = []
    first_lines: dict[str, int] = {}
    for line, row in rows:
        outcome = _read_line(line, row, names, _Known(categories, portals), first_lines)
        if isinstance(outcome, Registration):
            first_lines[outcome.email_key] = line
            accepted.append(outcome)
        else:
            refused.append(outcome)
    return accepted, refused


def write_roster(readers: Iterable[Subscriber], *, now: datetime) -> str:
    """These people as a file that ``read_roster`` reads; UTF-8, commas between, CRLF line ends (RFC 4180).

    A cell that a spreadsheet would run as a formula begins with an apostrophe, which ``read_roster`` takes off.
    """
    file = io.StringIO(newline="")
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for one in readers:
        rows.writerow(
            map(
                inert,
                (
                    one.email,
                    one.name,
                    one.unit,
                    ";".join(one.categories),
                    one.language,
                    one.basis,
                    ";".join(one.portals),
                    state_of(one, now=now),
                ),
            )
        )
    return file.getvalue()


def inert(cell: str) -> str:
    """A cell's text with which no spreadsheet does anything but show it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _as_meant(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def state_of(reader: Subscriber, *, now: datetime) -> str:
    """Their state in a word; who paused is told apart from who reads."""
    return PAUSED if reader.state is SubscriberState.ACTIVE and reader.is_paused(now) else str(reader.state)


# --- the file ---


def _decoded(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as cause:
            raise RosterError(_NOT_UTF_8) from cause
    if "\0" in text[:2]:  # UTF-16 without a mark: as UTF-8 every other character is NUL
        raise RosterError(_NOT_UTF_8)
    return text.removeprefix("\ufeff")


def _rows(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row that holds anything with the number of its first line; a row that cannot be read as a str."""
    delimiter, skipped = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            if "unexpected end of data" in str(cause):
                raise RosterError(
                    f"A quotation mark opened in line {line} is never closed, so that cell swallows the rest"
                    " of the file; close it (a mark inside a cell is written twice)"
                ) from cause
            if "field larger than field limit" in str(cause):
                yield line, f"a cell is too long; keep each below {csv.field_size_limit():,} characters"
                continue
            lines = f"lines {line} to {reader.line_num}" if reader.line_num > line else "this line"
            yield line, f"the quotation marks in {lines} do not pair; write a mark inside a cell twice"
            continue
        if line > skipped and any(cell.strip() for cell in row):
            yield line, row


def _delimiter(text: str) -> tuple[str, int]:
    """What stands between the cells, and how many lines to skip (a first line ``sep=;`` tells Excel)."""
    lines = text.lstrip("\r\n").splitlines() or [""]
    declared = lines[0].strip().strip('"').lower()
    if declared.startswith("sep=") and declared[4:] in _DELIMITERS:
        return declared[4:], len(text.splitlines()) - len(lines) + 1

    def known(delimiter: str) -> int:
        return sum(cell.strip().strip('"').strip().lower() in COLUMNS for cell in lines[0].split(delimiter))

    return max(_DELIMITERS, key=known), 0


def _check_columns(names: list[str]) -> None:
    if "email" not in names:
        raise RosterError(
            "The file has no column email; its first line must name the columns: " + ",".join(COLUMNS)
        )
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise RosterError(f"The column {', '.join(twice)} stands in the file twice; keep one of each")


def _unknown_columns(line: int, header: list[str], names: list[str]) -> list[RefusedLine]:
    unknown = [
        one_line(cell) for cell, name in zip(header, names, strict=True) if name and name not in COLUMNS
    ]
    if not unknown:
        return []
    return [
        RefusedLine(
            line=line,
            says=f"no such column: {', '.join(unknown)}; it is left out."
            f" The known columns are {', '.join(COLUMNS)}; rename or remove what is not among them",
        )
    ]


# --- one line ---


@dataclass(frozen=True, slots=True)
class Address:
    """An address as mail is sent to it, and as it is compared."""

    email: str
    key: str


@dataclass(frozen=True, slots=True)
class _Known:
    categories: frozenset[str]
    portals: frozenset[str]


def _read_line(
    line: int,
    row: list[str] | str,
    names: list[str],
    known: _Known,
    first_lines: dict[str, int],
) -> Registration | RefusedLine:
    if isinstance(row, str):
        return RefusedLine(line=line, says=row)
    if any(cell.strip() for cell in row[len(names) :]):
        return RefusedLine(
            line=line,
            says=f"{len(row)} cells for {len(names)} columns; put a cell that holds the separator (several"
            " categories, say) in double quotes",
        )
    cells = {
        name: _as_meant(one_line(cell)) for name, cell in zip(names, row, strict=False) if name in COLUMNS
    }
    wrong: list[str] = []
    address = _read_address(cells.get("email", ""))
    if isinstance(address, str):
        wrong.append(address)
    elif address.key in first_lines:
        wrong.append(
            f"{address.email} stands in line {first_lines[address.key]} already; keep one of the two"
        )
    slugs = _chosen("category", cells.get("categories", ""), known.categories, wrong)
    portals = _chosen("portal", cells.get("portals", ""), known.portals, wrong)
    state = cells.get("state", "").lower()
    if state not in _READERS:
        wrong.append(f"is {state} in this list, so they are not written to")
    language = cells.get("language", "").lower() or LANGUAGES[0]
    if language not in LANGUAGES:
        wrong.append(f"no language {language}; use {' or '.join(LANGUAGES)}")
    if wrong or isinstance(address, str):
        return RefusedLine(line=line, says="; ".join(wrong))
    return Registration(
        line=line,
        email=address.email,
        email_key=address.key,
        name=cells.get("name", ""),
        unit=cells.get("unit", ""),
        categories=slugs,
        language=language,
        basis=cells.get("basis", ""),
        portals=portals,
    )


def _chosen(what: str, cell: str, known: frozenset[str], wrong: list[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in cell.split(";") if part.strip()))
    unknown = [one for one in chosen if one not in known]
    if unknown:
        wrong.append(
            f"no {what} {', '.join(unknown)}; use {', '.join(sorted(known))} with ; between,"
            " or leave the cell empty for all"
        )
    return chosen


def read_address(written: str) -> Address | None:
    """The address somebody wrote, or None for what is no address mail can go to."""
    found = _read_address(one_line(written))
    return found if isinstance(found, Address) else None


def _read_address(written: str) -> Address | str:
    """The address with its domain in ASCII, or why it cannot be used and what to do."""
    if not written:
        return "no address; fill in the email cell or take the line out"
    if "<" in written or " " in written:
        return f"{written}: write the address alone; the person's name has its own column"
    if not (written[0].isalnum() or written[0] == "_"):  # nobody has such an address, and it may be a formula
        return f"{written} is no address: it begins with {written[0]}; correct the email cell"
    local, _, domain = written.rpartition("@")
    if not local.isascii():
        return (
            f"{written}: before the @ only unmarked letters can be mailed to; write the address without marks"
        )
    # The library takes no .local, which it holds for a slip; inside organisations it is where people are.
    internal = domain.lower().endswith(_INTERNAL_SUFFIX)
    asked = written[: -len(_INTERNAL_SUFFIX)] + ".example" if internal else written
    try:
        found = validate_email(asked, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as cause:
        return f"{written} is no address: {cause} Correct the email cell"
    email = found.ascii_email or found.normalized
    if internal:
        email = email.removesuffix(".example") + _INTERNAL_SUFFIX
    return Address(email=email, key=email.lower())
