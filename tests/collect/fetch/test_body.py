"""How an answer's body is read and unpacked, and where that ends."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import brotli
import pytest

from syndication.collect.fetch import Limits, Request
from syndication.collect.fetch.body import unbrotli, unzip
from tests.collect.fetch.asking import BODY, MakeFetcher, failure, short, zipped
from tests.collect.portal_double import PortalDouble, reply


def deflate_raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def brotli_quick(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=5))


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("gzip", zipped(BODY)),
        ("X-GZIP", zipped(BODY)),
        ("gzip", zipped(BODY[:100]) + zipped(BODY[100:])),
        ("gzip", zipped(BODY) + b"\0\0\0"),
        ("br", brotli.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", deflate_raw(BODY)),
        ("identity", BODY),
        ("identity, gzip", zipped(BODY)),
        ("", BODY),
        ("", zipped(BODY)),  # sitemap.xml.gz
    ],
    ids=short,
)
def test_an_encoded_answer_is_opened(
    portal: PortalDouble, fetcher_for: MakeFetcher, encoding: str, wire: bytes
) -> None:
    url = portal.on("/rss", reply("200 OK", wire, f"Content-Encoding: {encoding}"))
    assert fetcher_for(portal).fetch(Request(url=url)).body == BODY
    assert len(portal.asked) == 1


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("gzip", BODY),
        ("gzip", zipped(BODY)[:-20]),
        ("gzip", zipped(b"") * 101),
        ("br", BODY),
        ("br", brotli.compress(BODY)[:-3]),
        ("deflate", BODY),
        ("zstd", BODY),
    ],
    ids=short,
)
def test_a_lie_about_the_encoding_is_asked_again_once_without_any(
    portal: PortalDouble, fetcher_for: MakeFetcher, encoding: str, wire: bytes
) -> None:
    lie = reply("200 OK", wire, f"Content-Encoding: {encoding}")
    url = portal.on("/rss", lie, reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=url)).body == BODY
    assert [asked.header("accept-encoding") for asked in portal.asked] == [b"gzip, br", b"identity"]
    url = portal.on("/always", lie)
    assert "not packed as it says" in str(failure(fetcher_for(portal), url))
    assert len(portal.asked) == 4


def test_an_answer_compressed_twice_is_refused(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    wire = zipped(zipped(BODY))
    url = portal.on("/rss", reply("200 OK", wire, "Content-Encoding: gzip, gzip"))
    assert "2 times over" in str(failure(fetcher_for(portal), url))
    url = portal.on("/rss", reply("200 OK", wire, "Content-Encoding: gzip", "Content-Encoding: gzip"))
    assert "2 times over" in str(failure(fetcher_for(portal), url))


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", zipped), ("br", brotli_quick), ("deflate", zlib.compress), ("deflate", deflate_raw)],
)
@pytest.mark.parametrize(("size", "says"), [(20_000_000, "15 MB"), (2_000_000, "2 MB")])
def test_a_bomb_is_not_opened(
    portal: PortalDouble,
    fetcher_for: MakeFetcher,
    encoding: str,
    pack: Callable[[bytes], bytes],
    size: int,
    says: str,
) -> None:
    url = portal.on("/rss", reply("200 OK", pack(b"\0" * size), f"Content-Encoding: {encoding}"))
    line = str(failure(fetcher_for(portal), url))
    assert "bomb" in line
    assert says in line


def test_a_bomb_never_stands_in_memory() -> None:
    bomb = b"\0" * 50_000_000
    assert len(unzip(zipped(bomb), 1_000_000, 31)) == 1_000_001
    assert len(unzip(zipped(bomb[:900_000]) * 50, 1_000_000, 31)) == 1_000_001
    assert 1_000_000 < len(unbrotli(brotli_quick(bomb), 1_000_000)) < 3_000_000


def test_a_dense_but_honest_answer_passes(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    body = b"0" * 900_000
    url = portal.on("/rss", reply("200 OK", zipped(body), "Content-Encoding: gzip"))
    assert fetcher_for(portal).fetch(Request(url=url)).body == body


def test_too_many_bytes_are_not_read(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal, limits=Limits(wire_bytes=100_000))
    said = portal.on("/said", b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n")
    assert "more than 100 kB" in str(failure(fetcher, said))
    fits = portal.on("/fits", reply("200 OK", b"x" * 100_000))
    assert len(fetcher.fetch(Request(url=fits)).body) == 100_000

    sent = []

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            await writer.drain()
            sent.append(10_000)

    assert "more than 100 kB" in str(failure(fetcher, portal.on("/unsaid", flood)))
    assert sum(sent) < 100_000_000


def test_many_headers_are_read_and_too_many_are_not(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    some = portal.on(
        "/some", reply("200 OK", BODY, *(f"X-{n}: {n}" for n in range(300)), "X-L: " + "a" * 12_000)
    )
    assert len(fetcher.fetch(Request(url=some)).headers) == 302
    many = portal.on("/many", reply("200 OK", BODY, *(f"X-{n}: {n}" for n in range(1000))))
    assert "not proper HTTP" in str(failure(fetcher, many))
    long = portal.on("/long", reply("200 OK", BODY, "X-L: " + "a" * 100_000))
    assert "not proper HTTP" in str(failure(fetcher, long))
