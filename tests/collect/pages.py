"""A portal on loopback made of a few pages: what a test wrote under a path is what it answers, 404 for the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TITLES = (
    "Hội nghị chuyển đổi số toàn tỉnh lần thứ",
    "Khai trương trung tâm điều hành đô thị số",
    "Tập huấn kỹ năng số cho cán bộ xã, đợt",
    "Ra mắt nền tảng dữ liệu dùng chung, giai đoạn",
)
LEAD = "Sáng nay, Trung tâm Công nghệ thông tin tổ chức hội nghị với sự tham gia của 120 đại biểu, phiên"


def title(number: int) -> str:
    return f"{TITLES[number % 4]} {number}"


def lead(number: int) -> str:
    return f"{LEAD} {number}."


@dataclass
class Pages:
    """What the portal answers, by path with its query; and which paths it was asked for."""

    address: str = ""
    answers: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://{self.address}{path}"

    def put(self, path: str, body: str, *, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        self.answers[path] = (kind, body.replace("HOST", f"http://{self.address}").encode())
        self.headers[path] = {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def pages_on_loopback() -> Iterator[Pages]:
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages.asked.append(self.path)
            if to := pages.moved.get(self.path):
                self.send_response(301)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            kind, body = pages.answers.get(self.path, ("text/html", b"<h1>404</h1>"))
            self.send_response(200 if self.path in pages.answers else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in pages.headers.get(self.path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pages.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page_with(main: str, *, head: str = "") -> str:
    """A page as portals have it: menu, the list, a box of most read titles, a footer."""
    menu = "".join(
        f'<li><a href="/chuyen-muc/{number}">{words}</a></li>'
        for number, words in enumerate(
            ("Trang chủ", "Giới thiệu", "Tin tức - Sự kiện trong tỉnh", "Chuyển đổi số quốc gia năm nay")
        )
    )
    most = "".join(
        f'<li><a href="/tin/xem-nhieu-{number}.html">Tin được xem nhiều nhất tuần {number}</a></li>'
        for number in range(5)
    )
    return (
        f'<!DOCTYPE html><html lang="vi"><head><title>Cổng tin tỉnh Thử | Trang chủ</title>{head}</head><body>'
        f'<div class="top-header"><ul class="menu">{menu}</ul></div><div class="row"><div class="content">{main}</div>'
        f'<div class="sidebar"><h3>Đọc nhiều</h3><ul class="most">{most}</ul></div></div>'
        '<div class="footer"><a href="/dieu-khoan-su-dung">Điều khoản sử dụng nội dung của cổng</a></div></body></html>'
    )


def rss(*items: str, generator: str = "") -> str:
    made = f"<generator>{generator}</generator>" if generator else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Tin</title>'
        f"<link>HOST/</link><description>Tin</description>{made}{''.join(items)}</channel></rss>"
    )


def rss_item(number: int, date: str, *, category: str = "") -> str:
    label = f"<category>{category}</category>" if category else ""
    return (
        f"<item><title>{title(number)}</title><link>HOST/bai-{number}.html</link><guid>{number}</guid>{label}"
        f"<description>{lead(number)}</description><pubDate>{date}</pubDate></item>"
    )
