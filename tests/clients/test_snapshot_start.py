"""SnapStart: versions whose environments are forked of one that has run its init."""

import json
import os
import re
import socket
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from harness import BINARY, Kiln, code_of, message_of, of_another_user, processes_of, wait_for
from snapshots import Gate, ON, WAIT, at_once, call, lines, publish, settled

WHO = """
import logging, os, random, socket, ssl, uuid
ssl.RAND_bytes(8)
from snapshot_restore_py import register_before_snapshot, register_after_restore

print("this is init")
born = uuid.uuid4().hex
order = []
open("/tmp/of_init", "w").write("left")
os.makedirs("/tmp/folder/inner")
os.symlink("../of_init", "/tmp/folder/link")


@register_before_snapshot
def one(): order.append("before 1")


register_before_snapshot(order.append, "before 2")


@register_after_restore
def two():
    order.append("after 1" + os.environ.get("_X_AMZN_TRACE_ID", ""))
    print("this is a hook")
    logging.warning("no request yet")


register_after_restore(lambda *, word: order.append(word), word="after 2")


def handler(event, context):
    mine = uuid.uuid4().hex
    there = sorted(os.listdir("/tmp"))
    open(f"/tmp/{mine}", "w").close()
    if "gate" in event: socket.create_connection(("127.0.0.1", event["gate"])).recv(1)
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    return {
        "born": born, "order": order, "there": there, "mine": mine, "random": random.random(), "openssl": ssl.RAND_bytes(8).hex(),
        "left": open("/tmp/folder/link").read(), "pid": os.getpid(), "capabilities": status["CapPrm"] + status["CapBnd"],
        "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "log": [v for v in os.environ if v.startswith("AWS_LAMBDA_LOG_")],
        "stream": context.log_stream_name, "processes": [p for p in os.listdir("/proc") if p.isdigit()],
        "kiln": [v for v in os.environ if v.startswith("KILN_")], "api": os.environ["AWS_LAMBDA_RUNTIME_API"],
    }
"""


def test_environments_have_one_init_and_nothing_else_in_common(kiln, name):
    document = publish(kiln, name, WHO)
    assert document["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    assert document["LastUpdateStatus"] == "Successful"
    answers = at_once(kiln, name, 5)
    assert len({a["born"] for a in answers}) == 1
    for what in ("mine", "random", "openssl", "api"):
        assert len({a[what] for a in answers}) == 5, what
    for answer in answers:
        assert answer["order"] == ["before 2", "before 1", "after 1", "after 2"]
        assert answer["there"] == ["folder", "of_init"] and answer["left"] == "left"
        assert answer["type"] == "snap-start"
        assert answer["log"] == [] and answer["stream"] is None and answer["kiln"] == []
        assert set(answer["capabilities"]) == {"0"}
        assert len(answer["processes"]) == 2 and answer["pid"] != 1
    warm = call(kiln, name)
    assert warm["mine"] not in {a["mine"] for a in answers}
    assert len(warm["there"]) == 3, "what this environment made of it, and no other's"


def test_each_environment_has_a_user_of_its_own(kiln, name):
    code = f"import os, pwd, socket\ndef handler(event, context):\n {WAIT}\n" \
           " return [os.getuid(), os.getgid(), pwd.getpwuid(os.getuid()).pw_name, os.stat('/tmp').st_mode & 0o7777, os.access('/proc/self/fd', os.R_OK)]"
    publish(kiln, name, "open('/tmp/private', 'w').close()\nimport os\nos.chmod('/tmp/private', 0o600)\n" + code)
    users = {}
    # Theirs, and that of the one which waits.
    look = lambda: users.update(wait_for(lambda: len(found := functions_of(kiln, name)) >= 4 and found, 10, "three environments"))
    answers = at_once(kiln, name, 3, meanwhile=look)
    assert len(set(users.values())) == len(users)
    assert all(a[0] == a[1] and a[2] == "sbx_user1051" and a[3:] == [0o1777, True] for a in answers), answers
    # The template is another still.
    assert not set(users.values()) & {uid_of(pid) for pid in template_pids(kiln, name)}


def test_tools_look_into_a_restored_environment(kiln, name):
    publish(kiln, name, WHO)
    mine = call(kiln, name)["mine"]
    assert "of_init" in kiln.cli("files", name, "/tmp").stdout
    shown = kiln.cli("exec", name, "--", "sh", "-c", "id -un; touch /tmp/seen; ls /tmp").stdout.split()
    assert shown[0] == "sbx_user1051" and mine in shown
    assert "seen" in call(kiln, name)["there"]


def uid_of(pid):
    return int(re.search(r"Uid:\t(\d+)", open(f"/proc/{pid}/status").read())[1])


def functions_of(kiln, name):
    """Pid to uid of the functions in environments: not the template, and no process 1."""
    found = {}
    for pid in processes_of(kiln, name):
        try:
            status = open(f"/proc/{pid}/status").read()
            ids = re.search(r"NSpid:(.*)", status)[1].split()
            if len(ids) == base_depth() + 2 and ids[-1] != "1":
                found[pid] = uid_of(pid)
        except (OSError, TypeError):
            pass
    return found


@pytest.mark.alone
def test_environments_pay_for_their_own_files(kiln, name):
    code = f"import os, socket\nopen('/tmp/large', 'wb').write(os.urandom(1 << 20) * 20)\n" \
           f"def handler(event, context):\n {WAIT}\n if 'end' in event: os._exit(1)\n return os.path.getsize('/tmp/large')"
    publish(kiln, name, code, MemorySize=128)
    template = wait_for(lambda: len(pids := template_pids(kiln, name)) == 1 and pids, 10, "one template")
    assert at_once(kiln, name, 10) == [20 << 20] * 10
    # Those end, and others come.
    end = lambda kiln, name, event: kiln.invoke(name, event, Qualifier="1")["FunctionError"]
    assert at_once(kiln, name, 10, [{"end": True}] * 10, work=end) == ["Unhandled"] * 10
    assert at_once(kiln, name, 10) == [20 << 20] * 10
    assert template[0] in template_pids(kiln, name), "it has paid for none of them"


def test_states_and_what_comes_meanwhile(kiln, name):
    lambda_ = kiln.client("lambda")
    with Gate() as gate:
        pending_and_refused(kiln, lambda_, name, gate)
    lambda_.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 1})
    assert call(kiln, name) == 1
    listed = lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    assert [v["SnapStart"]["OptimizationStatus"] for v in listed] == ["Off", "On"]


