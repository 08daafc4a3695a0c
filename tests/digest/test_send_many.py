"""Many messages over one connection: in groups to the byte, and what each breakdown leaves certain."""

from __future__ import annotations

import base64
import random
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from syndication.digest.send import (
    Envelope,
    ReaderDeferred,
    ReaderRefused,
    Receipt,
    SendingError,
    SendingRefused,
    Stage,
    Transport,
    TransportTrouble,
    Uncertain,
)
from tests.sink import DROP, HANG, TEST_KEY_AND_CERTIFICATE, Sink, serving

MESSAGE = b"Subject: Tin\r\n\r\nTin trong tuan\r\n"
WAYS = pytest.mark.parametrize("offers", [["PIPELINING"], []], ids=["in groups", "in steps"])


def letters(*readers: str, data: bytes = MESSAGE) -> list[Envelope]:
    return [
        Envelope(sender="tin@example.vn", recipient=f"{reader}@example.test", data=data) for reader in readers
    ]


def outcomes(transport: Transport, envelopes: list[Envelope]) -> list[tuple[str, type]]:
    return [
        (envelope.recipient.partition("@")[0], type(outcome))
        for envelope, outcome in transport.send_many(envelopes)
    ]


def taken(sink: Sink) -> list[str]:
    return [recipient.partition("@")[0] for _, recipient, _ in sink.received]


# --- to the byte ---


class Wire:
    """A server that follows its scripts to the byte, one per connection: hears exactly this, then says that.

    It says nothing before it has heard every byte of a step; a step that says ``HANG_UP`` closes the connection.
    """

    HANG_UP = b""

    def __init__(self, *scripts: list[tuple[bytes, bytes]], offers: str = "PIPELINING") -> None:
        self._scripts = [
            [
                (
                    b"ehlo me.test\r\n",
                    "".join(f"250-{offer}\r\n" for offer in ("wire", *offers.split())).encode()
                    + b"250 HELP\r\n",
                ),
                *script,
            ]
            for script in scripts
        ]
        self._failure: BaseException | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self._thread = threading.Thread(target=self._play_all)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join(20)
        self._listener.close()
        if self._failure is not None:
            raise self._failure

    def _play_all(self) -> None:
        try:
            for script in self._scripts:
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(10)
                    self._play(connection, script)
        except BaseException as failure:  # noqa: BLE001 # raised again in the test's own thread
            self._failure = failure

    def _play(self, connection: socket.socket, script: list[tuple[bytes, bytes]]) -> None:
        connection.sendall(b"220 wire\r\n")
        for expected, answer in script:
            heard = b""
            while len(heard) < len(expected):
                more = connection.recv(len(expected) - len(heard))
                if not more:
                    break
                heard += more
            assert heard == expected
            # Whoever writes ahead of an answer it has to wait for would be heard here.
            assert not select.select([connection], [], [], 0.02)[0]
            if answer == self.HANG_UP:
                return
            connection.sendall(answer)
        assert connection.recv(1000) == b""


def head(reader: str) -> bytes:
    return f"MAIL FROM:<tin@example.vn>\r\nRCPT TO:<{reader}@example.test>\r\nDATA\r\n".encode()


TEXT = MESSAGE + b".\r\n"
GO = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"
QUIT = (b"QUIT\r\n", b"221 bye\r\n")


def test_the_end_of_a_message_and_the_next_envelope_go_out_as_one_group() -> None:
    script = [
        (head("anh"), GO),
        (TEXT + head("binh"), b"250 2.0.0 one\r\n" + GO),
        (TEXT + head("chi"), b"250 2.0.0 two\r\n" + GO),
        (TEXT, b"250 2.0.0 three\r\n"),
        QUIT,
    ]
    with Wire(script) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        found = list(transport.send_many(letters("anh", "binh", "chi")))
        assert [outcome for _, outcome in found] == [
            Receipt(250, "2.0.0 one"),
            Receipt(250, "2.0.0 two"),
            Receipt(250, "2.0.0 three"),
        ]
        assert transport.carried == 3


