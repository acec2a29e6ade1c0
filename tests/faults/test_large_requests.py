"""Large requests that never become whole: whoever sends many of them gets in nobody's way but its own."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading

import pytest
from harness import processes_of

HELD = 58  # connections of one environment; it may have 64

# What both functions below begin with: a runtime by hand, and a door at which they wait.
HAND = f"""#!/usr/bin/python3
import http.client, os, socket
HELD, SIZE = {HELD}, 6_000_000
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
ROOT = '/2018-06-01/runtime/invocation/'
line = http.client.HTTPConnection(host, int(port))
def take():
    line.request('GET', ROOT + 'next')
    r = line.getresponse()
    r.read()
    return r.headers['Lambda-Runtime-Aws-Request-Id']
def begin(id, size):
    s = socket.create_connection((host, int(port)))
    s.settimeout(20)
    s.sendall(f'POST {{ROOT}}{{id}}/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {{SIZE}}\\r\\n\\r\\n"'.encode())
    s.sendall(b'a' * (size - 1))
    return s
def wait():
    with socket.create_connection(('127.0.0.1', int(os.environ['DOOR']))) as s:
        s.recv(1)
"""

GOOD = HAND + """
while True:
    s = begin(take(), SIZE // 2)
    wait()
    try:
        s.sendall(b'a' * (SIZE - SIZE // 2 - 1) + b'"')
        s.recv(1000)
    except OSError:
        pass  # it was closed
"""

GREEDY = HAND + """
while True:
    id, all = take(), []
    for _ in range(HELD):
        try:
            all.append(begin(id, SIZE - 1))
        except OSError:
            pass  # it was refused
    wait()
    for s in all:
        s.close()
"""


class Door:
    """Where functions wait until the test lets them on."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])

    def visitor(self, seconds=60):
        self.listener.settimeout(seconds)
        return self.listener.accept()[0]


def metrics(kiln):
    text = kiln.http("GET", "/metrics")[2].decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:{[^}]*})?) (\S+)$", text, re.MULTILINE)}


def test_answers_that_never_end_cut_off_no_other_functions_answer(own_kiln):
    kiln = own_kiln(args=["--threads", "1"])
    doors = {"good": Door(), "greedy": Door()}
    for name, code in (("good", GOOD), ("greedy", GREEDY)):
        kiln.create(name, {"bootstrap": (code, 0o755)}, runtime="provided.al2023", handler="x", Timeout=120, MemorySize=1024, Environment={"Variables": {"DOOR": doors[name].port}})
    good, ended = [], []
    threads = [threading.Thread(target=lambda: good.append(kiln.invoke("good"))), *(threading.Thread(target=lambda: ended.append(kiln.invoke("greedy"))) for _ in range(4))]
    threads[0].start()
    waiting = doors["good"].visitor()
    for thread in threads[1:]:
        thread.start()
    crowd = []
    while len(crowd) + len(ended) < 4:  # Kiln may end one whose answer it has cut off
        with contextlib.suppress(TimeoutError):
            crowd.append(doors["greedy"].visitor(0.5))
    waiting.close()
    threads[0].join(60)
    for each in crowd:
        each.close()
    assert "FunctionError" not in good[0], good[0]
    assert good[0]["Body"] == "a" * 5_999_998
    for thread in threads:
        thread.join(60)
    assert processes_of(kiln, "good")


# Opens connections that send some of a large request, and says when all have it.
CROWD = """
import socket, sys
all = []
for _ in range(150):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    try:
        s.sendall(b'POST /2015-03-31/functions HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Length: 69000000\\r\\n\\r\\n' + b'{' * 1_100_000)
    except OSError:
        pass
    all.append(s)
print('there', flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def crowd_of(user, port):
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", sys.executable, "-c", CROWD, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout.readline() == "there\n"
        yield
        crowd.stdin.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="this test becomes another user, which takes root")
def test_requests_of_one_user_that_never_end_cut_off_no_other_users(own_kiln):
    kiln = own_kiln(args=["--threads", "1"])
    kiln.create_echo("echo")
    body = json.dumps("a" * 2_000_000).encode()
    with socket.create_connection(("127.0.0.1", kiln.port)) as slow:
        slow.sendall(f"POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:1_000_000])
        # Its only loop has read that before it answers this: it is silent longest.
        assert kiln.http("GET", "/_kiln/health")[0] == 200
        with crowd_of(65534, kiln.port):
            slow.sendall(body[1_000_000:])
            assert slow.recv(12) == b"HTTP/1.1 200"
            assert kiln.invoke("echo", "b" * 3_000_000)["Body"] == "b" * 3_000_000
    counted = metrics(kiln)
    assert counted['kiln_large_requests_dropped_total{from="callers"}'] > 0
    assert counted['kiln_large_requests_refused_total{from="callers"}'] == 0
    assert json.loads(kiln.http("GET", "/_kiln/status")[2])["largeRequests"]["callers"]["dropped"] > 0
