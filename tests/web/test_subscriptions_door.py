"""The pages on which readers sign up, choose and leave: a GET only shows, an answer never tells who is known."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from html import unescape
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from syndication.bootstrap import House
from syndication.digest.pipeline import choices
from syndication.digest.pipeline.mail import send_waiting
from syndication.digest.pipeline.office import CONFIRM, PREFERENCES, UNSUBSCRIBE
from syndication.domain.subscriber import ConsentEvent, Registration, Subscriber, SubscriberState
from syndication.schedule import mails as send_mails
from syndication.settings import read_settings
from syndication.store.tables import metadata
from syndication.web import create_app
from tests.cast import ObedientClock

LAN = "lan@docgia.example"
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@pytest.fixture
def client(house: House) -> Iterator[FlaskClient]:
    with create_app(house).test_client() as client:
        yield client


def tree_of(page: TestResponse) -> Any:
    """A page to ask with XPath."""
    return lxml.html.fromstring(page.data)


def shown(page: TestResponse) -> str:
    """The token of the form on a page."""
    [token] = tree_of(page).xpath("//input[@name='shown']/@value")
    return str(token)


def fields(page: TestResponse, **changes: object) -> dict[str, object]:
    plain = {"email": LAN, "language": "vi", "agree": "yes", "shown": shown(page), "comment": ""}
    return plain | changes


def sign_up(
    client: FlaskClient, clock: ObedientClock, path: str = "/subscribe", **changes: object
) -> TestResponse:
    """Fill the form in as a person does."""
    page = client.get(path)
    clock.pass_(seconds=10)
    return client.post(path, data=fields(page, **changes))


def everything(house: House) -> str:
    with house.store.read() as memory:
        return str([memory.connection.execute(select(table)).all() for table in metadata.sorted_tables])


def reader(house: House, number: int = 1) -> Subscriber:
    with house.store.read() as memory:
        found = memory.subscribers.get(number)
    assert found
    return found


def heading(page: TestResponse) -> str:
    return str(tree_of(page).findtext(".//h1"))


def confirm_link(folder: Path) -> str:
    """The path of the link in the newest mail."""
    newest = max(folder.glob("*.eml"), key=lambda path: int(path.stem.rpartition("-")[2]))
    part = next(
        p for p in message_from_bytes(newest.read_bytes()).walk() if p.get_content_type() == "text/plain"
    )
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    [path] = re.findall(r"^https://tin\.example\.vn(/\S*(?:confirm|preferences)/\S+)\r?$", raw.decode(), re.M)
    return str(path)


def test_a_visitor_becomes_a_reader_chooses_pauses_and_leaves(
    client: FlaskClient, house: House, clock: ObedientClock, mails: tuple[Path, str]
) -> None:
    sent = sign_up(client, clock, category=["kinh-te"], portal=["song-dao"])
    assert (sent.status_code, heading(sent)) == (200, "Hãy xem hộp thư của bạn")
    send_mails(house)
    link = confirm_link(mails[0])
    asked = client.get(link)
    assert (asked.status_code, heading(asked)) == (200, "Bạn muốn nhận bản tin tuần?")
    done = client.post(link)
    assert (done.status_code, heading(done)) == (200, "Bạn đã đăng ký xong")
    assert reader(house).categories == ("kinh-te",)
    again = client.post(link)
    assert (again.status_code, heading(again)) == (200, "Đã xác nhận rồi")
    [button] = tree_of(done).xpath("//main//a[@class='button']/@href")
    preferences = str(button).removeprefix("https://tin.example.vn")
    page = tree_of(client.get(preferences))
    assert page.xpath("//input[@name='category'][@checked]/@value") == ["kinh-te"]
    assert page.xpath("//input[@name='portal'][@checked]/@value") == ["song-dao"]
    assert page.xpath("count(//details[@open])") == 1
    saved = client.post(preferences, data={"category": ["chinh-tri"], "language": "en", "pause": "2"})
    assert "Đã lưu" in saved.text
    assert "tạm dừng đến" in saved.text
    now = reader(house)
    assert (now.categories, now.portals, now.language) == (("chinh-tri",), (), "en")
    assert now.paused_until == clock() + timedelta(weeks=2)
    english = client.get(f"/en{preferences}")
    assert "The digest pauses until" in english.text
    [leaving] = tree_of(saved).xpath("//aside//a/@href")
    left = client.post(str(leaving).removeprefix("https://tin.example.vn"))
    assert (left.status_code, heading(left)) == (200, "Đã hủy nhận bản tin")
    assert reader(house).state is SubscriberState.UNSUBSCRIBED
    gone = client.get(preferences)
    assert "không còn nhận bản tin" in heading(gone)
    assert "/subscribe" in gone.text
    assert client.post(preferences, data={"category": ["kinh-te"]}).status_code == 200
    assert reader(house).categories == ("chinh-tri",)


def test_looking_never_changes_anything(
    client: FlaskClient, house: House, clock: ObedientClock, mails: tuple[Path, str]
) -> None:
    sign_up(client, clock)
    send_waiting(house.office)
    client.post(confirm_link(mails[0]))
    sign_up(client, clock, email="minh@docgia.example")
    send_waiting(house.office)
    signer = house.office.signer
    paths = [
        "/subscribe",
        confirm_link(mails[0]),
        f"/preferences/{signer.sign(PREFERENCES, '1')}",
        f"/unsubscribe/{signer.sign(UNSUBSCRIBE, '1')}",
    ]
    before = everything(house)
    for path in [*paths, *(f"/en{path}" for path in paths)]:
        for method in ("GET", "HEAD", "OPTIONS") * 3:
            assert client.open(path, method=method).status_code == 200
    assert everything(house) == before


def test_nobody_can_tell_from_the_answer_who_is_a_reader(
    client: FlaskClient, house: House, clock: ObedientClock, three_readers: list[Registration]
) -> None:
    known, unknown = sign_up(client, clock), sign_up(client, clock, email="nobody@docgia.example")
    once_more = sign_up(client, clock)
    assert known.data == unknown.data == once_more.data
    assert known.status_code == unknown.status_code == once_more.status_code == 200
    assert dict(known.headers) == dict(unknown.headers) == dict(once_more.headers)
    assert LAN not in known.text


def test_the_same_statements_are_asked_of_the_database_for_known_and_unknown(
    client: FlaskClient, house: House, clock: ObedientClock, three_readers: list[Registration]
) -> None:

    asked: list[str] = []
    engine = house.store._engine

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    counts = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        for email in (LAN, "nobody@docgia.example"):
            page = client.get("/subscribe")
            clock.pass_(seconds=10)
            asked.clear()
            client.post("/subscribe", data=fields(page, email=email))
            counts.append(list(asked))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(counts[0]) > 5
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("", "Hãy điền địa chỉ"),
        ("đỗ.văn@docgia.example", "chữ mang dấu"),
        ("lan@docgia", "không đúng dạng"),
        ("lan@docgia.example, minh@docgia.example", "không đúng dạng"),
    ],
)
def test_an_address_no_mail_can_go_to_is_refused_and_what_was_chosen_is_kept(
    client: FlaskClient, house: House, clock: ObedientClock, email: str, says: str
) -> None:
    before = everything(house)
    answer = sign_up(client, clock, email=email, category=["kinh-te"], portal=["song-dao"])
    assert answer.status_code == 422
    page = tree_of(answer)
    assert says in page.xpath("string(//*[@role='alert'])")
    assert page.xpath("//input[@name='email']/@value") == [email]
    assert page.xpath("//input[@name='email']/@aria-invalid") == ["true"]
    assert page.xpath("//input[@type='checkbox'][@checked]/@value") == ["kinh-te", "song-dao", "yes"]
    assert everything(house) == before
    # What is corrected at once is not too fast: the form keeps the moment it was first shown.
    clock.pass_(seconds=1)
    assert heading(client.post("/subscribe", data=fields(answer))) == "Hãy xem hộp thư của bạn"
    assert everything(house) != before


def test_nobody_is_signed_up_without_agreeing(
    client: FlaskClient, house: House, clock: ObedientClock
) -> None:
    page = tree_of(client.get("/subscribe"))
    [tick] = page.xpath("//input[@name='agree']")
    assert tick.get("required") is not None
    assert tick.get("checked") is None
    before = everything(house)
    assert sign_up(client, clock, agree="").status_code == 422
    assert everything(house) == before


def test_the_words_one_agreed_to_are_on_record_as_they_were_shown(
    client: FlaskClient, house: House, clock: ObedientClock
) -> None:
    for number, path in enumerate(("/subscribe", "/en/subscribe")):
        page = tree_of(client.get(path))
        words = " ".join(page.xpath("string(//p[@class='agree'])").split())
        email = f"r{number}@docgia.example"
        sign_up(client, clock, path, email=email)
        with house.store.read() as memory:
            [asked] = memory.consents.of(house.office.addresses(email))
        assert (asked.event, asked.words) == (ConsentEvent.ASKED, words)
        assert "Điểm tin các Trung tâm" in words
        assert "diemtin@tin.example.vn" in words


@pytest.mark.parametrize(
    ("seconds", "comment"), [(0, ""), (2, ""), (10, "http://spam.example"), (0, "http://spam.example")]
)
def test_a_program_gets_the_answer_of_a_person_and_nothing_happens(
    client: FlaskClient, house: House, clock: ObedientClock, seconds: int, comment: str
) -> None:
    person = sign_up(client, clock)
    before = everything(house)
    page = client.get("/subscribe")
    clock.pass_(seconds=seconds)
    answer = client.post("/subscribe", data=fields(page, email="bot@docgia.example", comment=comment))
    assert (answer.status_code, answer.data) == (200, person.data)
    assert everything(house) == before


@pytest.mark.parametrize("spoilt", ["", "x", "old"])
def test_a_form_open_for_long_is_shown_again_with_what_was_filled_in(
    client: FlaskClient, house: House, clock: ObedientClock, spoilt: str
) -> None:
    page = client.get("/subscribe")
    clock.pass_(hours=24, seconds=1)
    data = fields(page, category=["kinh-te"]) | ({"shown": spoilt} if spoilt != "old" else {})
    before = everything(house)
    answer = client.post("/subscribe", data=data)
    assert answer.status_code == 422
    assert "mở đã lâu" in answer.text
    assert everything(house) == before
    kept = tree_of(answer)
    assert kept.xpath("//input[@name='email']/@value") == [LAN]
    assert kept.xpath("//input[@type='checkbox'][@checked]/@value") == ["kinh-te"]
    clock.pass_(seconds=5)
    assert heading(client.post("/subscribe", data=fields(answer))) == "Hãy xem hộp thư của bạn"


def test_too_many_from_one_network_are_told_to_wait_and_how_long(
    client: FlaskClient, house: House, clock: ObedientClock
) -> None:
    page = client.get("/subscribe")
    clock.pass_(seconds=10)
    answers = [
        client.post("/subscribe", data=fields(page, email=f"r{number}@docgia.example")) for number in range(6)
    ]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 720
    assert "12 phút" in answers[-1].text
    other = client.post(
        "/subscribe",
        data=fields(page, email="r7@docgia.example"),
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert other.status_code == 200
    # Without a proxy of ours nobody is believed who says where they come from.
    forged = client.post(
        "/subscribe",
        data=fields(page, email="r8@docgia.example"),
        headers={"X-Forwarded-For": "198.51.100.1"},
    )
    assert forged.status_code == 429


def test_a_form_of_absurd_size_is_not_read(client: FlaskClient, clock: ObedientClock) -> None:
    page = client.get("/subscribe")
    clock.pass_(seconds=10)
    assert client.post("/subscribe", data=fields(page, email="x" * 40_000)).status_code == 413


def test_where_sign_up_is_closed_the_page_says_so_and_keeps_nothing(
    environment: dict[str, str], house: House, clock: ObedientClock
) -> None:
    closed = House(read_settings(environment | {"SYNDICATION_SIGN_UP": "closed"}), now=clock)
    closed.__dict__["store"] = house.store
    with create_app(house).test_client() as open_client:
        page = open_client.get("/subscribe")
        assert "/subscribe" in open_client.get("/").text
    clock.pass_(seconds=10)
    before = everything(house)
    with create_app(closed).test_client() as client:
        assert heading(client.get("/subscribe")) == "Hiện không nhận đăng ký mới"
        assert client.post("/subscribe", data=fields(page)).status_code == 403
        assert "/subscribe" not in client.get("/").text
        assert "/subscribe" not in client.get("/digest/").text
    assert everything(house) == before


def test_where_only_some_organisations_may_sign_up_the_form_names_them(
    environment: dict[str, str], house: House, clock: ObedientClock
) -> None:
    some = House(read_settings(environment | {"SYNDICATION_SIGN_UP_DOMAINS": "haiphong.gov.vn"}), now=clock)
    some.__dict__["store"] = house.store
    with create_app(some).test_client() as client:
        answer = sign_up(client, clock)
        assert answer.status_code == 422
        assert "haiphong.gov.vn" in answer.text
        assert sign_up(client, clock, email="lan@haiphong.gov.vn").status_code == 200


def test_one_click_ends_it_at_once_without_a_page_or_a_redirect(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    link = f"/unsubscribe/{house.office.signer.sign(UNSUBSCRIBE, '1')}"
    for _ in range(2):
        answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.data) == (200, b"done\n")
        assert "Location" not in answer.headers
    by_parts = f"/unsubscribe/{house.office.signer.sign(UNSUBSCRIBE, '2')}"
    assert client.post(
        by_parts, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data"
    ).data == (b"done\n")
    assert [reader(house, number).state for number in (1, 2)] == [SubscriberState.UNSUBSCRIBED] * 2
    with house.store.read() as memory:
        left = [
            one for one in memory.consents.of(house.office.addresses(LAN)) if one.event is ConsentEvent.LEFT
        ]
    assert [one.how for one in left] == ["one-click"]
    # A reader who is not on record any more has left too.
    assert client.post(f"/unsubscribe/{house.office.signer.sign(UNSUBSCRIBE, '999')}").status_code == 200


def test_an_erased_reader_is_told_so(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    with house.store.write() as memory:
        memory.subscribers.erase(1, instead="erased-1", now=house.now())
    page = client.get(f"/preferences/{house.office.signer.sign(PREFERENCES, '1')}")
    assert (page.status_code, heading(page)) == (200, "Dữ liệu của bạn đã được xóa")
    assert client.post(f"/unsubscribe/{house.office.signer.sign(UNSUBSCRIBE, '1')}").status_code == 200


def test_every_answer_is_private_sets_no_cookie_and_logs_no_link(
    client: FlaskClient,
    house: House,
    clock: ObedientClock,
    three_readers: list[Registration],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    signer = house.office.signer
    good = {
        "preferences": signer.sign(PREFERENCES, "1"),
        "unsubscribe": signer.sign(UNSUBSCRIBE, "1"),
        "confirm": signer.sign(CONFIRM, "1.1.x"),
    }
    answers = [client.get("/subscribe"), sign_up(client, clock), client.post("/subscribe", data={})]
    for name, token in good.items():
        for path in (f"/{name}/{token}", f"/en/{name}/{token}", f"/{name}/forged"):
            answers += [client.get(path), client.post(path)]
    for answer in answers:
        for header, value in PRIVATE.items():
            assert answer.headers[header] == value
        assert "Set-Cookie" not in answer.headers
        assert "noindex" in answer.text
        assert 'rel="canonical"' not in answer.text
    for token in good.values():
        assert token not in caplog.text
    assert LAN not in caplog.text
    forged = [client.get(f"/{name}/forged").status_code for name in good]
    assert forged == [404, 404, 404]


def test_english_pages_answer_in_english_and_lead_to_the_same_page_in_vietnamese(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    token = house.office.signer.sign(PREFERENCES, "1")
    page = client.get(f"/en/preferences/{token}")
    tree = tree_of(page)
    assert heading(page) == "Your digest"
    assert tree.xpath("//a[@class='language']/@href") == [f"https://tin.example.vn/preferences/{token}"]
    assert set(tree.xpath("//ul[@class='ticks']//label[input[@name='portal']]/@lang")) == {"vi"}
    done = client.post(f"/en/unsubscribe/{house.office.signer.sign(UNSUBSCRIBE, '1')}")
    assert heading(done) == "You are unsubscribed"
    assert "/en/subscribe" in done.text


def test_a_choice_that_does_not_exist_changes_nothing(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    link = f"/preferences/{house.office.signer.sign(PREFERENCES, '2')}"
    data = {"category": ["no-such", "kinh-te"], "portal": ["<script>"], "language": "xx", "pause": "-1"}
    assert client.post(link, data=data).status_code == 200
    after = reader(house, 2)
    assert (after.categories, after.portals, after.language, after.paused_until) == (
        ("kinh-te",),
        (),
        "vi",
        None,
    )
    assert choices.reader_of(house.office, link.rpartition("/")[2]) == after
    assert "<script>" not in unescape(client.get(link).text)
