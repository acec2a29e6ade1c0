"""Many environments that start at once: they take turns, so that each initialises in its time."""

import concurrent.futures
import os

BUSY = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass\ndef handler(e, c):\n    time.sleep(0.2)\n    return 1\n"


def test_a_storm_of_cold_starts_ends_in_answers(own_kiln):
    kiln = own_kiln()
    kiln.create("storm", {"index.py": BUSY}, Timeout=30)
    # All at once, their inits would take 15 seconds of each processor.
    calls = 50 * len(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(calls) as callers:
        answers = list(callers.map(lambda _: kiln.invoke("storm"), range(calls)))
    assert [answer["Body"] for answer in answers] == [1] * calls
