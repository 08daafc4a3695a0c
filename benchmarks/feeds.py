"""What serving a feed costs against the least a server could do: a bare WSGI application, and nginx with a file.

All run side by side on loopback and are asked in turn, so that only ratios count:

1. A feed of 60 KB, whole and «not modified», by ``syndication serve``, against a WSGI application of ten lines that
   returns the same bytes under the same server with the same settings.
2. The same against the same application «dressed», which sends all the headers that ours does: what is between the
   two is what headers cost, the rest is ours. It has no target.
3. The same against Debian's nginx with its default settings and the exported file, where it is installed.

Requests per second are what is claimed. They mean little while the machine has other work, which is why the CPU time
that each server takes for a request is measured beside them.

Requests come from wrk where it is on the PATH, else from a small client of ours that keeps its connections too.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from syndication.publish.pipeline import etag_of
from syndication.store import open_store

SECONDS = 2.0
ROUNDS = 9
CONNECTIONS = 16
LEAST_OF_BARE = 0.9
LEAST_OF_NGINX = 0.5
PATH = "feeds/all.atom"
HOUSE = Path(__file__).resolve().parent.parent

BARE = '''
"""The least a WSGI application can do."""
import json
from pathlib import Path
body = Path(__file__).with_name("body").read_bytes()
tag = Path(__file__).with_name("tag").read_text()
told = json.loads(Path(__file__).with_suffix(".json").read_text())
whole, unchanged = ([tuple(pair) for pair in headers] for headers in told)

def application(environ, start_response):
    if environ.get("HTTP_IF_NONE_MATCH") == tag:
        start_response("304 Not Modified", unchanged)
        return [b""]
    start_response("200 OK", whole)
    return [body]
'''

SERVE_BARE = """
import sys
from granian.constants import Interfaces
from granian.server import Server
from syndication.cli import serve
serve.multiprocessing.set_start_method("spawn", force=True)
Server(f"{sys.argv[2]}:application", interface=Interfaces.WSGI, address="127.0.0.1", port=int(sys.argv[1]), workers=1,
       blocking_threads=serve.THREADS, websockets=False, log_access=False, workers_kill_timeout=30).serve()
"""

NGINX = """
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 768; }}
http {{
    sendfile on; tcp_nopush on; access_log off; default_type application/octet-stream;
    types {{ application/atom+xml atom; }}
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; root {folder}/files; keepalive_requests 1000000; }}
}}
"""


def a_feed(size: int) -> bytes:
    """Something like a feed, of this many bytes."""
    chance = random.Random(1)
    words = "chuyển đổi số dịch vụ công trực tuyến cổng thông tin tỉnh hội nghị sơ kết năm kế hoạch".split()
    entries = []
    while sum(map(len, entries)) < size - 400:
        told = " ".join(chance.choices(words, k=80))
        entries.append(
            f"\n<entry><id>tag:x,2026:{chance.random()}</id><summary>{told}</summary></entry>".encode()
        )
    return b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"".join(entries) + b"\n</feed>\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, **options: object) -> Iterator[int]:
    """A server, from when it answers to the end of the block; gives its process id."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{command[0]} does not answer")
        yield server.pid
    finally:
        server.terminate()
        server.wait(30)


def cpu(pid: int) -> float:
    """The CPU seconds that a process and those it started have taken."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    own = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu(int(child)) for some in children for child in some)


def ask(port: int, path: str, tag: str = "") -> bytes:
    """One answer, head and body."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(_request(path, tag, keep=False))
        return b"".join(iter(lambda: line.recv(65536), b""))


def _request(path: str, tag: str, *, keep: bool = True) -> bytes:
    named = f"If-None-Match: {tag}\r\n" if tag else ""
    ending = "" if keep else "Connection: close\r\n"
    return f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n{named}{ending}\r\n".encode()


def rate(port: int, path: str, tag: str) -> float:
    """Requests per second for SECONDS."""
    return _by_wrk(port, path, tag) if shutil.which("wrk") else _by_hand(port, path, tag)


def _by_wrk(port: int, path: str, tag: str) -> float:
    named = ["-H", f"If-None-Match: {tag}"] if tag else []
    told = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:.0f}", *named, f"http://127.0.0.1:{port}/{path}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Non-2xx" not in told, told
    found = re.search(r"Requests/sec:\s+([0-9.]+)", told)
    assert found, told
    return float(found[1])


