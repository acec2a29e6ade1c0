"""Machines that give Kiln little: it says so at the start, or does what fits, and its port answers all the same."""

import base64
import contextlib
import errno
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import urllib.parse

import botocore.exceptions
import pytest
from harness import BINARY, ROLE, Kiln, message_of, of_another_user, wait_for, zip_of

LEAST_FILES = 256  # src/sandbox/descriptors.cc, with one event loop


def files(limit):
    return ["prlimit", f"--nofile={limit}:{limit}"]


def test_too_few_descriptors_are_said_at_the_start(own_kiln):
    with pytest.raises(AssertionError) as told:
        own_kiln(prefix=files(LEAST_FILES - 1))
    assert "may have only 255 open files, and needs 256 at least; raise the limit (ulimit -Hn" in str(told.value)
    kiln = own_kiln(prefix=files(LEAST_FILES))
    kiln.create_echo("echo")
    assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1}


@pytest.mark.parametrize(
    "limit, health, said",
    [
        (LEAST_FILES - 1, "broken", "255 allowed, and Kiln needs 256 at least"),
        (LEAST_FILES, "limited", "256 allowed, enough for a few environments at a time"),
        (4447, "limited", "4447 allowed, enough for about 999 environments at a time"),
        (4448, "ok", "4448 allowed"),
    ],
)
def test_doctor_judges_the_limit_of_open_files(limit, health, said):
    ran = subprocess.run([*files(limit), BINARY, "doctor", "--json"], capture_output=True, text=True)
    check = next(each for each in json.loads(ran.stdout) if each["check"] == "open files")
    assert (check["health"], check["found"]) == (health, said)
    assert ("ulimit -Hn" in check["advice"]) == (health != "ok")
    assert ran.returncode == (1 if health == "broken" else 0), ran.stdout


def test_event_loops_that_take_all_descriptors_are_said_at_the_start(own_kiln):
    for threads in [8, 64, 1000]:
        with pytest.raises(AssertionError) as told:
            own_kiln(prefix=files(LEAST_FILES), args=["--threads", str(threads)])
        assert "raise the limit (ulimit -Hn" in str(told.value) and "please report" not in str(told.value)
    needed = 192 + 8 * 64
    with pytest.raises(AssertionError) as told:
        own_kiln(prefix=files(needed - 1), args=["--threads", "8"])
    assert f"needs {needed} at least with 8 event loops" in str(told.value) and "choose fewer --threads" in str(told.value)
    kiln = own_kiln(prefix=files(needed), args=["--threads", "8"])
    for number in range(8):
        kiln.create_echo(f"echo{number}")
        assert kiln.invoke(f"echo{number}", {"a": number})["Body"] == {"a": number}


@pytest.mark.parametrize("mapped", [1, 65536], ids=["one uid", "a container's uids"])
def test_root_of_a_user_namespace_without_the_uids_of_environments(own_kiln, mapped):
    """As in a container that an ordinary user runs: functions run under the one uid that there is."""
    if os.geteuid() != 0:
        pytest.skip("this test maps uids, which takes root")
    become = ["unshare", "--user", "bash", "-c", 'read; exec setpriv --reuid=0 --regid=0 --keep-groups "$@"', "x"]
    kiln = own_kiln(prefix=[sys.executable, "-c", MAPPED, str(mapped), *become])
    kiln.create_echo("echo")
    kiln.create("py", {"index.py": "import os\ndef handler(event, context):\n    return os.getuid()\n"})
    assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1} and kiln.invoke("py")["Body"] > 0
    assert "root of a user namespace without the uids of environments (900000 and up)" in kiln.stderr()


# Starts a program that waits for a line, in a user namespace with so many uids; then becomes its keeper.
MAPPED = """import os, signal, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)
here = os.readlink('/proc/self/ns/user')
while os.readlink(f'/proc/{child.pid}/ns/user') == here:
    pass
for kind in ('uid_map', 'gid_map'):
    with open(f'/proc/{child.pid}/{kind}', 'w') as map:
        map.write(f'0 0 {sys.argv[1]}')
child.stdin.write(b'\\n')
child.stdin.close()
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
sys.exit(child.wait())
"""


