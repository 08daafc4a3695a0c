"""The archive of the digest on the web: permanent, the same for everyone, as a page, as text and as a feed."""

from __future__ import annotations

from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import html as lxml_html

from syndication.bootstrap import House
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue, compose_issue, find_issue
from syndication.web import create_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(news: House) -> FlaskClient:
    compose_issue(news.office)
    return create_app(news).test_client()


def test_a_draft_is_seen_by_nobody(client: FlaskClient, house: House) -> None:
    name = find_issue(house.office).id
    assert client.get(f"/digest/{name}").status_code == 404
    assert client.get(f"/digest/{name}.txt").status_code == 404
    assert feedparser.parse(client.get("/digest/feed.atom").data).entries == []


def test_a_sent_issue_is_a_page_a_text_and_an_entry(client: FlaskClient, house: House) -> None:
    approve_issue(house.office, by="Lan")
    list(send_issue(house.office))
    issue = find_issue(house.office)
    page, text, feed = (
        client.get(path) for path in (f"/digest/{issue.id}", f"/digest/{issue.id}.txt", "/digest/feed.atom")
    )
    assert page.mimetype == "text/html"
    assert "lan@docgia.example" not in page.text
    assert text.mimetype == "text/plain"
    assert text.text.startswith(issue.content.subject)
    assert max(map(len, (line for line in text.text.splitlines() if "://" not in line))) <= 78
    [entry] = feedparser.parse(feed.data).entries
    assert entry.link == f"https://tin.example.vn/digest/{issue.id}"
    for answer in (page, text, feed):
        again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    shown: Any = lxml_html.fromstring(page.text)
    links = {" ".join(link.text_content().split()) for link in shown.xpath("//a")}
    assert {one.title for one in issue.content.entries} <= links


def test_a_story_withdrawn_after_the_sending_leaves_the_page_too(client: FlaskClient, house: House) -> None:
    approve_issue(house.office, by="Lan")
    list(send_issue(house.office))
    issue = find_issue(house.office)
    gone = issue.content.entries[1]
    with house.store.write() as memory:
        memory.stories.withdraw(gone.story, why="taken back", now=house.now())
    assert gone.title not in client.get(f"/digest/{issue.id}.txt").text.replace("\n", " ")
    assert gone.title not in client.get("/digest/feed.atom").text
