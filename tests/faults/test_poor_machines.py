"""Machines that give Kiln little: it says so at the start, or does what fits, and its port answers all the same."""

import os
import socket
import threading

import pytest
from harness import Kiln, of_another_user

LEAST_FILES = 256  # kLeast of src/sandbox/descriptors.cc


def files(limit):
    return ["prlimit", f"--nofile={limit}:{limit}"]


def test_too_few_descriptors_are_said_at_the_start(own_kiln):
    with pytest.raises(AssertionError) as told:
        own_kiln(prefix=files(LEAST_FILES - 1))
    assert "may have only 255 open files, and needs 256 at least; raise the limit (ulimit -Hn" in str(told.value)
    kiln = own_kiln(prefix=files(LEAST_FILES))
    kiln.create_echo("echo")
    assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1}


# Says that it runs, and ends when it is told so.
HELD = """import os, socket
def handler(event, context):
    socket.create_connection(('127.0.0.1', int(os.environ['PORT']))).recv(1)
    return 'held'
"""


def test_environments_leave_descriptors_to_callers(own_kiln):
    kiln = own_kiln(prefix=files(LEAST_FILES))
    answers, wanted = [], 30
    with socket.create_server(("127.0.0.1", 0), backlog=wanted) as door:
        door.settimeout(60)
        kiln.create("held", {"index.py": HELD}, Timeout=120, Environment={"Variables": {"PORT": str(door.getsockname()[1])}})
        changed = threading.Condition()

        def ask():
            answer = kiln.http("POST", "/2015-03-31/functions/held/invocations", b"{}")[2].decode()
            with changed:
                answers.append(answer)
                changed.notify_all()

        callers = [threading.Thread(target=ask) for _ in range(wanted)]
        for caller in callers:
            caller.start()
        held = []
        accepting = threading.Thread(target=lambda: hold(door, held, changed), daemon=True)
        accepting.start()
        with changed:
            assert changed.wait_for(lambda: len(held) + len(answers) == wanted, 60), (len(held), answers)
        # Some fit, some don't; whoever asks now is answered.
        assert held and answers
        assert all("Too many open files; Kiln may have 256: raise the limit" in answer for answer in answers), answers
        for _ in range(20):
            assert kiln.http("GET", "/_kiln/status")[0] == 200
        for connection in held:
            connection.close()
        for caller in callers:
            caller.join(60)
        assert answers.count('"held"') == len(held)


def hold(door, held, changed):
    while True:
        try:
            connection, _ = door.accept()
        except OSError:
            return
        with changed:
            held.append(connection)
            changed.notify_all()


def test_too_few_threads_are_said_at_the_start():
    user = 65_000 - os.getpid() % 1000  # one that runs nothing else
    with of_another_user(user) as start:
        start["prefix"] += ["prlimit", "--nproc=4:4"]
        with pytest.raises(AssertionError) as told:
            Kiln(**start)
        assert "the machine gives Kiln too few threads" in str(told.value) and "ulimit -u" in str(told.value)
