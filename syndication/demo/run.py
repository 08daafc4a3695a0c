"""The demo: imitation portals and a mailbox around the real program, driven by its real commands.

Nothing of the program is replaced. The demo only sets the environment an operator would set, then types the
commands an operator would type, and serves until it is stopped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import FrameType

import click

from syndication.demo.portals import DemoPortals, write_catalogue
from syndication.demo.visitor import sign_up
from syndication.errors import SyndicationError
from syndication.settings import HOUSE, PREFIX

GONE = "da.chuyen.di@docgia.example"
"""A reader on the list whose mailbox exists no longer."""
VISITOR = "khach.moi@docgia.example"
"""Somebody who comes to the site and wants the digest."""


def free_port(wanted: int, *, host: str = "127.0.0.1") -> int:
    """``wanted`` when it is free, otherwise any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SyndicationError("no port is free on this machine")


def run_demo(*, port: int, folder: Path) -> None:
    """Show the whole road, then serve until SIGTERM or SIGINT. ``folder`` is made anew."""
    try:
        from syndication.demo.mailbox import RETURNED, mailbox, subjects
    except ModuleNotFoundError as missing:
        raise SyndicationError(
            f"the demo needs the package {missing.name}: pip install 'syndication[demo]', or use `make demo`"
        ) from missing
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, smtp_port = free_port(port), free_port(0)
    base_url = f"http://127.0.0.1:{port}"
    mails = folder / "mails"
    with ExitStack() as parts:
        portals = parts.enter_context(DemoPortals())
        parts.enter_context(mailbox(mails, port=smtp_port, gone=[GONE]))
        write_catalogue(portals.addresses, into=folder / "feeds")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)} | {
            f"{PREFIX}BASE_URL": base_url,
            f"{PREFIX}FEEDS_DIR": str(folder / "feeds"),
            f"{PREFIX}VAR_DIR": str(folder),
            f"{PREFIX}SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            f"{PREFIX}MAIL_FROM": "Điểm tin các Trung tâm <diemtin@trungtam.example>",
            f"{PREFIX}BOUNCE_ADDRESS": "tra-lai@trungtam.example",
            f"{PREFIX}CONTACT": "diemtin@trungtam.example",
            f"{PREFIX}PRIVATE_HOSTS": ",".join(portals.addresses.values()),
        }
        for step in (
            ("init",),
            ("collect",),
            ("publish",),
            ("subscribers", "import", str(Path(__file__).with_name("readers.csv"))),
            ("digest", "compose"),
            ("digest", "approve", "--by", "demo"),
            ("digest", "send"),
        ):
            _command(step, environment)
        for report in sorted((mails / RETURNED).glob("*.eml")):
            _command(("bounce",), environment, given=report)
        _command(("digest", "status"), environment)
        serving = subprocess.Popen(
            [sys.executable, "-m", "syndication", "run", "--port", str(port)], env=environment, cwd=HOUSE
        )
        parts.callback(_end, serving)
        _wait_until_served(port, serving)
        click.secho(f"Somebody asks for the digest at {base_url}/subscribe and opens the mail:", bold=True)
        sign_up(base_url, VISITOR, mails=mails)
        _command(("subscribers", "list"), environment)
        _print_addresses(base_url, portals, subjects(mails), mails)
        _serve_until_stopped(serving)


def _command(words: tuple[str, ...], environment: dict[str, str], *, given: Path | None = None) -> None:
    """Type a command, with a file as its standard input where one is given."""
    shown = f" < {given.name}" if given else ""
    click.secho(f"$ syndication {' '.join(words)}{shown}", bold=True)
    with given.open("rb") if given else nullcontext() as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "syndication", *words],
            env=environment,
            cwd=HOUSE,
            check=False,
            stdin=stdin,
        )
    if done.returncode:
        raise SyndicationError(f"`syndication {' '.join(words)}` failed; the demo ends here")


def _wait_until_served(port: int, serving: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(300):
        if serving.poll() is not None:
            raise SyndicationError("the web server ended; see above why")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.1)
    raise SyndicationError("the web server does not answer; see above why")


def _print_addresses(
    base_url: str, portals: DemoPortals, mails: list[tuple[Path, str]], folder: Path
) -> None:
    click.secho("\nEverything runs. Open:", bold=True)
    for address, what in (
        ("/", "the front page"),
        ("/feeds/", "all feeds, for people"),
        ("/feeds/all.atom", "every story"),
        ("/feeds/chuyen-doi-so.rss", "one category"),
        ("/feeds/index.opml", "all feeds, for readers"),
        ("/digest/", "the digest"),
        ("/subscribe", "how one gets it"),
    ):
        click.echo(f"  {base_url + address:<48} {what}")
    click.secho("The portals it reads:", bold=True)
    for portal, address in portals.addresses.items():
        click.echo(f"  http://{address + '/':<41} {portal}")
    click.secho(f"The mails, in {folder}:", bold=True)
    for path, subject in mails:
        click.echo(f"  {path.name:<48} {subject}")
    click.echo("\nCtrl-C ends it.")


def _serve_until_stopped(serving: subprocess.Popen[bytes]) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        serving.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if serving.wait() not in (0, -signal.SIGTERM, -signal.SIGINT):
        raise SyndicationError("the web server ended; see above why")


def _end(serving: subprocess.Popen[bytes]) -> None:
    if serving.poll() is None:
        serving.terminate()
        serving.wait(timeout=60)
