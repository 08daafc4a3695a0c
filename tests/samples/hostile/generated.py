"""Documents made to harm that are too large to keep as files."""

from __future__ import annotations

START = b'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Tin</title>'
END = b"</channel></rss>"
ITEM = b"<item><title>%d</title><link>https://portal.example/tin/%d</link></item>"


def items(count: int) -> bytes:
    """A feed that lists the whole history of a portal."""
    return START + b"".join(ITEM % (number, number) for number in range(count)) + END


def tag_soup(size: int) -> bytes:
    """Markup that nobody can make sense of: feedparser takes three seconds for a megabyte."""
    soup = b"& <b "
    return START + b"<item><title>" + soup * (size // len(soup))


def many_attributes(count: int) -> bytes:
    """One tag with so many attributes that comparing them takes time by the square of their number."""
    return (
        START
        + b"<item><link "
        + b" ".join(b'a%d="x"' % number for number in range(count))
        + b"/></item>"
        + END
    )


def giant_attribute(size: int) -> bytes:
    """One attribute as large as a document may be."""
    return (
        START
        + b'<item><title>1</title><enclosure type="image/jpeg" url="'
        + b"x" * size
        + b'"/></item>'
        + END
    )


def deep(levels: int) -> bytes:
    """Elements in elements in elements."""
    return START + b"<item><title>1</title>" + b"<a>" * levels + b"</a>" * levels + b"</item>" + END


def quadratic(size: int, times: int) -> bytes:
    """One large entity, mentioned often: it unfolds to ``size * times`` bytes."""
    kind = b'<!DOCTYPE rss [\n<!ENTITY a "' + b"x" * size + b'">\n]>\n'
    return kind + START + b"<item><title>" + b"&a;" * times + b"</title></item>" + END


def open_cdata(count: int) -> bytes:
    """CDATA begun again and again and never ended."""
    return START + b"<item><title>" + b"<![CDATA[" * count


def wide_frames(links: int) -> bytes:
    """A page whose every link stands in two hundred boxes with names of many kilobytes: whoever asks each link where it
    stands is busy for minutes.
    """
    frames = f'<div class="{"x y " * 2000}">' * 200
    listed = "".join(
        f'<a href="/bai-{n}.html">Hội nghị chuyển đổi số toàn tỉnh lần {n}</a>' for n in range(links)
    )
    return f"<html><body>{frames}{listed}".encode()
