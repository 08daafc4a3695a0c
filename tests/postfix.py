"""A real Postfix of the tests' own: its folders are temporary, it listens on loopback, no letter leaves the machine.

Whatever it accepts goes to one sink on loopback, reports about what cannot be delivered too. Postfix changes users as
it works and so needs root; where the tests have no root, or there is no Postfix, ``missing`` says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.cast import missing

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 1 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 1 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One instance, between ``start`` and ``stop`` (or in a ``with``).

    It listens at 127.0.0.1:``port`` and brings everything to 127.0.0.1:``sink_port``. ``domain`` has the mailboxes
    ``readers`` and no others: who else is named there is refused at RCPT; every other domain is taken.
    ``settings`` are lines of main.cf that join ours or replace them.
    """

    def __init__(
        self,
        *,
        port: int,
        sink_port: int,
        domain: str = "docgia.example",
        readers: Iterable[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.home = Path()
        self._sink_port = sink_port
        self._domain = domain
        self._readers = tuple(readers)
        self._settings = dict(settings or {})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """What the instance wrote down; empty as long as it does not exist."""
        return self.home / "mail.log"

    def start(self) -> None:
        """Write the folders and start the daemons, which are listening when this returns."""
        if shutil.which("postfix") is None:
            missing("Postfix")
        if os.geteuid() != 0:
            missing("Postfix as root")
        self.home = Path(tempfile.mkdtemp(prefix="syndication-postfix-"))
        # Its daemons work as another user, who must find the way into the folders.
        self.home.chmod(0o755)
        for name, owner in (("config", "root"), ("queue", "root"), ("data", "postfix")):
            (self.home / name).mkdir()
            shutil.chown(self.home / name, owner)
        (self.home / "config" / "main.cf").write_text(self._main_cf(), encoding="ascii")
        (self.home / "config" / "master.cf").write_text(_MASTER.format(port=self.port), encoding="ascii")
        try:
            self._run("postfix", "start")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the daemons and remove every trace; harmless where nothing runs."""
        if self.home == Path():
            return
        self._run("postfix", "stop", check=False)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home = Path()

    def queue(self) -> list[dict[str, Any]]:
        """What it has accepted and not yet brought on, an entry as ``postqueue -j`` gives it per message."""
        return [json.loads(line) for line in self._run("postqueue", "-j").splitlines()]

    def flush(self) -> None:
        """Try everything in the queue again now."""
        self._run("postqueue", "-f")

    def _main_cf(self) -> str:
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.home}/queue",
            "data_directory": f"{self.home}/data",
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.home),
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "smtpd_peername_lookup": "no",
            "myhostname": "relay.test",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "mynetworks": "127.0.0.0/8",
            "relayhost": f"[127.0.0.1]:{self._sink_port}",
            "relay_domains": self._domain,
            "relay_recipient_maps": " ".join(
                ["inline:{", *(f"{{{reader}=here}}" for reader in self._readers), "}"]
            )
            if self._readers
            else "static:{}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "in_flow_delay": "0",
            "notify_classes": "",
        } | self._settings
        return "".join(f"{name} = {value}\n" for name, value in settings.items())

    def _run(self, program: str, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [program, "-c", str(self.home / "config"), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if check and done.returncode:
            raise AssertionError(f"{program} {words}: {done.stdout}{done.stderr}")
        return done.stdout
