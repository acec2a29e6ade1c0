"""Functions that misbehave: the answer that AWS gives, the sandbox replaced, everybody else untouched."""

import concurrent.futures
import os
import pathlib
import subprocess

import pytest
from botocore.exceptions import ClientError
from harness import ECHO, Kiln, ROOT, of_another_user, repeat, wait_for

ALIVE = {"index.py": "def handler(event, context):\n    return 'alive'\n"}


@pytest.fixture(autouse=True)
def others_live_on(kiln):
    try:
        kiln.create("neighbour", ALIVE)
    except ClientError:
        pass
    yield
    assert kiln.invoke("neighbour")["Body"] == "alive"


def children_of(pid):
    """All descendants of a process."""
    out = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True).stdout.split("\n")
    parents = {int(a): int(b) for a, b in (line.split() for line in out if line.strip())}
    found, grew = {pid}, True
    while grew:
        new = {p for p, parent in parents.items() if parent in found} - found
        found |= new
        grew = bool(new)
    return found - {pid}


def blanks(engine):
    """Sandboxes that wait for a function, of two processes and five descriptors of the engine each: up to sixteen after many starts."""
    names = (pathlib.Path(f"/proc/{pid}/comm") for pid in children_of(engine))
    return sum(path.exists() and path.read_text() == "kiln-blank\n" for path in names) // 2


def cgroups():
    return {p for p in pathlib.Path("/sys/fs/cgroup").glob("**/kiln-*") if p.is_dir()}


def test_missing_bootstrap_and_missing_run_bit(kiln, name):
    kiln.create(name, {"other": "x"}, runtime="provided.al2023", handler="x")
    body = kiln.invoke(name)["Body"]
    assert body["errorType"] == "Runtime.InvalidEntrypoint" and "Couldn't find valid bootstrap(s)" in body["errorMessage"]
    kiln.create(name + "b", {"bootstrap": ("#!/bin/sh\n", 0o644)}, runtime="provided.al2023", handler="x")
    body = kiln.invoke(name + "b")["Body"]
    assert body["errorType"] == "Runtime.InvalidEntrypoint" and "permission denied" in body["errorMessage"]
    kiln.create(name + "c", {"bootstrap": ("\x7fELF garbage", 0o755)}, runtime="provided.al2023", handler="x")
    assert kiln.invoke(name + "c")["FunctionError"] == "Unhandled"


def test_a_function_that_forks_without_end(kiln, name):
    code = """
import os, time
def handler(event, context):
    n = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(1000)
            n += 1
    except OSError:
        return n
"""
    before = len(children_of(kiln.engine))
    kiln.create(name, {"index.py": code}, MemorySize=3008, Timeout=30)
    answer = kiln.invoke(name)
    assert answer.get("FunctionError") or 100 < answer["Body"] < 1100
    api = kiln.client("lambda")
    api.delete_function(FunctionName=name)
    wait_for(lambda: len(children_of(kiln.engine)) < before + 100, what="the end of the forked processes")


def test_a_gigabyte_of_logs(own_kiln):
    kiln = own_kiln()
    kiln.create("neighbour", ALIVE)
    kiln.invoke("neighbour")
    code = """
def handler(event, context):
    import os
    line = b'x' * 1023 + b'\\n'
    block = line * 1024
    for _ in range(1024):
        view = memoryview(block)
        while view:
            view = view[os.write(1, view):]
    return 'done'
"""
    kiln.create("loud", {"index.py": code}, MemorySize=1769, Timeout=300)
    import threading

    result = []
    loud = threading.Thread(target=lambda: result.append(kiln.invoke("loud")["Body"]))
    loud.start()
    peak = 0
    while loud.is_alive():
        assert kiln.invoke("neighbour")["Body"] == "alive"
        peak = max(peak, resident(kiln.engine))
    loud.join()
    assert result == ["done"]
    assert peak < 300 << 20
    used = sum(p.stat().st_size for p in (kiln.data_dir / "logs").glob("**/*") if p.is_file())
    assert used < 64 << 20


def resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


# A runtime by hand, over plain sockets.
RAW = """#!/usr/bin/python3
import http.client, os, socket, sys, time
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
def call(method, path, body=None):
    c = http.client.HTTPConnection(host, int(port))
    c.request(method, '/2018-06-01/runtime/' + path, body)
    r = c.getresponse()
    return r.status, r.headers, r.read()
while True:
    status, headers, event = call('GET', 'invocation/next')
    id = headers['Lambda-Runtime-Aws-Request-Id']
    if event == b'"truncate"':
        s = socket.create_connection((host, int(port)))
        s.sendall(f'POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000\\r\\n\\r\\n{{"half'.encode())
        s.close()
    elif event == b'"twice"':
        first = call('POST', f'invocation/{id}/response', b'"first"')[0]
        second = call('POST', f'invocation/{id}/response', b'"second"')[0]
        print('statuses', first, second, flush=True)
    elif event == b'"other"':
        wrong = call('POST', 'invocation/00000000-0000-0000-0000-000000000000/response', b'"stolen"')
        call('POST', f'invocation/{id}/response', b'"%d"' % wrong[0])
    elif event == b'"garbage"':
        s = socket.create_connection((host, int(port)))
        s.sendall(b'\\x00\\xff garbage \\r\\n\\r\\n' * 100)
        call('POST', f'invocation/{id}/response', b'"after garbage"')
    elif event == b'"next"':
        call('GET', 'invocation/next')
        call('POST', f'invocation/{id}/response', b'"late"')
    else:
        call('POST', f'invocation/{id}/response', event)
"""


