"""Prepares a block of news for other sites: what was asked for, what it shows, and the lines a partner copies.

One block, four ways to embed it: a frame, a custom element, a fragment of HTML, and the JSON Feed. The templates in
``templates/embeds`` print what is prepared here; the class names in them are a promise to partners' stylesheets and to
the scripts they have pinned.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from html import escape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from syndication.domain.portal import Catalogue
from syndication.domain.week import administrative_day
from syndication.links import FeedFormat, Links
from syndication.publish import palette
from syndication.publish.entry import Entry
from syndication.publish.palette import DARK, LIGHT, Palette
from syndication.text import sentences

MOST = 20
"""Stories in one block."""

SUMMARY = 170
"""Characters of a summary in a block."""

_LONGEST_VALUE = 64
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Layout(StrEnum):
    """How a block arranges its stories."""

    LIST = "list"
    CARDS = "cards"
    HEADLINES = "headlines"
    TICKER = "ticker"
    """One line that moves, and stands still for those who ask their system for less motion."""


class Theme(StrEnum):
    """Light or dark; ``auto`` goes with the partner's page, in a frame with the visitor's system."""

    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"


class Language(StrEnum):
    """The language of a block's own words; stories stay in theirs."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        Language.VIETNAMESE: {
            "all": "Xem tất cả",
            "latest": "Tin mới",
            "by": "Tổng hợp:",
            "also": "Cùng đưa tin:",
            "read_at": "Đọc tại",
            "noted": "ghi nhận",
            "none": "Chưa có tin nào ở đây.",
            "stop": "Dừng chạy chữ",
            "gone": "Khối tin này hiện không có ở đây.",
            "instead": "Xem tin mới tại",
            "away": "Chưa tải được tin lúc này. Xin xem trực tiếp tại",
            "about": "Tin {title}, tổng hợp từ cổng thông tin của các trung tâm, dẫn tới bài gốc.",
        },
        Language.ENGLISH: {
            "all": "See all",
            "latest": "Latest news",
            "by": "Collected by",
            "also": "Also reported by:",
            "read_at": "Read at",
            "noted": "noted",
            "none": "No news here yet.",
            "stop": "Stop moving",
            "gone": "This block of news is not available here.",
            "instead": "Read the latest at",
            "away": "The news cannot be loaded right now. Please read it at",
            "about": "News on {title}, collected from the centres' portals, with links to the originals.",
        },
    }
)
"""A block's own words."""

