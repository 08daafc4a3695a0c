"""TLS certificates are always checked, and each thing wrong with one has its own line and remedy."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syndication.collect.fetch import Request
from syndication.errors import FetchFailed, SourceError
from tests.collect.fetch.asking import BODY, NAME, OTHER, MakeFetcher, failure
from tests.collect.fetch.certificates import Certificate, certificate, server_with
from tests.collect.portal_double import PortalDouble, portal_on_loopback, reply

ROOT = certificate("Test root", authority=True)
INTERMEDIATE = certificate("Test intermediate", signer=ROOT, authority=True)
LEAF = certificate(NAME, signer=INTERMEDIATE)
ALONE = certificate(NAME)
"""Signed by itself."""

Refused = Callable[..., SourceError]


@pytest.fixture
def trusting(tmp_path: Path) -> Callable[..., Path]:
    """Makes a ``ca_file`` of certificates."""

    def write(*certificates: Certificate) -> Path:
        path = tmp_path / "ca.pem"
        path.write_text("".join(one.pem for one in certificates), encoding="ascii")
        return path

    return write


@pytest.fixture
def refused(tmp_path: Path, fetcher_for: MakeFetcher) -> Refused:
    """The error of asking a server that shows these certificates, which must not have heard the question."""

    def ask(*shown: Certificate, host: str = NAME, ca_file: Path | None = None) -> SourceError:
        with portal_on_loopback(tls=server_with(tmp_path, *shown)) as portal:
            portal.on("/rss", reply("200 OK", BODY))
            url = portal.url("/rss", host=host, scheme="https")
            error = failure(fetcher_for(portal), Request(url=url, ca_file=ca_file))
            assert not portal.asked
        assert isinstance(error, FetchFailed)
        assert not error.permanent
        assert host in str(error)
        return error

    return ask


def verdict(error: SourceError) -> int:
    """OpenSSL's own number for what is wrong."""
    cause = error.__cause__
    assert cause is not None
    code = cause.certificate_error.verify_code  # type: ignore[attr-defined]
    assert isinstance(code, int)
    return code


# Certificates that are refused


