"""Letters: one printing for all whose choices leave the same of an issue, and each reader's own links."""

from __future__ import annotations

import gc
from dataclasses import replace
from email import message_from_bytes
from itertools import combinations

import pytest

from syndication.bootstrap import House
from syndication.digest.message import Prepared
from syndication.digest.pipeline import choices
from syndication.digest.pipeline.letters import KEPT, Letters
from syndication.domain.issue import Delivery, DeliveryState, Issue, IssueState, Named
from tests.digest.test_render import an_entry, an_issue

ONE, OTHER = (Named(id=one, name=one.upper(), url=f"https://{one}.example/") for one in ("mot", "hai"))


@pytest.fixture
def letters(house: House, issue: Issue) -> Letters:
    return Letters(house.office, issue)


@pytest.fixture
def issue(house: House) -> Issue:
    """An issue with one story of each of two portals, and one of both."""
    first, second, both = (
        replace(an_entry(number), portals=portals)
        for number, portals in ((1, (ONE,)), (2, (OTHER,)), (3, (ONE, OTHER)))
    )
    content = an_issue(hero=None, sections=((first, second, both),))
    return Issue(
        id=str(content.week),
        state=IssueState.SENDING,
        content=content,
        hash=content.hash,
        composed_at=house.now(),
        approved_at=house.now(),
        approved_by="Lan",
        sent_at=None,
    )


def delivery(subscriber: int, *portals: str) -> Delivery:
    return Delivery(
        id=subscriber,
        issue="2026-w47",
        subscriber=subscriber,
        email=f"r{subscriber}@docgia.example",
        name="",
        categories=(),
        portals=portals,
        state=DeliveryState.QUEUED,
        attempts=0,
        doubtful=False,
        code=None,
        says=None,
        message_id=f"<{subscriber}@tin.example.vn>",
        at=None,
    )


def text_of(raw: bytes) -> str:
    part = next(part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/plain")
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_choices_that_leave_the_same_share_one_printing(letters: Letters) -> None:
    everything = letters.prepared((), ())
    assert letters.prepared((), ("mot", "hai")) is everything
    assert letters.prepared((), ("hai", "mot", "ba")) is everything
    one = letters.prepared((), ("mot",))
    assert one is not everything
    assert letters.prepared((), ("mot", "ba")) is one
    assert letters.printed == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_however_many_odd_choices_there_are_only_so_many_letters_are_kept(house: House, issue: Issue) -> None:
    content = issue.content
    names = [f"cong-{place}" for place in range(8)]
    entries = tuple(
        replace(an_entry(place), portals=(replace(ONE, id=name),)) for place, name in enumerate(names)
    )
    sections = (replace(content.sections[0], entries=entries),)
    many = Letters(house.office, replace(issue, content=replace(content, sections=sections)))
    odd = [name for size in (3, 4) for name in combinations(names, size)]
    assert len(odd) > 1.9 * KEPT
    first = many.for_reader(delivery(1, *odd[0]))
    for number, chosen in enumerate(odd):
        many.for_reader(delivery(number, *chosen))
    assert many.printed == len(odd)
    gc.collect()
    assert KEPT <= sum(isinstance(one, Prepared) for one in gc.get_objects()) <= KEPT + 1
    assert many.for_reader(delivery(1, *odd[0])) == first
    assert many.printed == len(odd) + 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reader_gets_the_portals_they_chose_and_links_of_their_own(house: House, letters: Letters) -> None:
    object.__setattr__(house.office, "bounce_address", "tra-lai@tin.example.vn")
    mail = message_from_bytes(letters.for_reader(delivery(7, "hai")))
    text = text_of(mail.as_bytes())
    assert an_entry(1).url not in text
    assert an_entry(2).url in text
    assert an_entry(3).url in text
    links = [line.strip() for line in text.splitlines() if line.startswith("https://tin.example.vn/")]
    preferences = next(link for link in links if "/preferences/" in link).rpartition("/")[2]
    leaving = next(link for link in links if "/unsubscribe/" in link).rpartition("/")[2]
    assert house.office.signer.read("preferences", preferences) == "7"
    assert choices.unsubscribe(house.office, leaving, really=False)
    web, mailbox = mail["List-Unsubscribe"].split(", ")
    assert web == f"<https://tin.example.vn/unsubscribe/{leaving}>"
    assert mailbox == f"<mailto:tra-lai+{leaving}@tin.example.vn?subject=unsubscribe>"
    assert ".invalid" not in text
    assert letters.for_reader(delivery(7, "hai")) == letters.for_reader(delivery(7, "hai"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_trial_has_links_that_are_nobodys(house: House, letters: Letters) -> None:
    subject, raw = letters.for_trial("lan@docgia.example", message_id="<t@tin.example.vn>")
    assert subject.startswith("[THỬ]")
    preferences = next(line for line in text_of(raw).splitlines() if "/preferences/" in line)
    assert choices.reader_of(house.office, preferences.strip().rpartition("/")[2]) is None
