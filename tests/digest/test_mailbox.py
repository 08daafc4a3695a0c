"""Reading the mailbox of what came back, against a small IMAP server on loopback that keeps real messages."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from syndication.digest.mailbox import Read, read_mailbox
from syndication.errors import MailError, SettingsError
from tests.digest.test_send import server_tls, trusting  # noqa: F401 -- fixtures

PASSWORD = 'p@ss"w\\rd'
WRITTEN = "p%40ss%22w%5Crd"
DONE = "$SyndicationDone"
HANG_UP = "hang up"
SILENCE = "say nothing"


@dataclass
class Message:
    raw: bytes
    flags: set[str] = field(default_factory=set)


class Mailbox:
    """A mail account with one folder, and how its server behaves: ``script`` gives the answer to a command."""

    def __init__(self, *raws: bytes) -> None:
        self.messages = {uid: Message(raw) for uid, raw in enumerate(raws, start=7)}
        self.folder = "INBOX"
        self.permanent = r"\Seen \Deleted \*"
        self.read_only = False
        self.greeting = "* OK ready"
        self.news = ""
        self.script: dict[str, str] = {}
        self.heard: list[str] = []

    def flags(self) -> list[set[str]]:
        return [message.flags for message in self.messages.values()]


class Conversation(socketserver.StreamRequestHandler):
    """The few commands of RFC 3501 that a reader of a mailbox needs."""

    server: Server

    def handle(self) -> None:
        box = self.server.mailbox
        if self.server.tls is not None and self.server.from_the_start:
            self.encrypt()
        self.say(box.greeting)
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            words = rest.split(" ")
            verb = words[1] if words[0] == "UID" else words[0]
            box.heard.append(rest)
            scripted = box.script.get(verb)
            if scripted == HANG_UP:
                return
            if scripted == SILENCE:
                self.rfile.readline()
                return
            answer = scripted or getattr(self, verb.lower())(box, rest)
            self.say(f"{tag} {answer}")
            if verb == "STARTTLS":
                self.encrypt()
            if verb == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def encrypt(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the encrypted one is not the one the server closes

    def capability(self, box: Mailbox, rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1" + (" STARTTLS" if self.server.tls else ""))
        return "OK done"

    def starttls(self, box: Mailbox, rest: str) -> str:
        return "OK begin"

    def login(self, box: Mailbox, rest: str) -> str:
        found = re.fullmatch(r'LOGIN (\S+) "((?:[^"\\]|\\.)*)"', rest)
        right = found and found[1] == "tin@example.vn" and re.sub(r"\\(.)", r"\1", found[2]) == PASSWORD
        return "OK welcome" if right else "NO [AUTHENTICATIONFAILED] who are you"

    def select(self, box: Mailbox, rest: str) -> str:
        if rest != f'SELECT "{box.folder}"':
            return "NO no such folder"
        self.say(f"* {len(box.messages)} EXISTS")
        self.say(f"* OK [PERMANENTFLAGS ({box.permanent})] kept")
        return "OK [READ-ONLY] open" if box.read_only else "OK [READ-WRITE] open"

    def search(self, box: Mailbox, rest: str) -> str:
        assert rest == "UID SEARCH UNSEEN UNDELETED"
        found = [
            str(uid) for uid, message in box.messages.items() if not message.flags & {r"\Seen", r"\Deleted"}
        ]
        self.say(" ".join(["* SEARCH", *found]))
        return "OK done"

    def fetch(self, box: Mailbox, rest: str) -> str:
        asked = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        assert asked
        message = box.messages.get(int(asked[1]))
        if box.news:
            self.say(box.news)
        if message is not None:
            raw = message.raw[: int(asked[2])]
            self.wfile.write(
                b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (asked[1].encode(), len(raw), raw)
            )
        return "OK done"

    def store(self, box: Mailbox, rest: str) -> str:
        asked = re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \((.*)\)", rest)
        assert asked
        flags = set(asked[2].split())
        if DONE in flags and r"\*" not in box.permanent:
            return "BAD no such flag"
        box.messages[int(asked[1])].flags |= flags
        return "OK done"

    def logout(self, box: Mailbox, rest: str) -> str:
        self.say("* BYE")
        return "OK bye"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, mailbox: Mailbox, tls: ssl.SSLContext | None, *, from_the_start: bool) -> None:
        self.mailbox, self.tls, self.from_the_start = mailbox, tls, from_the_start
        super().__init__(("127.0.0.1", 0), Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses our certificate breaks off; that is what some tests are about."""


