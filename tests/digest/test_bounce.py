"""What a mail that came back means: samples beside what is expected of them, and what no mail can do to us."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from syndication.digest.bounce import Meaning, Report, meaning_of, read_report

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "mail" / "bounces").glob("*.eml"))
OURS = "tra-lai@tin.example.vn"
TOKEN = "1-ge3q-mzxw6ytboi2tknj2mzxw6ytboi"
BACK = f"tra-lai+{TOKEN}@tin.example.vn"


def read(*lines: str) -> Report:
    return read_report("\r\n".join(lines).encode(), returns_to=OURS)


def a_failure(*fields: str, to: str = BACK) -> Report:
    return read(
        f"To: {to}",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        *(
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.vn",
            "",
            *fields,
        ),
        "--b--",
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_means_what_stands_beside_it(sample: Path) -> None:
    report = read_report(sample.read_bytes(), returns_to=OURS)
    assert {
        "meaning": report.meaning,
        "tokens": list(report.tokens),
        "code": report.code,
        "recipient": report.recipient,
    } == json.loads(sample.with_suffix(".json").read_text())
    assert report.says == report.says.strip()
    assert len(report.says.splitlines()) == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_line_ends_do_not_change_what_a_mail_means(sample: Path) -> None:
    unix = sample.read_bytes().replace(b"\r\n", b"\n")
    assert read_report(unix, returns_to=OURS) == read_report(unix.replace(b"\n", b"\r\n"), returns_to=OURS)


def test_there_are_samples_of_every_meaning() -> None:
    assert len(SAMPLES) >= 25
    expected = {json.loads(path.with_suffix(".json").read_text())["meaning"] for path in SAMPLES}
    assert expected == set(Meaning)


@pytest.mark.parametrize(
    ("code", "says", "meaning"),
    [
        ("5.1.1", "", Meaning.HARD),
        ("5.1.10", "RESOLVER.ADR.RecipientNotFound", Meaning.HARD),
        ("5.4.4", "Host not found", Meaning.HARD),
        ("5.5.0", "Requested action not taken: mailbox unavailable", Meaning.HARD),
        ("5.0.0", "Hộp thư không tồn tại", Meaning.HARD),
        ("5.0.0", "Khong tim thay nguoi nhan", Meaning.HARD),
        (None, "550 5.1.1 <lan@so.example.vn>: user unknown", Meaning.HARD),
        (None, "550 no such user", Meaning.HARD),
        (None, "550 see https://mail.example/?p=NoSuchUser", Meaning.HARD),
        ("5.1.1", "<spam@so.example.vn>: host spam.example.vn: user unknown", Meaning.HARD),
        ("5.2.2", "mailbox full", Meaning.SOFT),
        ("5.0.0", "Hộp thư đã đầy", Meaning.SOFT),
        (None, "552 Requested mail action aborted: exceeded storage allocation", Meaning.SOFT),
        (None, "554 go away", Meaning.SOFT),
        (None, "", Meaning.SOFT),
        ("5.4.1", "Recipient address rejected: Access denied", Meaning.SOFT),
        ("4.1.1", "user unknown", Meaning.SOFT),
        ("5.7.1", "user unknown to the spam filter: does not exist", Meaning.POLICY),
        ("5.7.26", "unauthenticated", Meaning.POLICY),
        ("5.6.0", "content", Meaning.POLICY),
        ("5.1.8", "bad sender", Meaning.POLICY),
        ("5.1.1", "blocked, see our policy", Meaning.POLICY),
        ("5.1.0", "Sender address rejected: domain does not exist", Meaning.POLICY),
        ("5.4.6", "routing loop", Meaning.POLICY),
        ("5.3.4", "message too big", Meaning.POLICY),
        (None, "554 Thư bị chặn", Meaning.POLICY),
        (None, "550 5.7.1 relaying denied", Meaning.POLICY),
    ],
)
def test_a_refusal_counts_against_the_reader_only_when_it_is_about_the_reader(
    code: str | None, says: str, meaning: Meaning
) -> None:
    assert meaning_of(code, says, permanent=True) is meaning


def test_what_is_not_for_good_is_soft_whatever_it_says() -> None:
    assert meaning_of("5.1.1", "no such user", permanent=False) is Meaning.SOFT


def test_an_address_with_numbers_in_it_is_no_status_code() -> None:
    assert read("From: mailer-daemon@x.example", f"To: {BACK}", "", "5.188.10.7 did not answer").code is None


def test_the_most_trustworthy_token_comes_first_and_each_once() -> None:
    report = read(
        "To: tra-lai+from-the-sender@tin.example.vn",
        "Delivered-To: TRA-LAI+From-Our-Server@TIN.example.vn",
        "X-Original-To: tra-lai+from-our-server@tin.example.vn",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        *("--b", "Content-Type: message/delivery-status", "", "Original-Envelope-Id: in-the-envelope", ""),
        *("Action: failed", "Status: 5.1.1", "", "--b", "Content-Type: text/rfc822-headers", ""),
        *(
            "To: tra-lai+in-the-copy@tin.example.vn",
            "Return-Path: <tra-lai+at-return@tin.example.vn>",
            "--b--",
        ),
    )
    assert report.tokens == (
        "from-our-server",
        "from-the-sender",
        "in-the-envelope",
        "at-return",
        "in-the-copy",
    )


@pytest.mark.parametrize(
    "address",
    [
        "tra-lai+abc@tin.example.vn.evil.example",
        "xtra-lai+abc@tin.example.vn",
        "x+tra-lai+abc@tin.example.vn",
        "tra-lai+abc@xtin.example.vn",
        "tra-lai+@tin.example.vn",
        "tra-lai@tin.example.vn",
        f"tra-lai+{'a' * 500}@tin.example.vn",
    ],
)
def test_an_address_that_only_resembles_ours_holds_no_token(address: str) -> None:
    assert a_failure("Action: failed", "Status: 5.1.1", to=address).tokens == ()


def test_a_report_on_several_readers_is_about_the_one_who_failed() -> None:
    report = a_failure(
        *("Final-Recipient: rfc822; a@x.example", "Action: delivered", "Status: 2.0.0", ""),
        *("Final-Recipient: rfc822; b@x.example", "Action: failed", "Status: 5.1.1"),
    )
    assert (report.meaning, report.recipient) == (Meaning.HARD, "b@x.example")


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_success_means_nothing_whatever_stands_beside_it(action: str) -> None:
    assert a_failure(f"Action: {action}", "Status: 5.1.1").meaning is Meaning.UNKNOWN


def test_without_an_action_the_class_of_the_code_decides() -> None:
    assert a_failure("Status: 5.1.1").meaning is Meaning.HARD
    assert a_failure("Status: 2.0.0").meaning is Meaning.UNKNOWN


def test_an_exact_code_in_the_servers_words_stands_in_for_one_that_says_nothing() -> None:
    report = a_failure("Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; 552 5.2.2 full")
    assert (report.meaning, report.code) == (Meaning.SOFT, "5.2.2")


@pytest.mark.parametrize(
    "wish",
    [
        "unsubscribe",
        "Unsubscribe me, please",
        "Please unsubscribe me from this newsletter.",
        "HỦY ĐĂNG KÝ",
        "huỷ đăng ký nhận bản tin",
        "huy dang ky",
        "Dừng nhận",
        "Tôi không muốn nhận bản tin nữa",
        "Vui lòng dừng gửi email cho tôi",
    ],
)
def test_a_wish_to_leave_is_heard_in_the_subject_or_the_first_line(wish: str) -> None:
    assert read(f"To: {BACK}", f"Subject: {wish}", "", "").meaning is Meaning.LEAVE
    body = ("Content-Type: text/plain; charset=utf-8", "", "Kính gửi Ban biên tập,", "", wish, "", "Lan")
    assert read(f"To: {BACK}", "Subject: Re: Tin 47", *body).meaning is Meaning.LEAVE


@pytest.mark.parametrize(
    "line",
    [
        "Please do not unsubscribe me",
        "Unsubscribe? What for?",
        "How do I unsubscribe",
        "Hủy đăng ký hội thảo giúp tôi",
        "Bài «Hủy đăng ký thuê bao» bị lỗi",
        "Dừng nhận hồ sơ từ ngày mai",
    ],
)
def test_what_only_mentions_leaving_is_for_a_person_to_read(line: str) -> None:
    assert read(f"To: {BACK}", f"Subject: {line}", "", line).meaning is Meaning.UNKNOWN


@pytest.mark.parametrize(
    "sign",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rule)",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "X-Autoreply: yes",
    ],
)
def test_a_machines_answer_makes_nobody_leave(sign: str) -> None:
    assert read(f"To: {BACK}", sign, "Subject: unsubscribe", "", "unsubscribe").meaning is Meaning.AUTOMATIC


def test_a_person_says_that_no_machine_wrote() -> None:
    assert read(f"To: {BACK}", "Auto-Submitted: no", "Subject: unsubscribe", "", "").meaning is Meaning.LEAVE


def test_a_person_who_speaks_of_an_unknown_user_is_no_bounce() -> None:
    report = read(
        f"To: {BACK}", "From: lan@so.example.vn", "Subject: Hỏi", "", "550 5.1.1 user unknown là gì?"
    )
    assert report.meaning is Meaning.UNKNOWN


def test_opensmtpd_and_an_unnamed_server_are_understood() -> None:
    assert a_failure("Action: error", "Status: 5.1.1").meaning is Meaning.HARD
    silent = read("Return-Path: <>", f"To: {BACK}", "Subject: x", "", "550 5.1.1 user unknown")
    assert (silent.meaning, silent.code) == (Meaning.HARD, "5.1.1")


# --- what no mail can do ---


@settings(deadline=None)
@given(some.binary(max_size=2_000))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    assert read_report(raw, returns_to=OURS).tokens == ()


LINES = some.sampled_from(
    [
        *(f"To: {BACK}", "From: MAILER-DAEMON", "Subject: =?utf-8?b?//8=?=", "Subject: =?x?q?=41?= \udcff", "", " "),
        *("Content-Type: multipart/report; report-type*0*=utf-8''delivery-status; boundary=b", "--b", "--b--"),
        *("Content-Type: message/delivery-status", "Content-Type: message/rfc822", "Content-Type: text/plain"),
        *('Content-Type: multipart/mixed; boundary="', "Content-Type: text/html; charset=unicode_escape"),
        *("Content-Type: message/global-delivery-status", "Content-Type: message/feedback-report", "\\N{x}<p"),
        *("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: x-uuencode", "begin 644 x", "=4", "YWJj"),
        *("Content-Type: text/plain; charset=\"a\0b\"", "Content-Type: text/rfc822-headers", "Auto-Submitted: \udc80"),
        *("Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 \udce1", "Final-Recipient: rfc822;@", "<>"),
        *("Original-Envelope-Id: +C3+A9", "Original-Envelope-Id: +ZZ", "Feedback-Type: abuse", "Return-Path: <>"),
        *("X-Failed-Recipients: ((((((", "Content-Type: ;;;", "550 5.1.1 user unknown", "unsubscribe", "> ", "\0"),
    ]
)  # fmt: skip


@settings(deadline=None)
@given(some.lists(LINES, max_size=40), some.sampled_from(["\n", "\r\n", "\r"]))
def test_no_row_of_plausible_lines_makes_it_raise(lines: list[str], end: str) -> None:
    report = read_report(end.join(lines).encode("utf-8", "surrogateescape"), returns_to=OURS)
    assert len(report.says) <= 300
    assert set(report.tokens) <= {TOKEN}


NESTED = "".join(
    f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n" for depth in range(2_000)
)
HUGE = {
    "of 20 MB": f"To: {BACK}\n\n" + "tin tuần\n" * 2_000_000,
    "of one long line": f"To: {BACK}\n\n" + "a" * 20_000_000,
    "of 10 000 parts": f"To: {BACK}\nContent-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 10_000,
    "of parts within parts": f"To: {BACK}\n{NESTED}",
    "of mails within mails": f"To: {BACK}\n" + "Content-Type: message/rfc822\n\n" * 20_000,
    "of empty lines in many parts": f"To: {BACK}\n{NESTED[: NESTED.index('b45')]}x\n\n" + "\n" * 1_000_000,
    "of semicolons": f"To: {BACK}\nContent-Type: multipart/mixed" + ";" * 1_000_000 + "\n\nx",
    "of brackets": f"To: {BACK}\nX-Failed-Recipients: " + "(" * 900_000 + "\n\nx",
    "of words without an at": f"To: {BACK}\nFrom: mailer-daemon@x\n\nfailed addresses follow:\n"
    + "a" * 900_000,
    "of dots": f"To: {BACK}\nFrom: mailer-daemon@x\n\n550 " + "a." * 400_000,
    "of dashes": f"To: {BACK}\nFrom: mailer-daemon@x\n\n" + "-" * 900_000,
    "of open tags": f"To: {BACK}\nFrom: mailer-daemon@x\nContent-Type: text/html\n\n" + "<style" * 100_000,
    "of spaces": f"To: {BACK}\nFrom: mailer-daemon@x\n\n" + " " * 500_000 + "\n \n" * 9_000,
    "of encoded words": f"To: {BACK}\nSubject: " + "=?utf-8?q?=41" * 60_000 + "\n\nx",
    "in a slow charset": f"To: {BACK}\nContent-Type: text/plain; charset=punycode\n\n" + "é" + "a-" * 250_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_a_huge_mail_is_given_up_in_time_and_still_names_its_reader(what: str) -> None:
    raw = HUGE[what].encode()
    begun = time.process_time()
    report = read_report(raw, returns_to=OURS)
    assert time.process_time() - begun < 3
    assert report.tokens == (TOKEN,)
    assert report.meaning in (Meaning.UNKNOWN, Meaning.SOFT)


def test_a_failure_before_a_huge_copy_is_still_understood() -> None:
    report = a_failure(
        *(
            "Action: failed",
            "Status: 5.1.1",
            "",
            "--b",
            "Content-Type: message/rfc822",
            "",
            "Subject: Tin",
            "",
        ),
        "x" * 70 * 100_000,
    )
    assert report.meaning is Meaning.HARD


def test_a_report_in_base64_is_read_all_the_same() -> None:
    """RFC 2046 §5.2 forbids it for such parts; some gateways do it to every part."""
    fields = "Reporting-MTA: dns; mx.example.vn\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    returned = f"Return-Path: <{BACK}>\r\nSubject: x\r\n\r\nbody\r\n"
    report = read(
        "To: tra-lai@tin.example.vn",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        *("--b", "Content-Type: message/delivery-status", "Content-Transfer-Encoding: base64", ""),
        base64.b64encode(fields.encode()).decode(),
        *("--b", "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", ""),
        base64.b64encode(returned.encode()).decode(),
        "--b--",
    )
    assert (report.meaning, report.code, report.tokens) == (Meaning.HARD, "5.1.1", (TOKEN,))
