"""The tables, as both databases have them. Changing one means adding a migration beside it.

Times are aware UTC in Python; PostgreSQL keeps them with their zone, SQLite as ISO text in UTC, which sorts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import sqlalchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSVECTOR


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC. A naive one is a mistake of ours and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Text(TypeDecorator[str]):
    """Text that every database can keep.

    PostgreSQL has no U+0000, and half of a surrogate pair is text nowhere. Portals send both, in addresses and in
    robots.txt, and neither may stop a round; nobody misses them.
    """

    impl = sqlalchemy.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return _UNKEEPABLE.sub("", value) if value is not None else None


_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("validators_at", Moment),
    Column("body_hash", Text),
    Column("next_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("lease_owner", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("note", Text),  # what an operator should see to although the source can be read
    Column("checked_at", Moment),
    Column("succeeded_at", Moment),
    Column("new_at", Moment),
    Column("usual_gap", Integer),  # seconds between rounds that brought news
    Column("items", Integer),  # in the last document that was read
    Column("chunks", JSON),  # hashes of the pieces of the last document, to know what is new in the next
    Column("read_as", Text),  # how it was read; what was remembered counts only while that is the same
    Column("moved_to", Text),  # where every answer has permanently redirected to …
    Column("moved_at", Moment),  # … since
    UniqueConstraint("portal", "url"),
    Index(None, "next_at"),
)

robots = Table(
    "robots",
    metadata,
    # What portals' robots.txt say, by its address.
    Column("url", Text, primary_key=True),
    Column("rules", Text, nullable=False),
    Column("fetched_at", Moment, nullable=False),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tag", Text, nullable=False, unique=True),
    Column("lead_article", Integer),
    Column("first_seen_at", Moment, nullable=False),
    Column("announced_at", Moment, unique=True),
    Column("kept_back_at", Moment),  # old when we first saw it: kept, and not announced as news
    Column("updated_at", Moment, nullable=False),
    Column("filed_at", Moment),  # a person said where it stands; from then on no rule moves it
    Column("filed_by", Text),
    Column("withdrawn_at", Moment),
    Column("withdrawn_why", Text),
    Index(None, "first_seen_at"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", Text, nullable=False),
    Column("story", Text, ForeignKey("stories.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text),
    Column("author", Text),
    Column("labels", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("image_url", Text),
    Column("image_width", Integer),  # both in pixels, or neither is known
    Column("image_height", Integer),
    Column("published_at", Moment),
    Column("first_seen_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("fingerprint", Text),  # what is kept of its text to know it again (collect/similar.py)
    Column("look_at", Moment),  # when to see whether its page is still there; empty: never again
    Column("missed_at", Moment),  # its page was gone then, for the first time in a row
    Column("gone_at", Moment),  # its portal has taken it back
    Index(None, "story"),
    Index(None, "look_at"),
)

article_keys = Table(
    "article_keys",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("article", Integer, ForeignKey("articles.id"), nullable=False),
    Index(None, "article"),
)

article_marks = Table(
    "article_marks",
    metadata,
    # An index of texts: articles that may tell one piece of news have some of these hashes in common.
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("article", Integer, ForeignKey("articles.id"), primary_key=True),
    Index(None, "article"),
    sqlite_with_rowid=False,
)

joins = Table(
    "joins",
    metadata,
    # Why an article tells a story that another one told first. Undone, the row stays: that join is never made again.
    Column("article", Integer, ForeignKey("articles.id"), primary_key=True),
    Column("story", Text, ForeignKey("stories.id"), primary_key=True),
    Column("other", Integer, ForeignKey("articles.id"), nullable=False),
    Column("score", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", Text),
    Index(None, "story"),
)

story_categories = Table(
    "story_categories",
    metadata,
    Column("story", Text, ForeignKey("stories.id"), primary_key=True),
    Column("category", Text, primary_key=True),
    Column("why", Text, nullable=False),
)

placements = Table(
    "placements",
    metadata,
    # Which stories a feed holds, so that its newest fifty are one walk along an index however many there are.
    Column("feed", Text, primary_key=True),
    Column("story", Text, ForeignKey("stories.id"), primary_key=True),
    Column("announced_at", Moment, nullable=False),
    Index(None, "feed", "announced_at"),
)

FTS = "story_words"
"""SQLite's full-text index of ``story_texts``, kept by triggers. The tables SQLite makes for it begin with its name."""

