"""Invocations through boto3: the way in, the answers, the log lines, and every way to fail."""

import base64
import json
import os
import re
import threading

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError
from harness import ROLE, code_of, message_of, wait_for, zip_of

PY_DOER = """
import json, os, sys, time
n = 0
def handler(event, context):
    global n
    n += 1
    do = event.get("do")
    if do == "raise": raise KeyError("lost")
    if do == "exit": sys.exit(event["status"])
    if do == "kill": os.kill(os.getpid(), 9)
    if do == "sleep": time.sleep(event["seconds"])
    if do == "memory": return len(bytearray(event["mb"] << 20))
    if do == "large": return "x" * event["bytes"]
    if do == "set": return {1, 2}
    if do == "print": print("line one"); print("line two")
    if do == "env": return dict(os.environ)
    if do == "context":
        return {k: getattr(context, k) for k in ("aws_request_id", "function_name", "function_version", "memory_limit_in_mb",
                "invoked_function_arn", "log_group_name", "log_stream_name")} | {
                "left": context.get_remaining_time_in_millis(), "client": context.client_context and context.client_context.custom}
    return {"n": n, "event": event}
"""
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<duration>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB(\tInit Duration: (?P<init>\d+\.\d\d) ms)?\t\n"
)
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def log_of(kiln, name):
    return [e["message"] for e in kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]


@pytest.fixture(scope="module")
def doer(kiln):
    kiln.create("doer", {"index.py": PY_DOER}, Timeout=3)
    return "doer"


