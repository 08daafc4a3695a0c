"""The database: opened or refused in one plain line, migrated by anybody at any time, transactions kept whole."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import IntegrityError, InternalError, StatementError

from syndication.errors import StoreError
from syndication.store import Memory, Store, open_store
from syndication.store.tables import FTS, metadata
from tests.postgres import PostgreSQL
from tests.store.stock import NOW, all_at_once, article, keep_story

SEARCH = "ix_story_texts_words"
"""An index that only PostgreSQL has."""


def refusal(database_url: str) -> str:
    with pytest.raises(StoreError) as trouble:
        open_store(database_url)
    assert len(str(trouble.value).splitlines()) == 1
    return str(trouble.value)


def test_migrating_twice_is_harmless_and_loses_nothing(store: Store) -> None:
    with store.write() as memory:
        memory.sources.ensure([("quang-ninh", "https://portal.example/feed/")], now=NOW)
    store.migrate()
    store.require_current()
    with store.read() as memory:
        assert [record.portal for record in memory.sources.all()] == ["quang-ninh"]


def test_many_may_migrate_an_empty_database_at_once(database_url: str) -> None:
    def migrate(_: int) -> None:
        opened = open_store(database_url)
        opened.migrate()
        opened.require_current()
        opened.close()

    assert all_at_once(migrate, threads=4) == [None] * 4


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    with store.read() as memory:
        made = {name for name in inspect(memory.connection).get_table_names() if not name.startswith(FTS)}
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: name in made if kind == "table" else name != SEARCH,
        }
        context = MigrationContext.configure(memory.connection, opts=options)
        assert compare_metadata(context, metadata) == []
    assert made == {*metadata.tables, "alembic_version"}


def test_a_database_that_is_not_set_up_says_how_to(database_url: str) -> None:
    opened = open_store(database_url)
    with pytest.raises(StoreError, match="is not set up for this version: run `syndication init`"):
        opened.require_current()
    opened.close()


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store.write() as memory:
        memory.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="is not set up"):
        store.require_current()
    with pytest.raises(StoreError, match="was set up by a newer version: update this program"):
        store.migrate()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "var/syndication.db",
        "mysql://u:hush@db/x",
        "foo://u:hush@db/x",
        "postgresql://u:hush@db/x",
        "postgresql+psycopg://u:hush@db:many/x",
        "postgresql+psycopg://u:hu@sh:5432:1/x",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_its_password(address: str) -> None:
    says = refusal(address)
    assert says.startswith("SYNDICATION_DATABASE_URL cannot be used: give sqlite:///")
    assert "hush" not in says


def test_a_server_that_is_not_there_is_named_without_the_password(free_port: int) -> None:
    says = refusal(f"postgresql+psycopg://u:hush@127.0.0.1:{free_port}/x")
    assert says.startswith(
        f"the database postgresql+psycopg://u:***@127.0.0.1:{free_port}/x cannot be opened ("
    )
    assert says.endswith("): check SYNDICATION_DATABASE_URL")
    assert "refused" in says


def test_a_database_the_server_does_not_have_is_named(postgres: PostgreSQL) -> None:
    real = postgres.make()
    elsewhere = make_url(real).set(database="no_such").render_as_string(hide_password=False)
    assert 'database "no_such" does not exist' in refusal(elsewhere)


def test_a_path_that_cannot_be_a_database_is_named(tmp_path: Path) -> None:
    text_file = tmp_path / "notes.txt"
    text_file.write_text("Not a database at all.\n" * 100, encoding="utf-8")
    assert f"{text_file} cannot be opened (file is not a database)" in refusal(f"sqlite:///{text_file}")
    assert f"{tmp_path} cannot be opened (unable to open database file)" in refusal(f"sqlite:///{tmp_path}")
    assert f"{text_file}/x.db cannot be opened ([Errno 17] File exists" in refusal(
        f"sqlite:///{text_file}/x.db"
    )
    assert "cannot be opened (" in refusal("sqlite:////proc/no/such.db")


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/a/b/x.db")
    opened.migrate()
    opened.close()
    assert (tmp_path / "a" / "b" / "x.db").exists()


def test_sqlite_is_opened_so_that_readers_and_one_writer_do_not_stop_each_other(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/x.db")
    with opened.read() as memory:
        found = {
            name: memory.connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    opened.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30_000}


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as memory:  # noqa: PT012 -- its end is the point
        keep_story(memory, "x")
        memory.stories.add("x", tag="another", now=NOW)
    with store.read() as memory:
        assert not memory.stories.exists("x")


def test_a_reader_sees_one_moment_however_long_it_looks(store: Store) -> None:
    with store.read() as memory:
        assert memory.sources.all() == []
        with store.write() as other:
            other.sources.ensure([("a", "https://a.example/")], now=NOW)
        assert memory.sources.all() == []
    with store.read() as memory:
        assert len(memory.sources.all()) == 1


def test_a_reader_changes_nothing(store: Store) -> None:
    # PostgreSQL refuses it, SQLite forgets it.
    with suppress(InternalError), store.read() as memory:
        memory.sources.ensure([("a", "https://a.example/")], now=NOW)
    with store.read() as memory:
        assert memory.sources.all() == []


def test_writers_wait_for_each_other_and_none_is_lost(store: Store) -> None:
    with store.write() as memory:
        memory.sources.ensure([("a", "https://a.example/")], now=NOW)
        [record] = memory.sources.all()

    def fail(_: int) -> None:
        for _ in range(10):
            with store.write() as memory:
                memory.sources.failed(record.id, at=NOW, next_at=NOW, error="again")

    all_at_once(fail, threads=4)
    with store.read() as memory:
        assert memory.sources.all()[0].failures == 40


def test_a_lost_connection_is_told_in_one_plain_line(postgres: PostgreSQL) -> None:
    store = open_store(postgres.make())
    store.migrate()
    with pytest.raises(StoreError) as trouble, store.write() as memory:  # noqa: PT012 -- it fails inside
        own = memory.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with store.write() as other:
            other.connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        memory.sources.all()
    assert str(trouble.value).startswith("the database failed (")
    assert len(str(trouble.value).splitlines()) == 1
    with store.read() as memory:  # the next transaction finds a new connection
        assert memory.sources.all() == []
    store.close()


def test_those_who_keep_announce_or_build_stories_do_it_one_after_the_other(store: Store) -> None:
    inside = threading.Lock()
    together: list[int] = []

    def work(number: int) -> None:
        for _ in range(5):
            with store.write() as memory:
                memory.alone()
                if not inside.acquire(blocking=False):
                    together.append(number)
                    continue
                memory.stories.last_announced()
                inside.release()

    all_at_once(work, threads=4)
    assert together == []


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 -- the mistake that is looked for
    with (
        pytest.raises(StatementError, match="a time without a zone cannot be stored"),
        store.write() as memory,
    ):
        memory.sources.ensure([("a", "https://a.example/")], now=naive)
    with pytest.raises(StatementError, match="a time without a zone"), store.write() as memory:
        memory.deliveries.doubt(now=naive)
    with store.read() as memory:
        assert memory.sources.all() == []


def test_a_time_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    moment = datetime(2026, 7, 1, 6, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=7)))
    with store.write() as memory:
        memory.sources.ensure([("a", "https://a.example/")], now=moment)
    with store.read() as memory:
        [record] = memory.sources.all()
    assert record.next_at == moment
    assert record.next_at.tzinfo is UTC


def test_the_database_keeps_vietnamese_and_the_rest_of_unicode_as_written(store: Store) -> None:
    odd = "Quảng Ninh – «Hạ Long» 𝕏 🎉 \u0111"
    with store.write() as memory:
        memory.stories.add("x", tag="t", now=NOW)
        kept = memory.articles.add(article(odd), story="x", now=NOW)
        memory.stories.led_by("x", kept)
        memory.stories.announce("x", at=NOW, feeds=["all"])
    with store.read() as memory:
        found = memory.stories.get("x")
    assert found is not None
    assert found.title == f"Tin {odd}"


def test_what_no_database_can_keep_is_left_out_and_stops_nothing(memory: Memory) -> None:
    odd, plain = "User-agent: *\x00\udcff\nDisallow: /", "User-agent: *\nDisallow: /"
    memory.robots.put("https://portal.example/robots.txt", odd, now=NOW)
    assert memory.robots.get("https://portal.example/robots.txt", newer_than=NOW - timedelta(days=1)) == plain
    memory.sources.ensure([("a", "https://a.example/")], now=NOW)
    [record] = memory.sources.all()
    memory.sources.failed(record.id, at=NOW, next_at=NOW, error=odd)
    assert [record.error for record in memory.sources.all()] == [plain]


def test_many_may_keep_the_same_rules_at_once(store: Store) -> None:
    def keep(number: int) -> None:
        for url in ("https://a.example/robots.txt", "https://b.example/robots.txt"):
            with store.write() as memory:
                memory.robots.put(url, f"by {number}", now=NOW)

    all_at_once(keep, threads=4)
    with store.read() as memory:
        assert memory.robots.get("https://a.example/robots.txt", newer_than=NOW - timedelta(days=1))
        assert memory.robots.get("https://a.example/robots.txt", newer_than=NOW) is None
