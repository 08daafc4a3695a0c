"""The conversation with the mail server, against a real one on loopback that is told how to misbehave."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syndication.digest.send import (
    ReaderDeferred,
    ReaderRefused,
    SendingError,
    SendingRefused,
    Stage,
    Transport,
    TransportTrouble,
    Uncertain,
)
from syndication.errors import MailError, SettingsError
from tests.sink import DROP, HANG, TEST_KEY_AND_CERTIFICATE, Sink, serving

MESSAGE = b"Subject: Tin\r\n\r\nTin trong tuan\r\n"

Start = Callable[..., int]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def start(sink: Sink) -> Iterator[Start]:
    """Starts a server with that mind and gives its port."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(serving(sink, **options))


@pytest.fixture
def transport(start: Start) -> Iterator[Transport]:
    with Transport(f"smtp://127.0.0.1:{start()}", dot_timeout=5, reply_timeout=5) as opened:
        yield opened


def send(transport: Transport, reader: str = "anh@example.test", data: bytes = MESSAGE) -> str:
    return transport.send(sender="tin@example.vn", recipient=reader, data=data).says


# --- what goes well ---


def test_a_message_arrives_as_it_was_given_with_its_leading_dots(sink: Sink, transport: Transport) -> None:
    data = b".Subject: Tin\r\n\r\n.\r\n..\r\n.mot dong\r\nhet"
    receipt = transport.send(sender="bounce+1@example.vn", recipient="anh@example.test", data=data)
    assert (receipt.code, receipt.says) == (250, "2.0.0 Ok: queued as 4Cq 1")
    assert sink.received == [("bounce+1@example.vn", "anh@example.test", data + b"\r\n")]
    assert sink.mail_options == [f"SIZE={len(data) + 2}"]


def test_many_messages_share_one_conversation_that_ends_politely(sink: Sink, start: Start) -> None:
    with Transport(f"smtp://127.0.0.1:{start()}") as transport:
        for number in range(5):
            send(transport, f"r{number}@example.test")
    assert [recipient for _, recipient, _ in sink.received] == [
        f"r{number}@example.test" for number in range(5)
    ]
    assert sink.heard == ["EHLO [127.0.0.1]", *["MAIL", "RCPT", "DATA", "DOT"] * 5, "QUIT"]


def test_a_conversation_is_renewed_after_so_many_messages(sink: Sink, start: Start) -> None:
    with Transport(
        f"smtp://127.0.0.1:{start()}", messages_per_connection=2, ehlo_name="tin.example.vn"
    ) as transport:
        for _ in range(5):
            send(transport)
    assert len(sink.received) == 5
    assert sink.heard.count("EHLO tin.example.vn") == 3
    assert sink.heard.count("QUIT") == 3


def test_the_caller_records_between_the_accepted_recipient_and_the_first_byte(
    sink: Sink, transport: Transport
) -> None:
    heard_before: list[str] = []
    transport.send(
        sender="",
        recipient="anh@example.test",
        data=MESSAGE,
        before_data=lambda: heard_before.extend(sink.heard),
    )
    assert heard_before[-2:] == ["MAIL", "RCPT"]
    assert sink.received == [("<>", "anh@example.test", MESSAGE)]


def test_when_the_caller_cannot_record_nothing_is_sent_and_the_next_message_is(
    sink: Sink, transport: Transport
) -> None:
    def fails() -> None:
        raise LookupError("the store is away")

    with pytest.raises(LookupError):
        transport.send(sender="", recipient="anh@example.test", data=MESSAGE, before_data=fails)
    assert "DATA" not in sink.heard
    send(transport, "binh@example.test")
    assert [recipient for _, recipient, _ in sink.received] == ["binh@example.test"]


def test_the_caller_is_not_asked_to_record_a_recipient_who_was_refused(
    sink: Sink, transport: Transport
) -> None:
    recorded: list[str] = []
    sink.script["RCPT"] = ["550 5.1.1 no such mailbox"]
    with pytest.raises(ReaderRefused):
        transport.send(
            sender="", recipient="a@example.test", data=MESSAGE, before_data=lambda: recorded.append("a")
        )
    assert recorded == []


# --- refusals ---