def test_dots_are_doubled_and_the_declared_size_is_that_of_the_message() -> None:
    data = b".a\r\n..\r\nb.\r\n.c"
    script = [
        (head("anh").replace(b"vn>\r\n", b"vn> SIZE=16\r\n"), GO),
        (b"..a\r\n...\r\nb.\r\n..c\r\n.\r\n", b"250 ok\r\n"),
        QUIT,
    ]
    with (
        Wire(script, offers="PIPELINING SIZE") as wire,
        Transport(wire.url, ehlo_name="me.test") as transport,
    ):
        assert outcomes(transport, letters("anh", data=data)) == [("anh", Receipt)]


@pytest.mark.parametrize(
    ("token", "recipient", "mail", "rcpt"),
    [
        (
            "i12-r7",
            "anh+tin=a@example.test",
            b"RET=HDRS ENVID=i12-r7",
            b"NOTIFY=FAILURE,DELAY ORCPT=rfc822;anh+2Btin+3Da@example.test",
        ),
        (
            "a+b=c d",
            "anh@example.test",
            b"RET=HDRS ENVID=a+2Bb+3Dc+20d",
            b"NOTIFY=FAILURE,DELAY ORCPT=rfc822;anh@example.test",
        ),
        (
            "i12-r8",
            "ánh+a@example.test",
            b"SMTPUTF8 RET=HDRS ENVID=i12-r8",
            rb"NOTIFY=FAILURE,DELAY ORCPT=utf-8;\x{E1}nh\x{2B}a@example.test",
        ),
    ],
)
def test_a_server_that_reports_by_envelope_is_told_whose_it_is(
    token: str, recipient: str, mail: bytes, rcpt: bytes
) -> None:
    commands = b"MAIL FROM:<tin@example.vn> %b\r\nRCPT TO:<%b> %b\r\nDATA\r\n" % (
        mail,
        recipient.encode(),
        rcpt,
    )
    envelope = Envelope(sender="tin@example.vn", recipient=recipient, data=MESSAGE, token=token)
    script = [(commands, GO), (TEXT, b"250 ok\r\n"), QUIT]
    with (
        Wire(script, offers="PIPELINING DSN SMTPUTF8") as wire,
        Transport(wire.url, ehlo_name="me.test") as transport,
    ):
        assert [type(outcome) for _, outcome in transport.send_many([envelope])] == [Receipt]


@pytest.mark.parametrize("answer", [b"554 5.5.1 no valid recipients\r\n", b"250 2.0.0 nothing taken\r\n"])
def test_a_server_that_wants_a_text_for_a_refused_reader_gets_a_lone_dot(answer: bytes) -> None:
    script = [
        (head("anh"), b"250 ok\r\n550 5.1.1 no such mailbox\r\n354 go\r\n"),
        (b".\r\n", answer),
        (head("binh"), GO),
        (TEXT, b"250 ok\r\n"),
        QUIT,
    ]
    with Wire(script) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        assert outcomes(transport, letters("anh", "binh")) == [("anh", ReaderRefused), ("binh", Receipt)]
        assert transport.carried == 1


def test_a_refused_reader_behind_a_message_is_reset_before_the_next() -> None:
    script = [
        (head("anh"), GO),
        (
            TEXT + head("binh"),
            b"250 ok\r\n250 ok\r\n450 4.2.0 greylisted\r\n503 5.5.1 no valid recipients\r\n",
        ),
        (b"RSET\r\n", b"250 ok\r\n"),
        (head("chi"), GO),
        (TEXT, b"250 ok\r\n"),
        QUIT,
    ]
    with Wire(script) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        assert outcomes(transport, letters("anh", "binh", "chi")) == [
            ("anh", Receipt),
            ("binh", ReaderDeferred),
            ("chi", Receipt),
        ]


def test_a_refused_text_needs_no_reset_and_the_next_envelope_is_under_way_already() -> None:
    script = [
        (head("anh"), GO),
        (TEXT + head("binh"), b"452 4.2.2 mailbox full\r\n" + GO),
        (TEXT, b"250 ok\r\n"),
        QUIT,
    ]
    with Wire(script) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        assert outcomes(transport, letters("anh", "binh")) == [("anh", ReaderDeferred), ("binh", Receipt)]