# Says that it runs, and ends when it is told so.
HELD = """import os, socket
def handler(event, context):
    socket.create_connection(('127.0.0.1', int(os.environ['PORT']))).recv(1)
    return 'held'
"""


@contextlib.contextmanager
def processes(most):
    """What starts a program that may have so many processes and threads."""
    own = next((line.split(":")[2] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.split(":")[1] == "pids"), "/")
    group = pathlib.Path(f"/sys/fs/cgroup/pids{own}/few-{os.getpid()}")
    try:
        group.mkdir()
        try:
            (group / "pids.max").write_text(str(most))
        except OSError:
            group.rmdir()
            raise
    except OSError as error:
        pytest.skip(f"this test needs the pids controller of cgroup v1: {error}")
    yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "x"]

    def removed():
        """A process that ends is in its group for a moment after it has left the list, and a killed engine's groups are below."""
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        return not group.exists()

    wait_for(removed, what="the end of all processes")


@pytest.fixture
def few_processes():
    with processes(60) as prefix:
        yield prefix


def test_a_start_without_enough_threads_ends_in_order(own_kiln):
    started = 0
    for most in range(4, 40, 2):
        with processes(most) as prefix:
            try:
                own_kiln(prefix=prefix, args=["--threads", "6"]).stop()
                started += 1
            except AssertionError as told:
                assert "please report" not in str(told), (most, str(told))
    assert started


def test_environments_leave_descriptors_to_callers(own_kiln):
    crowd(own_kiln(prefix=files(LEAST_FILES)), "Too many open files; Kiln may have 256: raise the limit")


def test_provisioned_environments_that_do_not_fit_say_why(own_kiln):
    kiln = own_kiln(prefix=files(LEAST_FILES), args=["--threads", "1"])
    client = kiln.client("lambda")
    kiln.create_echo("echo", Publish=True)

    def provision(count):
        client.put_provisioned_concurrency_config(FunctionName="echo", Qualifier="1", ProvisionedConcurrentExecutions=count)

        def settled():
            config = client.get_provisioned_concurrency_config(FunctionName="echo", Qualifier="1")
            return config["Status"] != "IN_PROGRESS" and config

        return wait_for(settled, 60)

    failed = provision(100)
    assert failed["Status"] == "FAILED", failed
    assert "could not start an environment of echo: " in failed["StatusReason"]
    assert "Too many open files; Kiln may have 256: raise the limit" in failed["StatusReason"]
    # What it held is free again, once its environments have ended.
    wait_for(lambda: provision(2)["Status"] == "READY", 60)
    assert kiln.invoke("echo", "x", Qualifier="1")["Body"] == "x"


def test_where_no_more_processes_may_start_each_invocation_has_its_answer(few_processes, own_kiln):
    crowd(own_kiln(prefix=few_processes, args=["--threads", "1"]), "Resource temporarily unavailable; Kiln may have no more processes: raise the limit")


@pytest.mark.parametrize("limit, threads", [(LEAST_FILES, 1), (LEAST_FILES + 64, 2)])
def test_idle_environments_leave_descriptors_to_another_function(own_kiln, limit, threads):
    outnumber(own_kiln(prefix=files(limit), args=["--threads", str(threads)]), 60)


def test_idle_environments_leave_processes_to_another_function(few_processes, own_kiln):
    outnumber(own_kiln(prefix=few_processes, args=["--threads", "1"]), 40)


def outnumber(kiln, count):
    """Functions, one after the other, whose environments don't fit together: each has its answer, the provisioned one stays."""
    client = kiln.client("lambda")
    kiln.create_echo("kept", Publish=True)
    client.put_provisioned_concurrency_config(FunctionName="kept", Qualifier="1", ProvisionedConcurrentExecutions=1)
    wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName="kept", Qualifier="1")["Status"] == "READY", 60)
    for number in range(count):
        kiln.create_echo(f"echo{number}")
        assert kiln.invoke(f"echo{number}", number)["Body"] == number
    kept = {row["function"]: row for row in json.loads(kiln.http("GET", "/_kiln/environments")[2])["environments"]}
    # Those that were used last are there; the first has gone, and comes again.
    assert {f"echo{count - 1}", f"echo{count - 2}", "kept"} <= kept.keys() and "echo0" not in kept, kept.keys()
    assert kept["kept"]["provisioned"] and kiln.invoke("kept", "x", Qualifier="1")["Body"] == "x"
    assert kiln.invoke("echo0", "again")["Body"] == "again"


