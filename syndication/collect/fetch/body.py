"""Reads a body no further than we want it, and unpacks it without letting it grow beyond all bounds."""

from __future__ import annotations

import zlib
from contextlib import suppress

import aiohttp
import brotli

from syndication.collect.fetch.exchange import Answer, Limits
from syndication.errors import FetchFailed

PEEK = 32_768
"""Bytes of a refusal that are read to tell whose firewall wrote it."""
_GZIP = b"\x1f\x8b\x08"


class WrongEncoding(Exception):
    """The bytes are not what Content-Encoding says, or it says something that we did not ask for."""


async def read_body(response: aiohttp.ClientResponse, most: int, host: str) -> bytes:
    """The bytes as they come over the wire; raises FetchFailed where they are more than ``most``."""
    declared = response.content_length or 0
    chunks: list[bytes] = []
    size = 0
    if declared <= most:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > most:
                break
            chunks.append(chunk)
    if max(size, declared) > most:
        raise FetchFailed(f"{host} sends more than {_in_words(most)}; give an address with fewer items")
    return b"".join(chunks)


async def read_start(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of a body, as many as came before it broke off."""
    start = b""
    with suppress(aiohttp.ClientPayloadError):
        while len(start) < PEEK and (chunk := await response.content.readany()):
            start += chunk
    return start[:PEEK]


def _in_words(number: int) -> str:
    return f"{number / 1_000_000:g} MB" if number >= 1_000_000 else f"{number / 1000:g} kB"


def inflate(answer: Answer, limits: Limits, host: str) -> bytes:
    """Undo the one content encoding of an answer (RFC 9110, section 8.4), within the limits.

    Raises WrongEncoding where the bytes are not what they are said to be, FetchFailed where they grow too
    large. A body that is a gzip file by itself (``sitemap.xml.gz``) is opened too, under the same limits.
    """
    wire = answer.wire
    if not wire:
        return wire
    named = [name.strip() for name in answer.headers.get("content-encoding", "").lower().split(",")]
    named = [name for name in named if name not in ("", "identity")]
    if not named and wire.startswith(_GZIP):
        named = ["gzip"]
    if not named:
        return wire
    if len(named) > 1:
        raise FetchFailed(f"{host} compresses its answer {len(named)} times over; tell the portal")
    most = limits.inflated_bytes
    try:
        match named[0]:
            case "gzip" | "x-gzip":
                body = unzip(wire, most, zlib.MAX_WBITS | 16)
            case "deflate":
                # Said to be zlib (RFC 9110, section 8.4.1.2); some servers send it without the wrapping.
                wrapped = wire[0] & 0x0F == 8 and int.from_bytes(wire[:2]) % 31 == 0
                body = unzip(wire, most, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
            case "br":
                body = unbrotli(wire, most)
            case other:
                raise WrongEncoding(f"Content-Encoding: {other[:20]!a}")
    except (zlib.error, brotli.error) as cause:
        raise WrongEncoding(f"not {named[0]}") from cause
    if len(body) > most or (len(body) > 1_000_000 and len(body) > limits.ratio * len(wire)):
        raise FetchFailed(
            f"{host} sends {_in_words(len(wire))} that grow beyond {_in_words(min(most, len(body)))} when unpacked; "
            "it looks like a bomb, tell the portal"
        )
    return body


def unzip(wire: bytes, most: int, wbits: int) -> bytes:
    """Inflate at most one byte more than ``most``. A gzip file may have several members (RFC 1952)."""
    parts: list[bytes] = []
    size = 0
    for _ in range(100):  # each member costs a copy of what follows it
        member = zlib.decompressobj(wbits)
        parts.append(member.decompress(wire, most + 1 - size))
        size += len(parts[-1])
        if size > most:
            break
        if not member.eof:
            raise WrongEncoding("it breaks off")
        wire = member.unused_data
        if not wire.startswith(_GZIP):
            break
    else:
        raise WrongEncoding("too many parts")
    return b"".join(parts)


def unbrotli(wire: bytes, most: int) -> bytes:
    """Inflate little more than ``most`` bytes of brotli (RFC 7932)."""
    stream = brotli.Decompressor()
    parts: list[bytes] = [stream.process(wire, output_buffer_limit=most + 1)]
    size = len(parts[0])
    while size <= most and not stream.is_finished():
        parts.append(stream.process(b"", output_buffer_limit=most + 1 - size))
        size += len(parts[-1])
        if not parts[-1]:
            raise WrongEncoding("it breaks off")
    return b"".join(parts)