def pending_and_refused(kiln, lambda_, name, gate):
    init = f"import os, socket\nif os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'] == 'snap-start': socket.create_connection(('127.0.0.1', {gate.port})).recv(1)\n"
    kiln.create(name, {"index.py": init + "def handler(event, context): return 1"}, SnapStart=ON)
    latest = lambda_.get_function_configuration(FunctionName=name)
    assert latest["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"} and latest["State"] == "Active"
    assert kiln.invoke(name)["Body"] == 1, "$LATEST starts as ever"
    version = lambda_.publish_version(FunctionName=name)
    assert (version["State"], version["StateReason"], version["StateReasonCode"]) == ("Pending", "The function is being created.", "Creating")
    with pytest.raises(ClientError) as error:
        call(kiln, name)
    assert code_of(error) == "SnapStartNotReadyException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert error.value.response["Error"]["Message"] and error.value.response["Type"] == "User"
    gate.wait_for(1)  # and opens


def test_lines_of_a_restored_environment(kiln, name):
    publish(kiln, name, WHO)
    _, tail = call(kiln, name, LogType="Tail")
    report = tail.splitlines()[-1].split("\t")
    assert re.fullmatch(r"Restore Duration: \d+\.\d\d ms", report[5]) and re.fullmatch(r"Billed Restore Duration: \d+ ms", report[6])
    number = lambda text: float(re.search(r"[\d.]+", text.partition(": ")[2])[0])
    duration, billed, restored = number(report[1]), number(report[2]), number(report[6])
    assert billed == -(-duration // 1) + restored
    _, warm = call(kiln, name, LogType="Tail")
    assert "Restore Duration" not in warm
    streams = wait_for(lambda: len(found := lines(kiln, name)) == 2 and found, 10, "two streams").values()
    init = next(s for s in streams if s[0].startswith("INIT_START"))
    assert init[1] == "this is init"
    assert re.fullmatch(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init", init[2])
    restored = next(s for s in streams if s is not init)
    assert re.fullmatch(r"RESTORE_START Runtime Version: python:3\.\d+\.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", restored[0])
    assert restored[1] == "this is a hook"
    assert re.fullmatch(r"\[WARNING\]\t[0-9T:.-]+Z\t\tno request yet", restored[2])
    assert restored[3].startswith("START ")


def test_lines_as_json(kiln, name):
    # By hand: the SDK of Debian knows no LoggingConfig.
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"index.py": WHO}, SnapStart=ON, Timeout=20, MemorySize=512)
    kiln.http("PUT", f"/2015-03-31/functions/{name}/configuration", json.dumps({"LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}}))
    settled(lambda_, name, lambda_.publish_version(FunctionName=name)["Version"])
    call(kiln, name)
    streams = wait_for(lambda: len(found := lines(kiln, name)) == 2 and found, 10, "two streams").values()
    events = {e["type"]: e["record"] for s in streams for line in s if line.startswith("{") and (e := json.loads(line)).get("type", "").startswith("platform.")}
    assert events["platform.initStart"]["initializationType"] == "snap-start"
    assert events["platform.restoreStart"]["functionName"] == name and events["platform.restoreStart"]["instanceMaxMemory"] == 512
    assert events["platform.restoreRuntimeDone"] == {"status": "success"}
    assert events["platform.restoreReport"]["status"] == "success" and events["platform.restoreReport"]["metrics"]["durationMs"] > 0
    assert events["platform.report"]["metrics"]["restoreDurationMs"] > 0


FAILURES = {
    "init": ("raise ValueError('not today')", "FunctionError.RuntimeInitError", "ValueError"),
    "hook": (
        "import snapshot_restore_py\ndef no(): raise KeyError('a')\nsnapshot_restore_py.register_before_snapshot(no)\ndef handler(e, c): pass",
        "FunctionError.RuntimeInitError", "KeyError",
    ),
    "end": ("import os\nos._exit(3)", "FunctionError.RuntimeInitError", "Runtime.ExitError"),
    "threads": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ndef handler(e, c): pass",
        "FunctionError", "2 threads run at the checkpoint",
    ),
    "children": ("import subprocess\nsubprocess.Popen(['sleep', '60'])\ndef handler(e, c): pass", "FunctionError", "a program that init started"),
    "memory": ("import mmap\nm = mmap.mmap(-1, 4096)\ndef handler(e, c): pass", "FunctionError", "memory that init shares"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_versions_that_fail_say_why(kiln, name, what):
    code, reason_code, word = FAILURES[what]
    document = publish(kiln, name, code, wait="Failed")
    assert document["StateReasonCode"] == reason_code and word in document["StateReason"]
    assert document["SnapStart"]["OptimizationStatus"] == "Off"
    with pytest.raises(ClientError) as error:
        call(kiln, name)
    assert code_of(error) == "ResourceConflictException"
    assert any(line.startswith("INIT_REPORT ") and "Status: error" in line for s in lines(kiln, name).values() for line in s)


def test_publish_waits_for_the_snapshot(kiln, name, tmp_path):
    kiln.create(name, {"index.py": "def handler(event, context): return 1"}, SnapStart=ON)
    made = json.loads(kiln.cli("publish", name, "--json").stdout)
    assert (made["Version"], made["State"]) == ("1", "Active")
    (tmp_path / "index.py").write_text("def handler(event, context): return 2")
    updated = json.loads(kiln.cli("create", name, str(tmp_path), "--handler", "index.handler", "--update", "--publish", "--json").stdout)
    assert (updated["Version"], updated["State"]) == ("2", "Active")
    other = name + "-threads"
    kiln.create(other, {"index.py": FAILURES["threads"][0]}, SnapStart=ON)
    done = kiln.cli("publish", other, check=False)
    assert (done.returncode, done.stdout) == (1, f"published {other}  version 1\n")
    assert f"the function '{other}:1' could not be made ready: " in done.stderr and "; start threads in the handler" in done.stderr


RESTORE_FAILS = """
import os, snapshot_restore_py, time
def fail():
    if {condition}: {act}
snapshot_restore_py.register_after_restore(fail)
def handler(event, context): return 1
"""


def test_a_hook_that_fails_after_a_restore(kiln, name):
    for number, (act, kind) in enumerate({"raise ValueError('lost')": "ValueError", "os._exit(4)": "Runtime.ExitError"}.items()):
        each = f"{name}_{number}"
        publish(kiln, each, RESTORE_FAILS.format(condition=True, act=act))
        with pytest.raises(ClientError) as error:
            call(kiln, each)
        assert code_of(error) == "SnapStartException" and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        report = wait_for(lambda: [l for s in lines(kiln, each).values() for l in s if l.startswith("RESTORE_REPORT")], 10, "RESTORE_REPORT")
        assert re.fullmatch(rf"RESTORE_REPORT Restore Duration: \d+\.\d\d ms\tStatus: error\tError Type: {kind}", report[0])


def test_a_hook_that_takes_more_than_ten_seconds(kiln, name):
    publish(kiln, name, RESTORE_FAILS.format(condition=True, act="time.sleep(60)"))
    before = time.monotonic()
    with pytest.raises(ClientError) as error:
        call(kiln, name)
    assert 9.5 < time.monotonic() - before < 14
    assert code_of(error) == "SnapStartTimeoutException" and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 408
    report = wait_for(lambda: [l for s in lines(kiln, name).values() for l in s if l.startswith("RESTORE_REPORT")], 10, "RESTORE_REPORT")
    assert re.fullmatch(r"RESTORE_REPORT Restore Duration: 10\d\d\d\.\d\d ms\tStatus: timeout", report[0])


def test_what_aws_refuses(kiln, name):
    lambda_ = kiln.client("lambda")

    def refused(runtime="python3.12", **more):
        with pytest.raises(ClientError) as error:
            kiln.create(name, {"index.py": ""}, runtime=runtime, SnapStart=ON, **more)
        assert code_of(error) == "InvalidParameterValueException"
        return message_of(error)

    for runtime in ("nodejs20.x", "nodejs22.x", "python3.11", "python3.9"):
        assert refused(runtime) == f"{runtime} is not supported for SnapStart enabled functions."
    assert "512 MB" in refused(EphemeralStorage={"Size": 513})
    publish(kiln, name, "def handler(event, context): return 1", EphemeralStorage={"Size": 512})
    with pytest.raises(ClientError) as error:
        lambda_.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1)
    assert code_of(error) == "InvalidParameterValueException" and "SnapStart" in message_of(error)
    # Nor by an alias that has some, and moves.
    other = f"{name}-alias"
    kiln.create(other, {"index.py": "def handler(event, context): return 1"})
    lambda_.publish_version(FunctionName=other)
    lambda_.create_alias(FunctionName=other, Name="live", FunctionVersion="1")
    lambda_.put_provisioned_concurrency_config(FunctionName=other, Qualifier="live", ProvisionedConcurrentExecutions=1)
    lambda_.update_function_configuration(FunctionName=other, SnapStart=ON)
    settled(lambda_, other, lambda_.publish_version(FunctionName=other)["Version"])
    with pytest.raises(ClientError) as error:
        lambda_.update_alias(FunctionName=other, Name="live", FunctionVersion="2")
    assert code_of(error) == "InvalidParameterValueException" and "SnapStart" in message_of(error)
    with pytest.raises(ClientError) as error:
        lambda_.update_function_configuration(FunctionName=name, Runtime="nodejs20.x")
    assert message_of(error) == "nodejs20.x is not supported for SnapStart enabled functions."
    lambda_.update_function_configuration(FunctionName=name, SnapStart={"ApplyOn": "None"}, Runtime="nodejs20.x")


SHARES = """
import os, socket
ours, theirs = socket.socketpair()
reader, writer = os.pipe()
kept = open("/tmp/kept", "w+")
kept.write("init")
kept.flush()
code = open(__file__)
code.read(5)
gone = open("/tmp/gone", "w+")
os.unlink("/tmp/gone")


def handler(event, context):
    def outcome(work):
        try:
            return work() or "nothing"
        except OSError as error:
            return type(error).__name__
    def sent(fd):
        return outcome(lambda: os.write(fd, event["word"].encode()) and "sent")
    kept.write(event["word"])
    kept.flush()
    said = [sent(ours.fileno()), sent(theirs.fileno()), sent(writer), sent(gone.fileno()), code.read(10)]
    socket.create_connection(("127.0.0.1", event["gate"])).recv(1)
    kept.seek(0)
    ours.setblocking(False)
    os.set_blocking(reader, False)
    return said + [kept.read(), outcome(lambda: ours.recv(9).decode()), outcome(lambda: os.read(reader, 9).decode()), outcome(lambda: os.pread(gone.fileno(), 9, 0).decode())]
"""


def test_no_descriptor_of_init_is_shared(kiln, name):
    publish(kiln, name, SHARES)
    # Each has written its word before one reads.
    for word, answer in zip("ab", at_once(kiln, name, 2, [{"word": "a"}, {"word": "b"}])):
        assert answer[:4] == ["BrokenPipeError"] * 4
        assert answer[4] == SHARES[5:15], "a place in a file of its own"
        assert answer[5:] == [f"init{word}", "nothing", "nothing", "OSError"]


def test_an_idle_template_that_ends_is_made_anew(kiln, name):
    publish(kiln, name, "import os\nprint('template', os.getpid())\ndef handler(event, context): return os.getpid()")
    assert call(kiln, name) > 1
    # It may just be making the next environment.
    template = wait_for(lambda: len(pids := template_pids(kiln, name)) == 1 and pids, 10, "one template")
    os.kill(template[0], 9)
    # The environment that it made still answers; another template comes.
    assert call(kiln, name) > 1
    wait_for(lambda: len(pids := template_pids(kiln, name)) == 1 and pids != template, 20, "another template")
    settled(kiln.client("lambda"), name, "1")


def template_pids(kiln, name):
    """The processes that environments of this function are forked of: they know no Runtime API."""
    found = []
    for entry in map(str, processes_of(kiln, name)):
        try:
            # Environments have a user namespace of their own.
            status = open(f"/proc/{entry}/status").read()
            if len(re.search(r"NSpid:(.*)", status)[1].split()) == base_depth() + 1 and entry_is_program(entry):
                found.append(int(entry))
        except (OSError, TypeError):
            pass
    return sorted(found)


def base_depth():
    return len(re.search(r"NSpid:(.*)", open("/proc/self/status").read())[1].split())


def entry_is_program(pid):
    return os.readlink(f"/proc/{pid}/ns/user") == os.readlink("/proc/self/ns/user") and open(f"/proc/{pid}/comm").read() != "kiln-sandbox\n"


def test_nothing_is_left_of_a_deleted_version(kiln, name):
    lambda_ = kiln.client("lambda")
    publish(kiln, name, WHO)
    at_once(kiln, name, 3)
    assert template_pids(kiln, name)
    assert len(processes_of(kiln, name)) >= 7
    lambda_.delete_function(FunctionName=name, Qualifier="1")
    wait_for(lambda: not processes_of(kiln, name), 20, "the end of all its processes")


PROBE = BINARY.parent / "tests" / "snapshot_probe"


def publish_probe(kiln, name, mode="", wait="Active"):
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"bootstrap": (PROBE.read_bytes(), 0o755)}, runtime="provided.al2023", handler="x", SnapStart=ON, Timeout=20,
                MemorySize=512, Environment={"Variables": {"MODE": mode}})
    return settled(lambda_, name, lambda_.publish_version(FunctionName=name)["Version"], wait)


def test_functions_on_the_sdk(kiln, name):
    assert publish_probe(kiln, name)["SnapStart"]["OptimizationStatus"] == "On"
    answers = at_once(kiln, name, 4)
    assert len({a["born"] for a in answers}) == 1 and len({a["api"] for a in answers}) == 4
    for answer in answers:
        assert (answer["order"], answer["left"], answer["type"], answer["log"]) == ("2134", "left", "snap-start", "")
        assert answer["count"] == 1 and answer["pid"] == 3, "not the template's"
    assert call(kiln, name)["count"] == 2


@pytest.mark.parametrize("mode, code, word", [("fail", "FunctionError.RuntimeInitError", "Function.InitException"), ("hook", "FunctionError.RuntimeInitError", "Function.InitException"),
                                              ("thread", "FunctionError", "2 threads run at the checkpoint")])
def test_functions_on_the_sdk_that_fail(kiln, name, mode, code, word):
    document = publish_probe(kiln, name, mode, "Failed")
    assert document["StateReasonCode"] == code and word in document["StateReason"]


def test_a_hook_on_the_sdk_that_fails_after_a_restore(kiln, name):
    publish_probe(kiln, name, "restore")
    with pytest.raises(ClientError) as error:
        call(kiln, name)
    assert code_of(error) == "SnapStartException"


def test_an_end_is_told_whatever_limits_init_has_set(kiln, name):
    publish(kiln, name, "import os, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
                        "def handler(event, context):\n    if event.get('end'): os._exit(event['end'])\n    return os.getpid()")
    assert call(kiln, name) > 1
    answer = kiln.invoke(name, {"end": 7}, Qualifier="1")
    assert "exit status 7" in answer["Body"]["errorMessage"], answer["Body"]


def test_a_crash_of_a_restored_environment(kiln, name):
    publish_probe(kiln, name)
    answer = kiln.invoke(name, {"abort": True}, Qualifier="1")
    assert answer["FunctionError"] == "Unhandled" and "signal: aborted" in answer["Body"]["errorMessage"], answer["Body"]
    assert call(kiln, name)["count"] == 1, "another environment of the same template"


def test_programs_that_cannot_be_forked_start_as_ever(kiln, name):
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"index.py": "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']", "wrap": "#!/bin/sh\nexec \"$@\"\n"},
                SnapStart=ON, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}})
    document = settled(lambda_, name, lambda_.publish_version(FunctionName=name)["Version"])
    assert document["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert call(kiln, name) == "on-demand"


STACK = """
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/r
      SnapStart: {{ApplyOn: PublishedVersions}}
      Code: {{ZipFile: "{code}"}}
  V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref F}}}}
Outputs:
  ApplyOn: {{Value: !GetAtt F.SnapStartResponse.ApplyOn}}
  Version: {{Value: !GetAtt V.FunctionArn}}
"""


def test_a_stack_waits_for_its_version(kiln, name):
    cloudformation = kiln.client("cloudformation")
    code = "import time\\ntime.sleep(1)\\ndef handler(event, context): return 1"
    cloudformation.create_stack(StackName=name, TemplateBody=STACK.format(code=code))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    outputs = {o["OutputKey"]: o["OutputValue"] for o in cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]}
    assert outputs["ApplyOn"] == "PublishedVersions"
    answer = kiln.client("lambda").invoke(FunctionName=outputs["Version"])
    assert json.loads(answer["Payload"].read()) == 1
    cloudformation.create_stack(StackName=f"{name}-x", TemplateBody=STACK.format(code="raise ValueError(1)"))
    ended = lambda: (s := cloudformation.describe_stacks(StackName=f"{name}-x")["Stacks"][0]["StackStatus"]) == "ROLLBACK_COMPLETE" and s
    wait_for(ended, 30, "the rollback of a stack whose version fails")


