"""No name, however it resolves, leads us to a private address that is not named in the settings."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from syndication.collect.fetch import Fetcher, Request
from syndication.collect.fetch.door import Gate
from syndication.errors import AddressRefused
from tests.collect.fetch.asking import AGENT, BODY, NAME, MakeFetcher, failure
from tests.collect.portal_double import PortalDouble, reply


def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    portal.on("/rss", reply("200 OK", BODY))
    for addresses in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]):
        fetcher = fetcher_for(portal, resolve=lambda host, port, addresses=addresses: addresses)
        error = failure(fetcher, "http://evil.example:8080/rss")
        assert isinstance(error, AddressRefused)
        assert "evil.example:8080 in SYNDICATION_PRIVATE_HOSTS" in str(error)
    assert portal.connections == 0


def test_a_private_portal_is_read_by_the_name_and_port_that_are_named(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    portal.on("/rss", reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=portal.url("/rss", host=NAME))).body == BODY
    assert portal.asked[0].header("host") == portal.authority(NAME).encode()
    with Fetcher(user_agent=AGENT, private_hosts=frozenset({f"127.0.0.1:{portal.port + 1}"})) as fetcher:
        assert isinstance(failure(fetcher, portal.url("/rss")), AddressRefused)
    assert len(portal.asked) == 1


def test_a_name_that_changes_its_mind_gains_nothing(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    """DNS rebinding: the second answer would be the attack, so there must be no second question."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    questions: list[str] = []

    def rebind(host: str, port: int) -> list[str]:
        questions.append(host)
        return answers[min(len(questions), 2) - 1]

    async def answer_and_hang_up(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("200 OK", BODY))
        await writer.drain()

    portal.on("/rss", answer_and_hang_up)
    fetcher = fetcher_for(portal, resolve=rebind)
    assert fetcher.fetch(Request(url=portal.url("/rss", host=NAME))).body == BODY
    assert questions == [NAME]

    # An unnamed host whose answer turns private is refused the moment it does.
    private = fetcher_for(portal, resolve=lambda host, port: ["127.0.0.1"])
    assert isinstance(failure(private, f"http://{NAME}:8080/rss"), AddressRefused)


def test_the_socket_itself_refuses_what_came_past_the_resolver() -> None:
    with ThreadPoolExecutor(1) as names:
        gate = Gate(lambda host, port: ["127.0.0.1"], names, frozenset({"intranet:80", "127.0.0.1:81"}))

        def knock(address: str, port: int) -> None:
            gate.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))).close()

        with pytest.raises(AddressRefused):
            knock("127.0.0.1", 80)
        knock("127.0.0.1", 81)
        knock("8.8.8.8", 80)
        asyncio.run(gate.resolve("intranet", 80))
        knock("127.0.0.1", 80)
        with pytest.raises(AddressRefused):
            knock("127.0.0.1", 82)


def test_userinfo_never_reaches_a_line(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    error = failure(fetcher_for(portal), f"http://staff:hunter2@{portal.authority()}/rss")
    assert isinstance(error, AddressRefused)
    assert "hunter2" not in str(error)
    assert not portal.asked
