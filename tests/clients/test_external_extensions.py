"""External extensions: programs that a layer has in /opt/extensions run beside the function, as Lambda's Extensions API has it."""

import datetime
import json
import re
import time

import pytest
from harness import processes_of, wait_for, zip_of

# Registers, and follows what it is told of until the end; each word goes to the log. `at` does something at a moment of its life.
EXTENSION = '''#!/usr/bin/env python3
import json, os, sys, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/"
name = os.path.basename(sys.argv[0])
def call(path, headers, body=None):
    request = urllib.request.Request(api + path, data=body, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.headers, json.loads(answer.read())
{start}
headers, told = call("register", {{"Lambda-Extension-Name": name, "Lambda-Extension-Accept-Feature": "accountId"}}, json.dumps({{"events": {events}}}).encode())
print(name, "registered", json.dumps(told), flush=True)
me = {{"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}}
{registered}
while True:
    _, event = call("event/next", me)
    print(name, "told", json.dumps(event), flush=True)
    if event["eventType"] == "SHUTDOWN":
        {shutdown}
        print(name, "ends", flush=True)
        sys.exit(0)
    {invoke}
'''
FUNCTION = {"index.py": "import os, time\nprint('init of the function')\ndef handler(event, context):\n    print('handles')\n    return dict(os.environ) if event == 'env' else event\n"}


def extension(events=("INVOKE", "SHUTDOWN"), start="", registered="", invoke="pass", shutdown="pass"):
    return EXTENSION.format(events=json.dumps(list(events)), start=start, registered=registered, invoke=invoke, shutdown=shutdown)


@pytest.fixture
def beside(kiln, name):
    """A function with a layer of these files in extensions/."""

    def create(files, function=FUNCTION, **more):
        content = {f"extensions/{path}": text for path, text in files.items()}
        arn = kiln.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(content)})["LayerVersionArn"]
        kiln.create(name, function, Layers=[arn], **{"Timeout": 20, **more})
        return name

    return create


def lines(kiln, name):
    events = kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [event["message"].rstrip("\n") for event in events]


def told(log, extension):
    return [json.loads(line.split(" told ", 1)[1]) for line in log if line.startswith(extension + " told ")]


def environments(kiln, name):
    return [one for one in json.loads(kiln.http("GET", "/_kiln/environments")[2])["environments"] if one["function"] == name]


def end(kiln, name):
    """Its environments end, and have ended."""
    kiln.client("lambda").update_function_configuration(FunctionName=name, Description="another")
    wait_for(lambda: environments(kiln, name) == [], what="the end of its environments")


