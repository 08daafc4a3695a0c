"""Documents are read in a process that can be killed, that knows nothing of ours, and that dies with us."""

from __future__ import annotations

import logging
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from syndication.collect.extract import extract
from syndication.collect.parse import PARSERS, Document
from syndication.collect.probe.listing import Listing, find_lists
from syndication.collect.sandbox import Sandbox, read_answer
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, Read
from syndication.errors import NotReadable
from syndication.settings import HOUSE
from tests.cast import until
from tests.samples.hostile import generated

SAMPLES = Path(__file__).parents[1] / "samples"
HOSTS = ("portal.example",)
MEBIBYTE = 1 << 20
FOR_EVER = generated.many_attributes(500_000)
"""Takes minutes."""


def feed(body: bytes, *, known: frozenset[str] = frozenset()) -> Document:
    select = MappingProxyType({"item": "li"})
    return Document(body=body, url="https://portal.example/rss", select=select, known=known)


def children(of: int) -> list[int]:
    """The processes that read documents for this one."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == of and b"syndication.collect.sandbox" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


OTHERS: set[int] = set()
"""Children of the sandbox that the whole run shares (``conftest.py``)."""


@pytest.fixture(autouse=True)
def _others() -> None:
    OTHERS.clear()
    OTHERS.update(children(os.getpid()))


def ours() -> list[int]:
    """The processes that read documents for the test that runs."""
    return [child for child in children(os.getpid()) if child not in OTHERS]


def wait_for_end(process: int, *, seconds: float) -> bool:
    """Whether a process that may not be our child ends in this time."""
    try:
        watch = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watch)


def worked(process: int) -> float:
    """Seconds of CPU that it has had; 0 when it is gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened
    assert ours() == []


# ------------------------------------------------------------------ it reads


@pytest.mark.parametrize(
    ("read", "sample"),
    [
        (Read.FEED, "hostile/items-that-are-none.rss"),
        (Read.FEED, "hostile/xhtml.atom"),
        (Read.JSONFEED, "sources/jsonfeed/version-1.1.json"),
        (Read.WORDPRESS, "sources/wordpress/posts.json"),
        (Read.SITEMAP, "sources/sitemap/news.xml"),
    ],
)
def test_what_the_child_reads_is_what_we_would_read(box: Sandbox, read: Read, sample: str) -> None:
    document = feed((SAMPLES / sample).read_bytes())
    found = box.parse(read, document)
    assert found == PARSERS[read](document)
    assert found.items


def test_known_items_are_left_out_there_too(box: Sandbox) -> None:
    body = generated.items(5)
    first = box.parse(Read.FEED, feed(body))
    second = box.parse(Read.FEED, feed(body, known=frozenset(first.hashes[1:])))
    assert second.items == first.items[:1]
    assert second.left_out == frozenset(first.hashes[1:])


def test_an_articles_own_page_is_read_there_too(box: Sandbox) -> None:
    page = feed(
        b"<html><head><title>Tin</title></head><body><h1>T\xc3\xaan b\xc3\xa0i vi\xe1\xba\xbft</h1>"
        + b"<p>%s</p></body></html>" % ("Đoạn văn của bài viết này. " * 20).encode()
    )
    found = box.extract(page, ArticleReading())
    assert found == extract(page, ArticleReading())
    assert found.title == "Tên bài viết"


def test_a_refusal_comes_out_as_it_was_said(box: Sandbox) -> None:
    document = feed(b"<!doctype html><html><body>Trang ch\xe1\xbb\xa7</body></html>")
    with pytest.raises(NotReadable) as there:
        box.parse(Read.FEED, document)
    with pytest.raises(NotReadable) as here:
        PARSERS[Read.FEED](document)
    assert str(there.value) == str(here.value)


def test_a_parser_that_fails_is_our_fault_and_goes_to_the_log(
    box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(NotReadable, match=r"our reader fails .*AttributeError.*: report it"),
    ):
        box.run(find_lists, "no document", HOSTS, words=(Listing,))
    assert "Traceback" in caplog.text
    assert box.parse(Read.FEED, feed(generated.items(2))).items