@contextmanager
def serving(mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, scheme: str = "imap") -> Iterator[str]:
    with Server(mailbox, tls, from_the_start=scheme == "imaps") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{scheme}://tin%40example.vn:{WRITTEN}@localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def keep(came: list[bytes]) -> Callable[[bytes], bool]:
    """Deals with messages by noting them."""

    def deal_with(raw: bytes) -> bool:
        came.append(raw)
        return True

    return deal_with


def refused(url: str) -> MailError:
    """What a run that cannot succeed says, once it is certain that nothing in it tells the password."""
    with pytest.raises(MailError) as caught:
        read_mailbox(url, deal_with=lambda raw: True, timeout=0.5)
    told = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in told
    assert WRITTEN not in told
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_unread_messages_come_one_by_one_and_are_marked_as_read() -> None:
    mailbox = Mailbox(b"Subject: a\r\n\r\n1)\r\n", b"Subject: b\r\n\r\n2", b"")
    came: list[bytes] = []
    flags_meanwhile = []

    def deal_with(raw: bytes) -> bool:
        came.append(raw)
        flags_meanwhile.append(mailbox.flags()[len(came) - 1].copy())
        return b"a" in raw

    with serving(mailbox) as url:
        assert read_mailbox(url, deal_with=deal_with) == Read(seen=3, dealt=1)
        assert read_mailbox(url, deal_with=deal_with) == Read(seen=0, dealt=0)
    assert came == [message.raw for message in mailbox.messages.values()]
    assert flags_meanwhile == [set(), set(), set()]
    assert mailbox.flags() == [{r"\Seen", DONE}, {r"\Seen"}, {r"\Seen"}]
    assert mailbox.heard[-1] == "LOGOUT"


def test_where_no_keywords_are_kept_a_message_is_only_marked_as_read() -> None:
    mailbox = Mailbox(b"x")
    mailbox.permanent = r"\Seen"
    with serving(mailbox) as url:
        assert read_mailbox(url, deal_with=lambda raw: True) == Read(seen=1, dealt=1)
    assert mailbox.flags() == [{r"\Seen"}]


def test_a_run_that_breaks_off_repeats_only_the_message_it_was_at() -> None:
    mailbox = Mailbox(b"a", b"b", b"c")
    came: list[bytes] = []

    def deal_with(raw: bytes) -> bool:
        came.append(raw)
        if came == [b"a", b"b"]:
            raise KeyboardInterrupt
        return True

    with serving(mailbox) as url:
        with pytest.raises(KeyboardInterrupt):
            read_mailbox(url, deal_with=deal_with)
        assert mailbox.flags() == [{r"\Seen", DONE}, set(), set()]
        assert read_mailbox(url, deal_with=deal_with) == Read(seen=2, dealt=2)
    assert came == [b"a", b"b", b"b", b"c"]


def test_only_the_beginning_of_a_huge_message_is_fetched() -> None:
    mailbox = Mailbox(b"a" * 3_000_000)
    came: list[bytes] = []
    with serving(mailbox) as url:
        read_mailbox(url, deal_with=keep(came))
    assert [len(raw) for raw in came] == [1_000_000]


def test_a_message_that_vanished_meanwhile_is_passed_over_and_a_deleted_one_left_alone() -> None:
    mailbox = Mailbox(b"a", b"b", b"deleted")
    mailbox.messages[9].flags.add(r"\Deleted")

    def deal_with(raw: bytes) -> bool:
        mailbox.messages.pop(8)
        return True

    with serving(mailbox) as url:
        assert read_mailbox(url, deal_with=deal_with) == Read(seen=1, dealt=1)
    assert mailbox.flags() == [{r"\Seen", DONE}, {r"\Deleted"}]