def test_it_registers_follows_invocations_and_is_told_of_the_end(kiln, name, beside):
    beside({"follower": extension()})
    first = kiln.invoke(name, {"n": 1})
    assert first["Body"] == {"n": 1} and kiln.invoke(name, {"n": 2})["Body"] == {"n": 2}
    end(kiln, name)
    log = lines(kiln, name)
    registered = next(line for line in log if line.startswith("follower registered"))
    assert json.loads(registered.split(" ", 2)[2]) == {"functionName": name, "functionVersion": "$LATEST", "handler": "index.handler", "accountId": "000000000000"}
    # It has registered before the function's init begins, and both are ready before the first event.
    assert log.index(registered) < log.index("init of the function") < log.index("EXTENSION\tName: follower\tState: Ready\tEvents: [INVOKE, SHUTDOWN]")
    one, two, last = told(log, "follower")
    assert one["requestId"] == first["ResponseMetadata"]["RequestId"] and one["eventType"] == two["eventType"] == "INVOKE"
    assert one["invokedFunctionArn"].endswith(f":function:{name}") and one["deadlineMs"] > 1_600_000_000_000
    assert one["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert last["eventType"] == "SHUTDOWN" and last["shutdownReason"] == "spindown" and "follower ends" in log
    assert len([line for line in log if line.startswith("INIT_START")]) == 1


def test_its_environment_has_no_more_than_aws_tells(kiln, name, beside):
    beside({"env": extension(start='print("env has", json.dumps(sorted(os.environ)), flush=True)')}, Environment={"Variables": {"MINE": "1"}})
    kiln.invoke(name)
    (has,) = [json.loads(line.removeprefix("env has ")) for line in lines(kiln, name) if line.startswith("env has ")]
    assert {"MINE", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "PATH", "LD_LIBRARY_PATH"} <= set(has)
    hidden = re.compile("_|KILN_|AWS_XRAY_|AWS_EXECUTION_ENV|AWS_LAMBDA_LOG_(GROUP|STREAM)_NAME|LAMBDA_(TASK_ROOT|RUNTIME_DIR)")
    # Python itself sets the first.
    assert not [one for one in has if hidden.match(one) and one not in ("_",)]


def test_an_invocation_lasts_until_its_extensions_are_done_and_its_answer_does_not_wait(kiln, name, beside):
    beside({"slow": extension(invoke="time.sleep(1)")})
    begun = time.monotonic()
    assert kiln.invoke(name, {"n": 1})["Body"] == {"n": 1}
    end(kiln, name)
    (report,) = [line for line in lines(kiln, name) if line.startswith("REPORT")]
    assert float(re.search("\tDuration: ([0-9.]+) ms", report)[1]) >= 1000
    api, day = kiln.client("cloudwatch"), datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    query = {"Namespace": "AWS/Lambda", "MetricName": "PostRuntimeExtensionsDuration", "Dimensions": [{"Name": "FunctionName", "Value": name}]}
    times = {"StartTime": now - day, "EndTime": now + day, "Period": 86400, "Statistics": ["Maximum", "SampleCount"]}
    (found,) = wait_for(lambda: api.get_metric_statistics(**query, **times)["Datapoints"], what="the metric")
    assert 990 <= found["Maximum"] <= (time.monotonic() - begun) * 1000 and found["SampleCount"] == 1


def test_the_timeout_covers_extensions(kiln, name, beside):
    beside({"slow": extension(invoke="time.sleep(1000)")}, Timeout=1)
    assert kiln.invoke(name, {"n": 1})["Body"] == {"n": 1}
    wait_for(lambda: [line for line in lines(kiln, name) if "Status: timeout" in line], what="the end of the invocation")
    assert kiln.invoke(name, {"n": 2})["Body"] == {"n": 2}


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (extension(start="sys.exit(3)"), "Extension.Crash", "exit status 3"),
        (extension(registered="sys.exit(0)"), "Extension.Crash", "exit code 0"),
        (extension(registered='call("init/error", {**me, "Lambda-Extension-Function-Error-Type": "Mine"}, b"{}"); sys.exit(1)'), "Extension.InitError", "Mine"),
        (extension(registered='call("init/error", {**me, "Lambda-Extension-Function-Error-Type": "Mine"}, b"{}"); time.sleep(1000)'), "Extension.InitError", "Mine"),
        (extension(registered='call("exit/error", {**me, "Lambda-Extension-Function-Error-Type": "Mine"}, b"{}"); time.sleep(1000)'), "Extension.ExitError", "Mine"),
        (("no program", 0o755), "Extension.LaunchError", "fork/exec /opt/extensions/bad: exec format error"),
        (("#!/bin/sh\n", 0o644), "Extension.LaunchError", "fork/exec /opt/extensions/bad: permission denied"),
        (extension(start="os.kill(os.getpid(), 9)"), "Extension.Crash", "signal: killed"),
    ],
    ids=["exits", "exits-registered", "init-error", "init-error-and-goes-on", "exit-error-and-goes-on", "no-program", "no-permission", "killed"],
)
def test_one_that_fails_fails_the_invocation(kiln, name, beside, text, kind, message):
    beside({"bad": text})
    answer = kiln.invoke(name, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == kind and answer["Body"]["errorMessage"].endswith(f"Error: {message}")
    assert f"Error Type: {kind}" in answer["Log"]


def test_one_that_ends_within_an_invocation_ends_it_and_the_next_works(kiln, name, beside):
    beside({"once": extension(invoke='os.path.exists("/tmp/again") or os._exit(7)')}, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(event)\n"})
    answer = kiln.invoke(name, 10)
    assert answer["Body"]["errorType"] == "Extension.Crash" and "exit status 7" in answer["Body"]["errorMessage"]


def test_one_that_says_that_it_has_failed_ends_the_environment_though_it_goes_on(kiln, name, beside):
    fails = """
    if not os.path.exists("/tmp/again"):
        call("exit/error", {**me, "Lambda-Extension-Function-Error-Type": "Mine"}, b"{}")
        time.sleep(1000)"""
    beside({"fails": extension(invoke=fails)}, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(event)\n"})
    answer = kiln.invoke(name, 15)
    assert answer["Body"]["errorType"] == "Extension.ExitError" and answer["Body"]["errorMessage"].endswith("Error: Mine")
    wait_for(lambda: environments(kiln, name) == [], what="the end of the environment")


# Nor its function.
def test_one_that_ignores_sigterm_is_killed_in_its_time(kiln, name, beside):
    ignores = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    beside({"deaf": extension(start=ignores, shutdown="time.sleep(1000)")}, {"index.py": ignores + "def handler(event, context):\n    return event\n"})
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    assert processes_of(kiln, name)
    end(kiln, name)
    log = lines(kiln, name)
    assert [event for event in told(log, "deaf") if event["eventType"] == "SHUTDOWN"] and "deaf ends" not in log


def test_more_than_ten_are_one_too_many(kiln, name, beside):
    beside({f"e{n:02}": extension() for n in range(11)})
    assert kiln.invoke(name)["Body"]["errorType"] == "Extension.Crash"


def test_ten_run_together(kiln, name, beside):
    # The function prints nothing: Python writes a line and its end apart, and others' lines may come between.
    beside({f"e{n}": extension(events=["INVOKE"]) for n in range(10)}, {"index.py": "def handler(event, context):\n    return event\n"}, MemorySize=1769)
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    end(kiln, name)
    log = lines(kiln, name)
    assert len([line for line in log if line.startswith("EXTENSION\t")]) == 10
    assert [n for n in range(10) if not told(log, f"e{n}")] == [], "\n".join(log)


def test_one_that_never_registers_fails_the_init_in_its_time(kiln, name, beside):
    beside({"silent": "#!/bin/sh\nexec sleep 1000\n"}, Timeout=1)
    answer = kiln.invoke(name)
    assert "timed out" in answer["Body"]["errorMessage"]
    assert not [line for line in lines(kiln, name) if line == "init of the function"]


def test_native_functions_and_json_logs_have_them_too(kiln, name):
    arn = kiln.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": zip_of({"extensions/follower": extension()})})["LayerVersionArn"]
    kiln.create_echo(name, Layers=[arn], Timeout=20)
    # Debian's boto3 is older than LoggingConfig.
    kiln.http("PUT", f"/2015-03-31/functions/{name}/configuration", json.dumps({"LoggingConfig": {"LogFormat": "JSON"}}))
    assert kiln.invoke(name, {"a": 1})["Body"] == {"a": 1}
    events = [json.loads(line) for line in lines(kiln, name) if line.startswith('{"time"')]
    (ready,) = [event["record"] for event in events if event["type"] == "platform.extension"]
    assert ready == {"name": "follower", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}


def test_one_that_does_not_end_is_killed_after_two_seconds(kiln, name, beside):
    beside({"lasting": extension(shutdown="time.sleep(1000)")})
    kiln.invoke(name)
    end(kiln, name)
    assert "lasting ends" not in lines(kiln, name)