def test_templates_come_back_with_the_engine(own_kiln):
    kiln = own_kiln()
    publish(kiln, "f", WHO)
    born = call(kiln, "f")["born"]
    kiln.stop()
    kiln = own_kiln()
    settled(kiln.client("lambda"), "f", "1")
    assert call(kiln, "f")["born"] != born


def test_templates_and_environments_end_with_a_killed_engine(own_kiln):
    kiln = own_kiln()
    publish(kiln, "f", WHO)
    at_once(kiln, "f", 3)
    assert len(processes_of(kiln, "f")) >= 7
    kiln.kill()
    wait_for(lambda: not processes_of(kiln, "f"), 30, "the end of all")


def test_an_ordinary_user_has_snapshots_too():
    """Where each sandbox has the engine's own user, and no group."""
    with of_another_user() as start:
        kiln = Kiln(**start)
        try:
            document = publish(kiln, "f", WHO)
            answers = at_once(kiln, "f", 3)
            assert len({a["mine"] for a in answers}) == 3 and len({a["api"] for a in answers}) == 3
            if document["SnapStart"]["OptimizationStatus"] == "On":  # else this machine has no user namespaces
                assert len({a["born"] for a in answers}) == 1 and all(len(a["there"]) == 2 and set(a["capabilities"]) == {"0"} for a in answers)
            kiln.client("lambda").delete_function(FunctionName="f")
            wait_for(lambda: not processes_of(kiln, "f"), 20, "the end of all its processes")
        finally:
            kiln.stop()


def test_templates_count_in_no_concurrency(own_kiln):
    kiln = own_kiln(args=("--account-concurrency", "101"))
    publish(kiln, "f", "def handler(event, context): pass")
    kiln.client("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    assert call(kiln, "f") is None