@pytest.mark.parametrize(
    ("command", "reply", "error", "stage"),
    [
        ("MAIL", "421 4.3.2 going down", TransportTrouble, Stage.MAIL),
        ("MAIL", "451 4.3.0 try later", TransportTrouble, Stage.MAIL),
        ("MAIL", "552 5.3.4 too large", SendingRefused, Stage.MAIL),
        ("MAIL", "530 5.7.0 log in first", SendingRefused, Stage.MAIL),
        ("RCPT", "421 4.7.0 too much", TransportTrouble, Stage.RCPT),
        ("RCPT", "454 throttling failure", TransportTrouble, Stage.RCPT),
        ("RCPT", "450 4.2.0 greylisted", ReaderDeferred, Stage.RCPT),
        ("RCPT", "452 4.2.2 mailbox full", ReaderDeferred, Stage.RCPT),
        ("RCPT", "550 5.1.1 no such mailbox", ReaderRefused, Stage.RCPT),
        ("RCPT", "550 no such mailbox", ReaderRefused, Stage.RCPT),
        ("RCPT", "550 5.1.8 sender has no domain", SendingRefused, Stage.RCPT),
        ("RCPT", "530 5.7.0 log in first", SendingRefused, Stage.RCPT),
        ("DATA", "421 4.3.2 going down", TransportTrouble, Stage.DATA),
        ("DATA", "451 4.3.0 try later", ReaderDeferred, Stage.DATA),
        ("DATA", "554 5.7.1 no", SendingRefused, Stage.DATA),
        ("DATA", "250 what now", TransportTrouble, Stage.DATA),
        ("DATA", "nonsense", TransportTrouble, Stage.DATA),
        ("DOT", "421 4.3.2 going down", TransportTrouble, Stage.DOT),
        ("DOT", "454 throttling failure", TransportTrouble, Stage.DOT),
        ("DOT", "451 4.3.0 try later", ReaderDeferred, Stage.DOT),
        ("DOT", "554 5.7.1 looks like spam", SendingRefused, Stage.DOT),
        ("DOT", "550 5.1.1 no such mailbox", ReaderRefused, Stage.DOT),
        ("DOT", "552 5.2.2 mailbox full", ReaderRefused, Stage.DOT),
        ("DOT", "550 5.1.7 bad sender", SendingRefused, Stage.DOT),
    ],
)
def test_every_refusal_says_whom_it_concerns_and_the_next_message_goes_through(
    sink: Sink, transport: Transport, command: str, reply: str, error: type[SendingError], stage: Stage
) -> None:
    sink.script[command] = [reply]
    with pytest.raises(MailError) as refused:
        send(transport)
    assert type(refused.value) is error
    assert refused.value.stage is stage
    assert refused.value.code == (int(reply[:3]) if reply[:3].isdigit() else None)
    assert refused.value.permanent is (error in (ReaderRefused, SendingRefused))
    assert sink.received == []
    send(transport, "binh@example.test")
    assert [recipient for _, recipient, _ in sink.received] == ["binh@example.test"]


def test_a_server_that_will_not_reset_gets_a_new_connection(sink: Sink, transport: Transport) -> None:
    sink.script = {"RCPT": ["550 5.1.1 no such mailbox"], "RSET": ["500 what"]}
    with pytest.raises(ReaderRefused):
        send(transport)
    send(transport)
    assert len(sink.received) == 1
    assert sink.heard.count("EHLO [127.0.0.1]") == 2


# --- broken connections ---


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_message_is_safe_to_try_again(
    sink: Sink, transport: Transport, command: str
) -> None:
    sink.script[command] = [DROP]
    with pytest.raises(TransportTrouble) as lost:
        send(transport)
    assert lost.value.stage is Stage[command]
    assert sink.received == []
    send(transport)
    assert len(sink.received) == 1


def test_a_connection_lost_within_the_message_is_safe_to_try_again(sink: Sink, transport: Transport) -> None:
    sink.drop_after = "354"
    larger_than_any_socket_buffer = b"x" * 70 + b"\r\n"
    with pytest.raises(TransportTrouble) as lost:
        send(transport, data=larger_than_any_socket_buffer * 400_000)
    assert lost.value.stage is Stage.DATA
    assert sink.received == []


@pytest.mark.parametrize("answer", [DROP, "nonsense", "354 go ahead"])
def test_no_clear_answer_to_the_whole_message_is_uncertain(
    sink: Sink, transport: Transport, answer: str
) -> None:
    sink.script["DOT"] = [answer]
    with pytest.raises(Uncertain) as unknown:
        send(transport)
    assert unknown.value.stage is Stage.DOT
    assert not unknown.value.permanent
    send(transport, "binh@example.test")
    assert [recipient for _, recipient, _ in sink.received] == ["binh@example.test"]


