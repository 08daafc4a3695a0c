"""Which encoding a part of the mail gets, and the signature above it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.digest.message import PREFERENCES_PLACEHOLDER, UNSUBSCRIBE_PLACEHOLDER, prepare
from syndication.digest.sign import signer_for
from syndication.errors import SettingsError
from tests.digest.test_message import LETTER, assert_lines_are_right, body, bytes_of, parsed

PROSE = "Ủy ban nhân dân thành phố tổ chức hội nghị trực tuyến với các xã, phường.\n" * 40
MARKUP = '<td style="padding:20px 24px 0 24px;font-size:16px;line-height:25px"><p>Tin</p></td>\n' * 40


def encoding_of(raw: bytes, part: int) -> str:
    return str(parsed(raw).get_payload(part)["Content-Transfer-Encoding"])  # type: ignore[index]


def test_vietnamese_prose_goes_in_base64_and_markup_in_quoted_printable() -> None:
    letter = replace(
        LETTER,
        text=PROSE + UNSUBSCRIBE_PLACEHOLDER,
        html=f'{MARKUP}<a href="{UNSUBSCRIBE_PLACEHOLDER}">Hủy nhận tin</a>',
    )
    raw = bytes_of(prepare(letter))
    assert [encoding_of(raw, part) for part in (0, 1)] == ["base64", "quoted-printable"]
    assert len(raw) < len(letter.html.encode()) * 1.3 + len(letter.text.encode()) * 1.5 + 2000
    assert_lines_are_right(raw)
    assert body(raw, 0).startswith(PROSE)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text(alphabet=st.sampled_from("ễộậ \nữ"), max_size=12), min_size=3, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_in_base64_every_value_lands_exactly_in_its_place(
    pieces: list[str], choices: list[bool], longer: int, longer_still: int
) -> None:
    unsubscribe = "https://tin.example.vn/u/" + "x" * longer
    preferences = "https://tin.example.vn/p/" + "y" * longer_still
    written, expected = "ễ" * 60 + pieces[0], "ễ" * 60 + pieces[0]
    for place, piece in enumerate(pieces[1:]):
        first = place == 0 or choices[place]
        written += (UNSUBSCRIBE_PLACEHOLDER if first else PREFERENCES_PLACEHOLDER) + " " + piece
        expected += (unsubscribe if first else preferences) + " " + piece
    raw = bytes_of(
        prepare(replace(LETTER, text=written)), unsubscribe_url=unsubscribe, preferences_url=preferences
    )
    assert encoding_of(raw, 0) == "base64"
    assert body(raw, 0) == expected.rstrip("\n")
    assert_lines_are_right(raw)
    strict = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.defects for part in strict.walk()] == [[], [], []]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A private key in PEM, and what of it stands in the DNS."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), "v=DKIM1; k=rsa; p=" + "".join(public.decode().splitlines()[1:-1])


def test_a_signature_covers_what_one_click_needs_and_breaks_with_it(key: tuple[str, str]) -> None:
    private, public = key
    seal = signer_for(LETTER.mail_from, selector="news2026", key=private)
    raw = seal(bytes_of(prepare(LETTER)))
    signature = parsed(raw)["DKIM-Signature"]
    covered = signature.split("h=")[1].split(";")[0].replace("\r\n", "").replace(" ", "").split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "from", "subject", "date", "message-id"} <= {
        name.lower() for name in covered
    }

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"news2026._domainkey.example.vn."
        return public.encode()

    assert dkim.verify(raw, dnsfunc=dns)
    assert not dkim.verify(raw.replace(b"One-Click", b"Two-Click"), dnsfunc=dns)
    assert seal(bytes_of(prepare(LETTER))).split(b"bh=")[1][:40] == raw.split(b"bh=")[1][:40]


def test_without_a_key_a_message_stays_as_it_is() -> None:
    raw = bytes_of(prepare(LETTER))
    assert signer_for(LETTER.mail_from, selector="", key="")(raw) is raw


def test_a_key_that_cannot_sign_stops_the_start(key: tuple[str, str]) -> None:
    for selector, private in [("", key[0]), ("news", "-----BEGIN PRIVATE KEY-----"), ("news", "x" * 40)]:
        with pytest.raises(SettingsError, match="DKIM_KEY"):
            signer_for(LETTER.mail_from, selector=selector, key=private)
