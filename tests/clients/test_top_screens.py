"""Screenshots of `kiln top`: what a terminal shows of an engine whose figures stand still, as pictures in letters.

tests/data/top has the pictures; KILN_DRAW_SCREENS=1 draws them anew.
"""

import http.server
import json
import os
import re
import threading
import time

import pytest

pyte = pytest.importorskip("pyte", reason="needs the package python3-pyte")

from harness import BINARY, ROOT  # noqa: E402
from terminal import Terminal  # noqa: E402

PICTURES = ROOT / "tests" / "data" / "top"
SIZES = [(80, 24), (140, 40)]


def function(name, **figures):
    return {"region": "us-east-1", "name": name, "inUse": 0, "reserved": -1, "provisionedConfigured": 0, "provisionedReady": 0, "environments": 0, "idle": 0,
            "invocations": 0, "errors": 0, "throttles": 0, "coldStarts": 0, "p50Ms": None, "p99Ms": None, **figures}


STATUS = {
    "version": "0.1.0",
    "functions": [
        function("checkout", inUse=7, reserved=20, environments=9, idle=2, invocations=18231, errors=12, throttles=3, coldStarts=9, p50Ms=24.6, p99Ms=310.4),
        function("checkout-confirmation-mails-for-customers", inUse=1, environments=2, idle=1, invocations=840, coldStarts=2, p50Ms=101.0, p99Ms=420.0),
        function("orders", inUse=4, provisionedConfigured=5, provisionedReady=3, environments=5, idle=1, invocations=90211, errors=1, p50Ms=3.2, p99Ms=9.9),
        function("unused"),
    ],
    "alarms": [{"region": "us-east-1", "name": "checkout-errors", "state": "ALARM", "reason": "Threshold Crossed"},
               {"region": "us-east-1", "name": "orders-slow", "state": "OK", "reason": ""}],
    "queuedEvents": 31, "accountConcurrency": 1000, "speed": 60, "machineTime": 1769000400, "metricTime": 1769004000,
}
LOG = [
    "START RequestId: 8f5d0d4c-0000-4000-8000-000000000001 Version: $LATEST\n", "charging card 4\n",
    "[ERROR] ValueError: out of stock\nTraceback (most recent call last):\n  File \"/var/task/index.py\", line 3, in handler\n",
    "END RequestId: 8f5d0d4c-0000-4000-8000-000000000001\n",
    "REPORT RequestId: 8f5d0d4c-0000-4000-8000-000000000001\tDuration: 24.60 ms\tBilled Duration: 25 ms\tMemory Size: 128 MB\tMax Memory Used: 41 MB\t\n",
]


class StillEngine(http.server.BaseHTTPRequestHandler):
    """Answers what `kiln top` asks: always the same."""

    protocol_version = "HTTP/1.1"

    def answer(self, document):
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.answer(STATUS)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"events": [{"eventId": str(i), "timestamp": self.server.began + i, "logStreamName": "2026/01/21/[$LATEST]8f5d0d4c", "message": line}
                                for i, line in enumerate(LOG)]})

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StillEngine)
    server.daemon_threads = True
    server.began = int(time.time() * 1000)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def top(url):
    opened = []

    def start(columns, rows):
        opened.append(Terminal([BINARY, "top", "--endpoint", url, "--interval", "20ms"], columns=columns, rows=rows,
                               env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": ""}))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def screen_of(terminal, columns, rows):
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(terminal.written)
    return screen


def picture_of(screen, url):
    """Its lines. The port is not the same in each run, nor how many rounds the sparkline has."""
    port = url.rsplit(":", 1)[1]
    lines = [re.sub("[▁▂▃▄▅▆▇█]+", "▁▂▃", line.replace(f":{port}", ":4566")).rstrip() for line in screen.display]
    return "\n".join(lines) + "\n"


def check(name, picture):
    file = PICTURES / f"{name}.txt"
    if "KILN_DRAW_SCREENS" in os.environ:
        file.write_text(picture)
    assert picture == file.read_text(), f"{file.name}; KILN_DRAW_SCREENS=1 draws it anew"


@pytest.mark.parametrize("columns, rows", SIZES)
def test_a_screenshot_of_all_functions(top, url, columns, rows):
    terminal = top(columns, rows)
    # A rate needs two rounds.
    terminal.wait_for(lambda t: any(re.match(r"orders +0", line) for line in t.page()))
    screen = screen_of(terminal, columns, rows)
    check(f"functions-{columns}x{rows}", picture_of(screen, url))
    assert screen.cursor.hidden
    alarms = next(y for y in range(rows) if "in ALARM" in screen.display[y])
    assert screen.buffer[alarms][0].fg == "red"
    # The one that is selected stands out.
    terminal.type("j")
    terminal.wait_for(lambda t: "\x1b[7m" in t.written)
    terminal.wait_for(lambda t: t.written.endswith("\x1b[J"))
    screen = screen_of(terminal, columns, rows)
    (chosen,) = [y for y in range(rows) if screen.buffer[y][0].reverse]
    assert screen.display[chosen].split()[0] in {one["name"][:21] for one in STATUS["functions"]} | {one["name"] for one in STATUS["functions"]}


@pytest.mark.parametrize("columns, rows", SIZES)
def test_a_screenshot_of_one_function(top, url, columns, rows):
    terminal = top(columns, rows)
    terminal.wait_for(lambda t: any(line.startswith("checkout") for line in t.page()))
    terminal.type("\r")
    terminal.wait_for(lambda t: "REPORT RequestId" in "\n".join(t.page()) and "   0 invocations/s" in "\n".join(t.page()))
    check(f"function-{columns}x{rows}", picture_of(screen_of(terminal, columns, rows), url))
    terminal.type("q")
    assert terminal.end() == 0
    # The screen of before is there again.
    assert screen_of(terminal, columns, rows).cursor.hidden is False