def test_a_reader_refused_as_the_server_closes_is_refused_and_the_next_is_called_anew() -> None:
    first = [(head("anh"), b"250 ok\r\n550 5.1.1 no such mailbox\r\n421 4.7.0 too many errors\r\n")]
    second = [(head("binh"), GO), (TEXT, b"250 ok\r\n"), QUIT]
    with Wire(first, second) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        assert outcomes(transport, letters("anh", "binh")) == [("anh", ReaderRefused), ("binh", Receipt)]


def test_a_server_that_talks_while_it_is_written_to_blocks_nobody() -> None:
    text = (b"x" * 70 + b"\r\n") * 300_000
    early = b"".join(b"250-2.0.0 %04d %b\r\n" % (line, b"y" * 60) for line in range(500)) + b"250 ok\r\n"

    class TalkativeWire(Wire):
        def _play(self, connection: socket.socket, script: list[tuple[bytes, bytes]]) -> None:
            connection.sendall(b"220 wire\r\n")
            connection.recv(1000)
            connection.sendall(b"250-wire\r\n250 PIPELINING\r\n")
            connection.recv(1000)
            connection.sendall(GO + early)  # all of it before a byte of the text is read
            awaited = len(text) + len(b".\r\nQUIT\r\n")
            while awaited:
                more = connection.recv(min(awaited, 1 << 16))
                assert more
                awaited -= len(more)

    with TalkativeWire([]) as wire, Transport(wire.url, reply_timeout=10, dot_timeout=10) as transport:
        assert outcomes(transport, letters("anh", data=text)) == [("anh", Receipt)]


@pytest.mark.parametrize(
    ("answer", "error", "stage"),
    [
        (b"", TransportTrouble, Stage.DATA),
        (b"552 5.3.4 too large\r\n", SendingRefused, Stage.DATA),
        (b"250 what now\r\n", TransportTrouble, Stage.DATA),
    ],
)
def test_a_connection_that_breaks_within_the_text_leaves_nothing_uncertain(
    answer: bytes, error: type[SendingError], stage: Stage
) -> None:
    class ImpatientWire(Wire):
        def _play(self, connection: socket.socket, script: list[tuple[bytes, bytes]]) -> None:
            connection.sendall(b"220 wire\r\n")
            connection.recv(1000)
            connection.sendall(b"250-wire\r\n250 PIPELINING\r\n")
            connection.recv(1000)
            connection.sendall(GO + answer)
            connection.recv(1000)

    text = (b"x" * 70 + b"\r\n") * 400_000
    with ImpatientWire([]) as wire, Transport(wire.url) as transport:
        found = list(transport.send_many(letters("anh", "binh", data=text)))
    assert [envelope.recipient for envelope, _ in found] == ["anh@example.test"]
    failure = found[0][1]
    assert isinstance(failure, SendingError)
    assert type(failure) is error
    assert failure.stage is stage


# --- one misbehaves, the others are served ---


@pytest.fixture
def sink() -> Sink:
    return Sink()


Open = Callable[..., Transport]


@pytest.fixture
def open_transport(sink: Sink) -> Iterator[Open]:
    """Starts a server with that mind, and a transport to it with little patience."""
    with ExitStack() as stack:

        def opened(offers: list[str], **options: float) -> Transport:
            sink.offers = offers
            port = stack.enter_context(serving(sink, enable_SMTPUTF8=False))
            patience = {"dot_timeout": 5, "reply_timeout": 5} | options
            return stack.enter_context(Transport(f"smtp://127.0.0.1:{port}", **patience))  # type: ignore[arg-type]

        yield opened


