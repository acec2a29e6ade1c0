"""What a warm invocation costs on the event loop's thread, counted in front of the C library (tests/support/call_counter.cc).

Counts don't depend on how fast the machine is. How many things the loop sees at once does, so with many connections the engine is
stopped while they send; and the limits, in tests/data/path_costs.json, leave room for a loop that sees each answer by itself. Of
several windows the cheapest counts. A function in Python says itself what it has cost. Instructions are counted by callgrind, in
unit tests that mark the part that counts.
"""

import contextlib
import json
import mmap
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess

import pytest
from harness import BINARY, ROLE, ROOT, Kiln, wait_for

PACKAGE = BINARY.parent / "functions" / "echo.zip"
COUNTER = BINARY.parent / "tests" / "libcall_counter.so"
COSTS = json.loads((ROOT / "tests" / "data" / "path_costs.json").read_text())
LIMITS, INSTRUCTIONS = COSTS["limits"], COSTS["instructions"]
KINDS = ("receives", "receives_of_nothing", "sends", "reads", "writes", "sleeps", "wakes", "others", "allocations", "allocated_bytes", "looks")
# Without looks, which poll for the next request for some microseconds. Without reads: the memory of a function is read while it works, each 20 ms; on a busy machine that is each invocation of 64.
SYSTEM_CALLS = ("receives", "sends", "writes", "sleeps", "wakes", "others")
SLOTS, SLOT = 64, struct.Struct(f"=i4x{len(KINDS)}Q")
SLOT_SIZE = 128
WINDOWS, INVOCATIONS = 8, 384
BODY = b'{"hello":"you"}'


