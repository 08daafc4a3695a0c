"""Only new items are read: what is said of them is what reading the whole feed says of them."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import feedparser.mixin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.catalogue import read_catalogue
from syndication.collect.cut import INLINE, cut
from syndication.collect.parse import feed
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.demo.portals import DemoPortals, write_catalogue
from syndication.domain.portal import Read
from syndication.errors import NotReadable

SAMPLES = Path(__file__).parents[1] / "samples"
HOSTILE = sorted(path for path in (SAMPLES / "hostile").iterdir() if path.suffix in (".rss", ".atom", ".rdf"))
HERE = "https://portal.example/rss"


def document(body: bytes | str) -> Document:
    return Document(body=body if isinstance(body, bytes) else body.encode(), url=HERE)


def expected(sample: Path) -> dict[str, Any]:
    return tomllib.loads(sample.with_suffix(".expected.toml").read_text(encoding="utf-8"))


def rss(*items: str, head: str = "<title>Tin</title>", attributes: str = "") -> str:
    return f'<rss version="2.0"{attributes}><channel>{head}{"".join(items)}</channel></rss>'


def item(number: int, more: str = "") -> str:
    return f"<item><title>Bài {number}</title><link>https://portal.example/tin/{number}</link>{more}</item>"


def check_without(whole: Document, known: frozenset[str]) -> Parsed:
    """Read a feed whole and without known items, and compare what is said of the others."""
    everything = feed.parse(whole)
    part = feed.parse(replace(whole, known=known))
    unknown = [number for number, name in enumerate(everything.hashes) if name not in known]
    assert part.items == tuple(everything.items[number] for number in unknown)
    assert part.hashes == tuple(everything.hashes[number] for number in unknown)
    assert part.left_out == known & set(everything.hashes)
    assert part.generator == everything.generator
    return everything


def check_every_way(whole: Document) -> None:
    hashes = feed.parse(whole).hashes
    for name in set(hashes):
        check_without(whole, frozenset({name}))
        check_without(whole, frozenset(hashes) - {name})
    check_without(whole, frozenset(hashes))


# ------------------------------------------------------------------ samples


@pytest.mark.parametrize("sample", HOSTILE, ids=lambda path: path.name)
def test_a_hostile_feed_gives_what_stands_beside_it(sample: Path) -> None:
    told = expected(sample)
    parsed = feed.parse(document(sample.read_bytes()))
    assert [found.title for found in parsed.items] == told["titles"]
    assert bool(parsed.hashes) is told["cut"]
    if told["cut"]:
        check_every_way(document(sample.read_bytes()))


@pytest.mark.parametrize(
    "sample", [path for path in HOSTILE if "touches" in expected(path)], ids=lambda path: path.name
)
def test_a_feed_is_not_cut_where_one_item_changes_how_another_is_read(sample: Path) -> None:
    body = sample.read_bytes()
    gone = expected(sample)["touches"]
    taken = list(re.finditer(rb"<item\b.*?</item>", body, re.DOTALL))[gone]
    others = [found for number, found in enumerate(feed.parse(document(body)).items) if number != gone]
    alone = feed.parse(document(body[: taken.start()] + body[taken.end() :])).items
    assert list(alone) != others, "feedparser does not carry this over any more: the rule may go"


def test_every_feed_among_the_samples_reads_the_same_in_parts() -> None:
    cut_up = 0
    for path in sorted(path for path in SAMPLES.rglob("*") if path.is_file()):
        whole = document(path.read_bytes())
        with suppress(NotReadable):
            if feed.parse(whole).hashes:
                check_every_way(whole)
                cut_up += 1
    assert cut_up >= 9


def test_the_demos_feeds_read_the_same_in_parts(portals: DemoPortals, tmp_path: Path) -> None:
    write_catalogue(portals.addresses, into=tmp_path)
    sources = [source for source in read_catalogue(tmp_path).sources if source.read is Read.FEED]
    assert len(sources) >= 4
    for source in sources:
        with urlopen(source.url) as answer:
            whole = Document(body=answer.read(), url=source.url)
        assert feed.parse(whole).hashes, source.url
        check_every_way(whole)


# ------------------------------------------------------------------ feeds that nobody thought of

NAMES = """
    title link description guid id pubDate published updated created author category summary content content:encoded
    dc:title dc:creator dc:date dc:subject dc:language dc:description dc:contributor media:content media:group
    media:thumbnail media:title media:description media:keywords atom:link atom:id atom:title atom:summary atom:content
    atom:source source enclosure image itunes:image itunes:summary itunes:keywords name email uri url comments language
    body fullitem rights p div b a img svg details section xhtml:div xhtml:body xhtml:p xhtml:summary x:foo x:content
    x:item items tags links generator contributor modified abstract li br table