def test_other_news_from_the_server_is_not_taken_for_a_message() -> None:
    mailbox = Mailbox(b"a")
    mailbox.news = "* 4 FETCH (FLAGS (\\Seen))\r\n* 5 EXISTS"
    came: list[bytes] = []
    with serving(mailbox) as url:
        read_mailbox(url, deal_with=keep(came))
    assert came == [b"a"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/Bounces", "Bounces"),
        ("/Th%C6%B0%20tr%E1%BA%A3%20l%E1%BA%A1i", "Th&AbA- tr&HqM- l&HqE-i"),
        ("/A%26B/%22c%22", r"A&-B/\"c\""),
    ],
)
def test_a_folder_of_any_name_is_opened(path: str, name: str) -> None:
    mailbox = Mailbox(b"a")
    mailbox.folder = name
    with serving(mailbox) as url:
        assert read_mailbox(url + path, deal_with=lambda raw: True).seen == 1


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_the_login_is_encrypted(
    server_tls: ssl.SSLContext,  # noqa: F811
    trusting: ssl.SSLContext,  # noqa: F811
    scheme: str,
) -> None:
    mailbox = Mailbox(b"a")
    with serving(mailbox, tls=server_tls, scheme=scheme) as url:
        assert read_mailbox(url, deal_with=lambda raw: True, tls=trusting).seen == 1


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_a_certificate_nobody_vouches_for_stops_everything_before_the_login(
    server_tls: ssl.SSLContext,  # noqa: F811
    scheme: str,
) -> None:
    mailbox = Mailbox(b"a")
    with serving(mailbox, tls=server_tls, scheme=scheme) as url:
        error = refused(url)
    assert "certificate" in str(error)
    assert error.permanent
    assert [line for line in mailbox.heard if line.startswith("LOGIN")] == []


def test_without_starttls_nothing_is_sent_in_the_clear() -> None:
    mailbox = Mailbox(b"a")
    with serving(mailbox, scheme="imap+starttls") as url:
        assert "offers no TLS" in str(refused(url))
    assert [line for line in mailbox.heard if line.startswith("LOGIN")] == []


def test_a_refused_login_is_for_a_person_to_mend() -> None:
    mailbox = Mailbox(b"a")
    mailbox.script["LOGIN"] = f"NO wrong: {PASSWORD}"
    with serving(mailbox) as url:
        error = refused(url)
    assert "refuses the login of tin@example.vn" in str(error)
    assert error.permanent


def test_a_folder_that_is_missing_or_may_only_be_read_is_named() -> None:
    mailbox = Mailbox(b"a")
    with serving(mailbox) as url:
        assert "no folder Nope" in str(refused(f"{url}/Nope"))
        mailbox.read_only = True
        assert "may only be read" in str(refused(url))


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
@pytest.mark.parametrize("trouble", [HANG_UP, SILENCE])
def test_a_connection_lost_at_any_point_is_trouble_that_passes(command: str, trouble: str) -> None:
    mailbox = Mailbox(b"a")
    mailbox.script[command] = trouble
    with serving(mailbox) as url:
        error = refused(url)
    assert "try again later" in str(error)
    assert not error.permanent
    assert mailbox.flags() == [set()]


@pytest.mark.parametrize("command", ["SEARCH", "FETCH", "STORE"])
def test_a_command_the_server_refuses_ends_the_run_with_its_words(command: str) -> None:
    mailbox = Mailbox(b"a")
    mailbox.script[command] = "NO disk on fire"
    with serving(mailbox) as url:
        assert "disk on fire" in str(refused(url))


@pytest.mark.parametrize("greeting", ["* BYE too many users", "220 smtp.example.vn ESMTP", ""])
def test_a_server_that_is_no_imap_server_or_too_busy_is_trouble(greeting: str) -> None:
    mailbox = Mailbox()
    mailbox.greeting = greeting
    with serving(mailbox) as url:
        assert "The mailbox server localhost:" in str(refused(url))


def test_a_server_that_is_not_there_is_trouble_that_passes() -> None:
    with serving(Mailbox()) as url:
        pass
    assert "cannot be reached" in str(refused(url))


def test_a_password_that_imap_cannot_carry_is_not_told_in_the_error() -> None:
    with serving(Mailbox()) as url, pytest.raises(MailError, match="ASCII") as caught:
        read_mailbox(url.replace(WRITTEN, "m%E1%BA%ADt"), deal_with=lambda raw: True)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pop3://u:secret@mail.example.vn",
        "imaps://u@mail.example.vn",
        "imaps://:secret@mail.example.vn",
        "imaps://u:secret@",
        "imaps://u:secret@mail.example.vn:x",
        "imaps://u:secret@mail.example.vn:0",
        "imap://u:secret@mail.example.vn",
        "imap://u:secret@192.0.2.1/INBOX",
        "imaps://u:sec%0D%0Aret@mail.example.vn",
        "imaps://u:secret@mail.example.vn/A%0AB",
        "imaps://u:secret@[::1",
    ],
)
def test_an_address_that_cannot_or_must_not_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_mailbox(url, deal_with=lambda raw: True)
    assert "secret" not in str(caught.value)