SAID: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        Language.VIETNAMESE: {
            "unknown": "Không có {called} như đã ghi: dùng «{used}».",
            "layout": "kiểu trình bày",
            "images": "lựa chọn hình ảnh",
            "dates": "lựa chọn ngày",
            "lang": "ngôn ngữ",
            "theme": "nền sáng tối",
            "height": "chiều cao",
            "no_number": "Số tin phải là một số từ 1 đến {most}: dùng {used}.",
            "number": "Số tin từ 1 đến {most}: dùng {used}.",
            "accent": "màu nhấn",
            "background": "màu nền",
            "text": "màu chữ",
            "no_colour": "Không đọc được {called}: ghi sáu chữ số hệ mười sáu, chẳng hạn #97191d.",
            "pale": "{Called} {chosen} khó đọc trên {where} {paper}: dùng {used}.",
            "light": "nền sáng",
            "dark": "nền tối",
            "no_subject": "Không có chuyên mục hay cổng như đã ghi: dùng «Tất cả tin».",
            "iframe": "Khung (iframe)",
            "iframe_says": "Dán vào bất kỳ trang nào. Không cần JavaScript; chiều cao đặt sẵn, tin dài hơn thì cuộn "
            "trong khung.",
            "iframe-auto": "Khung tự co giãn",
            "iframe-auto_says": "Như trên, thêm đoạn mã nhỏ giữ chiều cao vừa với tin. Tắt JavaScript thì khung giữ "
            "chiều cao đặt sẵn.",
            "element": "Thẻ riêng (custom element)",
            "element_says": "Tin nằm ngay trong trang của bạn, dùng phông chữ của trang. Máy chủ nghỉ hay tắt "
            "JavaScript thì liên kết bên trong vẫn còn.",
            "html": "Đoạn HTML cho máy chủ",
            "html_says": "Máy chủ của bạn lấy rồi in vào trang: tốt cho máy tìm kiếm. Có ETag, không có script. Ví dụ "
            "bằng PHP, giữ bản gần nhất khi không lấy được bản mới.",
            "json": "JSON Feed",
            "json_says": "Tự trình bày theo ý mình: dữ liệu JSON Feed 1.1, gọi được từ trình duyệt (CORS).",
        },
        Language.ENGLISH: {
            "unknown": "There is no such {called}: «{used}» is used.",
            "layout": "layout",
            "images": "choice of pictures",
            "dates": "choice of dates",
            "lang": "language",
            "theme": "theme",
            "height": "height",
            "no_number": "The number of stories must be a number from 1 to {most}: {used} is used.",
            "number": "The number of stories is from 1 to {most}: {used} is used.",
            "accent": "accent colour",
            "background": "background colour",
            "text": "text colour",
            "no_colour": "The {called} cannot be read: write six hexadecimal digits, such as #97191d.",
            "pale": "{Called} {chosen} is hard to read on the {where} {paper}: {used} is used.",
            "light": "light background",
            "dark": "dark background",
            "no_subject": "There is no such category or portal: «All news» is used.",
            "iframe": "Frame (iframe)",
            "iframe_says": "Paste it into any page. No JavaScript needed; the height is fixed, and longer news scrolls "
            "inside the frame.",
            "iframe-auto": "Frame that fits its content",
            "iframe-auto_says": "The same with a small script that keeps the height right. Without JavaScript the "
            "frame keeps its fixed height.",
            "element": "Custom element",
            "element_says": "The news stands in your page itself, in your page's type. While our server is away or "
            "JavaScript is off, the link inside stays.",
            "html": "Piece of HTML for servers",
            "html_says": "Your server fetches it and prints it into the page: good for search engines. It has an ETag "
            "and no script. This example in PHP keeps the last copy when no new one can be had.",
            "json": "JSON Feed",
            "json_says": "Show it your own way: data as JSON Feed 1.1, which browsers may fetch (CORS).",
        },
    }
)
"""What the builder says of what was chosen, and of each way of embedding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a partner may choose. Equal options are equal keys; the defaults stand in no address."""

    layout: Layout = Layout.LIST
    number: int = 5
    images: bool = True
    dates: bool = True
    lang: Language = Language.VIETNAMESE
    theme: Theme = Theme.LIGHT
    accent: str = ""
    background: str = ""
    text: str = ""
    height: str = "fixed"
    """``auto``: a frame tells its page how high it is."""

    @property
    def chosen(self) -> dict[str, str]:
        """What differs from the defaults, as it stands in addresses and attributes."""
        written = {
            "layout": self.layout.value,
            "number": str(self.number),
            "images": "yes" if self.images else "no",
            "dates": "yes" if self.dates else "no",
            "lang": self.lang.value,
            "theme": self.theme.value,
            "accent": self.accent.removeprefix("#"),
            "background": self.background.removeprefix("#"),
            "text": self.text.removeprefix("#"),
            "height": self.height,
        }
        return {name: value for name, value in written.items() if value != DEFAULTS[name]}

    @property
    def query(self) -> str:
        """The one way to write these options behind an address, with its question mark; empty for the defaults."""
        return f"?{urlencode(self.chosen)}" if self.chosen else ""

    @property
    def style(self) -> str:
        """The chosen colours and what the ticker counts, as CSS custom properties; empty where none are needed."""
        own = {"accent": self.accent, "background": self.background, "text": self.text}
        parts = []
        if any(own.values()):
            for theme, start in _palettes(self.theme):
                parts.append(palette.chosen(start, **own).variables(theme))
        if self.layout is Layout.TICKER:
            parts.append(f"--sf-count:{self.number}")
        return ";".join(parts)

    @property
    def expected_height(self) -> int:
        """Pixels that a frame of 600 to 1100 in width needs, about; what is more scrolls."""
        pictured = self.images
        match self.layout:
            case Layout.TICKER:
                return 145
            case Layout.HEADLINES:
                return 115 + 80 * self.number
            case Layout.CARDS:
                return 115 + (430 if pictured else 240) * math.ceil(self.number / 2)
            case Layout.LIST:
                return 115 + (140 if pictured else 135) * self.number


DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "layout": "list",
        "number": "5",
        "images": "yes",
        "dates": "yes",
        "lang": "vi",
        "theme": "light",
        "accent": "",
        "background": "",
        "text": "",
        "height": "fixed",
    }
)

_YES_NO = {"yes": True, "no": False, "1": True, "0": False}
_COLOURS = ("accent", "background", "text")


def read_options(
    asked: Mapping[str, str], *, spoken: Language = Language.VIETNAMESE
) -> tuple[Options, tuple[str, ...]]:
    """The options nearest to what was asked for, and a line in the language ``spoken`` for each that was changed.

    A block never fails for an option: whoever visits the partner's page did not write it.
    """
    said: list[str] = []
    words = SAID[spoken]
    given = {name: asked.get(name, "").strip()[:_LONGEST_VALUE] for name in DEFAULTS}

    def one_of(name: str, allowed: Collection[str]) -> str:
        value = given[name].lower()
        if value and value not in allowed:
            said.append(words["unknown"].format(called=words[name], used=DEFAULTS[name]))
        return value if value in allowed else DEFAULTS[name]

    colours = {name: _colour(given[name], words[name], said, words) for name in _COLOURS}
    options = Options(
        layout=Layout(one_of("layout", list(Layout))),
        number=_number(given["number"], said, words),
        images=_YES_NO[one_of("images", _YES_NO)],
        dates=_YES_NO[one_of("dates", _YES_NO)],
        lang=Language(one_of("lang", list(Language))),
        theme=Theme(one_of("theme", list(Theme))),
        height=one_of("height", ("fixed", "auto")),
        **colours,
    )
    said += _paled(options, words)
    return options, tuple(said)


def _number(raw: str, said: list[str], words: Mapping[str, str]) -> int:
    if not raw:
        return int(DEFAULTS["number"])
    if not (raw.isascii() and raw.removeprefix("-").isdigit()):
        said.append(words["no_number"].format(most=MOST, used=DEFAULTS["number"]))
        return int(DEFAULTS["number"])
    wanted = int(raw)
    number = max(1, min(wanted, MOST))
    if number != wanted:
        said.append(words["number"].format(most=MOST, used=number))
    return number


def _colour(raw: str, called: str, said: list[str], words: Mapping[str, str]) -> str:
    found = palette.colour(raw) if raw else ""
    if found is None:
        said.append(words["no_colour"].format(called=called))
    return found or ""


def _palettes(theme: Theme) -> list[tuple[str, Palette]]:
    both = [("light", LIGHT), ("dark", DARK)]
    return [one for one in both if theme in (Theme.AUTO, one[0])]