""".split()
PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "x": "https://x.example/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
ATTRIBUTES = """
    type="xhtml" type="html" type="text/plain" type="text/xml" mode="base64" href="/a" href="https://e.example/1"
    url="https://e.example/1.jpg" rel="enclosure" rel="self" isPermaLink="false" term="t" label="Lá" medium="image"
    xml:lang="en" xml:base="https://b.example/x/" base="https://c.example/" lastmod="2024-07-05" xmlns=""
    xmlns="http://www.w3.org/1999/xhtml" xmlns:x="https://y.example/" xmlns:q="http://search.yahoo.com/mrss/"
    xmlns:media="https://m.example/"
""".split()
TEXTS = [
    *(
        "chữ",
        " ",
        "/rel",
        "https://e.example/2",
        "Fri, 05 Jul 2024 08:00:00 +0700",
        "TT&TT",
        "A &amp; B",
        "&nbsp;",
    ),
    *("&lt;b&gt;đậm&lt;/b&gt;", "<![CDATA[<p>x</p><item>không</item>]]>", "<!-- <item> -->", "<?note x?>"),
]
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FORMS = [
    ('<rss version="2.0"{}><channel>', "item", "</channel></rss>"),
    ('<rss version="0.91"{}><channel><title>Tin</title></channel>', "item", "</rss>"),
    (f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="{RDF}"{{}}>', "item", "</rdf:RDF>"),
    ('<feed xmlns="http://www.w3.org/2005/Atom"{}>', "entry", "</feed>"),
    ('<feed version="0.3" xmlns="http://purl.org/atom/ns#"{}>', "entry", "</feed>"),
]


def element(name: str, attributes: list[str], inside: list[str]) -> str:
    unlike = {one.partition("=")[0]: one for one in attributes}
    return f"<{' '.join([name, *unlike.values()])}>{''.join(inside)}</{name}>"


def seldom(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.just([]), st.just([]), st.lists(strategy, max_size=2))


texts = st.lists(st.sampled_from(TEXTS), max_size=2)
attributes = seldom(st.sampled_from(ATTRIBUTES))
leaves = st.builds(element, st.sampled_from(NAMES), attributes, texts)
branches = st.builds(element, st.sampled_from(NAMES), attributes, seldom(leaves))
elements = st.one_of(leaves, leaves, branches)


@st.composite
def feeds(draw: st.DrawFn) -> str:
    start, name, end = draw(st.sampled_from(FORMS))
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in PREFIXES.items())
    base = draw(st.sampled_from(["", "", ' xml:base="https://portal.example/tin/"', ' xml:lang="vi"']))
    pieces = draw(seldom(elements))
    for _ in range(draw(st.integers(1, 4))):
        pieces.append(element(name, draw(attributes), draw(st.lists(elements, max_size=5))))
        pieces += draw(seldom(elements))
    return start.format(declared + base) + "".join(pieces) + end


@given(feeds(), st.sets(st.integers(0, 3)))
@settings(max_examples=300, deadline=None)
def test_any_feed_reads_the_same_in_parts(body: str, taken: set[int]) -> None:
    hashes = feed.parse(document(body)).hashes
    if hashes:
        check_without(
            document(body), frozenset(name for number, name in enumerate(hashes) if number in taken)
        )


# ------------------------------------------------------------------ what is cut, and what a hash covers


def test_what_is_left_is_the_document_without_the_known_items_byte_for_byte() -> None:
    body = rss(item(1), "\n<!-- giữa -->\n", item(2), item(3), "<ttl>60</ttl>").encode()
    whole = cut(body, (), most=MOST_ITEMS)
    assert whole is not None
    assert whole.document == body
    part = cut(body, [whole.left[1]], most=MOST_ITEMS)
    assert part is not None
    assert part.document == body.replace(item(2).encode(), b"")
    assert part.left == (whole.left[0], whole.left[2])
    assert part.left_out == {whole.left[1]}


def test_only_a_changed_item_gets_another_hash() -> None:
    before = feed.parse(document(rss(item(1), item(2), item(3)))).hashes
    after = feed.parse(document(rss(item(9), item(1), item(2, "<category>Mới</category>"), item(3)))).hashes
    assert after[1] == before[0]
    assert after[3] == before[2]
    assert not {after[0], after[2]} & set(before)


def test_a_new_date_on_the_channel_changes_no_hash() -> None:
    before = feed.parse(
        document(rss(item(1), head="<lastBuildDate>Fri, 05 Jul 2024 08:00:00 +0700</lastBuildDate>"))
    )
    after = feed.parse(
        document(rss(item(1), head="<lastBuildDate>Fri, 05 Jul 2024 09:00:00 +0700</lastBuildDate>"))
    )
    assert before.hashes == after.hashes


@pytest.mark.parametrize(
    "attributes",
    [' xml:base="https://other.example/"', ' xml:lang="en"', ' xmlns:media="http://search.yahoo.com/mrss/"'],
)
def test_tags_around_the_items_that_say_something_else_change_every_hash(attributes: str) -> None:
    before = feed.parse(document(rss(item(1), item(2)))).hashes
    after = feed.parse(document(rss(item(1), item(2), attributes=attributes))).hashes
    assert len(after) == 2
    assert not set(before) & set(after)


def test_a_feed_of_known_items_alone_is_still_a_feed() -> None:
    whole = document(rss(item(1), item(2), head="<generator>NukeViet</generator>"))
    part = check_without(whole, frozenset(feed.parse(whole).hashes))
    assert part.generator == "NukeViet"


def test_items_after_the_first_five_hundred_are_not_looked_at() -> None:
    whole = document(rss(*map(item, range(MOST_ITEMS + 100))))
    first = feed.parse(whole)
    assert len(first.items) == len(first.hashes) == MOST_ITEMS
    second = feed.parse(replace(whole, known=frozenset(first.hashes)))
    assert second.items == ()


def test_the_same_item_twice_is_known_twice() -> None:
    whole = document(rss(item(1), item(2), item(1)))
    hashes = feed.parse(whole).hashes
    assert hashes[0] == hashes[2]
    assert [found.title for found in feed.parse(replace(whole, known=frozenset({hashes[0]}))).items] == [
        "Bài 2"
    ]


@pytest.mark.parametrize(
    "body", ["", "chữ", "<html><body><item>1</item></body></html>", "<opml><item/></opml>", "<rss"]
)
def test_what_is_no_feed_is_not_cut(body: str) -> None:
    assert cut(body.encode(), (), most=MOST_ITEMS) is None


def test_names_that_may_stand_in_text_mean_nothing_to_feedparser() -> None:
    handlers = [
        name for name in dir(feedparser.mixin._FeedParserMixin) if name.startswith(("_start_", "_end_"))
    ]
    assert len(handlers) > 100
    acted_on = {name.split("_", 2)[2] for name in handlers}
    assert not INLINE & (acted_on | {name.rpartition("_")[2] for name in acted_on})
