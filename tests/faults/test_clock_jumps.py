"""The machine's clock is set while an engine runs, or between two of its starts: days ahead, back, and to before there was a Kiln."""

import json
import os
import shutil
import struct
import subprocess
import time

import pytest
from harness import wait_for

DAY = 86_400
# Adds the seconds in a file to the time of day, and to no other clock.
LIBRARY = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CLOCK_AHEAD");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *at = fd < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) ahead = at;
  if (fd >= 0) close(fd);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  int done = (int)syscall(SYS_clock_gettime, clock, now);
  if (done == 0 && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *ahead;
  return done;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""
FUNCTION = """import time
def handler(event, context):
    print('has', event)
    time.sleep(event.get('sleep', 0))
    if event.get('fail'):
        raise ValueError('as told')
    return event
"""


class SetClock:
    """The clock of the engines that have `env`."""

    def __init__(self, folder):
        source, library, self.file = folder / "clock.c", folder / "clock.so", folder / "ahead"
        source.write_text(LIBRARY)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        self.set(0)
        self.env = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self.file)}

    def set(self, ahead):
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("q", ahead))


@pytest.fixture
def clock(tmp_path):
    if shutil.which("cc") is None:
        pytest.skip("this test needs a C compiler")
    return SetClock(tmp_path)


def times_of_log(kiln, group):
    return [event["timestamp"] for event in kiln.client("logs").filter_log_events(logGroupName=group)["events"]]


def test_jumps_of_the_clock_change_no_durations(own_kiln, clock):
    kiln = own_kiln(env=clock.env)
    kiln.create("f", {"index.py": FUNCTION}, Timeout=2)
    put = kiln.client("cloudwatch").put_metric_data
    for ahead in [0, DAY, -DAY, 5 * 365 * DAY, -50 * 365 * DAY, 0]:
        clock.set(ahead)
        assert kiln.invoke("f", {"ahead": ahead})["Body"] == {"ahead": ahead}
        begun = time.monotonic()
        assert "timed out after 2.00 seconds" in kiln.invoke("f", {"sleep": 60})["Body"]["errorMessage"]
        assert 2 <= time.monotonic() - begun < 20
        put(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
        # What is logged bears the time that the machine has.
        now = time.time() + ahead
        wait_for(lambda: [at for at in times_of_log(kiln, "/aws/lambda/f") if abs(at / 1000 - now) < 3600], what=f"a log event at {ahead}")


@pytest.mark.parametrize("ahead", [-DAY, DAY], ids=["back", "ahead"])
def test_accepted_events_are_retried_though_the_clock_was_set_between_two_starts(own_kiln, clock, ahead):
    kiln = own_kiln(env=clock.env, args=["--speed", "60"])
    kiln.create("f", {"index.py": FUNCTION})
    kiln.client("lambda").put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=2)
    kiln.invoke("f", {"fail": 1}, InvocationType="Event")

    def tries(engine):
        return sum("'fail': 1" in event["message"] for event in engine.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"])

    wait_for(lambda: "/aws/lambda/f" in json.dumps(kiln.client("logs").describe_log_groups()["logGroups"]) and tries(kiln), what="the first try")
    kiln.kill()
    clock.set(ahead)
    again = own_kiln(data_dir=kiln.data_dir, env=clock.env, args=["--speed", "60"])
    assert again.invoke("f", {"a": 1})["Body"] == {"a": 1}
    if ahead < 0:
        wait_for(lambda: tries(again) >= 3, 60, "both retries")
    again.invoke("f", {"b": 1}, InvocationType="Event")
    wait_for(lambda: "'b': 1" in json.dumps(again.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]), what="an event that was sent afterwards")
