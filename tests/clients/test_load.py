"""kiln load: an open loop, and what came of each request."""

import csv
import json
import os
import re
import signal
import subprocess

import pytest
from harness import BINARY, wait_for
from pages import check_page

ECHO = {"index.py": "def handler(event, context):\n    return event\n"}
SLOW = {"index.py": "import time\n\ndef handler(event, context):\n    time.sleep(0.4)\n    return 1\n"}
FAILS = {"index.py": "def handler(event, context):\n    raise ValueError('no')\n"}


def load(kiln, *arguments):
    return json.loads(kiln.cli("load", "--json", *arguments).stdout)


def count(answer, kind):
    return answer["kinds"][kind]["count"]


@pytest.mark.alone
def test_a_rate_is_kept_and_cold_starts_are_told_from_warm_ones(kiln, name):
    kiln.create_echo(name)
    answer = load(kiln, name, "--rate", "100/s", "--for", "3s")
    assert 200 < answer["requests"] < 400  # Poisson: 300 ± 17
    assert count(answer, "warm") + count(answer, "cold") == answer["requests"]
    assert 1 <= count(answer, "cold") < answer["requests"]
    status = json.loads(kiln.http("GET", "/_kiln/status")[2])
    (function,) = [one for one in status["functions"] if one["name"] == name]
    assert function["invocations"] == answer["requests"] and function["coldStarts"] == count(answer, "cold")
    assert sum(sum(value for kind, value in second.items() if kind not in ("p50", "p99")) for second in answer["bySecond"]) == answer["requests"]


@pytest.mark.alone
def test_throttles_by_reason_do_not_slow_the_rate(kiln, name):
    kiln.create(name, SLOW)
    kiln.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    answer = load(kiln, name, "--rate", "30/s", "--for", "2s")
    assert answer["kinds"]["throttled"]["reasons"] == {"ReservedFunctionConcurrentInvocationLimitExceeded": count(answer, "throttled")}
    assert count(answer, "throttled") > count(answer, "warm") + count(answer, "cold") >= 1
    assert answer["requests"] > 30, "requests come, whatever becomes of them"


def test_errors_of_the_function_are_results(kiln, name):
    kiln.create(name, FAILS)
    done = kiln.cli("load", name, "--rate", "20/s", "--for", "1s")
    assert "error: " in done.stdout and "ValueError" in done.stdout


@pytest.mark.alone
def test_events_are_followed_to_their_end(kiln, name):
    kiln.create(name, ECHO)
    answer = load(kiln, name, "--event", "--rate", "50/s", "--for", "1s")
    assert count(answer, "accepted") == answer["requests"] == answer["events"]["completed"]
    assert answer["events"]["failed"] == 0 and answer["events"]["p99"] >= answer["events"]["p50"] >= 0


@pytest.mark.alone
def test_function_urls(kiln, name):
    kiln.create(name, ECHO)
    url = kiln.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    answer = load(kiln, name, "--url", url, "--rate", "30/s", "--for", "1s")
    assert count(answer, "warm") + count(answer, "cold") == answer["requests"] > 10 and count(answer, "cold") >= 1


def test_a_recorded_traffic_is_replayed_and_can_be_saved_for_the_next(kiln, name, tmp_path):
    kiln.create_echo(name)
    times = tmp_path / "times.csv"
    times.write_text("time\n0\n0.1\n0.1\n0.25\n")
    saved = tmp_path / "saved.csv"
    assert load(kiln, name, "--replay", str(times), "--save", str(saved))["requests"] == 4
    rows = list(csv.DictReader(saved.open()))
    assert [float(row["time"]) for row in rows] == [0, 0.1, 0.1, 0.25]
    assert all(row["function"] == name and float(row["duration_ms"]) > 0 and int(row["billed_ms"]) >= 1 for row in rows)
    assert rows[0]["kind"] == "cold" and float(rows[0]["init_ms"]) > 0
    assert load(kiln, name, "--replay", str(saved))["requests"] == 4


