"""Many environments that start at once: they take turns, so that each initialises in its time."""

import concurrent.futures
import os
import time

BUSY = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass\ndef handler(e, c):\n    time.sleep(0.2)\n    return 1\n"


def test_a_storm_of_cold_starts_ends_in_answers(own_kiln):
    kiln = own_kiln()
    kiln.create("storm", {"index.py": BUSY}, Timeout=120)
    # All at once, their inits would take 15 seconds of each processor, and an init has ten.
    calls = 50 * len(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(calls) as callers:
        answers = list(callers.map(lambda _: kiln.invoke("storm"), range(calls)))
    assert [answer["Body"] for answer in answers] == [1] * calls
    reports = kiln.client("logs").filter_log_events(logGroupName="/aws/lambda/storm", filterPattern="INIT_REPORT")["events"]
    assert [report["message"] for report in reports] == [], "no init took its ten seconds"


ENDLESS = {
    "spins": "while True: pass\n",
    "sleeps": "import time\ntime.sleep(10000)\n",
    "stops": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
    "forks": "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        while True: pass\nwhile True: pass\n",
}


def test_an_init_that_never_ends_holds_no_other_function_up(own_kiln):
    kiln = own_kiln()
    for name, code in ENDLESS.items():
        kiln.create(name, {"index.py": code + "def handler(event, context): pass\n"}, Timeout=2)
    kiln.create("warm", {"index.py": "def handler(event, context): return 1\n"})
    assert kiln.invoke("warm")["Body"] == 1
    with concurrent.futures.ThreadPoolExecutor(8 * len(ENDLESS)) as callers:
        endless = [callers.submit(kiln.invoke, name) for name in ENDLESS for _ in range(8)]
        waits, number = [], 0
        while not all(call.done() for call in endless):
            number += 1
            kiln.create(f"cold{number}", {"index.py": "def handler(event, context): return 2\n"})
            kiln.create_echo(f"echo{number}")
            for name, answer in (("warm", 1), (f"cold{number}", 2), (f"echo{number}", {})):
                began = time.monotonic()
                assert kiln.invoke(name)["Body"] == answer
                waits.append((time.monotonic() - began, name))
        # An init may take ten seconds, and 32 of them take turns meanwhile: behind one, a start would take as long.
        assert number > 3 and max(waits)[0] < 10, max(waits)
        errors = {call.result()["Body"]["errorType"] for call in endless}
    assert errors == {"Sandbox.Timedout"}, errors
