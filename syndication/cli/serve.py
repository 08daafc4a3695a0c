"""Commands that stay: serve, schedule, run."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from typing import Any

import click
from granian.constants import Interfaces
from granian.server import Server

from syndication.bootstrap import House
from syndication.cli.opening import open_house
from syndication.schedule import Clock, run_until_stopped

THREADS = 4
"""Requests a worker process works on at once; what it does is short and mostly Python."""

_HOST = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
_PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
_WORKERS = click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes."
)


def _log() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _ready_house() -> House:
    """The instance, with everything that could be wrong found before anything is served."""
    house = open_house()
    _ = house.catalogue, house.store, house.office
    return house


def application() -> Any:
    """The WSGI application inside a worker process, which ends when the process that started it is gone.

    Without this a server killed with -9 leaves workers behind that serve yesterday's program for ever.
    """
    parent = multiprocessing.parent_process()

    def outlive_nobody() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=outlive_nobody, name="parent-watch", daemon=True).start()
    # The process that watches over the workers answers nothing itself, and need not wait for the parts of pages.
    from syndication.web import from_environment

    return from_environment()


def serve_web(*, host: str, port: int, workers: int) -> None:
    """Serve the pages and feeds until SIGTERM or SIGINT; requests under way are finished first."""
    # Workers begin as new processes: a fork would copy the clock's locks and database connections half-way.
    multiprocessing.set_start_method("spawn", force=True)
    Server(
        f"{__name__}:{application.__name__}",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    ).serve()


@click.command()
@_HOST
@_PORT
@_WORKERS
def serve(host: str, port: int, workers: int) -> None:
    """Serve feeds and pages."""
    _log()
    _ready_house()
    serve_web(host=host, port=port, workers=workers)


@click.command()
def schedule() -> None:
    """Be the clock: collect, publish and send what is due. Several may run at once."""
    _log()
    run_until_stopped(_ready_house())


@click.command()
@_HOST
@_PORT
def run(host: str, port: int) -> None:
    """Web and clock on one machine."""
    _log()
    clock = Clock(_ready_house())
    clock.start()
    try:
        serve_web(host=host, port=port, workers=1)
    finally:
        clock.stop()