def _paled(options: Options, words: Mapping[str, str]) -> list[str]:
    """What is said where a colour could not be read on its background."""
    said = []
    own = {"accent": options.accent, "background": options.background, "text": options.text}
    for theme, start in _palettes(options.theme):
        found = palette.chosen(start, **own)
        for name, result in (("accent", found.accent), ("text", found.ink)):
            if own[name] and result != own[name]:
                line = words["pale"].format(
                    Called=words[name].capitalize(),
                    chosen=own[name],
                    where=words[theme],
                    paper=found.paper,
                    used=result,
                )
                said.append(line)
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a block tells of: a category, a portal, or everything."""

    name: str
    title: str
    page: str


def subject_of(name: str, *, catalogue: Catalogue, links: Links, lang: Language) -> Subject | None:
    """The subject whose feed has this name, or None where there is none."""
    title: str | None = None
    if name == "all":
        title = WORDS[lang]["latest"]
    elif name.startswith("portals/"):
        portal = catalogue.portals.get(name.removeprefix("portals/"))
        title = portal.name if portal else None
    elif category := catalogue.category(name):
        title = category.title_en if lang is Language.ENGLISH and category.title_en else category.title
    return Subject(name=name, title=title, page=links.page_of(name)) if title else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as a block shows it. Every text is plain, every address absolute http(s)."""

    title: str
    summary: str
    url: str
    image: str | None
    lang: str | None
    """Only where it is not the block's."""
    date: str
    at: str
    dated_by_us: bool
    portal: str
    also: tuple[tuple[str, str], ...]
    """Names and addresses of the other portals that tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """All that a template needs to print a block."""

    subject: Subject
    options: Options
    words: Mapping[str, str]
    stories: tuple[Told, ...]

    @property
    def about(self) -> str:
        """One sentence on what this block holds."""
        return self.words["about"].format(title=self.subject.title)


def block(subject: Subject, options: Options, entries: tuple[Entry, ...], *, zone: tzinfo) -> Block:
    """The block that shows these entries. Same arguments, same block: no clock is looked at."""
    stories = tuple(_told(entry, options, zone) for entry in entries[: options.number])
    return Block(subject=subject, options=options, words=WORDS[options.lang], stories=stories)


def _told(entry: Entry, options: Options, zone: tzinfo) -> Told:
    at = (entry.issued_at or entry.announced_at).astimezone(zone)
    others = [teller for teller in entry.tellers if teller.url != entry.url]
    return Told(
        title=entry.title,
        summary=sentences(entry.summary, SUMMARY),
        url=entry.url,
        image=entry.image if options.images else None,
        lang=entry.language if entry.language != options.lang else None,
        date=_date(at, options.lang) if options.dates else "",
        at=at.isoformat(),
        dated_by_us=entry.issued_at is None,
        portal=entry.origin.name,
        also=tuple((teller.name, teller.url) for teller in others),
    )


def _date(at: datetime, lang: Language) -> str:
    if lang is Language.ENGLISH:
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    return administrative_day(at.date())


@dataclass(frozen=True, slots=True)
class Script:
    """A script that partners' pages load, pinned by what it holds."""

    body: bytes

    @property
    def version(self) -> str:
        """Stands in its address: another script, another version."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    @property
    def integrity(self) -> str:
        """For the attribute of that name (Subresource Integrity §3.3)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()


def element_script(folder: Path) -> Script:
    """The custom element in one file: its stylesheet put into its script."""
    style = json.dumps(_bare(folder / "block.css"), ensure_ascii=False)
    source = (folder / "element.js").read_text(encoding="utf-8")
    return Script(source.replace('"STYLE"', style, 1).encode())


def frame_script(folder: Path) -> Script:
    """What a partner's page needs to fit a frame to its content, where the browser cannot by itself."""
    return Script((folder / "frame.js").read_bytes())


def keep_scripts(folder: Path) -> None:
    """Keep the scripts as they are now among the released ones, which are served for as long as partners pin them."""
    for script in (element_script(folder), frame_script(folder)):
        (folder / "released" / f"{script.version}.js").write_bytes(script.body)


def _bare(stylesheet: Path) -> str:
    """A stylesheet without the white space and comments that only people need."""
    lines = (line.strip() for line in stylesheet.read_text(encoding="utf-8").splitlines())
    return "".join(line for line in lines if line and not line.startswith("/*"))


def inline_style(folder: Path) -> str:
    """The stylesheet of a frame's page, to stand inside it."""
    return _bare(folder / "block.css") + _bare(folder / "page.css")


@dataclass(frozen=True, slots=True)
class Snippet:
    """What a partner copies for one way of embedding."""

    way: str
    title: str
    says: str
    code: str


