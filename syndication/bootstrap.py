"""Builds everything once and hands it round: the only place where parts meet."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from syndication import __version__
from syndication.domain.portal import Catalogue
from syndication.errors import SettingsError
from syndication.links import Links
from syndication.settings import Doubt, Settings, SignUps, read_settings

# A command that collects nothing need not wait until all that collects is loaded: that takes longer than most of what
# commands do. So each part is imported where it is built.
if TYPE_CHECKING:
    from syndication.collect.pipeline import FetchesMany, Round
    from syndication.collect.sandbox import Sandbox
    from syndication.digest.pipeline.office import Office
    from syndication.publish.hub import Form
    from syndication.publish.pipeline import Press
    from syndication.store import Store


def utc_now() -> datetime:
    """The clock of the whole program."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """One instance: what it was told, what it remembers, and the parts its doors work with.

    Parts are built when first asked for, so that a command that needs no database opens none.
    """

    settings: Settings
    now: Callable[[], datetime] = utc_now

    @cached_property
    def catalogue(self) -> Catalogue:
        """Whom we read; raises CatalogueError with every mistake."""
        from syndication.catalogue import read_catalogue

        return read_catalogue(self.settings.feeds_dir)

    @cached_property
    def links(self) -> Links:
        """Our public addresses."""
        return Links(self.settings.base_url)

    @cached_property
    def store(self) -> Store:
        """The database, at the version this program needs."""
        from syndication.store import open_store

        store = open_store(self.settings.database_url)
        store.require_current()
        return store

    @cached_property
    def user_agent(self) -> str:
        """How we introduce ourselves to portals: honestly, with where to find us."""
        contact = self.settings.contact or self.settings.base_url
        return f"syndication/{__version__} (+{contact})"

    def open_fetcher(self) -> AbstractContextManager[FetchesMany]:
        """The one door out, for one round."""
        from syndication.collect.fetch import Fetcher

        return Fetcher(user_agent=self.user_agent, private_hosts=self.settings.private_hosts)

    @cached_property
    def sandbox(self) -> Sandbox:
        """Where what came from portals is parsed: processes of their own, started when first needed."""
        from syndication.collect.sandbox import Sandbox

        return Sandbox(workers=2)

    @cached_property
    def round(self) -> Round:
        """What collecting works with."""
        from syndication.collect.pipeline import Round

        return Round(
            store=self.store,
            catalogue=self.catalogue,
            links=self.links,
            open_fetcher=self.open_fetcher,
            sandbox=self.sandbox,
            user_agent=self.user_agent,
            now=self.now,
        )

    @cached_property
    def press(self) -> Press:
        """What publishing works with."""
        from syndication.publish.pipeline import Press

        return Press(
            store=self.store,
            catalogue=self.catalogue,
            links=self.links,
            title=self.settings.title,
            now=self.now,
            zone=self.settings.timezone,
            hub=self.settings.hub_url,
        )

    def tell_hub(self) -> int:
        """Tell the hub of the feeds that changed, through the one door out; returns of how many."""
        if not self.settings.hub_url:
            return 0
        from syndication.collect.fetch import Fetcher, Request
        from syndication.publish.pipeline import tell_hub

        with Fetcher(user_agent=self.user_agent, private_hosts=self.settings.private_hosts) as fetcher:

            def post(url: str, form: Form) -> None:
                fetcher.fetch(Request(url=url, form=form))

            return tell_hub(self.press, post=post)

    @cached_property
    def access_token(self) -> Callable[[], str] | None:
        """How the mail server's access token is had at each login; None where it wants a password, or nothing."""
        path = self.settings.access_token_from
        return None if path is None else lambda: path.read_text(encoding="ascii").strip()

    @cached_property
    def office(self) -> Office:
        """What the digest works with."""
        from syndication.digest.maillog import accepted
        from syndication.digest.pipeline.office import Office, nothing_known
        from syndication.digest.render import Renderer
        from syndication.digest.send import Transport
        from syndication.digest.sign import signer_for
        from syndication.digest.token import Signer

        return Office(
            store=self.store,
            catalogue=self.catalogue,
            links=self.links,
            renderer=Renderer(
                self.settings.templates_dir,
                links=self.links,
                site_title=self.settings.title,
                contact=self.settings.contact,
                timezone=self.settings.timezone,
            ),
            signer=Signer(
                self.settings.secret_key or _kept_secret(self.settings.var_dir),
                former=self.settings.former_secret_keys,
            ),
            title=self.settings.title,
            mail_from=self.settings.mail_from,
            contact=self.settings.contact,
            zone=self.settings.timezone,
            open_transport=lambda: Transport(self.settings.smtp_url, access_token=self.access_token),
            now=self.now,
            seal=signer_for(
                self.settings.mail_from,
                selector=self.settings.dkim_selector,
                key=self.settings.dkim_key,
            ),
            least=self.settings.digest_least,
            holidays=self.settings.digest_holidays,
            connections=self.settings.smtp_connections,
            rates=self.settings.mail_rate,
            hours=self.settings.mail_hours,
            resend=self.settings.uncertain is Doubt.RESEND,
            evidence=partial(accepted, self.settings.mail_log) if self.settings.mail_log else nothing_known,
            bounce_address=self.settings.bounce_address,
            journals=self.settings.var_dir / "sending",
            step_file=self.settings.var_dir / "sending.step",
            sign_up_open=self.settings.sign_up is SignUps.OPEN,
            sign_up_domains=self.settings.sign_up_domains,
        )

    def close(self) -> None:
        """Give back what was opened."""
        for part in ("sandbox", "store"):
            if part in self.__dict__:
                self.__dict__[part].close()


def _kept_secret(var_dir: Path) -> str:
    """The key made on first use; two processes that make it at once agree on one."""
    path = var_dir / "secret.key"
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            partial = var_dir / f".secret-{os.getpid()}.part"
            partial.touch(mode=0o600)
            partial.write_text(secrets.token_hex(32), encoding="ascii")
            try:
                os.link(partial, path)  # fails when somebody else was first, and then theirs counts
            except FileExistsError:
                pass
            finally:
                partial.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as cause:
        raise SettingsError(
            f"{path} cannot be kept ({cause.strerror}): make {var_dir} writable or set SYNDICATION_SECRET_KEY"
        ) from cause


def build(environment: Mapping[str, str] | None = None) -> House:
    """The instance this environment describes; raises SettingsError that names what is wrong in it."""
    return House(read_settings(os.environ if environment is None else environment))
