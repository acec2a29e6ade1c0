"""Many environments that start at once: they take turns, so that each initialises in its time."""

import concurrent.futures

BUSY = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass\ndef handler(e, c):\n    time.sleep(0.2)\n    return 1\n"


def test_a_storm_of_cold_starts_ends_in_answers(own_kiln):
    kiln = own_kiln()
    kiln.create("storm", {"index.py": BUSY}, Timeout=30)
    with concurrent.futures.ThreadPoolExecutor(100) as callers:
        answers = list(callers.map(lambda _: kiln.invoke("storm"), range(100)))
    assert [answer["Body"] for answer in answers] == [1] * 100