@WAYS
def test_what_is_sent_arrives_once_each_and_in_order(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    readers = [f"r{number}" for number in range(20)]
    transport = open_transport(offers)
    assert outcomes(transport, letters(*readers)) == [(reader, Receipt) for reader in readers]
    assert taken(sink) == readers
    assert {data for _, _, data in sink.received} == {MESSAGE}
    assert sink.heard.count("RSET") == 0
    assert sink.heard.count("EHLO [127.0.0.1]") == 1


@WAYS
def test_nobody_to_send_to_is_no_reason_to_call(sink: Sink, open_transport: Open, offers: list[str]) -> None:
    assert outcomes(open_transport(offers), []) == []
    assert sink.heard == []


@WAYS
@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("RCPT", "450 4.2.0 greylisted", ReaderDeferred),
        ("RCPT", "550 5.1.1 no such mailbox", ReaderRefused),
        ("DATA", "451 4.3.0 try later", ReaderDeferred),
        ("DOT", "451 4.3.0 try later", ReaderDeferred),
        ("DOT", "550 5.1.1 no such mailbox", ReaderRefused),
    ],
)
def test_a_reader_refused_in_the_middle_disturbs_nobody(
    sink: Sink, open_transport: Open, offers: list[str], command: str, reply: str, error: type[SendingError]
) -> None:
    sink.script[command] = ["", reply]
    transport = open_transport(offers)
    assert outcomes(transport, letters("anh", "binh", "chi")) == [
        ("anh", Receipt),
        ("binh", error),
        ("chi", Receipt),
    ]
    assert taken(sink) == ["anh", "chi"]
    assert transport.carried == 2
    assert sink.heard.count("EHLO [127.0.0.1]") == 1
    assert sink.heard.count("RSET") == (command != "DOT")


@WAYS
@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("MAIL", "421 4.7.0 enough for now", TransportTrouble),
        ("MAIL", "451 4.3.0 try later", TransportTrouble),
        ("MAIL", "552 5.3.4 too large", SendingRefused),
        ("MAIL", DROP, TransportTrouble),
        ("RCPT", "421 4.7.0 enough for now", TransportTrouble),
        ("RCPT", "454 throttling failure", TransportTrouble),
        ("RCPT", "550 5.1.8 sender has no domain", SendingRefused),
        ("RCPT", DROP, TransportTrouble),
        ("DATA", "421 4.3.2 going down", TransportTrouble),
        ("DATA", "554 5.7.1 no", SendingRefused),
        ("DATA", DROP, TransportTrouble),
        ("DOT", "421 4.3.2 going down", TransportTrouble),
        ("DOT", "454 throttling failure", TransportTrouble),
        ("DOT", "554 5.7.1 looks like spam", SendingRefused),
        ("DOT", DROP, Uncertain),
        ("DOT", "nonsense", Uncertain),
    ],
)
def test_trouble_that_is_everyones_ends_the_run_and_another_goes_on(
    sink: Sink, open_transport: Open, offers: list[str], command: str, reply: str, error: type[SendingError]
) -> None:
    sink.script[command] = ["", reply]
    transport = open_transport(offers)
    run = letters("anh", "binh", "chi", "dung")
    assert outcomes(transport, run) == [("anh", Receipt), ("binh", error)]
    assert taken(sink) == ["anh"]
    assert transport.carried == 1
    assert outcomes(transport, run[2:]) == [("chi", Receipt), ("dung", Receipt)]
    assert taken(sink) == ["anh", "chi", "dung"]


