"""The last net: an engine that a signal ends is started again, on its port and its data, and says what it was doing."""

import json
import os
import pathlib
import signal
import threading

import pytest
from harness import has_ended, wait_for
from test_kills import REPORTING, Collector

PY = {"index.py": "def handler(event, context):\n    return event\n"}


def crash(kiln, by=signal.SIGSEGV):
    """Ends the engine by a signal; returns when another one is in its place."""
    engine = kiln.engine
    os.kill(engine, by)
    wait_for(lambda: has_ended(engine), what="the end of the engine")

    wait_for(lambda: answers(kiln), what="the next engine")
    assert kiln.engine != engine


def answers(kiln):
    try:
        return kiln.http("GET", "/_kiln/health")[0] == 200
    except OSError:
        return False


def reports(kiln):
    folder = kiln.data_dir / "crashes"
    return sorted(folder.glob("*.txt")) if folder.exists() else []


def test_a_dead_engine_is_started_again_and_leaves_a_report(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, PY)
    assert kiln.invoke(name, {"pass": "word-of-the-caller"})["Body"] == {"pass": "word-of-the-caller"}
    for by in (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL):
        crash(kiln, by)
        assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    segv, abort, killed = [path.read_text() for path in reports(kiln)]
    assert "SIGSEGV" in segv and "SIGABRT" in abort and "SIGKILL" in killed and "killed" in killed
    # Functions have their names, threads what they had in hand; nothing of what callers sent.
    assert "stack:" in segv and "kiln::cli::" in segv
    assert "in hand:" in segv and "an event loop" in segv
    for report in (segv, abort, killed):
        assert "word-of-the-caller" not in report and "kiln 0." in report
    told = kiln.stderr()
    assert told.count("was started again") == 3 and str(reports(kiln)[0]) in told
    assert not list(kiln.data_dir.glob("crash-*"))


def test_accepted_events_survive_it(own_kiln, name):
    collector = Collector()
    kiln = own_kiln(args=["--speed", "60"])
    kiln.create(name, {"index.py": REPORTING}, Timeout=10)
    kiln.invoke(name, {"id": "first", "collector": collector.server_address[1]})
    api, sent = kiln.client("lambda"), {"first"}
    for number in range(60):
        event = {"id": str(number), "collector": collector.server_address[1]}
        assert api.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))["StatusCode"] == 202
        sent.add(str(number))
        if number in (20, 40):
            crash(kiln)
    collector.wait_for(len(sent))
    assert set(collector.seen) == sent
    collector.shutdown()
    collector.server_close()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_as_its_user_says(own_kiln, by):
    kiln = own_kiln()
    engine = kiln.engine
    kiln.process.send_signal(by)
    assert kiln.process.wait(60) == 0
    assert has_ended(engine) and not reports(kiln)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_engine_end_both(own_kiln, by):
    kiln = own_kiln()
    os.kill(kiln.engine, by)
    assert kiln.process.wait(60) == 0


def test_with_nohup_the_end_of_a_terminal_ends_nothing(own_kiln, name):
    kiln = own_kiln(prefix=["nohup"])
    engine = kiln.engine
    for pid in (kiln.process.pid, engine):
        os.kill(pid, signal.SIGHUP)
    kiln.create(name, PY)
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    assert kiln.engine == engine


def test_nobody_need_read_what_the_supervisor_tells(own_kiln, name):
    """Of a pipe whose reader has gone, its next line would end it."""
    kiln = own_kiln()
    os.kill(kiln.process.pid, signal.SIGPIPE)
    crash(kiln)
    kiln.create(name, PY)
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}


def test_a_signal_without_a_name_is_reported_too(own_kiln):
    kiln = own_kiln()
    crash(kiln, signal.SIGRTMIN)
    (report,) = reports(kiln)
    assert f"ended by signal {int(signal.SIGRTMIN)}" in report.read_text() and "it was killed" in report.read_text()
    assert f"please report it with {report}" in kiln.stderr()


def test_nothing_outlives_the_supervisor(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, PY)
    kiln.invoke(name)
    engine = kiln.engine
    kiln.process.kill()
    wait_for(lambda: has_ended(engine), what="the end of the engine")
    again = own_kiln()
    assert again.invoke(name, {"a": 1})["Body"] == {"a": 1}