def test_an_expired_certificate_is_for_the_portal_to_renew(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    old = certificate(NAME, signer=ROOT, ends=timedelta(hours=-1))
    line = str(refused(old, ca_file=trusting(ROOT)))
    assert "has expired" in line
    assert "the portal must renew" in line


def test_an_expired_certificate_in_the_ca_file_is_for_us_to_renew(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    old = certificate("Test intermediate", signer=ROOT, authority=True, ends=timedelta(hours=-1))
    line = str(refused(certificate(NAME, signer=old), ca_file=trusting(old)))
    assert "or one in ca.pem has" in line
    assert "you the one in the file" in line


def test_a_certificate_of_tomorrow_lets_us_look_at_our_clock(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    new = certificate(NAME, signer=ROOT, begins=timedelta(days=1))
    line = str(refused(new, ca_file=trusting(ROOT)))
    assert "not valid yet" in line
    assert "clock" in line


def test_a_certificate_signed_by_itself_is_refused_until_it_is_named(
    refused: Refused, trusting: Callable[..., Path], fetcher_for: MakeFetcher, tmp_path: Path
) -> None:
    line = str(refused(ALONE))
    assert "signed by itself" in line
    assert "PEM file" in line
    assert "`ca_file`" in line
    with portal_on_loopback(tls=server_with(tmp_path, ALONE)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        request = Request(url=portal.url("/rss", host=NAME, scheme="https"), ca_file=trusting(ALONE))
        assert fetcher_for(portal).fetch(request).body == BODY


def test_a_certificate_for_another_host_is_refused_even_if_its_authority_is_trusted(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    line = str(refused(LEAF, INTERMEDIATE, host=OTHER, ca_file=trusting(ROOT)))
    assert line == (
        f"the TLS certificate of {OTHER} is for another host; check the address, else tell the portal"
    )


def test_a_certificate_for_a_name_is_not_one_for_its_address(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    assert "is for another host" in str(refused(LEAF, host="127.0.0.1", ca_file=trusting(INTERMEDIATE)))


def test_an_incomplete_chain_asks_for_the_missing_certificate(refused: Refused) -> None:
    line = str(refused(LEAF))
    assert "an incomplete chain" in line
    assert "add the missing certificate to a PEM file and name it with `ca_file`" in line


def test_a_ca_file_without_the_missing_certificate_is_named(
    refused: Refused, trusting: Callable[..., Path]
) -> None:
    """The root alone does not help where the server forgets what stands between."""
    line = str(refused(LEAF, ca_file=trusting(ROOT)))
    assert "even with ca.pem" in line
    assert "add the certificate that is missing to that file" in line


def test_an_authority_that_only_the_portal_knows_is_told_from_one_that_is_missing(refused: Refused) -> None:
    line = str(refused(LEAF, INTERMEDIATE, ROOT))
    assert "an authority that we do not know" in line
    assert "`ca_file`" in line
    assert "incomplete" not in line


def test_openssl_itself_tells_an_incomplete_chain_from_a_certificate_signed_by_itself(
    refused: Refused,
) -> None:
    assert verdict(refused(LEAF)) in (20, 21)
    assert verdict(refused(LEAF, INTERMEDIATE)) in (20, 21)
    assert verdict(refused(ALONE)) == 18
    assert verdict(refused(LEAF, INTERMEDIATE, ROOT)) == 19


def test_no_line_advises_to_look_away(refused: Refused, trusting: Callable[..., Path]) -> None:
    old = certificate(NAME, signer=ROOT, ends=timedelta(hours=-1))
    lines = {
        str(refused(*shown, ca_file=ca_file))
        for shown, ca_file in (
            *((one, None) for one in ((LEAF,), (ALONE,), (LEAF, INTERMEDIATE, ROOT))),
            ((old,), trusting(ROOT)),
        )
    }
    assert len(lines) == 4
    for line in lines:
        assert not {"disable", "ignore", "insecure", "off", "skip", "verify", "http"} & set(line.split())


# Certificates that are trusted


@pytest.mark.parametrize("known", [(INTERMEDIATE,), (ROOT, INTERMEDIATE)], ids=["missing one", "bundle"])
def test_an_incomplete_chain_is_completed_by_the_ca_file_for_its_own_portal_alone(
    tmp_path: Path,
    fetcher_for: MakeFetcher,
    trusting: Callable[..., Path],
    known: tuple[Certificate, ...],
) -> None:
    with portal_on_loopback(tls=server_with(tmp_path, LEAF)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        url = portal.url("/rss", host=NAME, scheme="https")
        fetcher = fetcher_for(portal)
        assert fetcher.fetch(Request(url=url, ca_file=trusting(*known))).body == BODY
        assert "incomplete chain" in str(failure(fetcher, url)), "one portal's ca_file must not serve another"


def test_a_ca_file_is_read_again_when_it_was_mended(
    tmp_path: Path, fetcher_for: MakeFetcher, trusting: Callable[..., Path]
) -> None:
    with portal_on_loopback(tls=server_with(tmp_path, LEAF)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        request = Request(url=portal.url("/rss", host=NAME, scheme="https"), ca_file=trusting(ALONE))
        fetcher = fetcher_for(portal)
        assert "even with ca.pem" in str(failure(fetcher, request))
        trusting(ALONE, INTERMEDIATE)
        assert fetcher.fetch(request).body == BODY


def test_a_full_chain_needs_only_its_root(
    tmp_path: Path, fetcher_for: MakeFetcher, trusting: Callable[..., Path]
) -> None:
    with portal_on_loopback(tls=server_with(tmp_path, LEAF, INTERMEDIATE)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        url = portal.url("/rss", host=NAME, scheme="https")
        assert fetcher_for(portal).fetch(Request(url=url, ca_file=trusting(ROOT))).body == BODY


def test_the_server_is_told_the_name_though_we_connect_to_an_address(
    tmp_path: Path, fetcher_for: MakeFetcher, trusting: Callable[..., Path]
) -> None:
    names: list[str | None] = []
    tls = server_with(tmp_path, LEAF)
    tls.sni_callback = lambda connection, name, context: names.append(name)
    with portal_on_loopback(tls=tls) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        url = portal.url("/rss", host=NAME, scheme="https")
        fetcher_for(portal).fetch(Request(url=url, ca_file=trusting(INTERMEDIATE)))
        assert names == [NAME]
        assert portal.asked[0].header("host") == portal.authority(NAME).encode()


# Files and servers that are none


def test_certificates_that_cannot_be_read_say_so(tmp_path: Path, fetcher_for: MakeFetcher) -> None:
    ca_file = tmp_path / "ca.pem"
    request = Request(url=f"https://{NAME}/", ca_file=ca_file)
    assert "cannot be read" in str(failure(fetcher_for(), request))
    ca_file.write_text("not a certificate")
    assert "cannot be read" in str(failure(fetcher_for(), request))


@contextmanager
def greeting(greet: Callable[[socket.socket], None]) -> Iterator[PortalDouble]:
    """A server that takes one connection, does this to it, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                greet(connection)

        thread = threading.Thread(target=answer)
        thread.start()
        yield PortalDouble(port=server.getsockname()[1])
        thread.join()


def test_a_server_that_speaks_no_modern_tls_is_told_from_a_bad_certificate(
    tmp_path: Path, fetcher_for: MakeFetcher
) -> None:
    old = server_with(tmp_path, LEAF)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1

    def greet(connection: socket.socket) -> None:
        with pytest.raises(ssl.SSLError):
            old.wrap_socket(connection, server_side=True)

    with greeting(greet) as portal:
        line = str(failure(fetcher_for(portal), portal.url("/", host=NAME, scheme="https")))
    assert "agree on no TLS" in line
    assert "protocol version" in line


def test_speaking_tls_to_a_plain_server_says_so(fetcher_for: MakeFetcher) -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(10_000)

    with greeting(greet) as portal:
        assert "agree on no TLS" in str(failure(fetcher_for(portal), portal.url("/", scheme="https")))


def test_a_firewall_that_cuts_the_handshake_is_told_from_bad_tls(fetcher_for: MakeFetcher) -> None:
    def greet(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends in a reset

    with greeting(greet) as portal:
        assert "hangs up while we connect" in str(
            failure(fetcher_for(portal), portal.url("/", scheme="https"))
        )


def test_giving_up_https_is_flagged_and_never_remembered(
    tmp_path: Path, fetcher_for: MakeFetcher, trusting: Callable[..., Path]
) -> None:
    with portal_on_loopback(tls=server_with(tmp_path, LEAF)) as safe, portal_on_loopback() as plain:
        end = plain.on("/rss", reply("200 OK", BODY))
        safe.on("/rss", reply("301 Moved", b"", f"Location: {end}"))
        ca_file = trusting(INTERMEDIATE)
        url = safe.url("/rss", host=NAME, scheme="https")
        fetched = fetcher_for(safe, plain).fetch(Request(url=url, ca_file=ca_file))
        assert (fetched.url, fetched.downgraded, fetched.permanent_url) == (end, True, None)

        plain.on("/up", reply("301 Moved", b"", f"Location: {url}"))
        safe.on("/rss", reply("200 OK", BODY))
        fetched = fetcher_for(safe, plain).fetch(Request(url=plain.url("/up"), ca_file=ca_file))
        assert (fetched.downgraded, fetched.permanent_url) == (False, url)