def test_a_server_too_slow_to_answer_the_whole_message_leaves_it_uncertain(sink: Sink, start: Start) -> None:
    sink.script["DOT"] = [HANG]
    with (
        Transport(f"smtp://127.0.0.1:{start()}", dot_timeout=0.2) as transport,
        pytest.raises(Uncertain, match="timed out"),
    ):
        send(transport)


def test_a_server_too_slow_to_answer_a_command_is_safe_to_try_again(sink: Sink, start: Start) -> None:
    began = time.monotonic()
    with Transport(f"smtp://127.0.0.1:{start()}", reply_timeout=0.2, dot_timeout=600) as transport:
        send(transport)  # the patience for the reply to a message must end with that reply
        sink.script["RCPT"] = [HANG]
        with pytest.raises(TransportTrouble) as slow:
            send(transport)
    assert slow.value.stage is Stage.RCPT
    assert time.monotonic() - began < 60


def test_a_message_accepted_before_the_connection_broke_is_accepted_once(
    sink: Sink, transport: Transport
) -> None:
    sink.drop_after = "250 2.0.0 Ok: queued"
    assert send(transport, "anh@example.test").startswith("2.0.0 Ok")
    send(transport, "binh@example.test")
    assert [recipient for _, recipient, _ in sink.received] == ["anh@example.test", "binh@example.test"]
    assert sink.heard.count("EHLO [127.0.0.1]") == 2


@pytest.mark.parametrize("idle_end", [DROP, "421 4.4.2 you were silent too long"])
def test_a_server_that_ended_an_old_conversation_is_called_again(
    sink: Sink, transport: Transport, idle_end: str
) -> None:
    send(transport)
    sink.script["MAIL"] = [idle_end]
    send(transport)
    assert len(sink.received) == 2


def test_a_server_that_goes_on_refusing_is_called_again_only_once(sink: Sink, transport: Transport) -> None:
    send(transport)
    sink.script["MAIL"] = ["421 4.7.0 too many messages"] * 9
    with pytest.raises(TransportTrouble):
        send(transport)
    assert len(sink.script["MAIL"]) == 7


def test_a_server_that_is_not_there_says_what_to_check(sink: Sink, start: Start) -> None:
    port = start()
    with Transport(f"smtp://127.0.0.1:{port}") as transport:
        sink.banner = "554 5.3.2 no service here"
        with pytest.raises(TransportTrouble, match=r"554 5\.3\.2 no service here") as turned_away:
            transport.connect()
    assert turned_away.value.stage is Stage.CONNECT
    assert turned_away.value.code == 554
    with (
        Transport("smtp://127.0.0.1:1") as nobody,
        pytest.raises(TransportTrouble, match="SYNDICATION_SMTP_URL"),
    ):
        nobody.connect()


def test_connecting_twice_is_connecting_once(sink: Sink, transport: Transport) -> None:
    transport.connect()
    transport.connect()
    send(transport)
    assert sink.heard[:2] == ["EHLO [127.0.0.1]", "MAIL"]


def test_a_goodbye_that_nobody_hears_is_no_error(sink: Sink, transport: Transport) -> None:
    send(transport)
    sink.script["QUIT"] = [DROP]
    transport.close()
    transport.close()
    assert sink.heard[-1] == "QUIT"


# --- what must never reach the wire ---


@pytest.mark.parametrize(
    "recipient",
    ["anh@example.test>\r\nRCPT TO:<all@example.vn", "ánh\u2028@example.test", "anh", "", "a b@example.test"],
)
def test_what_is_no_address_is_refused_for_this_reader_alone(
    sink: Sink, transport: Transport, recipient: str
) -> None:
    with pytest.raises(ReaderRefused):
        send(transport, recipient)
    assert sink.heard == []


@pytest.mark.parametrize("data", [b"a\n.\nMAIL FROM:<x@y>\r\n", b"a\r.\r\r\n", "Tiếng Việt\r\n".encode()])
def test_bytes_that_servers_read_in_different_ways_are_refused(
    sink: Sink, transport: Transport, data: bytes
) -> None:
    with pytest.raises(SendingRefused):
        send(transport, data=data)
    assert sink.heard == []


def test_a_sender_that_is_no_address_stops_everything(transport: Transport) -> None:
    with pytest.raises(SendingRefused, match="SYNDICATION_MAIL_FROM"):
        transport.send(sender="Tin <tin@example.vn>", recipient="anh@example.test", data=MESSAGE)