def test_cold_then_warm_with_lambdas_log_lines(kiln, name):
    kiln.create(name, {"index.py": PY_DOER})
    cold = kiln.invoke(name, {"do": "print"}, LogType="Tail")
    report = REPORT.search(cold["Log"])
    assert report and report["init"]
    assert int(report["billed"]) == -(-round((float(report["duration"]) + float(report["init"])) * 100) // 100)
    request_id = cold["ResponseMetadata"]["RequestId"]
    assert report["id"] == request_id
    assert f"START RequestId: {request_id} Version: $LATEST\nline one\nline two\nEND RequestId: {request_id}\nREPORT" in cold["Log"]
    assert 1 <= int(report["used"]) <= 128
    warm = kiln.invoke(name, {}, LogType="Tail")
    assert warm["Body"]["n"] == 2
    assert REPORT.search(warm["Log"])["init"] is None and "INIT_START" not in warm["Log"]


# "When invocations share an execution environment, Lambda reports the maximum memory used across all invocations."
def test_memory_used_is_the_most_of_all_the_environments_invocations(kiln, name):
    kiln.create(name, {"index.py": PY_DOER}, MemorySize=256, Timeout=60)  # page faults may be dear
    used = [int(REPORT.search(kiln.invoke(name, e, LogType="Tail")["Log"])["used"]) for e in ({}, {"do": "memory", "mb": 100}, {})]
    assert used[0] < 100 <= used[1] <= used[2]


def test_names_and_arns(kiln, doer):
    for function in (doer, f"000000000000:function:{doer}", ARN + doer, f"{ARN}{doer}:$LATEST"):
        assert kiln.invoke(function)["StatusCode"] == 200
    assert kiln.invoke(doer, {"do": "context"}, Qualifier="$LATEST")["Body"]["invoked_function_arn"] == f"{ARN}{doer}:$LATEST"
    with pytest.raises(ClientError) as error:
        kiln.invoke(f"{doer}:1", Qualifier="2")
    assert message_of(error) == "The derived qualifier from the function name does not match the specified qualifier."
    with pytest.raises(ClientError) as error:
        kiln.invoke("my*function")
    assert code_of(error) == "ValidationException" and "'functionName' failed to satisfy constraint" in message_of(error)


def test_dry_run_and_unknown_types(kiln, doer):
    api = kiln.client("lambda")
    assert api.invoke(FunctionName=doer, InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(ClientError) as error:
        api.invoke(FunctionName="nope", InvocationType="DryRun")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        api.invoke(FunctionName=doer, InvocationType="Later")
    assert code_of(error) == "ValidationException"
    assert message_of(error) == ("1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: "
                                 "Member must satisfy enum value set: [DryRun, RequestResponse, Event]")
    with pytest.raises(ClientError) as error:
        api.invoke(FunctionName="nope", LogType="Head")
    assert code_of(error) == "ValidationException" and "Value 'Head' at 'logType'" in message_of(error)
    status, _, body = kiln.http("POST", f"/2015-03-31/functions/{doer}/invocations?Qualifier=", "{}")
    assert status == 400 and b"Value '' at 'qualifier'" in body


def test_the_context(kiln, doer):
    client = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer = kiln.invoke(doer, {"do": "context"}, ClientContext=client)
    context = answer["Body"]
    assert context["aws_request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert (context["function_name"], context["function_version"], context["memory_limit_in_mb"]) == (doer, "$LATEST", "128")
    assert context["log_group_name"] == f"/aws/lambda/{doer}" and 0 < context["left"] <= 3000
    assert context["client"] == {"k": "v"}


def test_environment_variables(kiln, name):
    kiln.create(name, {"index.py": PY_DOER}, Environment={"Variables": {"MINE": "1", "TZ": "Europe/Paris"}})
    env = kiln.invoke(name, {"do": "env"})["Body"]
    assert env["MINE"] == "1" and env["TZ"] == "Europe/Paris"
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12" and env["_HANDLER"] == "index.handler"
    assert env["LAMBDA_TASK_ROOT"] == "/var/task" and env["AWS_REGION"] == "us-east-1"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", env["AWS_LAMBDA_LOG_STREAM_NAME"])


@pytest.mark.parametrize(
    "event, kind, message",
    [
        ({"do": "raise"}, "KeyError", "'lost'"),
        ({"do": "exit", "status": 0}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited without providing a reason"),
        ({"do": "exit", "status": 3}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: exit status 3"),
        ({"do": "kill"}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: signal: killed"),
        ({"do": "sleep", "seconds": 60}, "Sandbox.Timedout", "RequestId: {id} Error: Task timed out after 3.00 seconds"),
        ({"do": "set"}, "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ({"do": "large", "bytes": 6291556}, "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
    ],
)
def test_failures_read_as_on_aws_and_the_next_call_works(kiln, doer, event, kind, message):
    answer = kiln.invoke(doer, event, LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == kind
    assert answer["Body"]["errorMessage"] == message.format(id=answer["ResponseMetadata"]["RequestId"])
    assert f"END RequestId: {answer['ResponseMetadata']['RequestId']}\nREPORT" in answer["Log"]
    assert kiln.invoke(doer, {"still": "there"})["Body"]["event"] == {"still": "there"}


def test_out_of_memory(kiln, name):
    # At 128 MB a function has 7 % of a CPU: filling the memory takes it a while.
    kiln.create(name, {"index.py": PY_DOER}, Timeout=60)
    answer = kiln.invoke(name, {"do": "memory", "mb": 300}, LogType="Tail")
    assert answer["Body"]["errorType"] == "Runtime.OutOfMemory"
    assert answer["Body"]["errorMessage"].endswith(" Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB\t" in answer["Log"] and "Error Type: Runtime.OutOfMemory" in answer["Log"]
    assert kiln.invoke(name)["Body"]["n"] == 1


def test_stack_traces_are_the_users(kiln, doer):
    body = kiln.invoke(doer, {"do": "raise"})["Body"]
    assert len(body["stackTrace"]) == 1 and body["stackTrace"][0].startswith('  File "/var/task/index.py", line ')
    assert body["requestId"]


@pytest.mark.parametrize(
    "files, handler, kind, message",
    [
        ({"index.py": "import nope"}, "index.handler", "Runtime.ImportModuleError", "Unable to import module 'index': No module named 'nope'"),
        ({"index.py": "x = 1"}, "index.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ({"index.py": "def x("}, "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"),
        ({"index.py": "raise RuntimeError('at init')"}, "index.handler", "RuntimeError", "at init"),
        ({"index.py": "x = 1"}, "nodots", "Runtime.MalformedHandlerName", "Bad handler 'nodots'"),
    ],
)
def test_python_init_errors(kiln, name, files, handler, kind, message):
    kiln.create(name, files, handler=handler)
    answer = kiln.invoke(name, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == kind and answer["Body"]["errorMessage"].startswith(message)
    # The tail begins with START; the Init phase's report stands before it in the log.
    assert answer["Log"].startswith("START RequestId: ") and "Phase: invoke\tStatus: error" in answer["Log"]
    assert any(line.startswith("INIT_REPORT Init Duration: ") and "Phase: init\tStatus: error" in line for line in log_of(kiln, name))


NODE = {
    "index.mjs": """
export const handler = async (event, context) => {
  if (event.do === 'throw') throw new RangeError('out of it');
  if (event.do === 'reject') { Promise.reject(new Error('lost')); await new Promise(() => {}); }
  if (event.do === 'exit') process.exit(4);
  console.log('hello', { a: 1 });
  return { id: context.awsRequestId, name: context.functionName, left: context.getRemainingTimeInMillis() };
};
"""
}


def test_nodejs(kiln, name):
    kiln.create(name, NODE, runtime="nodejs20.x", Timeout=10)
    answer = kiln.invoke(name, LogType="Tail")
    assert answer["Body"]["id"] == answer["ResponseMetadata"]["RequestId"] and answer["Body"]["name"] == name
    assert re.search(r"Z\t" + answer["Body"]["id"] + r"\tINFO\thello \{ a: 1 \}\n", answer["Log"])
    thrown = kiln.invoke(name, {"do": "throw"})["Body"]
    assert (thrown["errorType"], thrown["errorMessage"]) == ("RangeError", "out of it")
    assert thrown["trace"][0] == "RangeError: out of it" and "/var/task/index.mjs" in thrown["trace"][1]
    assert kiln.invoke(name, {"do": "reject"})["Body"]["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert "exit status 4" in kiln.invoke(name, {"do": "exit"})["Body"]["errorMessage"]
    assert kiln.invoke(name)["Body"]["name"] == name


@pytest.mark.parametrize(
    "files, kind",
    [
        ({"index.js": "exports.handler = (event, context, callback) => callback(null, 'called back');"}, None),
        ({"index.cjs": "exports.handler = async () => 'called back';"}, None),
        ({"index.js": "exports.other = 1;"}, "Runtime.HandlerNotFound"),
        ({"other.js": ""}, "Runtime.ImportModuleError"),
        ({"index.js": "exports.handler = ("}, "Runtime.UserCodeSyntaxError"),
        ({"index.js": "exports.handler = awslambda.streamifyResponse(async (event, out) => { out.write('\"called '); out.end('back\"'); });"}, None),
    ],
)
def test_nodejs_handlers(kiln, name, files, kind):
    kiln.create(name, files, runtime="nodejs20.x", Timeout=10)
    answer = kiln.invoke(name)
    if kind is None:
        assert answer["Body"] == "called back", answer
    else:
        assert answer["FunctionError"] == "Unhandled" and answer["Body"]["errorType"] == kind


BASH = """#!/bin/bash
while true; do
  HEADERS="$(mktemp)"
  EVENT=$(curl -sS -LD "$HEADERS" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$ID/response" -d "{\\"bash\\": $EVENT}" >/dev/null
done
"""


def test_any_bootstrap_that_speaks_the_runtime_api(kiln, name):
    kiln.create(name, {"bootstrap": (BASH, 0o755)}, runtime="provided.al2023", handler="x")
    assert kiln.invoke(name, {"a": 1})["Body"] == {"bash": {"a": 1}}
    assert kiln.invoke(name, {"a": 2})["Body"] == {"bash": {"a": 2}}


def test_the_sdks_echo(kiln, name):
    kiln.create_echo(name)
    for payload in ({"a": [1, 2.5, None, "é"]}, [], "text", 12345678901234567890123, {"big": "x" * 1_000_000}):
        assert kiln.invoke(name, payload)["Body"] == payload


def test_hot_reload(kiln, name, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "index.py").write_text("def handler(e, c): return 1\n")
    kiln.create(name, code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)})
    assert kiln.invoke(name)["Body"] == 1
    (tmp_path / "index.py").write_text("def handler(e, c): return 2\n")
    wait_for(lambda: kiln.invoke(name)["Body"] == 2, what="the new code's answer")


def test_a_hot_reload_folder_that_functions_cannot_read(kiln, name, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("functions run as the engine's own user here")
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    (tmp_path / "index.py").write_text("def handler(e, c): return 1\n")
    tmp_path.chmod(0o700)
    said = f"'{tmp_path}' has the mode 0700, and functions run as another user than its owner. Run `chmod o+rx {tmp_path}`"
    with pytest.raises(ClientError, match=re.escape(said)):
        kiln.create(name, code=code)
    tmp_path.chmod(0o755)
    kiln.create(name, code=code)
    tmp_path.chmod(0o700)
    body = kiln.invoke(name)["Body"]
    assert body["errorType"] == "Runtime.InvalidEntrypoint" and body["errorMessage"].endswith(said), body
    tmp_path.chmod(0o755)
    assert kiln.invoke(name)["Body"] == 1


def test_a_hot_reload_folder_that_is_gone_is_the_functions_fault(kiln, name, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "index.py").write_text("def handler(e, c): return 1\n")
    kiln.create(name, code={"S3Bucket": "hot-reload", "S3Key": str(folder)})
    (folder / "index.py").unlink()
    folder.rmdir()
    body = kiln.invoke(name)["Body"]
    assert body["errorType"] == "Sandbox.Failure" and body["errorMessage"].endswith("at /var/task: No such file or directory"), body
    assert "the folder of its code is gone: put it back" in kiln.cli("invoke", name, check=False).stderr


def test_environments_are_reused_and_multiplied(kiln, name):
    kiln.create(name, {"index.py": PY_DOER}, Timeout=10)
    bodies = []
    api = kiln.client("lambda")
    threads = [threading.Thread(target=lambda: bodies.append(kiln.invoke(name, {"do": "sleep", "seconds": 1}, client=api)["Body"]["n"])) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert bodies == [1, 1, 1, 1]
    assert kiln.invoke(name)["Body"]["n"] == 2


def test_json_logging(kiln, name):
    code = "import logging\nlog = logging.getLogger()\ndef handler(e, c):\n    log.info('info line')\n    log.error('bad %s', 'thing')\n"
    # Debian's boto3 is older than LoggingConfig: sent as it would be.
    request = {
        "FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE,
        "Code": {"ZipFile": base64.b64encode(zip_of({"index.py": code})).decode()},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"},
    }
    status, _, body = kiln.http("POST", "/2015-03-31/functions", json.dumps(request))
    assert status == 201, body
    answer = kiln.invoke(name, LogType="Tail")
    lines = [json.loads(line) for line in answer["Log"].splitlines()]
    by_type = {line["type"]: line for line in lines if "type" in line}
    assert by_type["platform.report"]["record"]["metrics"]["memorySizeMB"] == 128
    assert [line["message"] for line in lines if "message" in line] == ["info line", "bad thing"]
    assert all(line["requestId"] == answer["ResponseMetadata"]["RequestId"] for line in lines if "message" in line)


def test_logs_are_there_to_read(kiln, doer):
    kiln.invoke(doer, {"do": "print"})
    logs = kiln.client("logs")
    group = f"/aws/lambda/{doer}"
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]] == [group]
    messages = [e["message"].rstrip("\n") for e in logs.filter_log_events(logGroupName=group, filterPattern="line")["events"]]
    assert "line one" in messages and "line two" in messages
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    assert logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName="/aws/lambda/nope")
    assert code_of(error) == "ResourceNotFoundException"


def test_json_logging_at_debug_tells_the_end_of_each_phase(kiln, name):
    request = {
        "FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE,
        "Code": {"ZipFile": base64.b64encode(zip_of({"index.py": "def handler(e, c): pass"})).decode()},
        "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"},
    }
    assert kiln.http("POST", "/2015-03-31/functions", json.dumps(request))[0] == 201
    kiln.invoke(name)
    kiln.invoke(name)
    warm = ["start", "runtimeDone", "report"]
    events = wait_for(lambda: len(found := [json.loads(line) for line in log_of(kiln, name)]) == 9 and found)
    assert [event["type"] for event in events] == ["platform." + kind for kind in ["initStart", "initRuntimeDone", "initReport", *warm, *warm]]
    assert events[1]["record"] == {"initializationType": "on-demand", "phase": "init", "status": "success"}
    assert events[4]["record"]["status"] == "success" and events[4]["record"]["metrics"]["durationMs"] > 0


def response_stream(kiln, name, payload, query="", **headers):
    """Its status, and its events with their headers. Debian's boto3 doesn't have the operation yet, but can read the answer."""
    path = f"/2021-11-15/functions/{name}/response-streaming-invocations{query}"
    status, answered, body = kiln.http("POST", path, json.dumps(payload), headers)
    if status != 200:
        return status, json.loads(body or "{}")
    assert answered["Content-Type"] == "application/vnd.amazon.eventstream" and answered["X-Amz-Executed-Version"] == "$LATEST"
    events = EventStreamBuffer()
    events.add_data(body)
    return status, [(event.headers, event.payload) for event in events]


def test_response_streams(kiln, doer):
    def header(kind, content):
        return {":event-type": kind, ":content-type": content, ":message-type": "event"}

    chunk, end = header("PayloadChunk", "application/octet-stream"), header("InvokeComplete", "application/json")
    _, events = response_stream(kiln, doer, {"do": "print"}, **{"X-Amz-Log-Type": "Tail"})
    assert [kind for kind, _ in events] == [chunk, end] and json.loads(events[0][1])["event"] == {"do": "print"}
    complete = json.loads(events[1][1])
    assert list(complete) == ["LogResult"] and "line one\nline two\nEND RequestId" in base64.b64decode(complete["LogResult"]).decode()
    _, events = response_stream(kiln, doer, {"do": "large", "bytes": 2_500_000})
    assert [kind for kind, _ in events] == [chunk] * 3 + [end] and events[3][1] == b"{}"
    assert b"".join(payload for _, payload in events[:3]) == b'"' + b"x" * 2_500_000 + b'"'
    _, ((kind, payload),) = response_stream(kiln, doer, {"do": "raise"})
    complete = json.loads(payload)
    assert kind == end and complete["ErrorCode"] == "KeyError" and json.loads(complete["ErrorDetails"])["errorMessage"] == "'lost'"
    _, ((_, payload),) = response_stream(kiln, doer, {"do": "exit", "status": 3})
    assert json.loads(payload)["ErrorCode"] == "Runtime.ExitError"
    status, error = response_stream(kiln, "nope", {})
    assert status == 404 and error["Message"] == f"Function not found: {ARN}nope:$LATEST"
    assert response_stream(kiln, doer, {}, "?Qualifier=9") == (404, {"Message": f"Function not found: {ARN}{doer}:9", "Type": "User"})
    assert response_stream(kiln, doer, {}, **{"X-Amz-Invocation-Type": "DryRun"}) == (204, {})
    status, error = response_stream(kiln, doer, {}, **{"X-Amz-Invocation-Type": "Event"})
    assert status == 400 and error["message"].endswith("Member must satisfy enum value set: [DryRun, RequestResponse]")


def test_the_report_of_a_traced_invocation_names_its_trace(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context): return 1\n"})
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="
    line = "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t\n"
    for sampled in "01":
        headers = {"X-Amzn-Trace-Id": trace + sampled, "X-Amz-Log-Type": "Tail"}
        _, answered, _ = kiln.http("POST", f"/2015-03-31/functions/{name}/invocations", "{}", headers)
        log = base64.b64decode(answered["X-Amz-Log-Result"]).decode()
        assert log.endswith("\t\n" + line * int(sampled)) and log.count("XRAY") == int(sampled)
    wait_for(lambda: sum(event.startswith("REPORT") for event in log_of(kiln, name)) == 2)
    untraced, traced = [event for event in log_of(kiln, name) if "REPORT" in event]
    assert REPORT.fullmatch(untraced) and traced.startswith("REPORT RequestId: ") and traced.endswith("\t\n" + line)


def test_the_deprecated_way_to_invoke_asynchronously(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context): print('came', event)\n"})
    kiln.invoke(name)  # makes the log group
    path = f"/2014-11-13/functions/{name}/invoke-async"
    status, _, body = kiln.http("POST", path, '{"a": 1}')
    assert (status, body) == (202, b"")
    wait_for(lambda: any("came {'a': 1}" in line for line in log_of(kiln, name)))
    status, headers, _ = kiln.http("POST", path, "{")
    assert status == 400 and headers["x-amzn-ErrorType"] == "InvalidRequestContentException"
    assert kiln.http("POST", "/2014-11-13/functions/nope/invoke-async", "{}")[0] == 404


@pytest.mark.slow
def test_an_init_beyond_ten_seconds_is_run_again_in_the_invocation(kiln, name):
    code = "import os, time\nif not os.environ.get('X'): time.sleep(11)\ndef handler(e, c): return 'late'\n"
    kiln.create(name, {"index.py": code}, Timeout=30)
    answer = kiln.invoke(name, LogType="Tail")
    assert answer["Body"] == "late"
    assert any("Phase: init\tStatus: timeout" in line for line in log_of(kiln, name))
    assert float(REPORT.search(answer["Log"])["duration"]) > 11_000