story_texts = Table(
    "story_texts",
    metadata,
    # What the stories that anybody may read are found by (see ``search.py``).
    Column("place", BigInteger, primary_key=True, autoincrement=False),  # sorts as readers are shown them
    Column("story", Text, ForeignKey("stories.id"), nullable=False, unique=True),
    Column("words", Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    # PostgreSQL's index of ``words``, ix_story_texts_words, is only in the migration: SQLite has FTS in its place.
)

tombstones = Table(
    "tombstones",
    metadata,
    # Stories that were withdrawn, by the feeds they stood in: readers of these feeds are told (RFC 6721).
    Column("feed", Text, primary_key=True),
    Column("story", Text, ForeignKey("stories.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "feed", "at"),
)

stale_feeds = Table(
    "stale_feeds",
    metadata,
    # Feeds whose content changed since they were last built.
    Column("feed", Text, primary_key=True),
    Column("since_at", Moment, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    # What we publish, ready to be served: the bytes and the headers that belong to them.
    Column("path", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("etag", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("gzip", LargeBinary),  # the same bytes compressed; empty where that is not smaller
    Column("brotli", LargeBinary),
    Column("number", Integer, nullable=False, server_default="0"),  # of the change that made it so, see below
    Index(None, "path", "number"),  # what is new is seen without touching the bytes
)

document_changes = Table(
    "document_changes",
    metadata,
    # One row: how often any document was published or removed, so that servers see with one look if there is news.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)

document_editions = Table(
    "document_editions",
    metadata,
    # Which entries the last editions of a document had, for readers who ask only for what is new (RFC 3229).
    Column("path", Text, primary_key=True),
    Column("etag", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Index(None, "path", "number"),
)

hubs = Table(
    "hubs",
    metadata,
    # What each WebSub hub was told: everything up to a change, by the number of document_changes.
    Column("url", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment, nullable=False),  # when it may be told more
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("language", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("portals", JSON),
    Column("paused_until", Moment),
)

suppressions = Table(
    "suppressions",
    metadata,
    # Addresses that are not written to, as keyed hashes: the list outlives the erasure of the address itself.
    Column("address", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

sign_ups = Table(
    "sign_ups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("categories", JSON, nullable=False),
    Column("portals", JSON, nullable=False),
    Column("language", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

rates = Table(
    "rates",
    metadata,
    # Token buckets: how many may still pass, as of when.
    Column("name", Text, primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

mails = Table(
    "mails",
    metadata,
    # Single mails (confirmations, links) that wait for the clock; gone when they are sent or too old to be wanted.
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("values", JSON, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False, index=True),
)

relay = Table(
    "relay",
    metadata,
    # One row: how the mail server did, for everyone who sends; and which copy of this database may send at all.
    Column("id", Integer, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("resume_at", Moment),
    Column("says", Text, nullable=False, default=""),
    Column("home", Text, nullable=False, default=""),
    Column("step", BigInteger, nullable=False, server_default="0"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("composed_at", Moment, nullable=False),
    Column("cut_at", Moment, nullable=False),
    Column("approved_at", Moment),
    Column("approved_by", Text),
    Column("approved_hash", Text),
    Column("sending_at", Moment),
    Column("sent_at", Moment),
    Column("excluded", JSON),
    Column("edits", JSON),  # what an editor asked for; composing anew does it again
    Column("candidates", Integer),  # readers on record when the recipients were frozen
    Column("says", Text),  # why it is paused or cancelled
)

skipped_weeks = Table(
    "skipped_weeks",
    metadata,
    # Weeks that got no issue of their own, and why; what was told in them stands in the next one.
    Column("week", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

issue_stories = Table(
    "issue_stories",
    metadata,
    # A story stands in at most one issue: the primary key says so.
    Column("story", Text, ForeignKey("stories.id"), primary_key=True),
    Column("issue", Text, ForeignKey("issues.id"), nullable=False),
    Index(None, "issue"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue", Text, ForeignKey("issues.id"), nullable=False),
    Column("subscriber", Integer, ForeignKey("subscribers.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("doubtful", Boolean, nullable=False, server_default="0"),
    Column("code", Integer),
    Column("says", Text),
    Column("at", Moment),
    Column("next_at", Moment),  # empty: nothing more is to be done for it
    Column("lease_until", Moment),
    Column("lease_owner", Text),
    Column("portals", JSON),
    Column("bounce", Text),  # what came back after it was accepted
    UniqueConstraint("issue", "email_key"),
    Index(None, "issue", "next_at"),
    # Few rows are under a lease; without this every claim would look for dead senders through all issues ever sent.
    Index(None, "lease_until"),
    Index(None, "subscriber"),
)

exclusions = Table(
    "exclusions",
    metadata,
    # Who was on record when an issue's recipients were frozen and is no recipient, and why.
    Column("issue", Text, ForeignKey("issues.id"), primary_key=True),
    Column("subscriber", Integer, ForeignKey("subscribers.id"), primary_key=True),
    Column("email", Text, nullable=False),
    Column("why", Text, nullable=False),
)

bounces = Table(
    "bounces",
    metadata,
    # What came back, once each: the same report may arrive by pipe and lie in a mailbox.
    Column("fingerprint", Text, primary_key=True),
    Column("delivery", Integer, ForeignKey("deliveries.id"), index=True),
    Column("meaning", Text, nullable=False),
    Column("code", Text),
    Column("says", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
