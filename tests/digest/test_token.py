"""Signed links: only we can make them, each for one purpose, and mail programs cannot damage them."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.digest.token import Signer

SIGNER = Signer("a secret of this instance")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_token_gives_back_its_subject_and_is_safe_in_an_address(subject: str) -> None:
    token = SIGNER.sign("unsubscribe", subject)
    assert SIGNER.read("unsubscribe", token) == subject
    assert re.fullmatch(r"[a-z0-9-]+[a-z0-9]", token)


@given(st.text())
def test_what_we_did_not_sign_is_not_read(forged: str) -> None:
    assert SIGNER.read("unsubscribe", forged) is None


def test_no_purpose_accepts_the_token_of_another() -> None:
    token = SIGNER.sign("unsubscribe", "4711")
    assert SIGNER.read("preferences", token) is None


def test_any_changed_character_makes_a_token_worthless() -> None:
    token = SIGNER.sign("unsubscribe", "4711")
    for place, char in enumerate(token):
        for other in "a2-=7.":
            if other != char:
                assert SIGNER.read("unsubscribe", token[:place] + other + token[place + 1 :]) is None
    assert SIGNER.read("unsubscribe", token + "a") is None
    assert SIGNER.read("unsubscribe", token[:-1]) is None


def test_a_gateway_that_changes_case_does_no_harm() -> None:
    assert SIGNER.read("unsubscribe", SIGNER.sign("unsubscribe", "Đường").upper()) == "Đường"


def test_another_secret_reads_nothing() -> None:
    assert Signer("another secret").read("unsubscribe", SIGNER.sign("unsubscribe", "4711")) is None


def test_links_in_old_mails_outlive_a_change_of_the_secret() -> None:
    old_link = Signer("old").sign("unsubscribe", "4711")
    changed = Signer("new", former=["old"])
    assert changed.read("unsubscribe", old_link) == "4711"
    assert changed.sign("unsubscribe", "4711").startswith("2-")
    assert changed.read("unsubscribe", changed.sign("unsubscribe", "4711")) == "4711"
    assert changed.read("unsubscribe", "2" + old_link[1:]) is None


def test_a_signature_has_128_bits() -> None:
    signature = SIGNER.sign("unsubscribe", "4711").rsplit("-", 1)[1]
    assert len(signature) * 5 >= 128


def test_a_digest_is_stable_and_keeps_its_parts_apart() -> None:
    assert SIGNER.digest("message", "2026-w47", "4711") == SIGNER.digest("message", "2026-w47", "4711")
    assert re.fullmatch(r"[0-9a-f]{32}", SIGNER.digest("message", "2026-w47", "4711"))
    assert SIGNER.digest("message", "ab", "c") != SIGNER.digest("message", "a", "bc")
    assert SIGNER.digest("message", "ab", "c") != SIGNER.digest("message", "abc")
    assert SIGNER.digest("message", "a") != SIGNER.digest("bounce", "a")
    assert SIGNER.digest("message", "a") != Signer("another").digest("message", "a")


def test_a_digest_that_stands_in_a_mail_for_all_to_see_signs_no_link() -> None:
    signature = SIGNER.sign("unsubscribe", "4711").rsplit("-", 1)[1]
    shown = SIGNER.digest("unsubscribe", "4711")
    assert base64.b32decode(signature.upper() + "======").hex() != shown


def test_an_empty_secret_and_a_purpose_in_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Signer("")
    with pytest.raises(ValueError, match="purpose"):
        SIGNER.sign("un subscribe", "4711")
