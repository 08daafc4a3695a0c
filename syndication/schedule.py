"""The clock: it only ticks. What is due stands in the database, so two clocks are as good as one.

APScheduler's own stores and triggers are not used for truth: a job store cannot be shared between processes
(its FAQ says so), and a tick that was missed is simply made up by the next one.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.background import BackgroundScheduler

from syndication.bootstrap import House
from syndication.collect.pipeline import Result, collect, look_again
from syndication.digest.pipeline.clock import tend
from syndication.digest.pipeline.mail import send_waiting
from syndication.errors import SyndicationError
from syndication.publish.pipeline import publish
from syndication.settings import DAYS, Approval

log = logging.getLogger(__name__)

TICK_SECONDS = 15
MAIL_SECONDS = 5
"""The same for single mails: somebody sits there and waits for one."""

Job = Callable[[House], None]


def read(house: House) -> None:
    """Read the sources that are due."""
    reports = collect(house.round)
    results = Counter(report.result for report in reports if report.result is not Result.SKIPPED)
    if results:
        log.info("collected: %s", ", ".join(f"{count} {result}" for result, count in sorted(results.items())))


def look(house: House) -> None:
    """Look again at articles' pages: portals take some back."""
    for gone in look_again(house.round):
        log.info("withdrawn: %s has taken back %s", gone.portal, gone.url)


def print_(house: House) -> None:
    """Publish what is new."""
    done = publish(house.press)
    if done.announced or done.changed:
        log.info("published: %d new stories, %d documents changed", done.announced, done.changed)


def digest(house: House) -> None:
    """Do what is due for the digest: compose it, approve it where nobody has to, bring it to its readers."""
    settings = house.settings
    for line in tend(
        house.office,
        day=DAYS.index(settings.digest_day),
        at=settings.digest_at,
        automatic=settings.digest_approval is Approval.AUTOMATIC,
    ):
        log.info("%s", line)


def mails(house: House) -> None:
    """Send the single mails that somebody waits for."""
    if sent := send_waiting(house.office):
        log.info("mails: %d sent", sent)


class Clock:
    """Ticks in a thread of its own until it is stopped; a tick under way is finished first."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._said: dict[Job, str] = {}
        self._scheduler = BackgroundScheduler(timezone=UTC)
        # An issue may be under way for hours: reading and publishing do not wait for it, nor does who wants to confirm.
        for seconds, jobs in (
            (TICK_SECONDS, (read, look, print_)),
            (TICK_SECONDS, (digest,)),
            (MAIL_SECONDS, (mails,)),
        ):
            self._scheduler.add_job(
                self._do,
                "interval",
                args=jobs,
                seconds=seconds,
                next_run_time=house.now(),
                coalesce=True,  # a tick late by an hour is one tick, not 240
                max_instances=1,
                misfire_grace_time=None,  # however late, it is due
            )
        if house.settings.hub_url:
            # A hub that is slow to answer keeps nothing else waiting.
            self._scheduler.add_job(
                house.tell_hub,
                "interval",
                seconds=TICK_SECONDS,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.add_listener(_failed, EVENT_JOB_ERROR)

    def _do(self, *jobs: Job) -> None:
        """Do these one after the other; what goes wrong in one does not keep the next from its turn.

        What goes wrong again and again is said once, not at every tick.
        """
        for job in jobs:
            try:
                job(self._house)
            except SyndicationError as trouble:
                if self._said.get(job) != str(trouble):
                    self._said[job] = str(trouble)
                    log.warning("%s: %s", job.__name__.strip("_"), trouble)
            else:
                self._said.pop(job, None)

    def start(self) -> None:
        """Begin to tick, at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; returns when what is under way is done: a round, and the messages that are going out."""
        self._house.office.stopping.set()
        self._scheduler.shutdown(wait=True)


def _failed(event: object) -> None:
    log.error("a tick failed and the next one goes on: %s", getattr(event, "traceback", event))


def run_until_stopped(house: House) -> None:
    """Be a clock until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = Clock(house)
    clock.start()
    stop.wait()
    log.info("stopping: what is under way is finished first")
    clock.stop()