@pytest.fixture
def raw(kiln, name):
    kiln.create(name, {"bootstrap": (RAW, 0o755)}, runtime="provided.al2023", handler="x", Timeout=10)
    return name


def test_an_answer_broken_off(kiln, raw):
    answer = kiln.invoke(raw, "truncate")
    assert answer["FunctionError"] == "Unhandled" and answer["Body"]["errorType"] == "Runtime.TruncatedResponse"
    assert kiln.invoke(raw, 1)["Body"] == 1


def test_a_second_answer_is_refused(kiln, raw):
    assert kiln.invoke(raw, "twice")["Body"] == "first"
    assert kiln.invoke(raw, 2)["Body"] == 2
    assert "statuses 202 403" in kiln.cli("logs", raw).stdout


def test_another_requests_id_is_refused(kiln, raw):
    assert kiln.invoke(raw, "other")["Body"] == "400"


def test_garbage_on_the_runtime_api(kiln, raw):
    assert kiln.invoke(raw, "garbage")["Body"] == "after garbage"
    assert kiln.invoke(raw, 3)["Body"] == 3


def test_next_out_of_turn_is_refused(kiln, raw):
    assert kiln.invoke(raw, "next")["Body"] == "late"


def test_nothing_outlives_a_killed_engine(own_kiln):
    kiln = own_kiln()
    kiln.create("sleeper", {"index.py": "import subprocess, time\ndef handler(e, c):\n    subprocess.Popen(['sleep', '1000'])\n    if e: time.sleep(1000)\n"}, Timeout=900)
    kiln.invoke("sleeper")
    import threading

    threading.Thread(target=lambda: pytest.raises(Exception, kiln.invoke, "sleeper", 1), daemon=True).start()
    wait_for(lambda: len(children_of(kiln.engine)) >= 4, what="the sandboxes")
    engine, processes = kiln.engine, children_of(kiln.engine)
    kiln.kill()
    wait_for(lambda: not [p for p in processes if pathlib.Path(f"/proc/{p}").exists() and "Z" not in pathlib.Path(f"/proc/{p}/stat").read_text().split(")")[-1].split()[0]], what="the end of all its processes")
    again = own_kiln()
    mine = {p for p in cgroups() if f"kiln-{engine}-" in str(p)}
    assert mine == set(), "the next engine removes what the killed one left"
    assert again.client("lambda").get_function(FunctionName="sleeper")


SPINNER = """import threading
def spin():
    while True: pass
def handler(event, context):
    threading.Thread(target=spin, daemon=True).start()
"""


def test_what_was_frozen_when_an_engine_was_killed_ends_with_the_next(own_kiln):
    kiln = own_kiln()
    kiln.create("spinner", {"index.py": SPINNER})
    kiln.invoke("spinner")
    engine, processes = kiln.engine, children_of(kiln.engine)
    frozen = lambda: [p for p in pathlib.Path("/sys/fs/cgroup/freezer").rglob(f"kiln-{engine}-*/*/freezer.state") if p.read_text().startswith("FROZEN")]
    if not pathlib.Path("/sys/fs/cgroup/freezer").exists():
        pytest.skip("needs the freezer of cgroup v1")
    wait_for(frozen, what="the freezing")
    kiln.kill()
    own_kiln()
    wait_for(lambda: not any(is_alive(p) for p in processes), what="the end of all its processes")
    assert not [p for p in cgroups() if f"kiln-{engine}-" in str(p)]


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_hundred_functions_at_once(kiln, name):
    from concurrent.futures import ThreadPoolExecutor

    names = [f"{name}-{i}" for i in range(100)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(kiln.create_echo, names))
        answers = list(pool.map(lambda n: kiln.invoke(n, {"name": n})["Body"], names))
    assert answers == [{"name": n} for n in names]


@pytest.mark.slow
def test_a_hundred_thousand_warm_invocations_leave_nothing(own_kiln):
    kiln = own_kiln(args=("--account-concurrency", "10000"))  # whose 100,000 requests a second are out of reach
    kiln.create_echo("echo")

    def run(count):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for answers in pool.map(lambda share: set(repeat(kiln, "/2015-03-31/functions/echo/invocations", b'{"a":1}', share)), [count // 4] * 4):
                assert answers == {(200, b'{"a":1}')}

    def state():
        pid = kiln.engine
        # The freezer has one for each environment that was frozen once.
        groups = [p for p in pathlib.Path("/sys/fs/cgroup").glob(f"**/kiln-{pid}-*/env-*") if "freezer" not in p.parts]
        ahead = blanks(pid)
        return len(os.listdir(f"/proc/{pid}/fd")) - 5 * ahead, len(children_of(pid)) - 2 * ahead, len(groups) - ahead

    run(4_000)
    before, memory = state(), resident(kiln.engine)
    run(100_000)
    after = wait_for(lambda: state() if state()[0] <= before[0] else None, what="the closing of connections")
    assert after[1] <= before[1] and after[2] <= before[2], (before, after)
    assert resident(kiln.engine) < memory + (8 << 20)


def test_an_ordinary_user_can_serve(own_kiln, tmp_path):
    with of_another_user() as start:
        kiln = Kiln(**start)
        try:
            assert "warning" in kiln.stderr()
            kiln.create_echo("echo")
            assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1}
            kiln.create("py", {"index.py": "import os\ndef handler(e, c): return sorted(os.listdir('/var/task')) if os.path.exists('/var/task') else 'in place'\n"})
            assert kiln.invoke("py")["Body"] in (["index.py"], "in place")
            kiln.create("js", {"index.mjs": "export const handler = async () => 'js';"}, runtime="nodejs20.x", MemorySize=512)
            assert kiln.invoke("js")["Body"] == "js"
        finally:
            kiln.stop()