@dataclass(frozen=True, slots=True)
class Scripts:
    """The two scripts that snippets name."""

    element: Script
    frame: Script


def frame(
    subject: Subject, options: Options, *, links: Links, width: str = "100%", height: int | None = None
) -> str:
    """The frame of a block, as HTML that any editor takes. Height and border are attributes too, for pages whose own
    policy forbids styles in elements.
    """
    moving = options.height == "auto"
    # With scripts, a frame without an origin of its own could not be told from others, so it keeps its own.
    sandbox = "allow-popups allow-popups-to-escape-sandbox" + (
        " allow-scripts allow-same-origin" if moving else ""
    )
    attributes = {
        "src": links.embed(subject.name) + options.query,
        "title": subject.title,
        "width": width,
        "height": str(height or options.expected_height),
        "loading": "lazy",
        "sandbox": sandbox,
        "referrerpolicy": "strict-origin-when-cross-origin",
        "frameborder": "0",
        "style": "border:0;max-width:100%",
    }
    return (
        "<iframe" + "".join(f' {name}="{escape(value)}"' for name, value in attributes.items()) + "></iframe>"
    )


def snippets(
    subject: Subject,
    options: Options,
    *,
    links: Links,
    scripts: Scripts,
    spoken: Language = Language.VIETNAMESE,
) -> tuple[Snippet, ...]:
    """What to copy, the simplest way first, explained in the language ``spoken``."""
    plain, moving = replace(options, height="fixed"), replace(options, height="auto")
    words = WORDS[options.lang]
    fragment = links.embed_fragment(subject.name) + plain.query
    codes = {
        "iframe": frame(subject, plain, links=links),
        "iframe-auto": frame(subject, moving, links=links)
        + f"\n{_script(links.embed_frame_script(scripts.frame.version), scripts.frame)}",
        "element": f"<syndicated-feed{_place(subject)}{_attributes(plain)}>\n"
        f'  <a href="{escape(subject.page)}">{escape(words["all"])}: {escape(subject.title)}</a>\n'
        f"</syndicated-feed>\n{_script(links.embed_script(scripts.element.version), scripts.element)}",
        "html": _php(fragment, stylesheet=links.embed_stylesheet()),
        "json": links.feed(subject.name, FeedFormat.JSON),
    }
    said = SAID[spoken]
    return tuple(Snippet(way, said[way], said[f"{way}_says"], code) for way, code in codes.items())


def _script(address: str, script: Script) -> str:
    return f'<script async src="{escape(address)}" integrity="{script.integrity}" crossorigin="anonymous"></script>'


def _place(subject: Subject) -> str:
    if subject.name == "all":
        return ""
    kind, name = ("portal", subject.name.removeprefix("portals/")), ("category", subject.name)
    attribute, value = kind if subject.name.startswith("portals/") else name
    return f' {attribute}="{escape(value)}"'


def _attributes(options: Options) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in options.chosen.items())


def _php(fragment: str, *, stylesheet: str) -> str:
    name = hashlib.sha256(fragment.encode()).hexdigest()[:12]
    return f"""\
<link rel="stylesheet" href="{escape(stylesheet)}">
<?php
$kept = sys_get_temp_dir() . '/syndicated-feed-{name}.html';
if (!is_file($kept) || filemtime($kept) < time() - 900) {{
    $limit = stream_context_create(['http' => ['timeout' => 3]]);
    $new = @file_get_contents('{fragment}', false, $limit);
    if ($new) {{ file_put_contents($kept, $new, LOCK_EX); }} else {{ @touch($kept); }}
}}
@readfile($kept);
?>"""


def fitted(options: Options, *, max_width: int | None, max_height: int | None) -> tuple[int, int]:
    """Width and height in pixels of a frame that oEmbed consumers ask for (oembed.com §2.3.4.4)."""
    width = min(600, max_width or 600)
    height = options.expected_height
    return width, min(height, max_height or height)