def crowd(kiln, said):
    """More at once than fit: those that fit run to their end, the others are told why they don't."""
    answers, refused, wanted = [], [], 60
    with socket.create_server(("127.0.0.1", 0), backlog=wanted) as door:
        door.settimeout(60)
        kiln.create("held", {"index.py": HELD}, Timeout=120, Environment={"Variables": {"PORT": str(door.getsockname()[1])}})
        changed = threading.Condition()

        def ask():
            status, headers, body = kiln.http("POST", "/2015-03-31/functions/held/invocations", b"{}")
            answer = body.decode()
            if status != 200:
                refused.append((status, headers["x-amzn-ErrorType"]))
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
        assert all(said in answer for answer in answers), answers
        # The function is not to blame, and another try may find room.
        assert refused == [(500, "ServiceException")] * len(answers)
        for _ in range(20):
            assert kiln.http("GET", "/_kiln/status")[0] == 200
        for connection in held:
            connection.close()
        for caller in callers:
            caller.join(60)
        assert answers.count('"held"') == len(held)
    # Once they are gone, others fit.
    kiln.client("lambda").delete_function(FunctionName="held")
    kiln.create_echo("echo")
    wait_for(lambda: kiln.http("POST", "/2015-03-31/functions/echo/invocations", b"{}")[0] == 200, 60)
    assert "could not start an environment of held: " in kiln.stderr()


def hold(door, held, changed):
    while True:
        try:
            connection, _ = door.accept()
        except OSError:
            return
        with changed:
            held.append(connection)
            changed.notify_all()


def test_idle_connections_leave_descriptors_to_others(own_kiln):
    kiln = own_kiln(prefix=files(LEAST_FILES))
    idle = [socket.create_connection(("127.0.0.1", kiln.port)) for _ in range(200)]
    idle += [socket.create_connection(("127.0.0.1", kiln.port)) for _ in range(200)]
    for each in idle[200:]:
        try:
            each.sendall(b"POST /2015-03-31/functions/x/invocations HTTP/1.1\r\nHost: x\r\nContent-Le")
        except OSError:
            pass  # it was closed for another one
    kiln.create_echo("echo")
    kiln.create("py", {"index.py": "def handler(event, context):\n    return open('/tmp/a', 'w').write('abc')\n"})
    for _ in range(20):
        assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1} and kiln.invoke("py")["Body"] == 3
    counted = metrics(kiln)
    assert counted["kiln_connections"] <= LEAST_FILES // 4
    assert counted["kiln_connections_dropped_total"] >= 400 - LEAST_FILES // 4
    assert counted["kiln_connections_refused_total"] == 0
    for each in idle:
        each.close()
    wait_for(lambda: metrics(kiln)["kiln_connections"] < 5, what="the closing of all connections")


def metrics(kiln):
    lines = kiln.http("GET", "/metrics")[2].decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#") and "{" not in line}


ASKED_AT_ONCE = 8


def start_in(own_kiln, kilobytes):
    """How much the first threads take depends on how they meet: at times there is no room for the last."""
    for _ in range(3):
        try:
            return own_kiln(prefix=["prlimit", f"--as={kilobytes << 10}"])
        except AssertionError as told:
            if "too few threads" not in str(told):
                raise
    raise AssertionError(f"it does not start in {kilobytes} KiB")


