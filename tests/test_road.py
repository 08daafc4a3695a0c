"""The whole road: portals, stories, feeds, digest, mail, on both databases."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import datetime, time, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from syndication.bootstrap import House
from syndication.collect.canonical import address_key
from syndication.collect.merge import Reading
from syndication.collect.pipeline import Result, collect
from syndication.collect.pipeline.keeper import keep
from syndication.collect.pipeline.settle import Newsroom
from syndication.digest.pipeline.choices import unsubscribe
from syndication.digest.pipeline.clock import due_at, tend
from syndication.digest.pipeline.delivery import send_issue, send_test
from syndication.digest.pipeline.issue import approve_issue, compose_issue, find_issue
from syndication.digest.pipeline.readers import enrol
from syndication.digest.pipeline.tally import issue_readers, issue_status
from syndication.digest.send import Transport
from syndication.domain.article import Article, ArticleKey, KeyKind
from syndication.domain.issue import DeliveryState, IssueState
from syndication.domain.subscriber import Registration
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError
from syndication.publish.pipeline import export, publish
from syndication.settings import read_settings
from syndication.store import open_store
from tests.cast import ObedientClock


def collect_all(house: House) -> Counter[Result]:
    return Counter(report.result for report in collect(house.round, due_only=False))


def documents(house: House) -> dict[str, bytes]:
    with house.store.read() as memory:
        found = {path: memory.documents.get(path) for path in memory.documents.paths()}
    return {path: document.body for path, document in found.items() if document}


def test_every_portal_we_can_read_is_read_without_a_failure(house: House) -> None:
    results = collect_all(house)
    assert results[Result.NEW] >= 8
    assert results[Result.FAILED] == 0


def test_a_second_round_finds_nothing_new_and_announces_nothing(news: House, clock: ObedientClock) -> None:
    before = documents(news)
    clock.pass_(hours=1)
    results = collect_all(news)
    assert results[Result.NEW] == 0
    assert results[Result.UNCHANGED] >= 8
    done = publish(news.press, everything=True)
    assert (done.announced, done.changed) == (0, 0)
    assert documents(news) == before


def test_the_same_portals_give_the_same_ids_and_bytes_in_a_database_made_anew(
    news: House, environment: dict[str, str], tmp_path: Path, clock: ObedientClock
) -> None:

    again = House(
        read_settings(environment | {"SYNDICATION_DATABASE_URL": f"sqlite:///{tmp_path / 'again.db'}"}),
        now=clock,
    )

    again.__dict__["store"] = open_store(again.settings.database_url)
    again.store.migrate()
    collect_all(again)
    publish(again.press)
    assert documents(again) == documents(news)
    again.close()


def test_every_feed_is_well_formed_and_names_the_portals(news: House) -> None:
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
    for path, body in documents(news).items():
        if path.endswith(".json"):
            assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
            continue
        root = etree.fromstring(body)
        assert root.tag in ("rss", "opml", "{http://www.w3.org/2005/Atom}feed", rdf), path
    everything = feedparser.parse(io.BytesIO(documents(news)["feeds/all.atom"]))
    assert not everything.bozo
    told_by = {entry.source.title for entry in everything.entries}
    read = {
        portal.name for portal in news.catalogue.portals.values() if portal.id in ("song-dao", "may-trang")
    }
    assert read <= told_by


def test_rss_and_atom_tell_the_same_stories_in_the_same_order(news: House) -> None:
    for plan in news.press.plans():
        rss = feedparser.parse(io.BytesIO(documents(news)[f"feeds/{plan.name}.rss"]))
        atom = feedparser.parse(io.BytesIO(documents(news)[f"feeds/{plan.name}.atom"]))
        told = [
            [(entry.id, entry.title, entry.link, entry.published_parsed) for entry in feed.entries]
            for feed in (rss, atom)
        ]
        assert told[0] == told[1]


def test_dates_in_a_feed_are_unique_fall_and_are_never_in_the_future(
    news: House, clock: ObedientClock
) -> None:
    with news.store.read() as memory:
        dates = [story.announced_at for story in memory.stories.newest("all", limit=500)]
    assert len(dates) > 40
    assert dates == sorted(set(dates), reverse=True)
    assert dates[0] <= clock()


def test_every_category_and_portal_has_its_feed_and_stands_in_the_opml(news: House) -> None:
    opml = etree.fromstring(documents(news)["feeds/index.opml"])
    listed = {outline.get("xmlUrl") for outline in opml.iter("outline")} - {None}
    wanted = {f"https://tin.example.vn/feeds/{plan.name}.rss" for plan in news.press.plans()}
    assert listed == wanted
    assert {path for path in documents(news) if path.endswith(".rss")} == {
        address.removeprefix("https://tin.example.vn/") for address in wanted
    }


def test_published_documents_can_be_written_as_files(news: House, tmp_path: Path) -> None:
    files = list(export(news.press, to=tmp_path / "public"))
    assert {
        file.relative_to(tmp_path / "public").as_posix(): file.read_bytes() for file in files
    } == documents(news)


def test_an_edit_at_the_portal_changes_the_story_and_keeps_its_id(news: House, clock: ObedientClock) -> None:
    with news.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]

    portal = news.catalogue.portals[story.lead.portal]

    article = Article(
        portal=portal.id,
        url=story.url,
        address_key=address_key(story.url, portal=portal.id, hosts=portal.hosts),
        guid=None,
        title="Tiêu đề đã sửa",
        summary=story.summary,
        content=None,
        author=story.author,
        labels=(),
        image_url=story.image_url,
        published_at=None,
    )
    clock.pass_(hours=1)
    key = ArticleKey(KeyKind.ADDRESS, article.address_key)
    with news.store.write() as memory:
        counted = keep(
            memory,
            [Reading(article, (key,))],
            newsroom=Newsroom.of(news.catalogue, news.links),
            now=clock(),
        )
    assert counted == (0, 1)
    done = publish(news.press)
    assert done.announced == 0
    assert done.changed >= 2
    with news.store.read() as memory:
        edited = memory.stories.get(story.id)
    assert edited
    assert (edited.title, edited.tag, edited.announced_at) == (
        "Tiêu đề đã sửa",
        story.tag,
        story.announced_at,
    )
    assert edited.updated_at == clock()


# --- the digest ------------------------------------------------------------------------------------------------


def kept_mails(folder: Path) -> dict[str, list[Message]]:
    mails: dict[str, list[Message]] = {}
    for path in sorted(folder.glob("*.eml")):
        mail = message_from_bytes(path.read_bytes())
        mails.setdefault(str(mail["To"]).rpartition("<")[2].strip(" >"), []).append(mail)
    return mails


@pytest.fixture
def approved(news: House, three_readers: list[Registration]) -> House:
    issue = compose_issue(news.office)
    approve_issue(news.office, issue.id, by="Lan")
    return news


def test_a_digest_reaches_every_reader_once(approved: House, mails: tuple[Path, str]) -> None:
    sent = list(send_issue(approved.office))
    assert [one.state for one in sent] == [DeliveryState.ACCEPTED] * 3
    kept = kept_mails(mails[0])
    assert {address: len(found) for address, found in kept.items()} == {
        "lan@docgia.example": 1,
        "minh@docgia.example": 1,
        "hoa@docgia.example": 1,
    }
    status = issue_status(approved.office)
    assert status.state is IssueState.SENT
    assert status.counts == {"accepted": 3}
    assert status.candidates == status.prepared + sum(status.excluded.values())
    with pytest.raises(IssueError, match="sent already"):
        list(send_issue(approved.office))


def test_the_mail_is_readable_vietnamese_with_working_links(approved: House, mails: tuple[Path, str]) -> None:
    list(send_issue(approved.office))
    mail = kept_mails(mails[0])["lan@docgia.example"][0]
    week = find_issue(approved.office).content.week
    subject = str(make_header(decode_header(mail["Subject"])))
    assert subject.startswith(f"[Điểm tin tuần] Tuần {week.number:02d}/{week.year} (")
    assert str(make_header(decode_header(mail["To"]))) == "Nguyễn Thị Lan <lan@docgia.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    parts = {
        part.get_content_type(): part.get_payload(decode=True)
        for part in mail.walk()
        if not part.is_multipart()
    }
    assert list(parts) == ["text/plain", "text/html"]
    for body in parts.values():
        assert isinstance(body, bytes)
        assert link in body.decode()
        assert "unsubscribe.invalid" not in body.decode()
    content = find_issue(approved.office).content
    assert content.hero
    assert content.hero.title in " ".join(parts["text/plain"].decode().split())  # type: ignore[union-attr]
    token = link.rpartition("/")[2]
    assert unsubscribe(approved.office, token, really=False)


def test_a_reader_gets_only_the_categories_they_chose(approved: House, mails: tuple[Path, str]) -> None:
    list(send_issue(approved.office))
    content = find_issue(approved.office).content
    other = next(section for section in content.sections if section.category == "kinh-te").entries[0]
    chosen = next(section for section in content.sections if section.category == "chuyen-doi-so").entries[0]

    def text_of(address: str) -> str:
        part = next(kept_mails(mails[0])[address][0].walk().__iter__())
        body = next(one for one in part.walk() if one.get_content_type() == "text/plain").get_payload(
            decode=True
        )
        assert isinstance(body, bytes)
        return " ".join(body.decode().split())

    assert other.title in text_of("lan@docgia.example")
    assert other.title not in text_of("minh@docgia.example")
    assert chosen.title in text_of("minh@docgia.example")


def test_an_issue_that_is_not_approved_is_not_sent(
    news: House, three_readers: list[Registration], mails: tuple[Path, str]
) -> None:
    compose_issue(news.office)
    with pytest.raises(IssueError, match="approve it"):
        list(send_issue(news.office))
    assert kept_mails(mails[0]) == {}


def test_composing_again_takes_an_approval_back(approved: House, clock: ObedientClock) -> None:
    clock.pass_(minutes=1)
    assert compose_issue(approved.office).state is IssueState.DRAFT
    with pytest.raises(IssueError, match="approve it"):
        list(send_issue(approved.office))


def test_a_story_stands_in_one_issue_only(approved: House, clock: ObedientClock) -> None:
    first = find_issue(approved.office)
    list(send_issue(approved.office))
    clock.pass_(days=7)
    with pytest.raises(IssueError, match="no new story"):
        compose_issue(approved.office)
    assert first.content.entries


def test_an_issue_holds_nothing_older_than_its_week(news: House) -> None:
    content = compose_issue(news.office).content
    monday = content.week.starts_on
    zone = news.settings.timezone
    assert all(entry.told_at.astimezone(zone).date() >= monday for entry in content.entries)


def test_a_test_mail_is_marked_and_counts_nowhere(approved: House, mails: tuple[Path, str]) -> None:
    subject = send_test(approved.office, None, to="tong.bien.tap@tin.example.vn")
    assert subject.startswith("[THỬ] [Điểm tin tuần]")
    assert list(kept_mails(mails[0])) == ["tong.bien.tap@tin.example.vn"]
    assert issue_status(approved.office).prepared == 0


def test_who_left_before_the_sending_gets_nothing_and_is_counted(
    approved: House, mails: tuple[Path, str]
) -> None:
    with approved.store.read() as memory:
        minh = next(one for one in memory.subscribers.all() if one.email.startswith("minh"))
    assert unsubscribe(approved.office, approved.office.signer.sign("unsubscribe", str(minh.id)), really=True)
    list(send_issue(approved.office))
    assert "minh@docgia.example" not in kept_mails(mails[0])
    status = issue_status(approved.office)
    assert (status.candidates, status.prepared, status.excluded) == (3, 2, {"unsubscribed": 1})


def test_without_a_mail_server_nobody_is_lost_and_it_goes_on_later(
    approved: House, mails: tuple[Path, str], clock: ObedientClock, free_port: int
) -> None:

    working = approved.office.open_transport
    object.__setattr__(approved.office, "open_transport", lambda: Transport("smtp://127.0.0.1:1"))
    sent = list(send_issue(approved.office))
    assert [one.stops for one in sent] == [True]
    assert "127.0.0.1:1" in sent[0].says
    object.__setattr__(approved.office, "open_transport", working)
    clock.pass_(minutes=2)
    list(send_issue(approved.office))
    assert sum(len(found) for found in kept_mails(mails[0]).values()) == 3
    assert issue_status(approved.office).counts == {"accepted": 3}


def test_the_csv_of_readers_names_what_is_wrong_and_takes_the_rest(house: House) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["email", "name"], ["lan@docgia.example", "Lan"], ["no address", "Ai đó"]])
    enrolled = enrol(house.office, out.getvalue().encode())
    assert enrolled.added == 1
    assert [one.line for one in enrolled.refused] == [3]


def test_a_list_does_not_bring_back_who_left(house: House, three_readers: list[Registration]) -> None:
    with house.store.read() as memory:
        lan = memory.subscribers.all()[0]
    unsubscribe(house.office, house.office.signer.sign("unsubscribe", str(lan.id)), really=True)
    enrolled = enrol(house.office, b"email\nlan@docgia.example\n")
    assert (enrolled.added, enrolled.updated) == (0, 0)
    assert "only they can subscribe again" in enrolled.refused[0].says


# --- the clock -------------------------------------------------------------------------------------------------


def test_the_clock_composes_approves_and_sends_the_week_when_its_time_has_come(
    news: House, three_readers: list[Registration], mails: tuple[Path, str], clock: ObedientClock
) -> None:
    local = clock().astimezone(news.settings.timezone)
    kwargs = {"day": local.weekday(), "at": (local - timedelta(minutes=5)).time()}
    first = tend(news.office, automatic=True, **kwargs)  # type: ignore[arg-type]
    assert len(first) == 3
    assert sum(len(found) for found in kept_mails(mails[0]).values()) == 3
    assert tend(news.office, automatic=True, **kwargs) == []  # type: ignore[arg-type]


def test_the_clock_leaves_a_digest_that_needs_approval_to_a_person(
    news: House, three_readers: list[Registration], mails: tuple[Path, str], clock: ObedientClock
) -> None:
    local = clock().astimezone(news.settings.timezone)
    kwargs = {"day": local.weekday(), "at": (local - timedelta(minutes=5)).time(), "automatic": False}
    assert len(tend(news.office, **kwargs)) == 1  # type: ignore[arg-type]
    assert kept_mails(mails[0]) == {}
    issue = find_issue(news.office)
    approve_issue(news.office, issue.id, by="Lan")
    tend(news.office, **kwargs)  # type: ignore[arg-type]
    assert [one.state for one in issue_readers(news.office)] == [DeliveryState.ACCEPTED] * 3


def test_a_digest_is_due_at_its_day_and_hour_local_time(house: House, clock: ObedientClock) -> None:

    zone = house.settings.timezone
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=zone)
    for now, expected in (
        (monday, monday),
        (monday - timedelta(seconds=1), monday - timedelta(days=7)),
        (monday + timedelta(days=6, hours=23), monday),
    ):
        assert due_at(now, day=0, at=time(7, 0), zone=zone) == expected
    assert str(IsoWeek.told_on(monday)) == "2026-w47"