def _by_hand(port: int, path: str, tag: str) -> float:
    request = _request(path, tag)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(request)
        time.sleep(0.2)
        size = len(line.recv(1 << 20))  # every answer is as long as this one
    counts = [0] * CONNECTIONS
    end = time.perf_counter() + SECONDS

    def client(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            while time.perf_counter() < end:
                line.sendall(request)
                left = size
                while left > 0:
                    left -= len(line.recv(65536))
                counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def headers_of(answer: bytes) -> list[tuple[str, str]]:
    """The headers of an answer that the application gave, without those of the server and of the line."""
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = [line.partition(": ")[::2] for line in lines]
    return [pair for pair in pairs if pair[0].lower() not in ("date", "server", "connection")]


def write_bare(
    folder: Path, name: str, whole: list[tuple[str, str]], unchanged: list[tuple[str, str]]
) -> None:
    """A bare application that sends these headers with 200 and with 304."""
    (folder / f"{name}.py").write_text(BARE)
    (folder / f"{name}.json").write_text(json.dumps([whole, unchanged]))


def prepare(folder: Path) -> dict[str, str]:
    """A database that holds the feed, the files for the others, and the environment for ours."""
    body = a_feed(60_000)
    files = folder / "files" / Path(PATH).parent
    files.mkdir(parents=True)
    (folder / "files" / PATH).write_bytes(body)
    (folder / "body").write_bytes(body)
    (folder / "tag").write_text(etag_of(body))
    tag = ("ETag", etag_of(body))
    write_bare(
        folder,
        "bare",
        [("Content-Type", "application/atom+xml; charset=utf-8"), ("Content-Length", str(len(body))), tag],
        [tag],
    )
    folder.chmod(0o755)
    url = f"sqlite:///{folder}/x.db"
    store = open_store(url)
    store.migrate()
    with store.write() as memory:
        memory.documents.put(
            PATH, media_type="application/atom+xml", body=body, etag=etag_of(body), now=datetime.now(UTC)
        )
    store.close()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SYNDICATION_")}
    return plain | {
        "SYNDICATION_DATABASE_URL": url,
        "SYNDICATION_VAR_DIR": str(folder),
        "SYNDICATION_FEED_LIMIT": "999999999",
        "PYTHONPATH": f"{folder}:{HOUSE}",
    }


def main() -> int:
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        environment = prepare(folder)
        body = (folder / "body").read_bytes()
        pids: dict[str, int] = {}
        ports: dict[str, int] = {}

        def start(name: str, *arguments: str) -> None:
            ports[name] = free_port()
            command = [sys.executable, *(one.replace("PORT", str(ports[name])) for one in arguments)]
            pids[name] = parts.enter_context(running(command, ports[name], env=environment, cwd=folder))

        start("ours", "-m", "syndication", "serve", "--port", "PORT")
        tag = (folder / "tag").read_text()
        answers = [headers_of(ask(ports["ours"], PATH, named)) for named in ("", tag)]
        write_bare(folder, "dressed", *answers)
        for name in ("bare", "dressed"):
            start(name, "-c", SERVE_BARE, "PORT", name)
        nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        if nginx:
            ports["nginx"] = free_port()
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=ports["nginx"]))
            command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
            pids["nginx"] = parts.enter_context(running(command, ports["nginx"]))
        else:
            print("nginx is not installed: nothing is said about it")
        print(f"asked by {'wrk' if shutil.which('wrk') else 'our own client, which may be what limits'}")
        print(f"the machine's load as we begin: {os.getloadavg()[0]:.1f}")
        return max(measure(ports, pids, body, conditional=conditional) for conditional in (False, True))


def measure(ports: dict[str, int], pids: dict[str, int], body: bytes, *, conditional: bool) -> int:
    """Ask all of them in turn and compare; returns 1 if one target was missed."""
    tags = dict.fromkeys(ports, "")
    for name, port in ports.items():
        head, _, told = ask(port, PATH).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        assert told == body
        if conditional:
            found = re.search(rb"(?i)\r\netag: ([^\r]+)", head)
            assert found
            tags[name] = found[1].decode()
            assert ask(port, PATH, tags[name]).startswith(b"HTTP/1.1 304")
    rates: dict[str, list[float]] = {name: [] for name in ports}
    costs: dict[str, list[float]] = {name: [] for name in ports}
    for number in range(ROUNDS + 1):
        for name in list(ports)[number % len(ports) :] + list(ports)[: number % len(ports)]:
            before = cpu(pids[name])
            found_rate = rate(ports[name], PATH, tags[name])
            if number:  # the first round warms up
                rates[name].append(found_rate)
                costs[name].append((cpu(pids[name]) - before) / (found_rate * SECONDS) * 1e6)
    print(f"\n{'304' if conditional else '200'}, {len(body)} bytes, medians of {ROUNDS}:")
    for name in ports:
        print(
            f"  {name:<8}{statistics.median(rates[name]):8.0f} requests/s"
            f"{statistics.median(costs[name]):7.1f} µs of CPU each"
        )
    missed = 0
    for name, least in (("bare", LEAST_OF_BARE), ("dressed", 0.0), ("nginx", LEAST_OF_NGINX)):
        if name in rates:
            ratios = [ours / theirs for ours, theirs in zip(rates["ours"], rates[name], strict=True)]
            ratio = statistics.median(ratios)
            missed |= ratio < least
            cheaper = statistics.median(costs[name]) / statistics.median(costs["ours"])
            verdict = "" if ratio >= least else "   MISSED"
            target = f" (at least {least})" if least else ""
            print(f"  ours / {name}: {ratio:.2f}{target}, by CPU {cheaper:.2f}{verdict}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
