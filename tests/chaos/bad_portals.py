"""Every way of misbehaving that we have heard of portals, each with what an operator must be told of it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import brotli

from tests.chaos.portals import WAYS, Asked, Told, Trouble, Where, listing, rss

JUNK = "RÁC"
"""Stands in everything that must never be kept or published."""

Play = Callable[[Asked], Awaitable[None]]

_LOGIN = (
    f"<!DOCTYPE html><html><head><title>Đăng nhập {JUNK}</title></head><body><form action='/dang-nhap'>"
    f"<input name='u'><input type='password'></form><ul class='menu'><li><a href='/{JUNK}'>{JUNK}</a></li></ul>"
    "</body></html>"
)
_NOTHING_THERE = (
    f"<html><head><title>404 - Không tìm thấy trang</title></head><body><h1>{JUNK}</h1></body></html>"
)
_F5 = f"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. {JUNK}</body></html>"
_VIETTEL = f"<html><body><h1>Viettel WAF</h1><p>{JUNK}</p></body></html>"
_EMPTY = "<rss version='2.0'><channel><title>Trống</title></channel></rss>"
_ENTITIES = (
    "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'RÁC'>"
    + "".join(
        f"<!ENTITY {name} '{f'&{before};' * 10}'>"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><rss version='2.0'><channel><title>&i;</title></channel></rss>"
)


def _says(status: str, body: bytes | str = b"", *headers: str) -> Play:
    async def play(asked: Asked) -> None:
        await asked.say(status, body, *headers)

    return play


def _writes(raw: bytes) -> Play:
    async def play(asked: Asked) -> None:
        await asked.write(raw)

    return play


async def _hang(asked: Asked) -> None:
    await asked.reader.read()


async def _drip(asked: Asked) -> None:
    await asked.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: 50000\r\n\r\n"
    )
    await _until_they_leave(asked, b"<", every=1)


async def _drip_head(asked: Asked) -> None:
    await asked.write(b"HTTP/1.1 200 OK\r\n")
    await _until_they_leave(asked, b"X-Cham: co\r\n", every=1)


async def _endless(asked: Asked) -> None:
    await asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n")
    await _until_they_leave(asked, b"<item>" * 5000, every=0)


async def _until_they_leave(asked: Asked, piece: bytes, *, every: float) -> None:
    """Send a piece again and again, so many seconds apart, until the other side has gone."""
    leaving = asyncio.ensure_future(asked.reader.read())
    try:
        while not leaving.done():
            await asked.write(piece)
            await asyncio.wait([leaving], timeout=every)
    finally:
        leaving.cancel()


async def _reset(asked: Asked) -> None:
    connection = asked.writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    asked.writer.transport.abort()


async def _reset_inside(asked: Asked) -> None:
    await asked.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: 50000\r\n\r\n<rss>"
    )
    await _reset(asked)


async def _say_nothing(asked: Asked) -> None:
    pass


def _whole(asked: Asked) -> bytes:
    return asked.portal.way.form(asked.portal, asked.portal.told(asked.now, home=asked.here))[1].encode()


async def _truncated(asked: Asked) -> None:
    body = _whole(asked)
    await asked.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[: len(body) * 2 // 3]
    )


async def _cut_within_a_link(asked: Asked) -> None:
    """The length is right and the document ends in the middle of an address; what stands before is good."""
    body = _whole(asked)
    cut = body.rindex(b"</link>") - 9
    await asked.say("200 OK", body[:cut], "Content-Type: application/rss+xml")
    asked.portal.sent.update(one.number for one in asked.portal.told(asked.now, home=asked.here)[:-1])


async def _circle(asked: Asked) -> None:
    there = asked.portal.way.path if asked.path == "/vong" else "/vong"
    await asked.say("302 Found", JUNK, f"Location: {there}")


async def _ever_on(asked: Asked) -> None:
    step = int(asked.path.rpartition("-")[2]) if asked.path.startswith("/buoc-") else 0
    await asked.say("302 Found", JUNK, f"Location: /buoc-{step + 1}")


async def _wait_until(asked: Asked) -> None:
    when = format_datetime(asked.now + timedelta(hours=3), usegmt=False)
    await asked.say("503 Service Unavailable", JUNK, f"Retry-After: {when}")


async def _soup(asked: Asked) -> None:
    chance = Random(f"{asked.portal.seed} {asked.portal.id}")
    tags = "rss channel item title b i table td p font".split()
    soup = "".join(f"<{chance.choice('/ ').strip()}{chance.choice(tags)}>{JUNK}" for _ in range(3000))
    await asked.say("200 OK", soup, "Content-Type: application/xml")


async def _noise(asked: Asked) -> None:
    noise = Random(f"{asked.portal.seed} {asked.portal.id}").randbytes(40_000)
    await asked.say("200 OK", noise, "Content-Type: application/rss+xml")


def _junk(asked: Asked, *, host: str, count: int) -> list[Told]:
    return [
        Told(
            n,
            f"http://{host}/{JUNK}/{asked.now:%d%H}-{n}.html",
            f"{JUNK}-{asked.now:%d%H}-{n}",
            f"{JUNK} {asked.now:%d%H} {n}",
            JUNK,
            asked.now,
        )
        for n in range(count)
    ]


async def _flood(asked: Asked) -> None:
    await asked.say("200 OK", rss(asked.portal, _junk(asked, host=asked.here, count=30))[1])


async def _foreign(asked: Asked) -> None:
    await asked.say("200 OK", rss(asked.portal, _junk(asked, host="khac.example", count=8))[1])


async def _other_list(asked: Asked) -> None:
    """A new look: the same articles in other markup, and a menu that is a list too."""
    page = listing(asked.portal, asked.portal.told(asked.now, home=asked.here))[1]
    page = page.replace(
        "<ul class='tin'>", f"<ul class='menu'><li><a href='/{JUNK}'>{JUNK}</a></li></ul><ol class='ban-tin'>"
    )
    await asked.say("200 OK", page.replace("</ul></body>", "</ol></body>"), "Content-Type: text/html")


HTML = "Content-Type: text/html; charset=utf-8"
XML = "Content-Type: application/rss+xml"

TROUBLES = (
    # of the connection
    Trouble("treo", _hang, "too slow"),
    Trouble("nho-giot", _drip, "too slow"),
    Trouble("nho-giot-dau", _drip_head, "too slow"),
    Trouble("cat-ngang", _truncated, "breaks off in the middle"),
    Trouble("dut", _reset, "hangs up|cannot be reached"),
    Trouble("dut-giua", _reset_inside, "breaks off|hangs up"),
    Trouble("im-lang", _say_nothing, "hangs up"),
    Trouble("khong-phai-http", _writes(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not proper HTTP"),
    Trouble("nhieu-dau", _writes(b"HTTP/1.1 200 OK\r\n" + b"X-R: 1\r\n" * 2000 + b"\r\n"), "not proper HTTP"),
    # redirects
    Trouble("vong", _circle, "in a circle"),
    Trouble("di-mai", _ever_on, "more than 5 times"),
    Trouble("khong-noi", _says("302 Found"), "without saying where"),
    Trouble(
        "vao-trong",
        _says("301 Moved Permanently", "", "Location: http://169.254.169.254/latest/"),
        "where we do not go",
    ),
    Trouble("sang-tep", _says("302 Found", "", "Location: file:///etc/passwd"), "where we do not go"),
    # statuses
    Trouble("hong", _says("500 Internal Server Error", _EMPTY), "fault of its own"),
    Trouble("khong-thay", _says("404 Not Found", _NOTHING_THERE, HTML), "nothing at this address"),
    Trouble("bo-han", _says("410 Gone"), "gone for good"),
    Trouble("mat-khau", _says("401 Unauthorized", _LOGIN, HTML), "password"),
    Trouble("it-thoi", _says("429 Too Many Requests", JUNK, "Retry-After: 7200"), "less often"),
    Trouble("it-thoi-mai", _says("429 Too Many Requests", JUNK, "Retry-After: 99999999"), "less often"),
    Trouble("it-thoi-la", _says("429 Too Many Requests", JUNK, "Retry-After: chốc nữa"), "less often"),
    Trouble("doi-den", _wait_until, "not available"),
    Trouble("rong-204", _says("204 No Content"), "status 204"),
    Trouble("chua-doi", _says("304 Not Modified"), "nothing changed \\(304\\)", passes=True),
    # firewalls and logins
    Trouble("tuong-lua", _says("403 Forbidden", _VIETTEL, HTML), "Viettel WAF"),
    Trouble("tuong-lua-200", _says("200 OK", _F5, HTML), "F5"),
    Trouble("thu-thach", _says("503 Service Unavailable", JUNK, "cf-mitigated: challenge"), "Cloudflare"),
    Trouble("dang-nhap", _says("200 OK", _LOGIN, HTML), "web page|login page"),
    Trouble("bao-200", _says("200 OK", _NOTHING_THERE, HTML), "web page|no such page"),
    # bodies
    Trouble("trong", _says("200 OK"), "answer is empty"),
    Trouble("het-tin", _says("200 OK", _EMPTY, XML), "lists nothing any more", lasting=False),
    Trouble(
        "nen-bom", _says("200 OK", gzip.compress(bytes(4_000_000)), XML, "Content-Encoding: gzip"), "bomb"
    ),
    Trouble(
        "nen-bom-br", _says("200 OK", brotli.compress(bytes(4_000_000)), XML, "Content-Encoding: br"), "bomb"
    ),
    Trouble("nen-gia", _says("200 OK", _EMPTY, XML, "Content-Encoding: gzip"), "not packed as it says"),
    Trouble(
        "nen-hai-lan",
        _says("200 OK", gzip.compress(b"x"), XML, "Content-Encoding: gzip, gzip"),
        "2 times over",
    ),
    Trouble(
        "qua-lon", _writes(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n<rss>"), "sends more than"
    ),
    Trouble("vo-tan", _endless, "sends more than|too slow"),
    Trouble("xml-gay", _cut_within_a_link, "", passes=True, where=Where.LIST),
    Trouble(
        "xml-hong", _says("200 OK", f"<?xml version='1.0'?><bang><hang>{JUNK}", XML), "neither RSS nor Atom"
    ),
    Trouble("xml-bom", _says("200 OK", _ENTITIES, XML), "lists nothing|neither RSS", passes=True),
    Trouble("canh-the", _soup, "neither RSS nor Atom|lists nothing|none of its", passes=True),
    Trouble("nhieu", _noise, "neither RSS nor Atom"),
    Trouble(
        "json-loi",
        _says("200 OK", f'{{"error": "{JUNK}"}}', "Content-Type: application/json"),
        "neither RSS nor Atom",
    ),
    # what is listed
    Trouble("lut", _flood, "--trust", lasting=False, where=Where.LIST),
    Trouble("nha-khac", _foreign, "hosts does not name", where=Where.LIST),
    # other ways to read
    Trouble(
        "wp-cam",
        _says("401 Unauthorized", '{"code": "rest_forbidden"}', "Content-Type: application/json"),
        "password",
        way=WAYS["wordpress"],
    ),
    Trouble(
        "wp-la",
        _says("200 OK", '{"code": "rest_no_route"}', "Content-Type: application/json"),
        "no posts at this address",
        way=WAYS["wordpress"],
    ),
    Trouble(
        "json-dut",
        _says("200 OK", '{"items": [{"id": "RÁC", "url": "htt'),
        "broken or cut off",
        way=WAYS["json"],
    ),
    Trouble(
        "ban-do-la",
        _says("200 OK", _LOGIN, HTML),
        "web page|login page",
        way=WAYS["sitemap"],
        where=Where.LIST,
    ),
    Trouble("ban-do-treo", _hang, "too slow", way=WAYS["sitemap"]),
    Trouble(
        "trang-treo", _hang, "none of its", way=WAYS["sitemap"], where=Where.PAGES, passes=True, lasting=False
    ),
    Trouble("trang-treo-2", _hang, "", way=WAYS["listing"], where=Where.PAGES, passes=True, lasting=False),
    Trouble("doi-giao-dien", _other_list, "select.item", way=WAYS["listing"], where=Where.LIST),
    Trouble(
        "trang-dang-nhap",
        _says("200 OK", _LOGIN, HTML),
        "login page|select.item",
        way=WAYS["listing"],
        where=Where.LIST,
    ),
)
"""The table: a name, what is done, what an operator must read of it."""