@pytest.mark.alone
def test_payloads_have_their_weights(kiln, name, tmp_path):
    kiln.create(name, {"index.py": "def handler(event, context):\n    print('kind', event['kind'])\n"})
    payloads = tmp_path / "payloads"
    payloads.write_text('{"kind": "a"}\n{"kind": "b"}\n')
    answer = load(kiln, name, "--payloads", str(payloads), "--rate", "20/s", "--for", "1s")
    lines = [event["message"].strip() for event in kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="kind")["events"]]
    assert abs(lines.count("kind a") - lines.count("kind b")) <= 1 and len(lines) == answer["requests"]


def test_ctrl_c_ends_the_sending_and_shows_what_came(kiln, name):
    kiln.create_echo(name)
    process = subprocess.Popen([str(BINARY), "load", name, "--rate", "50/s", "--for", "1h", "--json"], env=kiln.environment(), stdout=subprocess.PIPE, text=True)

    def has_run():
        functions = json.loads(kiln.http("GET", "/_kiln/status")[2])["functions"]
        return any(one["name"] == name and one["invocations"] > 20 for one in functions)

    wait_for(has_run, what="some invocations")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    answer = json.loads(output)
    assert process.returncode == 0 and answer["interrupted"] is True and answer["requests"] > 20


def test_ctrl_c_says_how_many_answers_it_waits_for(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(600)\n"}, Timeout=900)
    process = subprocess.Popen([str(BINARY), "load", name, "--rate", "1/s", "--time-limit", "15m"], env=kiln.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any(one["function"] == name and one["phase"] == "busy" for one in json.loads(kiln.cli("ps", "--json").stdout)), what="an invocation")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    assert re.fullmatch(r"waiting for \d+ answers?; Ctrl-C again ends at once\n", process.stderr.readline())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (0, 1)


@pytest.mark.alone
def test_the_page(kiln, name, tmp_path, browser):
    kiln.create_echo(name)
    page = tmp_path / "load.html"
    kiln.cli("load", name, "--rate", "50/s", "--for", "2s", "--html", str(page))
    check_page(browser, page, charts=2)


@pytest.mark.parametrize("arguments, code, why", [
    ([], 2, "name a function"),
    (["nobody"], 1, "no function 'nobody'"),
    (["--url", "https://example.com/"], 2, "speaks http, not https"),
    (["--url", "nonsense"], 2, "nonsense"),
    (["f", "--rate", "fast"], 2, "fast"),
    (["f", "--rate", "-5/s"], 2, "-5/s"),
    (["f", "--for", "0s"], 2, "--for must be above 0"),
    (["f", "--for", "3"], 2, "not a duration"),
    (["f", "--replay", "/nowhere"], 2, "can't read '/nowhere'"),
    (["f", "--replay", "/etc/hostname"], 2, "hostname"),
    (["f", "--payload", "{"], 2, "not JSON"),
    (["f", "--connections", "0"], 2, "--connections"),
    (["f", "--endpoint", "http://127.0.0.1:9"], 3, "nothing answers"),
])
def test_wrong_arguments(kiln, arguments, code, why):
    done = kiln.cli("load", *arguments, check=False)
    assert done.returncode == code and why in done.stderr, (done.returncode, done.stderr)


@pytest.mark.parametrize("content, why", [
    ("time\n1\n0.5\n", "before the one above"),
    ("time\n-1\n", "negative"),
    ("time\nsoon\n", "no time"),
    ("", "empty"),
])
def test_traces_that_are_none(kiln, tmp_path, content, why):
    trace = tmp_path / "trace.csv"
    trace.write_text(content)
    done = kiln.cli("load", "f", "--replay", str(trace), check=False)
    assert done.returncode in (1, 2) and why in done.stderr and os.path.basename(trace) in done.stderr
