"""`syndication demo`, run as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from syndication.demo.mailbox import subjects

PATIENCE = 90


def test_the_demo_prints_what_to_open_and_it_is_there(tmp_path: Path, free_port: int) -> None:
    demo = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "syndication",
            "demo",
            "--port",
            str(free_port),
            "--folder",
            str(tmp_path / "demo"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    )
    guard = threading.Timer(PATIENCE, demo.kill)
    guard.start()
    said: list[str] = []
    try:
        assert demo.stdout
        for line in demo.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        printed = "".join(said)
        for path in ("/", "/feeds/all.atom", "/feeds/chuyen-doi-so.rss", "/digest/"):
            address = f"http://127.0.0.1:{free_port}{path}"
            assert address in printed
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert answer.status == 200
                assert answer.read()
        mails = subjects(tmp_path / "demo" / "mails")
        digests = [path.name for path, subject in mails if subject.startswith("[Điểm tin tuần] Tuần ")]
        assert len(digests) == 3
        [asked] = [path.name for path, _ in mails if path.name not in digests]
        assert asked.startswith("khach-moi")
        assert "hard: da.chuyen.di@docgia.example: the reader is bounced" in printed
        assert "of these came back: 1 hard" in printed
        standing = {
            words[0]: words[-2]
            for line in said
            if len(words := line.split()) > 2 and "@docgia.example" in words[0]
        }
        assert standing["da.chuyen.di@docgia.example"] == "bounced"
        assert standing["khach.moi@docgia.example"] == "active"
    finally:
        demo.terminate()
        rest = demo.communicate(timeout=PATIENCE)[0]
        guard.cancel()
    assert demo.returncode == 0, "".join(said) + rest