def test_one_that_dies_again_and_again_is_left_alone(own_kiln):
    kiln = own_kiln()
    for _ in range(5):
        crash(kiln)
    os.kill(kiln.engine, signal.SIGSEGV)
    assert kiln.process.wait(10) == -signal.SIGSEGV
    assert "too often" in kiln.stderr()


def test_one_that_cant_start_again_is_tried_until_it_can(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, PY)
    events, away = kiln.data_dir / "events.db", kiln.data_dir / "away.db"

    def can_start(can):
        if can:
            events.rmdir()
            away.rename(events)
        else:
            events.rename(away)
            events.mkdir()

    for times in (1, 2):
        can_start(False)
        os.kill(kiln.engine, signal.SIGKILL)
        wait_for(lambda: kiln.stderr().count("can't start again") == times, what="the supervisor's word")
        os.kill(kiln.process.pid, signal.SIGCHLD)  # means nothing
        if times == 1:
            can_start(True)
            wait_for(lambda: answers(kiln), what="the next engine")
            assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    # And its user can end it meanwhile.
    kiln.process.send_signal(signal.SIGTERM)
    assert kiln.process.wait(10) == 1
    can_start(True)


def test_without_a_supervisor_it_just_ends(own_kiln):
    kiln = own_kiln(args=["--no-supervisor"])
    assert kiln.internal_errors() == 0
    os.kill(kiln.process.pid, signal.SIGSEGV)
    assert kiln.process.wait(10) == -signal.SIGSEGV
    assert not reports(kiln)


def test_connections_that_were_open_are_closed_and_callers_can_go_on(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(event)\n    return event\n"}, Timeout=60)
    kiln.invoke(name, 0)
    failed = []

    def call():
        try:
            kiln.invoke(name, 30)
        except Exception as error:
            failed.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    wait_for(lambda: json.loads(kiln.http("GET", "/_kiln/status")[2])["functions"][0]["inUse"] == 1, what="the invocation")
    crash(kiln)
    caller.join(10)
    assert failed and not caller.is_alive()
    assert kiln.invoke(name, 0)["Body"] == 0


def launcher_of(kiln):
    """The child of the engine that starts functions."""
    return next(int(pid.name) for pid in pathlib.Path("/proc").iterdir() if pid.name.isdigit()
                and f"PPid:\t{kiln.engine}\n" in status_of(pid) and "Name:\tkiln-launcher\n" in status_of(pid))


def status_of(process):
    try:
        return (process / "status").read_text()
    except OSError:
        return ""


def test_an_engine_without_its_launcher_is_started_again(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, PY)
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    engine = kiln.engine
    os.kill(launcher_of(kiln), signal.SIGKILL)
    wait_for(lambda: has_ended(engine), what="the end of the engine")
    wait_for(lambda: answers(kiln), what="the next engine")
    assert kiln.engine != engine
    assert kiln.invoke(name, {"a": 2})["Body"] == {"a": 2}
    told = kiln.stderr()
    assert "the process that starts functions has ended" in told and "the engine was started again" in told
    assert not reports(kiln)


STRAY = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXFSZ]
# Signals that a program of the function's ignores; Python gives it those that it ignores itself as they were.
IGNORED = """import subprocess
def handler(event, context):
    status = subprocess.run(['cat', '/proc/self/status'], capture_output=True, text=True).stdout
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith('SigIgn'))
"""


def test_signals_that_mean_nothing_end_nothing(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, {"index.py": IGNORED})
    assert kiln.invoke(name)["Body"] == 0
    engine, launcher = kiln.engine, launcher_of(kiln)
    for by in STRAY:
        for pid in (kiln.process.pid, engine, launcher):
            os.kill(pid, by)
    kiln.client("lambda").update_function_configuration(FunctionName=name, Description="another environment")
    assert kiln.invoke(name)["Body"] == 0
    assert (kiln.engine, launcher_of(kiln)) == (engine, launcher)
    assert not reports(kiln) and kiln.process.poll() is None


def test_without_a_supervisor_it_ends_with_its_launcher(own_kiln):
    kiln = own_kiln(args=["--no-supervisor"])
    os.kill(launcher_of(kiln), signal.SIGKILL)
    assert kiln.process.wait(timeout=30) == 1