class Counts:
    def __init__(self, file):
        file.write_bytes(bytes(SLOTS * SLOT_SIZE))
        with file.open("r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), SLOTS * SLOT_SIZE)

    def of(self, pid, name):
        """The counts of the thread with that name."""
        for at in range(SLOTS):
            thread, *counts = SLOT.unpack_from(self.memory, at * SLOT_SIZE)
            comm = pathlib.Path(f"/proc/{pid}/task/{thread}/comm")
            if thread and comm.exists() and comm.read_text().strip() == name:
                return dict(zip(KINDS, counts))
        raise AssertionError(f"no thread {name} has counted anything")


class Caller:
    """One kept connection, with as little between as there can be."""

    def __init__(self, port, path, body=BODY):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self.body = body

    def send(self):
        self.socket.sendall(self.request)

    def receive(self):
        answer = b""
        while not answer.endswith(self.body):
            block = self.socket.recv(65536)
            assert block, f"the engine closed the connection after {answer!r}"
            answer += block
        assert answer.startswith(b"HTTP/1.1 200"), answer


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts")
    counts = Counts(folder / "counts")
    engine = Kiln(args=["--no-supervisor", "--threads", "1", "--io", "epoll", "--account-concurrency", "100000"],
                  env={**os.environ, "LD_PRELOAD": str(COUNTER), "KILN_CALL_COUNTS": str(folder / "counts")})
    engine.client("lambda").create_function(FunctionName="echo", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE,
                                            MemorySize=1769, Code={"ZipFile": PACKAGE.read_bytes()})
    engine.client("lambda").get_waiter("function_active_v2").wait(FunctionName="echo")
    yield engine, counts
    engine.stop()


# An echo that answers with the counts of its own thread when it is asked for them.
PYTHON = """
import mmap, struct, threading
counts = None
def handler(event, context):
    global counts
    if not event.get('counts'): return event
    if counts is None:
        with open('/tmp/counts', 'r+b') as file: counts = mmap.mmap(file.fileno(), 0)
    for at in range(0, len(counts), 128):
        thread, *numbers = struct.unpack_from('=i4x11Q', counts, at)
        if thread == threading.get_native_id(): return numbers
"""


@contextlib.contextmanager
def stopped(pid):
    """The process does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T", what="the stop")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def window(engine, counts, callers):
    before = counts.of(engine.process.pid, "loop-0")
    for _ in range(INVOCATIONS // len(callers)):
        with stopped(engine.process.pid) if len(callers) > 1 else contextlib.nullcontext():
            for caller in callers:
                caller.send()
        for caller in callers:
            caller.receive()
    after = counts.of(engine.process.pid, "loop-0")
    each = {kind: (after[kind] - before[kind]) / INVOCATIONS for kind in KINDS}
    return {**each, "system_calls": sum(each[kind] for kind in SYSTEM_CALLS)}


@pytest.mark.alone
@pytest.mark.parametrize("connections", [1, 64])
def test_a_warm_invocation_costs_no_more_than_it_did(counted, connections):
    engine, counts = counted
    callers = [Caller(engine.port, "/2015-03-31/functions/echo/invocations") for _ in range(connections)]
    window(engine, counts, callers)  # warm
    windows = [window(engine, counts, callers) for _ in range(WINDOWS)]
    for caller in callers:
        caller.socket.close()
    least = {kind: min(one[kind] for one in windows) for kind in windows[0]}
    print(f"{connections} connections: " + ", ".join(f"{kind} {value:.2f}" for kind, value in least.items()))
    limits = LIMITS["epoll"][str(connections)]
    over = {kind: (round(least[kind], 2), limit) for kind, limit in limits.items() if least[kind] > limit}
    assert not over, f"more than tests/data/path_costs.json allows (measured, limit): {over}; all of it: {least}"


@pytest.mark.alone
def test_an_event_costs_python_a_sleep_and_at_most_one_word_to_the_engine(counted):
    engine, _ = counted
    engine.create("python", {"index.py": PYTHON, COUNTER.name: COUNTER.read_bytes()}, MemorySize=1769,
                  Environment={"Variables": {"LD_PRELOAD": f"/var/task/{COUNTER.name}", "KILN_CALL_COUNTS": "/tmp/counts"}})
    caller = Caller(engine.port, "/2015-03-31/functions/python/invocations", json.dumps(json.loads(BODY)).encode())

    def cost():
        before = engine.invoke("python", {"counts": True})["Body"]
        for _ in range(INVOCATIONS):
            caller.send()
            caller.receive()
        after = engine.invoke("python", {"counts": True})["Body"]
        return {kind: (b - a) / INVOCATIONS for kind, a, b in zip(KINDS, before, after)}

    cost()  # warm
    windows = [cost() for _ in range(WINDOWS)]
    caller.socket.close()
    least = {kind: min(one[kind] for one in windows) for kind in KINDS}
    print("Python: " + ", ".join(f"{kind} {value:.2f}" for kind, value in least.items()))
    limits = LIMITS["python"]
    over = {kind: (round(value, 2), limits.get(kind, 0.1)) for kind, value in least.items() if value > limits.get(kind, 0.1)}
    assert not over, f"more than tests/data/path_costs.json allows (measured, limit): {over}; all of it: {least}"


POOL, EVENTS = BINARY.parent / "src" / "engine" / "kiln_engine_test", BINARY.parent / "functions.cmake" / "kiln_event_costs_test"


@pytest.mark.parametrize(
    ("what", "program", "test", "times"),
    [
        ("invocation", POOL, "PoolTest.AHundredWarmInvocations", 100),
        ("optimized_cold_start", EVENTS, "EventCosts.OfAUserThatIsValidated", 1),
        ("critical_handler", EVENTS, "EventCosts.OfAPayment", 1),
        ("standard_handler", EVENTS, "EventCosts.OfAnOrder", 1),
        ("batch_handler", EVENTS, "EventCosts.OfAHundredOrders", 1),
        ("memory_optimized", EVENTS, "EventCosts.OfAThousandRecords", 1),
    ],
)
def test_instructions(what, program, test, times):
    command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--callgrind-out-file=/dev/null", program, f"--gtest_filter={test}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    taken = int(re.search(r"Collected : (\d+)", done.stderr)[1]) / times
    limit = INSTRUCTIONS[what]
    # Which copying routine the C library takes depends on the processor. A limit of twice the cost is out of date.
    assert limit / 2 < taken <= limit, f"{what} takes {taken:,.0f} instructions, the limit is {limit:,}"