# --- TLS and logging in ---


@pytest.fixture
def server_tls(tmp_path: Path) -> ssl.SSLContext:
    pem = tmp_path / "server.pem"
    pem.write_text(TEST_KEY_AND_CERTIFICATE, encoding="ascii")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=TEST_KEY_AND_CERTIFICATE)


def test_starttls_comes_before_the_login_and_the_password_is_decoded(
    sink: Sink, start: Start, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    port = start(tls_context=server_tls, require_starttls=True, authenticator=sink.authenticate)
    url = f"smtp+starttls://tin%40example.vn:p%40ss%3A%2F@localhost:{port}"
    with Transport(url, tls=trusting) as transport:
        send(transport)
    assert sink.login == (b"tin@example.vn", b"p@ss:/")
    assert len(sink.received) == 1


def test_smtps_begins_with_tls(
    sink: Sink, start: Start, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    port = start(ssl_context=server_tls)
    with Transport(f"smtps://localhost:{port}", tls=trusting) as transport:
        send(transport)
    assert len(sink.received) == 1


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_nobody_vouches_for_stops_everything_before_the_login(
    sink: Sink, start: Start, server_tls: ssl.SSLContext, scheme: str
) -> None:
    options = {"ssl_context": server_tls} if scheme == "smtps" else {"tls_context": server_tls}
    port = start(authenticator=sink.authenticate, **options)
    with (
        Transport(f"{scheme}://tin:p%40ss%3A%2F@localhost:{port}") as transport,
        pytest.raises(SendingRefused, match="certificate"),
    ):
        transport.connect()
    assert sink.login is None


def test_a_server_without_tls_never_gets_the_password(sink: Sink, start: Start) -> None:
    port = start(authenticator=sink.authenticate, auth_require_tls=False)
    with (
        Transport(f"smtp+starttls://tin:p%40ss%3A%2F@localhost:{port}") as transport,
        pytest.raises(SendingRefused, match="STARTTLS"),
    ):
        transport.connect()
    assert sink.login is None


def test_a_refused_login_stops_everything_and_keeps_the_password_secret(sink: Sink, start: Start) -> None:
    port = start(authenticator=sink.authenticate, auth_require_tls=False)
    with Transport(f"smtp://tin:wrong-one@127.0.0.1:{port}") as transport:
        with pytest.raises(SendingRefused, match="refuses the login: 535") as refused:
            send(transport)
        assert refused.value.code == 535
        assert refused.value.stage is Stage.CONNECT
        assert "wrong-one" not in str(refused.value) + repr(transport._server)
    assert sink.login == (b"tin", b"wrong-one")


def test_a_login_out_of_order_for_a_while_is_tried_again(sink: Sink, start: Start) -> None:
    sink.offers = ["AUTH PLAIN"]
    sink.script["AUTH"] = ["454 4.7.0 temporary authentication failure"]
    with (
        Transport(f"smtp://tin:secret@127.0.0.1:{start()}") as transport,
        pytest.raises(TransportTrouble) as out_of_order,
    ):
        transport.connect()
    assert out_of_order.value.code == 454
    assert not out_of_order.value.permanent


@pytest.mark.parametrize("offers", [[], ["AUTH NTLM"]])
def test_a_server_that_knows_no_login_of_ours_stops_everything(
    sink: Sink, start: Start, offers: list[str]
) -> None:
    sink.offers = offers
    with (
        Transport(f"smtp://tin:secret@127.0.0.1:{start()}") as transport,
        pytest.raises(SendingRefused, match="does not offer"),
    ):
        transport.connect()


def test_a_password_that_smtp_cannot_carry_stops_everything(sink: Sink, start: Start) -> None:
    port = start(authenticator=sink.authenticate, auth_require_tls=False)
    with (
        Transport(f"smtp://tin:m%E1%BA%ADt@127.0.0.1:{port}") as transport,
        pytest.raises(SendingRefused, match="outside ASCII"),
    ):
        transport.connect()


@pytest.mark.parametrize(
    "url",
    [
        "smtp://tin:secret@relay.example.vn:25",
        "http://relay.example.vn",
        "smtp://",
        "smtp://relay.example.vn:port",
        "smtp://relay.example.vn:0",
    ],
)
def test_an_address_of_a_server_that_cannot_or_must_not_be_used_names_the_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="SYNDICATION_SMTP_URL") as refused:
        Transport(url)
    assert "secret" not in str(refused.value)
