"""The cast: both databases, a house to work in, a clock that obeys, a mailbox and the demo's portals.

Tests that use ``store`` or ``house`` run twice, on SQLite and on PostgreSQL. A part that is missing on this machine
is named in the summary; where CI=true its absence fails the run.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndication.bootstrap import House
from syndication.collect.pipeline import collect
from syndication.collect.sandbox import Sandbox
from syndication.demo.mailbox import mailbox
from syndication.demo.portals import DemoPortals, write_catalogue
from syndication.domain.subscriber import Registration
from syndication.publish.pipeline import publish
from syndication.settings import read_settings
from syndication.store import Store, open_store
from tests.cast import ObedientClock
from tests.postgres import PostgreSQL, private_server


@pytest.hookimpl(tryfirst=True)  # before the marks decide
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("postgres_in_ci") and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """A private server from a wheel; no root, no service."""
    with private_server() as databases:
        yield databases


def migrated(database_url: str) -> str:
    """Bring a new database to this program's version."""
    store = open_store(database_url)
    store.migrate()
    store.close()
    return database_url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at this program's version, made once: copying it is quicker than making another."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_model(postgres: PostgreSQL) -> str:
    """The same in PostgreSQL."""
    return migrated(postgres.make())


def read_the_portals(settings: dict[str, str], sandbox: Sandbox) -> None:
    """Collect all that the demo's portals have, and publish it."""
    house = House(read_settings(settings), now=ObedientClock())
    house.__dict__.update(sandbox=sandbox)
    list(collect(house.round, due_only=False))
    publish(house.press)
    house.store.close()


@pytest.fixture(scope="session")
def sqlite_news(
    sqlite_model: Path, portals: DemoPortals, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A database that holds the news of the demo's portals, published; made once."""
    folder = tmp_path_factory.mktemp("news")
    path = folder / "news.db"
    shutil.copyfile(sqlite_model, path)
    read_the_portals(settings_for(portals, f"sqlite:///{path}", folder), sandbox)
    return path


@pytest.fixture(scope="session")
def postgres_news(
    postgres: PostgreSQL,
    postgres_model: str,
    portals: DemoPortals,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The same in PostgreSQL."""
    url = postgres.make(postgres_model)
    read_the_portals(settings_for(portals, url, tmp_path_factory.mktemp("news")), sandbox)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind in turn: with the demo's news for tests with ``news``, else without a story.

    It is at this program's version where a test has ``store``, and empty where it has not.
    """
    kind = "news" if "news" in request.fixturenames else "model" if "store" in request.fixturenames else None
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        if kind:
            shutil.copyfile(request.getfixturevalue(f"sqlite_{kind}"), path)
        yield f"sqlite:///{path}"
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    url = postgres.make(request.getfixturevalue(f"postgres_{kind}") if kind else None)
    yield url
    postgres.drop(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database at this program's version, of each kind in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture
def unused_port() -> int:
    """Another one."""
    return _free_port()


@pytest.fixture
def mails(tmp_path: Path, free_port: int) -> Iterator[tuple[Path, str]]:
    """A real mail server that keeps what it gets: the folder, and the smtp:// address."""
    folder = tmp_path / "mails"
    with mailbox(folder, port=free_port):
        yield folder, f"smtp://127.0.0.1:{free_port}"


@pytest.fixture(scope="session")
def portals() -> Iterator[DemoPortals]:
    """The demo's imitation portals, served on loopback for the whole run."""
    with DemoPortals(ports={}) as served:
        yield served


def settings_for(portals: DemoPortals, database_url: str, folder: Path) -> dict[str, str]:
    """What an operator would set to run the demo's catalogue, which is written into the folder."""
    write_catalogue(portals.addresses, into=folder / "feeds")
    return {
        "SYNDICATION_BASE_URL": "https://tin.example.vn",
        "SYNDICATION_DATABASE_URL": database_url,
        "SYNDICATION_FEEDS_DIR": str(folder / "feeds"),
        "SYNDICATION_VAR_DIR": str(folder / "var"),
        "SYNDICATION_SECRET_KEY": "a key that only tests know, long enough",
        "SYNDICATION_PRIVATE_HOSTS": ",".join(portals.addresses.values()),
        "SYNDICATION_CONTACT": "diemtin@tin.example.vn",
    }


@pytest.fixture
def environment(
    tmp_path: Path, database_url: str, portals: DemoPortals, mails: tuple[Path, str]
) -> dict[str, str]:
    """The settings of an instance over the demo's portals that sends its mail to the folder of ``mails``."""
    return settings_for(portals, database_url, tmp_path) | {
        "SYNDICATION_SMTP_URL": mails[1],
        "SYNDICATION_MAIL_FROM": "Điểm tin các Trung tâm <diemtin@tin.example.vn>",
    }


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The processes in which documents are parsed, started once for the whole run."""
    with Sandbox() as shared:
        yield shared


@pytest.fixture
def house(environment: dict[str, str], store: Store, sandbox: Sandbox, clock: ObedientClock) -> House:
    """An instance over the demo's portals, its database ready, its clock in the test's hands."""
    built = House(read_settings(environment), now=clock)
    # The test's own store, so that its connections are closed with it; the sandbox is the whole run's.
    built.__dict__.update(store=store, sandbox=sandbox)
    return built


@pytest.fixture
def news(house: House) -> House:
    """An instance that has read the demo's portals and published what they tell."""
    return house


@pytest.fixture
def three_readers(house: House) -> list[Registration]:
    """Lan and Hoà read everything, Minh chose digital transformation."""
    readers = [
        Registration(
            line=2, email="lan@docgia.example", email_key="lan@docgia.example", name="Nguyễn Thị Lan"
        ),
        Registration(
            line=3,
            email="minh@docgia.example",
            email_key="minh@docgia.example",
            name="Trần Quang Minh",
            categories=("chuyen-doi-so",),
        ),
        Registration(
            line=4, email="hoa@docgia.example", email_key="hoa@docgia.example", name="Phạm Thanh Hoà"
        ),
    ]
    with house.store.write() as memory:
        memory.subscribers.register(readers, now=house.now())
    return readers
