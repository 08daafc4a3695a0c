"""Readers sign up, choose and leave: nobody is signed up by another, and nobody who left is brought back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest
from sqlalchemy import select

from syndication.bootstrap import House
from syndication.digest import roster
from syndication.digest.pipeline import choices, readers, sign_up
from syndication.digest.pipeline.choices import Pause
from syndication.digest.pipeline.mail import send_waiting
from syndication.digest.pipeline.office import UNSUBSCRIBE
from syndication.digest.pipeline.sign_up import Refusal, Standing, Wish
from syndication.digest.send import Transport
from syndication.digest.token import Signer
from syndication.domain.subscriber import (
    Cause,
    Consent,
    ConsentEvent,
    Registration,
    Subscriber,
    SubscriberState,
)
from syndication.settings import read_settings
from syndication.store import open_store
from syndication.store.tables import mails as mails_table
from syndication.store.tables import metadata
from tests.cast import ObedientClock

pytestmark = pytest.mark.postgres_in_ci

LAN = "lan@docgia.example"


def wish(house: House, email: str = LAN, *, client: str = "192.0.2.7", **changes: object) -> timedelta:
    address = sign_up.read_address(house.office, email)
    assert isinstance(address, roster.Address)
    plain = Wish(
        address=address,
        categories=("kinh-te",),
        portals=(),
        language="vi",
        words="Tôi đồng ý nhận.",
        client=client,
    )
    return sign_up.ask(house.office, replace(plain, **changes))  # type: ignore[arg-type] # by name


def arrived(folder: Path) -> list[Message]:
    """What came to the mailbox, in order."""
    kept = sorted(folder.glob("*.eml"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [message_from_bytes(path.read_bytes()) for path in kept]


def body(mail: Message, kind: str = "text/plain") -> str:
    part = next(part for part in mail.walk() if part.get_content_type() == kind)
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode().replace("\r\n", "\n")


def token_in(mail: Message) -> str:
    """The token of the link that stands on a line of its own."""
    [link] = re.findall(r"^https://tin\.example\.vn/(?:en/)?(?:confirm|preferences)/(\S+)$", body(mail), re.M)
    return str(link)


def reader(house: House, email: str = LAN) -> Subscriber | None:
    with house.store.read() as memory:
        return memory.subscribers.find(email)


def record(house: House, email: str = LAN) -> list[Consent]:
    with house.store.read() as memory:
        return memory.consents.of(house.office.addresses(email))


def suppressed(house: House, email: str = LAN) -> Cause | None:
    with house.store.read() as memory:
        return memory.consents.suppressed(house.office.addresses(email))


def signed_up(house: House, folder: Path, email: str = LAN) -> Subscriber:
    """Somebody who asked and confirmed."""
    assert wish(house, email) == timedelta(0)
    send_waiting(house.office)
    done = sign_up.confirm(house.office, token_in(arrived(folder)[-1]), client="192.0.2.7")
    assert done.standing is Standing.DONE
    found = reader(house, email)
    assert found
    return found


def test_nobody_is_a_reader_before_they_confirm_from_their_own_mailbox(
    house: House, mails: tuple[Path, str]
) -> None:
    assert wish(house, portals=("song-dao",)) == timedelta(0)
    assert reader(house) is None
    assert send_waiting(house.office) == 1
    [mail] = arrived(mails[0])
    token = token_in(mail)
    assert sign_up.standing(house.office, token) is Standing.OPEN
    assert reader(house) is None
    done = sign_up.confirm(house.office, token, client="2001:db8::1")
    found = reader(house)
    assert found
    assert (done.standing, done.subscriber) == (Standing.DONE, found.id)
    assert (found.state, found.categories, found.portals) == (
        SubscriberState.ACTIVE,
        ("kinh-te",),
        ("song-dao",),
    )
    asked, confirmed = record(house)
    assert (asked.event, confirmed.event) == (ConsentEvent.ASKED, ConsentEvent.CONFIRMED)
    assert (confirmed.how, confirmed.words, confirmed.at) == ("form", "Tôi đồng ý nhận.", house.now())
    assert asked.network
    assert asked.network != confirmed.network
    with house.store.read() as memory:
        assert memory.sign_ups.find(LAN, now=house.now()) is None


def test_a_link_confirms_once_and_says_so_when_it_is_pressed_again(
    house: House, mails: tuple[Path, str]
) -> None:
    signed_up(house, mails[0])
    token = token_in(arrived(mails[0])[0])
    again = sign_up.confirm(house.office, token, client="")
    assert (again.standing, again.subscriber) == (Standing.USED, None)
    assert sign_up.standing(house.office, token) is Standing.USED
    found = reader(house)
    assert found
    choices.leave(house.office, found.id, how="page")
    assert sign_up.confirm(house.office, token, client="").standing is Standing.USED
    left = reader(house)
    assert left
    assert left.state is SubscriberState.UNSUBSCRIBED


def test_a_link_is_good_for_two_days_and_only_the_newest_one_is(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    wish(house)
    send_waiting(house.office)
    clock.pass_(hours=24)
    wish(house)
    send_waiting(house.office)
    older, newer = (token_in(mail) for mail in arrived(mails[0]))
    assert sign_up.standing(house.office, older) is Standing.OVER
    assert sign_up.confirm(house.office, older, client="").standing is Standing.OVER
    assert sign_up.standing(house.office, newer) is Standing.OPEN
    clock.pass_(hours=47, minutes=59)
    assert sign_up.standing(house.office, newer) is Standing.OPEN
    clock.pass_(minutes=1)
    assert sign_up.confirm(house.office, newer, client="").standing is Standing.OVER
    assert reader(house) is None
    send_waiting(house.office)
    with house.store.read() as memory:
        assert memory.connection.execute(select(metadata.tables["sign_ups"])).all() == []


def test_an_id_used_again_does_not_make_an_old_link_confirm_somebody_else(
    house: House, mails: tuple[Path, str]
) -> None:
    wish(house)
    send_waiting(house.office)
    token = token_in(arrived(mails[0])[0])
    with house.store.write() as memory:
        memory.sign_ups.forget(LAN)
    wish(house, "minh@docgia.example", client="198.51.100.1")  # in the same second, perhaps under the same id
    assert sign_up.confirm(house.office, token, client="").standing is Standing.OVER
    assert reader(house, "minh@docgia.example") is None


@pytest.mark.parametrize("bad", ["", "1-x-y", "x" * 5000, "%00", "²"])
def test_a_forged_link_is_unknown(house: House, bad: str) -> None:
    assert sign_up.standing(house.office, bad) is Standing.UNKNOWN
    assert sign_up.confirm(house.office, bad, client="").standing is Standing.UNKNOWN
    assert choices.reader_of(house.office, bad) is None
    assert not choices.unsubscribe(house.office, bad, really=True)


def test_a_link_for_one_thing_is_good_for_nothing_else(house: House, mails: tuple[Path, str]) -> None:
    found = signed_up(house, mails[0])
    leaving = house.office.signer.sign(UNSUBSCRIBE, str(found.id))
    assert choices.reader_of(house.office, leaving) is None
    assert sign_up.standing(house.office, leaving) is Standing.UNKNOWN


def test_links_signed_with_a_former_key_go_on_working(house: House, mails: tuple[Path, str]) -> None:
    wish(house)
    send_waiting(house.office)
    token = token_in(arrived(mails[0])[0])
    rotated = Signer("another key, which is new", former=("a key that only tests know, long enough",))
    object.__setattr__(house.office, "signer", rotated)
    done = sign_up.confirm(house.office, token, client="")
    assert done.standing is Standing.DONE
    assert done.subscriber
    assert sign_up.standing(house.office, token) is Standing.USED
    # What was suppressed under the former key stays so, and a fresh confirmation lifts it.
    assert choices.leave(house.office, done.subscriber, how="page")
    assert readers.enrol(house.office, f"email\n{LAN}\n".encode()).added == 0


# --- the mail --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("known", [False, True])
def test_a_mail_is_whole_and_holds_nothing_the_visitor_wrote(
    house: House, mails: tuple[Path, str], clock: ObedientClock, language: str, known: bool
) -> None:
    if known:
        signed_up(house, mails[0], "viagra.http.spam@docgia.example")
        clock.pass_(hours=25)
    wish(house, "viagra.http.spam@docgia.example", language=language)
    send_waiting(house.office)
    mail = arrived(mails[0])[-1]
    subject = str(make_header(decode_header(mail["Subject"])))
    assert "Điểm tin các Trung tâm" in subject
    assert "List-Unsubscribe" not in mail
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@tin.example.vn>")
    assert str(make_header(decode_header(mail["From"]))).endswith("<diemtin@tin.example.vn>")
    text, html = body(mail), body(mail, "text/html")
    for part in (subject, text, html):
        assert "viagra" not in part
        assert "docgia" not in part
    assert all(len(line) <= 78 for line in text.splitlines() if "://" not in line)
    prefix = "/en" if language == "en" else ""
    kind = "preferences" if known else "confirm"
    assert f"https://tin.example.vn{prefix}/{kind}/" in text
    assert f'href="https://tin.example.vn{prefix}/{kind}/' in html
    assert f'lang="{language}"' in html
    assert "<style" in html
    assert 'style="' in html
    raw = max(mails[0].glob("*.eml"), key=lambda path: path.stat().st_mtime_ns).read_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 78


def test_a_reader_who_asks_again_gets_their_preferences_and_the_same_work_is_done(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    found = signed_up(house, mails[0])
    clock.pass_(hours=25)
    assert wish(house, LAN.upper(), categories=("chinh-tri",)) == timedelta(0)
    assert wish(house, "nobody@docgia.example", categories=("chinh-tri",)) == timedelta(0)
    with house.store.read() as memory:
        waiting = memory.connection.execute(select(mails_table).order_by(mails_table.c.id)).all()
        asked = [memory.sign_ups.find(one, now=house.now()) for one in (LAN, "nobody@docgia.example")]
    assert [one.kind for one in waiting] == ["already", "confirm"]
    assert all(asked)
    send_waiting(house.office)
    theirs = next(mail for mail in arrived(mails[0])[1:] if mail["To"] == LAN)
    same = choices.reader_of(house.office, token_in(theirs))
    assert same == found


def test_no_link_is_kept_in_the_database(house: House, mails: tuple[Path, str]) -> None:
    wish(house)
    with house.store.read() as memory:
        kept = str([memory.connection.execute(select(table)).all() for table in metadata.sorted_tables])
    send_waiting(house.office)
    token = token_in(arrived(mails[0])[0])
    assert token not in kept
    assert token.rpartition("-")[2] not in kept


def test_mails_wait_while_the_server_is_away_and_give_up_when_nobody_wants_them(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    working = house.office.open_transport
    object.__setattr__(house.office, "open_transport", lambda: Transport("smtp://127.0.0.1:1"))
    wish(house)
    assert send_waiting(house.office) == 0
    assert send_waiting(house.office) == 0  # not due
    object.__setattr__(house.office, "open_transport", working)
    clock.pass_(minutes=1)
    assert send_waiting(house.office) == 1
    assert send_waiting(house.office) == 0
    assert len(arrived(mails[0])) == 1
    clock.pass_(hours=25)
    wish(house)
    clock.pass_(hours=49)
    assert send_waiting(house.office) == 0
    assert len(arrived(mails[0])) == 1


# --- limits ----------------------------------------------------------------------------------------------------


def test_an_address_gets_one_mail_a_day_whoever_asks_and_its_link_goes_on_working(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    for number in range(4):
        assert wish(house, client=f"198.51.{number}.1", categories=("chinh-tri",)) == timedelta(0)
    assert wish(house, "LAN@docgia.example", client="203.0.113.1") == timedelta(0)
    assert wish(house, "lan+tin@docgia.example", client="203.0.113.2") == timedelta(0)
    assert send_waiting(house.office) == 1
    clock.pass_(hours=23, minutes=59)
    wish(house)
    assert send_waiting(house.office) == 0
    assert sign_up.standing(house.office, token_in(arrived(mails[0])[0])) is Standing.OPEN
    clock.pass_(minutes=1)
    wish(house)
    assert send_waiting(house.office) == 1


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "2001:db8:0:2::1"),
        ("::ffff:192.0.2.1", "192.0.2.2", "2001:db8::1"),
    ],
)
def test_a_network_is_limited_as_one_and_others_are_not_harmed(
    house: House, clock: ObedientClock, first: str, second: str, other: str
) -> None:
    for number in range(sign_up.PER_NETWORK):
        client = first if number % 2 else second
        assert wish(house, f"r{number}@docgia.example", client=client) == timedelta(0)
    wait = wish(house, "r9@docgia.example", client=second)
    assert timedelta(0) < wait <= timedelta(minutes=12)
    assert wish(house, "r8@docgia.example", client=other) == timedelta(0)
    clock.at += wait
    assert wish(house, "r9@docgia.example", client=second) == timedelta(0)
    with house.store.read() as memory:
        assert "192.0" not in str(memory.connection.execute(select(metadata.tables["rates"])).all())


def test_all_together_are_limited_too(house: House) -> None:
    waits = [
        wish(house, f"r{number}@docgia.example", client=f"10.{number}.0.1")
        for number in range(sign_up.OVERALL + 1)
    ]
    assert not any(waits[:-1])
    assert timedelta(0) < waits[-1] <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", Refusal.MISSING),
        ("   ", Refusal.MISSING),
        ("đỗ@docgia.example", Refusal.MARKED),
        ("lan", Refusal.MALFORMED),
        ("lan@", Refusal.MALFORMED),
        ("lan@docgia", Refusal.MALFORMED),
        ("Lan <lan@docgia.example>", Refusal.MALFORMED),
        ("lan@docgia.example\r\nBcc: minh@docgia.example", Refusal.MALFORMED),
        ("lan@docgia.example,minh@docgia.example", Refusal.MALFORMED),
        ("=cmd|'/c'!a0@docgia.example", Refusal.MALFORMED),
        ('"lan minh"@docgia.example', Refusal.MALFORMED),
    ],
)
def test_what_is_no_address_is_refused_and_says_why(house: House, written: str, why: Refusal) -> None:
    assert sign_up.read_address(house.office, written) is why


def test_where_only_some_organisations_may_sign_up_others_are_told(house: House) -> None:
    object.__setattr__(house.office, "sign_up_domains", frozenset({"haiphong.gov.vn"}))
    assert sign_up.read_address(house.office, "lan@docgia.example") is Refusal.ELSEWHERE
    assert sign_up.read_address(house.office, "lan@x.haiphong.gov.vn") is Refusal.ELSEWHERE
    assert sign_up.read_address(house.office, "Lan@HaiPhong.gov.vn") == roster.Address(
        "Lan@haiphong.gov.vn", "lan@haiphong.gov.vn"
    )


# --- choosing and leaving --------------------------------------------------------------------------------------


def test_a_reader_changes_what_they_get_and_it_is_on_record(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    found = signed_up(house, mails[0])

    def prefer(**changes: object) -> Subscriber | None:
        plain: dict[str, object] = {
            "categories": ["chinh-tri", "no-such"],
            "portals": ["song-dao", "no-such"],
            "language": "en",
            "pause": Pause.KEEP,
            "client": "192.0.2.7",
        }
        return choices.prefer(house.office, found.id, **plain | changes)  # type: ignore[arg-type] # by name

    after = prefer()
    assert after
    assert (after.categories, after.portals, after.language) == (("chinh-tri",), ("song-dao",), "en")
    assert record(house)[-1].event is ConsentEvent.CHANGED
    assert "categories: chinh-tri" in record(house)[-1].words
    noted = len(record(house))
    assert prefer() == after
    assert len(record(house)) == noted
    paused = prefer(pause=Pause.FOUR)
    assert paused
    assert paused.paused_until == clock() + timedelta(weeks=4)
    clock.pass_(days=1)
    assert prefer() == paused
    resumed = prefer(pause=Pause.NONE)
    assert resumed
    assert resumed.paused_until is None
    everything = prefer(categories=[one.slug for one in house.catalogue.categories], portals=[])
    assert everything
    assert (everything.categories, everything.portals) == ((), ())
    choices.leave(house.office, found.id, how="page")
    assert prefer() is None


@pytest.mark.parametrize("how", ["one-click", "page", "mail"])
def test_leaving_is_on_record_keeps_the_address_away_and_happens_once(
    house: House, mails: tuple[Path, str], how: str
) -> None:
    found = signed_up(house, mails[0])
    assert choices.leave(house.office, found.id, how=how)
    assert not choices.leave(house.office, found.id, how=how)
    assert [one.how for one in record(house) if one.event is ConsentEvent.LEFT] == [how]
    assert suppressed(house) is Cause.UNSUBSCRIBED
    enrolled = readers.enrol(house.office, f"email\n{LAN}\n".encode())
    assert (enrolled.added, enrolled.updated) == (0, 0)
    assert "only they can subscribe again" in enrolled.refused[0].says


def test_somebody_whose_mail_came_back_can_leave_and_stays_away(
    house: House, three_readers: list[Registration]
) -> None:
    with house.store.write() as memory:
        memory.subscribers.end(1, SubscriberState.BOUNCED, now=house.now())
        memory.consents.suppress(house.office.addresses(LAN)[0], why=Cause.BOUNCED, says="", now=house.now())
    assert choices.leave(house.office, 1, how="page")
    assert not choices.leave(house.office, 1, how="page")
    assert suppressed(house) is Cause.UNSUBSCRIBED


def test_who_left_comes_back_by_asking_and_confirming_anew(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    found = signed_up(house, mails[0])
    choices.leave(house.office, found.id, how="page")
    clock.pass_(hours=25)
    wish(house, categories=())
    assert suppressed(house) is Cause.UNSUBSCRIBED
    send_waiting(house.office)
    done = sign_up.confirm(house.office, token_in(arrived(mails[0])[-1]), client="")
    back = reader(house)
    assert back
    assert (done.subscriber, back.id, back.state, back.categories) == (
        found.id,
        found.id,
        SubscriberState.ACTIVE,
        (),
    )
    assert suppressed(house) is None


# --- lists, export, erasure ------------------------------------------------------------------------------------


def test_a_list_gives_the_ground_for_each_and_it_is_on_record(house: House) -> None:
    csv = f"email,basis\n{LAN},hợp đồng\nminh@docgia.example,\n".encode()
    assert readers.enrol(house.office, csv, basis="danh sách cán bộ").added == 2
    assert [(one.event, one.how, one.words) for one in record(house)] == [
        (ConsentEvent.IMPORTED, "import", "hợp đồng")
    ]
    assert record(house, "minh@docgia.example")[0].words == "danh sách cán bộ"
    assert readers.enrol(house.office, csv, basis="danh sách cán bộ").updated == 0
    assert readers.enrol(house.office, f"email\n{LAN}\n".encode()).updated == 0
    assert len(record(house)) == 1


def test_a_list_does_not_change_what_readers_chose_themselves(house: House, mails: tuple[Path, str]) -> None:
    found = signed_up(house, mails[0])
    enrolled = readers.enrol(house.office, f"email,name,categories\n{LAN},Lan,chinh-tri\n".encode())
    assert enrolled.updated == 1
    after = reader(house)
    assert after == replace(found, name="Lan")


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (Cause.UNSUBSCRIBED, "has unsubscribed: only they can subscribe again"),
        (Cause.BOUNCED, "mail to it came back"),
        (Cause.COMPLAINED, "was reported as unwanted mail"),
        (Cause.ERASED, "was erased at their request"),
    ],
)
def test_a_list_brings_nobody_back_whom_we_may_not_write_to(house: House, cause: Cause, says: str) -> None:
    with house.store.write() as memory:
        memory.consents.suppress(house.office.addresses(LAN)[0], why=cause, says="", now=house.now())
    enrolled = readers.enrol(house.office, f"email\nminh@docgia.example\n{LAN.upper()}\n".encode())
    assert enrolled.added == 1
    [refused] = enrolled.refused
    assert refused.line == 3
    assert says in refused.says


def test_everyone_written_out_and_read_again_is_the_same_and_who_left_stays_away(
    house: House, mails: tuple[Path, str]
) -> None:
    signed_up(house, mails[0])
    readers.enrol(house.office, 'email,name,unit\nminh@docgia.example,"Trần, Minh",Sở\n'.encode())
    hoa = signed_up(house, mails[0], "hoa@docgia.example")
    choices.leave(house.office, hoa.id, how="page")
    written = readers.export_all(house.office)
    again = readers.enrol(house.office, written.encode())
    assert (again.added, again.updated) == (0, 0)
    assert [one.line for one in again.refused] == [4]
    assert readers.export_all(house.office) == written
    registrations, refused = roster.read_roster(
        written, categories=frozenset({"kinh-te"}), portals=frozenset()
    )
    assert [one.email for one in registrations] == [LAN, "minh@docgia.example"]
    assert "is unsubscribed in this list" in refused[0].says


def test_an_erased_person_is_nowhere_stays_away_and_may_come_back_themselves(
    house: House, mails: tuple[Path, str], clock: ObedientClock
) -> None:
    found = signed_up(house, mails[0])
    with house.store.write() as memory:
        memory.mails.put(
            "already",
            LAN,
            language="vi",
            values={"about": "1"},
            message_id="<x@y>",
            now=house.now(),
            expires_at=house.now() + timedelta(days=1),
        )
    kept = readers.export_one(house.office, LAN)
    assert kept
    assert kept["reader"]["email"] == LAN
    assert [one["event"] for one in kept["consents"]] == ["asked", "confirmed"]
    erased = readers.erase(house.office, f" {LAN.upper()} ", how="command line")
    assert erased
    assert (erased.reader, erased.before) == (True, False)
    with house.store.read() as memory:
        everything = str([memory.connection.execute(select(table)).all() for table in metadata.sorted_tables])
        assert memory.subscribers.all() == []
    assert "lan@" not in everything.lower()
    again = readers.erase(house.office, LAN, how="command line")
    assert again
    assert again.before
    assert record(house)[-1].event is ConsentEvent.ERASED
    assert (
        "erased at their request" in readers.enrol(house.office, f"email\n{LAN}\n".encode()).refused[0].says
    )
    assert not choices.leave(house.office, found.id, how="page")
    clock.pass_(hours=25)
    back = signed_up(house, mails[0])
    assert back.id != found.id
    assert suppressed(house) is None


def test_an_unconfirmed_wish_is_erased_and_an_unknown_address_leaves_no_trace(house: House) -> None:
    assert readers.erase(house.office, "nobody@docgia.example", how="command line") is None
    assert suppressed(house, "nobody@docgia.example") is None
    assert readers.export_one(house.office, "nobody@docgia.example") is None
    wish(house)
    erased = readers.erase(house.office, LAN, how="command line")
    assert erased
    assert (erased.reader, erased.sign_up) == (False, True)
    assert send_waiting(house.office) == 0


def test_a_mail_that_waits_is_erased_however_its_address_was_written(house: House) -> None:
    wish(house, "Lan@DocGia.example")
    assert readers.erase(house.office, LAN, how="command line")
    assert send_waiting(house.office) == 0


def test_somebody_at_a_domain_with_marks_is_found_as_one_writes_it(house: House) -> None:
    readers.enrol(house.office, "email\nlan@sở.example.vn\n".encode())
    kept = readers.export_one(house.office, "Lan@Sở.example.vn")
    assert kept
    assert kept["reader"]["email"] == "lan@" + "sở.example.vn".encode("idna").decode()
    assert readers.erase(house.office, "lan@sở.example.vn", how="command line")
    assert readers.export_all(house.office).count("\n") == 1


def test_after_an_erasure_no_file_holds_the_address(
    environment: dict[str, str], tmp_path: Path, clock: ObedientClock
) -> None:
    """Not even in pages that a database has freed: those are read by whoever gets the file."""
    url = f"sqlite:///{tmp_path}/own/own.db"
    store = open_store(url)
    store.migrate()
    store.close()
    house = House(read_settings(environment | {"SYNDICATION_DATABASE_URL": url}), now=clock)
    many = [f"reader{number}@docgia.example,{'x' * 300}" for number in range(200)]
    readers.enrol(house.office, "\n".join(["email,name", f"{LAN},Lan", *many]).encode())
    wish(house, client="192.0.2.1")
    found = reader(house)
    assert found
    for weeks in ("2", "4"):
        choices.prefer(
            house.office,
            found.id,
            categories=[],
            portals=[],
            language="en",
            pause=Pause(weeks),
            client="192.0.2.1",
        )
    assert holding(tmp_path / "own", LAN)
    assert readers.erase(house.office, LAN, how="command line")
    assert holding(tmp_path / "own", LAN) == []
    house.store.close()


def holding(folder: Path, words: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


def test_who_is_written_to_without_a_legal_ground_is_counted(house: House) -> None:
    listed = "email,basis\nlan@docgia.example,\nminh@docgia.example,QĐ 12\n".encode()
    assert readers.enrol(house.office, listed).groundless == 1
    assert readers.enrol(house.office, listed, basis="danh sách cán bộ").groundless == 0