@WAYS
def test_a_connection_lost_behind_an_acceptance_takes_nothing_back(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    sink.drop_after = "250 2.0.0 Ok: queued"
    transport = open_transport(offers)
    assert outcomes(transport, letters("anh", "binh", "chi")) == [
        ("anh", Receipt),
        ("binh", TransportTrouble),
    ]
    assert transport.carried == 1
    assert outcomes(transport, letters("binh", "chi")) == [("binh", Receipt), ("chi", Receipt)]
    assert taken(sink) == ["anh", "binh", "chi"]


@WAYS
@pytest.mark.parametrize(
    ("command", "error", "stage"),
    [
        ("MAIL", TransportTrouble, Stage.MAIL),
        ("RCPT", TransportTrouble, Stage.RCPT),
        ("DATA", TransportTrouble, Stage.DATA),
        ("DOT", Uncertain, Stage.DOT),
    ],
)
def test_a_server_that_falls_silent_is_waited_for_so_long(
    sink: Sink, open_transport: Open, offers: list[str], command: str, error: type[SendingError], stage: Stage
) -> None:
    sink.script[command] = ["", HANG]
    transport = open_transport(offers, reply_timeout=0.2, dot_timeout=0.2)
    (_, first), (_, second) = transport.send_many(letters("anh", "binh", "chi"))
    assert isinstance(first, Receipt)
    assert isinstance(second, SendingError)
    assert type(second) is error
    assert second.stage is stage
    assert "timed out" in str(second)


@WAYS
@pytest.mark.parametrize("idle_end", [DROP, "421 4.4.2 you were silent too long"])
def test_a_server_that_ended_an_idle_conversation_is_called_again_once(
    sink: Sink, open_transport: Open, offers: list[str], idle_end: str
) -> None:
    transport = open_transport(offers)
    assert outcomes(transport, letters("anh")) == [("anh", Receipt)]
    sink.script["MAIL"] = [idle_end]
    assert outcomes(transport, letters("binh", "chi")) == [("binh", Receipt), ("chi", Receipt)]
    sink.script["MAIL"] = [idle_end] * 9
    assert outcomes(transport, letters("dung", "em")) == [("dung", TransportTrouble)]
    assert len(sink.script["MAIL"]) == 7
    assert transport.carried == 0


@WAYS
def test_a_connection_carries_as_many_messages_as_it_may(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    transport = open_transport(offers, messages_per_connection=2)
    readers = ["anh", "binh", "chi", "dung", "em"]
    assert outcomes(transport, letters(*readers)) == [(reader, Receipt) for reader in readers]
    assert taken(sink) == readers
    assert sink.heard.count("EHLO [127.0.0.1]") == 3
    assert sink.heard.count("QUIT") == 2
    assert transport.carried == 1


def test_a_server_that_is_not_there_fails_the_first_message_alone() -> None:
    with Transport("smtp://127.0.0.1:1") as transport:
        assert outcomes(transport, letters("anh", "binh")) == [("anh", TransportTrouble)]


@WAYS
def test_what_is_no_address_fails_alone_and_in_its_turn(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    run = letters("anh", "binh", "chi")
    run[1] = Envelope(sender="tin@example.vn", recipient="binh>\r\nDATA", data=MESSAGE)
    found = [type(outcome) for _, outcome in open_transport(offers).send_many(run)]
    assert found == [Receipt, ReaderRefused, Receipt]
    assert taken(sink) == ["anh", "chi"]


@WAYS
def test_a_text_that_must_not_go_out_ends_the_run_with_none_of_it_sent(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    transport = open_transport(offers)
    run = [*letters("anh"), *letters("binh", data=b"a\n.\nMAIL FROM:<x@y>\r\n"), *letters("chi")]
    assert outcomes(transport, run) == [("anh", Receipt), ("binh", SendingRefused)]
    assert taken(sink) == ["anh"]
    assert outcomes(transport, run[2:]) == [("chi", Receipt)]


@pytest.mark.parametrize("code", ["smtputf8", ""])
def test_an_address_outside_ascii_goes_only_where_it_can(sink: Sink, code: str) -> None:
    run = letters("ánh", "binh")
    with (
        serving(sink, enable_SMTPUTF8=bool(code)) as port,
        Transport(f"smtp://127.0.0.1:{port}") as transport,
    ):
        (_, first), (_, second) = transport.send_many(run)
    assert isinstance(second, Receipt)
    if code:
        assert isinstance(first, Receipt)
        assert taken(sink) == ["ánh", "binh"]
    else:
        assert isinstance(first, ReaderRefused)
        assert first.policy
        assert "SMTPUTF8" in str(first)
        assert taken(sink) == ["binh"]


# --- the caller stops, or misuses it ---


@WAYS
def test_who_stops_early_knows_that_nothing_more_was_taken(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    transport = open_transport(offers)
    run = transport.send_many(letters("anh", "binh", "chi"))
    assert isinstance(next(run)[1], Receipt)
    assert isinstance(run, Iterator)
    run.close()  # type: ignore[attr-defined] # every generator has it
    assert outcomes(transport, letters("dung")) == [("dung", Receipt)]
    assert taken(sink) == ["anh", "dung"]


def test_nothing_else_can_be_sent_into_an_unfinished_run(sink: Sink, open_transport: Open) -> None:
    transport = open_transport(["PIPELINING"])
    run = transport.send_many(letters("anh", "binh", "chi"))
    next(run)
    with pytest.raises(RuntimeError, match="not finished"):
        transport.send(sender="", recipient="dung@example.test", data=MESSAGE)
    with pytest.raises(RuntimeError, match="not finished"):
        next(transport.send_many(letters("dung")))
    assert [type(outcome) for _, outcome in run] == [Receipt, Receipt]
    assert taken(sink) == ["anh", "binh", "chi"]


def test_a_transport_closed_in_an_unfinished_run_says_no_goodbye_into_the_text() -> None:
    closed = [(head("anh"), GO), (TEXT + head("binh"), b"250 ok\r\n" + GO)]
    opened_again = [(head("binh"), GO), (TEXT, b"250 ok\r\n"), QUIT]
    with Wire(closed, opened_again) as wire, Transport(wire.url, ehlo_name="me.test") as transport:
        run = transport.send_many(letters("anh", "binh"))
        assert isinstance(next(run)[1], Receipt)
        transport.close()
        assert [type(outcome) for _, outcome in run] == [Receipt]  # who goes on all the same is served


@WAYS
def test_when_the_callers_list_breaks_down_nothing_unreported_was_taken(
    sink: Sink, open_transport: Open, offers: list[str]
) -> None:
    def breaking() -> Iterator[Envelope]:
        yield from letters("anh", "binh")
        raise LookupError("the store is away")

    transport = open_transport(offers)
    reported = []
    run = transport.send_many(breaking())
    for _ in range(1 + (not offers)):  # in groups it is asked for one envelope more
        reported.append(next(run)[0].recipient.partition("@")[0])
    with pytest.raises(LookupError):
        next(run)
    assert outcomes(transport, letters("chi")) == [("chi", Receipt)]
    assert taken(sink) == [*reported, "chi"]


# --- all of it at once ---


@WAYS
@pytest.mark.parametrize("seed", range(4))
def test_a_long_run_through_every_trouble_loses_nobody_and_hides_no_doubt(
    sink: Sink, open_transport: Open, offers: list[str], seed: int
) -> None:
    dice = random.Random(seed)
    fates = {
        "MAIL": ["421 4.7.0 enough", "451 4.3.0 later", DROP],
        "RCPT": ["450 4.2.0 later", "550 5.1.1 nobody", "421 4.7.0 enough", "454 throttled", DROP],
        "DATA": ["451 4.3.0 later", "421 4.3.2 down", DROP],
        "DOT": ["451 4.3.0 later", "550 5.1.1 nobody", "421 4.3.2 down", "nonsense", DROP],
        "RSET": ["500 what", DROP],
    }
    for command, replies in fates.items():
        sink.script[command] = [dice.choice(replies) if dice.random() < 0.08 else "" for _ in range(400)]
    transport = open_transport(offers, messages_per_connection=17)
    waiting = [f"r{number}" for number in range(150)]
    ended: dict[str, type] = {}
    while waiting:
        settled = 0
        for reader, outcome in outcomes(transport, letters(*waiting)):
            settled += 1
            assert reader not in ended
            assert outcome is not SendingRefused
            if outcome in (Receipt, ReaderRefused, Uncertain):
                ended[reader] = outcome
        assert settled
        waiting = [reader for reader in waiting if reader not in ended]
    arrived = taken(sink)
    assert len(arrived) == len(set(arrived))
    accepted = {reader for reader, outcome in ended.items() if outcome is Receipt}
    doubtful = {reader for reader, outcome in ended.items() if outcome is Uncertain}
    assert accepted <= set(arrived) <= accepted | doubtful
    assert {Receipt, ReaderRefused, Uncertain} == set(ended.values())


# --- what a refusal says ---


@pytest.mark.parametrize(
    ("reply", "enhanced", "policy"),
    [
        ("550 5.1.1 no such mailbox", "5.1.1", False),
        ("550 5.1.10 recipient not found", "5.1.10", False),
        ("550 #5.1.0 address rejected", "5.1.0", False),
        ("552 5.2.2 mailbox full", "5.2.2", False),
        ("550 5.4.1 recipient address rejected: access denied", "5.4.1", False),
        ("550 no such mailbox", None, False),
        ("553 sorry, no mailbox here by that name", None, False),
        ("554 5.7.1 relay access denied", "5.7.1", True),
        ("550 5.7.606 access denied, banned sending IP", "5.7.606", True),
        ("554 relay access denied", None, True),
        ("550 your message looks like spam", None, True),
        ("550 your address is blocked", None, True),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts", None, True),
        ("554 client not authenticated", None, True),
        ("553 5.3.5 system misconfigured", "5.3.5", True),
        ("501 5.5.4 bad argument", "5.5.4", True),
        ("550 5.6.7 address outside ASCII", "5.6.7", True),
    ],
)
def test_a_refusal_tells_a_dead_mailbox_from_a_rule_of_the_server(
    sink: Sink, open_transport: Open, reply: str, enhanced: str | None, policy: bool
) -> None:
    sink.script["RCPT"] = [reply]
    ((_, refused),) = open_transport(["PIPELINING"]).send_many(letters("anh"))
    assert isinstance(refused, ReaderRefused)
    assert refused.permanent
    assert (refused.enhanced, refused.policy) == (enhanced, policy)


def test_words_about_the_sender_are_never_the_readers_bounce(sink: Sink, open_transport: Open) -> None:
    sink.script["RCPT"] = ["550 5.1.8 sender has no domain"]
    ((_, refused),) = open_transport(["PIPELINING"]).send_many(letters("anh"))
    assert isinstance(refused, SendingRefused)
    assert (refused.enhanced, refused.policy) == ("5.1.8", True)


# --- TLS and tokens ---


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_groups_go_through_tls_and_large_texts_too(sink: Sink, tmp_path: Path, scheme: str) -> None:
    pem = tmp_path / "server.pem"
    pem.write_text(TEST_KEY_AND_CERTIFICATE, encoding="ascii")
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(pem)
    options = {"ssl_context": server_tls} if scheme == "smtps" else {"tls_context": server_tls}
    sink.offers = ["PIPELINING"]
    data = (b"x" * 70 + b"\r\n") * 10_000
    trusting = ssl.create_default_context(cadata=TEST_KEY_AND_CERTIFICATE)
    with (
        serving(sink, **options) as port,
        Transport(f"{scheme}://localhost:{port}", tls=trusting) as transport,
    ):
        assert outcomes(transport, letters("anh", "binh", data=data)) == [("anh", Receipt), ("binh", Receipt)]
    assert [received for _, _, received in sink.received] == [data, data]


def initial_response(token: str) -> bytes:
    return base64.b64encode(f"user=tin@example.vn\x01auth=Bearer {token}\x01\x01".encode())


def by_token(wire: Wire, tokens: list[str]) -> Transport:
    url = wire.url.replace("smtp://", "smtp://tin%40example.vn@")
    return Transport(url, ehlo_name="me.test", access_token=lambda: tokens.pop(0))


def test_every_login_by_token_asks_for_the_token_anew() -> None:
    scripts = [
        [
            (b"AUTH XOAUTH2 " + initial_response(token) + b"\r\n", b"235 2.7.0 welcome\r\n"),
            QUIT,
        ]
        for token in ("first", "second")
    ]
    tokens = ["first", "second"]
    with Wire(*scripts, offers="AUTH=XOAUTH2") as wire:
        transport = by_token(wire, tokens)
        for _ in range(2):
            transport.connect()
            transport.close()
    assert tokens == []


def test_a_token_that_is_refused_stops_everything_in_plain_words() -> None:
    challenge = base64.b64encode(b'{"status":"401","schemes":"bearer"}')
    script = [
        (b"AUTH XOAUTH2 " + initial_response("old") + b"\r\n", b"334 " + challenge + b"\r\n"),
        (b"\r\n", b"535 5.7.3 authentication unsuccessful\r\n"),
    ]
    with (
        Wire(script, offers="AUTH=XOAUTH2") as wire,
        by_token(wire, ["old"]) as transport,
        pytest.raises(SendingRefused, match=r"access token: 535 5\.7\.3 .*; check that the token") as refused,
    ):
        transport.connect()
    assert refused.value.stage is Stage.CONNECT
    assert "old" not in str(refused.value)


def test_a_server_without_logins_by_token_stops_everything() -> None:
    with (
        Wire([], offers="AUTH=PLAIN") as wire,
        by_token(wire, ["t"]) as transport,
        pytest.raises(SendingRefused, match="XOAUTH2"),
    ):
        transport.connect()


def test_a_token_that_cannot_be_had_is_said_by_who_cannot_have_it() -> None:
    def unavailable() -> str:
        raise LookupError("no token today")

    with (
        Transport("smtp://tin@127.0.0.1:1", access_token=unavailable) as transport,
        pytest.raises(LookupError, match="no token today"),
    ):
        transport.connect()