def test_any_step_may_read_there_and_answers_with_its_own_words(box: Sandbox) -> None:
    rows = "".join(
        f'<li><a href="/bai-{n}.html">Hội nghị chuyển đổi số lần thứ {n}</a></li>' for n in range(5)
    )
    page = Document(body=f'<ul class="tin">{rows}</ul>'.encode(), url="https://portal.example/")
    found = box.run(find_lists, page, HOSTS, words=(Listing, Item, dict))
    assert [[item.url for item in one.items] for one in found] == [[f"/bai-{n}.html" for n in range(5)]]
    with pytest.raises(TypeError, match="find_lists answered tuple"):
        box.run(find_lists, page, HOSTS, words=(Item, Listing, dict))


def test_nothing_is_started_before_a_document_needs_it() -> None:
    with Sandbox(workers=2) as box:
        assert ours() == []
        box.parse(Read.FEED, feed(generated.items(1)))
        box.parse(Read.FEED, feed(generated.items(2)))
        assert len(ours()) == 1
    assert ours() == []


# ------------------------------------------------------------------ its bounds


def test_a_document_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    with Sandbox(seconds=1) as box:
        box.parse(Read.FEED, feed(generated.items(1)))
        [first] = ours()
        began = time.monotonic()
        with pytest.raises(NotReadable, match=r"takes longer than 1 s: .* open the address in a browser"):
            box.parse(Read.FEED, feed(FOR_EVER))
        assert time.monotonic() - began < 10
        assert wait_for_end(first, seconds=0)
        assert len(box.parse(Read.FEED, feed(generated.items(3))).items) == 3
        assert first not in ours()