@pytest.mark.parametrize("kilobytes", [120_000, 150_000, 300_000])
def test_little_address_space(own_kiln, kilobytes):
    """Each request has an answer, whatever it asks for, and the engine is the same afterwards."""
    kiln = start_in(own_kiln, kilobytes)
    engine, answers, lock = kiln.engine, [], threading.Lock()
    small = json.dumps({"FunctionName": "NAME", "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE,
                        "Code": {"ZipFile": base64.b64encode(zip_of({"index.py": "def handler(e, c): return e\n", "pad": "\0" * (20 << 20)})).decode()}})
    template = json.dumps({"Resources": {f"R{n}": {"Type": "AWS::SNS::Topic"} for n in range(400)}})
    signed = lambda service: {"Authorization": f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request"}

    def ask(number):
        invoke = f"/2015-03-31/functions/f{number}/invocations"
        stack = urllib.parse.urlencode({"Action": "CreateStack", "Version": "2010-05-15", "StackName": f"s{number}", "TemplateBody": template})
        for arguments in [
            ("POST", "/2015-03-31/functions", small.replace("NAME", f"f{number}")),
            *[("POST", invoke, b"{}"), ("POST", invoke, b'"' + b"x" * (5 << 20) + b'"'), ("PUT", f"/bucket/{number}", b"x" * (8 << 20), signed("s3"))] * 3,
            ("POST", "/", stack, {"Content-Type": "application/x-www-form-urlencoded", **signed("cloudformation")}),
            ("GET", "/2015-03-31/functions/"), ("GET", "/_kiln/status"), ("GET", "/metrics"),
        ]:
            try:
                status, _, body = kiln.http(*arguments)
            except (OSError, http.client.HTTPException) as error:
                status, body = type(error).__name__, str(error)
            with lock:
                answers.append((arguments[:2], status, body[:300]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKED_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(answers) == ASKED_AT_ONCE * 14
    # A connection may be closed where there is no memory for an answer; nobody waits for ever.
    assert not [answer for answer in answers if answer[1] == "TimeoutError"], answers
    assert not [answer for answer in answers if b"Could not unzip" in bytes(answer[2] if isinstance(answer[2], bytes) else b"")]
    assert kiln.engine == engine and "started again" not in kiln.stderr()
    assert kiln.http("GET", "/_kiln/status")[0] == 200
    kiln.kill()  # its log has lines of lack of memory, which count


def test_too_few_threads_are_said_at_the_start():
    user = 65_000 - os.getpid() % 1000  # one that runs nothing else
    with of_another_user(user) as start:
        start["prefix"] += ["prlimit", "--nproc=4:4"]
        with pytest.raises(AssertionError) as told:
            Kiln(**start)
        assert "the machine gives Kiln too few threads" in str(told.value) and "ulimit -u" in str(told.value)


@pytest.mark.parametrize("way", ["deleted", "moved"])
def test_a_data_folder_that_goes_is_said_and_nothing_is_taken_into_it(own_kiln, tmp_path, way):
    kiln = own_kiln()
    kiln.create_echo("echo")
    assert kiln.invoke("echo")["Body"] == {}
    data, away = kiln.data_dir, tmp_path / "away"
    shutil.rmtree(data) if way == "deleted" else data.rename(away)
    cloudwatch, s3 = kiln.client("cloudwatch"), kiln.client("s3")
    alarm = dict(AlarmName="a", Namespace="n", MetricName="m", ComparisonOperator="GreaterThanThreshold", Threshold=1,
                 EvaluationPeriods=1, Period=60, Statistic="Sum")
    for ask in [
        lambda: kiln.invoke("echo", InvocationType="Event"),
        lambda: kiln.client("lambda").update_function_configuration(FunctionName="echo", Description="x"),
        lambda: kiln.client("lambda").delete_function(FunctionName="echo"),
        lambda: cloudwatch.put_metric_alarm(**alarm),
        lambda: kiln.create_echo("another", Description="x"),
        lambda: s3.create_bucket(Bucket="a-bucket"),
    ]:
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            ask()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500, refused.value
        assert str(data) in message_of(refused), refused.value
    assert kiln.invoke("echo", {"a": 1})["Body"] == {"a": 1}
    assert not data.exists()
    # The log says why, of each protocol.
    lines = [line for line in kiln.stderr().splitlines() if "  500  " in line]
    assert len(lines) == 6 and all(str(data) in line for line in lines), lines
    if way == "moved":
        away.rename(data)
        cloudwatch.put_metric_alarm(**alarm)
        assert kiln.invoke("echo", InvocationType="Event")["StatusCode"] == 202
        kiln.stop()
        again = own_kiln()
        assert [each["AlarmName"] for each in again.client("cloudwatch").describe_alarms()["MetricAlarms"]] == ["a"]