def test_tag_soup_is_read_or_given_up_in_time() -> None:
    with Sandbox(seconds=60) as patient:
        assert len(patient.parse(Read.FEED, feed(generated.tag_soup(MEBIBYTE // 4))).items) == 1
    with Sandbox(seconds=0.2) as hasty, pytest.raises(NotReadable, match=r"longer than 0\.2 s"):
        hasty.parse(Read.FEED, feed(generated.tag_soup(MEBIBYTE)))


def test_a_document_that_takes_too_much_memory_is_given_up_and_the_next_one_is_read() -> None:
    with Sandbox(memory=128 * MEBIBYTE) as box:
        box.parse(Read.FEED, feed(generated.items(1)))
        [first] = ours()
        limits = Path(f"/proc/{first}/limits").read_text()
        assert f"Max address space         {128 * MEBIBYTE} " in limits
        with pytest.raises(NotReadable, match=r"takes more than 128 MiB of memory: .* open the address"):
            box.parse(Read.FEED, feed(generated.giant_attribute(20_000_000)))
        assert len(box.parse(Read.FEED, feed(generated.items(3))).items) == 3


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (generated.items(20_000), 500),
        (generated.giant_attribute(2_000_000), 1),
        (generated.deep(20_000), 1),
        (generated.quadratic(100_000, 2_000), 1),
        (generated.open_cdata(100_000), 1),
    ],
    ids=["items", "giant attribute", "deep", "quadratic entity", "open CDATA"],
)
def test_other_documents_made_to_harm_are_read_within_the_usual_bounds(
    box: Sandbox, body: bytes, count: int
) -> None:
    found = box.parse(Read.FEED, feed(body))
    assert len(found.items) == count
    assert sum(len(item.title) for item in found.items) < 2 * MEBIBYTE


@pytest.mark.parametrize("name", ["billion-laughs", "external-entity"])
def test_entities_do_not_unfold(box: Sandbox, name: str) -> None:
    [item] = box.parse(Read.FEED, feed((SAMPLES / "hostile" / f"{name}.rss").read_bytes())).items
    assert len(item.title) < 100


# ------------------------------------------------------------------ its life


def test_a_child_that_somebody_killed_is_replaced_unnoticed(box: Sandbox) -> None:
    box.parse(Read.FEED, feed(generated.items(1)))
    [first] = ours()
    os.kill(first, signal.SIGKILL)
    assert wait_for_end(first, seconds=10)
    assert len(box.parse(Read.FEED, feed(generated.items(2))).items) == 2


def test_a_document_over_which_the_child_dies_twice_is_not_readable() -> None:
    killed: list[int] = []

    def kill_the_reader() -> None:
        # To start takes a third of this, so by then it reads the document.
        until(lambda: any(worked(child) > 1.5 for child in ours() if child not in killed))
        [child] = [child for child in ours() if child not in killed]
        killed.append(child)
        os.kill(child, signal.SIGKILL)

    with Sandbox(seconds=60) as box, ThreadPoolExecutor() as threads:
        box.parse(Read.FEED, feed(generated.items(1)))
        answer = threads.submit(box.parse, Read.FEED, feed(FOR_EVER))
        kill_the_reader()
        kill_the_reader()
        with pytest.raises(NotReadable, match=r"ended the process that read it \(Killed\): "):
            answer.result(timeout=60)
    assert len(set(killed)) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_several_threads_get_each_the_answer_to_its_own_question(workers: int) -> None:
    with Sandbox(workers=workers) as box, ThreadPoolExecutor(8) as threads:
        sizes = [*range(1, 41)]
        found = threads.map(lambda size: len(box.parse(Read.FEED, feed(generated.items(size))).items), sizes)
        assert list(found) == sizes
        assert 1 <= len(ours()) <= workers


def test_one_thread_that_waits_for_a_bad_document_does_not_hold_up_another() -> None:
    with Sandbox(workers=2, seconds=5) as box, ThreadPoolExecutor() as threads:
        bad = threads.submit(box.parse, Read.FEED, feed(FOR_EVER))
        until(lambda: len(ours()) == 1)
        assert box.parse(Read.FEED, feed(generated.items(1))).items
        assert not bad.done()
        with pytest.raises(NotReadable):
            bad.result(timeout=60)


SCRIPT = """
import os, threading
from syndication.collect.parse import Document
from syndication.collect.sandbox import Sandbox
from syndication.domain.portal import Read

box = Sandbox(seconds=5)
box.parse(Read.FEED, Document(body=b"<rss><channel><item/></channel></rss>", url="https://portal.example/"))
print("ready", flush=True)
if {busy}:
    box.parse(Read.FEED, Document(body=open({body!r}, "rb").read(), url="https://portal.example/"))
threading.Event().wait()
"""


@pytest.mark.parametrize("busy", [False, True])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, *, busy: bool) -> None:
    (tmp_path / "body").write_bytes(FOR_EVER)
    # As a console script: a file without a suffix, run from somewhere else.
    script = tmp_path / "reads-documents"
    script.write_text(SCRIPT.format(busy=busy, body=str(tmp_path / "body")))
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)},
    )
    try:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        [child] = children(parent.pid)
        before = worked(child)
        if busy:
            until(lambda: worked(child) > before + 0.2)
    finally:
        parent.kill()
        parent.communicate()
    assert wait_for_end(child, seconds=30)


# ------------------------------------------------------------------ what it knows


def test_a_child_has_none_of_our_connections_and_secrets(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNDICATION_SECRET_KEY", "known to nobody")
    with socket.socket() as connection, (SAMPLES / "dates" / "forms.toml").open() as file:
        os.set_inheritable(connection.fileno(), True)
        os.set_inheritable(file.fileno(), True)
        box.parse(Read.FEED, feed(generated.items(1)))
        [child] = ours()
        held = [str(link.readlink()) for link in Path(f"/proc/{child}/fd").iterdir()]
        assert file.name not in held
        assert not [name for name in held if name.startswith("socket:")]
        assert b"known to nobody" not in Path(f"/proc/{child}/environ").read_bytes()


class Trap:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("exit 3",)


def test_an_answer_can_hold_words_and_nothing_else() -> None:
    found = ("found", timedelta(hours=1))
    assert read_answer(pickle.dumps(found), words=(timedelta,)) == found
    with pytest.raises(pickle.UnpicklingError, match=r"may not answer with posix\.system"):
        read_answer(pickle.dumps(("found", Trap())), words=(timedelta,))
    with pytest.raises(pickle.UnpicklingError, match=r"may not answer with datetime\.timedelta"):
        read_answer(pickle.dumps(found), words=(Path,))
