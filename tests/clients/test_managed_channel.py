"""The bootstraps of Python and Node.js over the direct channel and, behind a wrapper script, over the Runtime API.

Python's has shared memory beside the channel's socket, where its interpreter can load what that takes.
"""

import concurrent.futures
import http.client
import json
import shutil

import pytest
from harness import BINARY, Kiln, wait_for

PYTHON = """
import ctypes, os, socket, sys
def transport():
    kinds = ['memory'] if 'kiln-ring' in open('/proc/self/maps').read() else []
    for fd in os.listdir('/proc/self/fd'):
        try:
            kinds.append(os.readlink(f'/proc/self/fd/{fd}').split(':')[0] == 'socket' and socket.socket(fileno=os.dup(int(fd))).family.name)
        except OSError:
            pass
    return sorted(filter(None, kinds))
def handler(event, context):
    if event.get('fail'): raise ValueError(event['fail'])
    if 'size' in event: return 'x' * event['size']
    if event.get('leave'): os._exit(7)
    if event.get('transport'): return [transport(), 'KILN_CHANNEL_FD' in os.environ or 'kiln_channel' in sys.modules]
    if event.get('trace'):
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        return [os.environ['_X_AMZN_TRACE_ID'], getenv(b'_X_AMZN_TRACE_ID').decode(), os.popen('printenv _X_AMZN_TRACE_ID').read().strip()]
    return {'event': event, 'id': context.aws_request_id, 'arn': context.invoked_function_arn, 'left': context.get_remaining_time_in_millis() > 0,
            'client': context.client_context and context.client_context.custom, 'trace': os.environ['_X_AMZN_TRACE_ID'][:7]}
"""
NODE = """
const fs = require('fs');
const transport = () => fs.readFileSync('/proc/net/tcp', 'utf8').length && fs.readdirSync('/proc/self/fd').flatMap((fd) => {
  try {
    const inode = fs.readlinkSync('/proc/self/fd/' + fd).match(/^socket:\\[(\\d+)\\]/)?.[1];
    if (!inode) return [];
    return fs.readFileSync('/proc/net/tcp', 'utf8').includes(' ' + inode + ' ') ? ['AF_INET'] : ['AF_UNIX'];
  } catch { return []; }
}).sort();
exports.handler = async (event, context) => {
  if (event.fail) throw new RangeError(event.fail);
  if ('size' in event) return 'x'.repeat(event.size);
  if (event.leave) process.exit(7);
  if (event.later) { setImmediate(() => { throw new Error('nobody catches this'); }); await new Promise(() => {}); }
  if (event.transport) return [transport(), 'KILN_CHANNEL_FD' in process.env];
  return { event, id: context.awsRequestId, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() > 0,
           client: context.clientContext && context.clientContext.custom, trace: process.env._X_AMZN_TRACE_ID.slice(0, 7) };
};
"""
WRAPPER = "#!/bin/bash\nexec \"$@\"\n"
RUNTIMES = {"python3.12": {"index.py": PYTHON}, "nodejs20.x": {"index.js": NODE}}
WAYS = [("python3.12", "memory"), ("python3.12", "socket"), ("python3.12", "http"), ("nodejs20.x", "socket"), ("nodejs20.x", "http")]
PYTHON_WAYS = [way for runtime, way in WAYS if runtime == "python3.12"]
SEEN = {"memory": ["AF_UNIX", "memory"], "socket": ["AF_UNIX"], "http": ["AF_INET"]}
LARGEST = 6 * 1024 * 1024


@pytest.fixture(scope="module")
def without_memory(tmp_path_factory):
    """An engine whose interpreters can't load what the memory takes."""
    folder = tmp_path_factory.mktemp("plain")
    shutil.copy2(BINARY, folder)
    shutil.copytree(BINARY.parent / "runtimes", folder / "runtimes")
    (folder / "runtimes" / "python" / "kiln_channel.abi3.so").unlink()
    folder.chmod(0o755)
    engine = Kiln(binary=folder / BINARY.name)
    yield engine
    engine.stop()


@pytest.fixture
def engine(request, kiln, runtime, way):
    return request.getfixturevalue("without_memory") if (runtime, way) == ("python3.12", "socket") else kiln


@pytest.fixture
def runtime():
    return "python3.12"


def create(kiln, name, runtime, way, **more):
    files, variables = dict(RUNTIMES[runtime]), {}
    if way == "http":
        files["wrapper"] = WRAPPER
        variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}
    kiln.create(name, files, runtime=runtime, Timeout=60, MemorySize=512, Environment={"Variables": variables}, **more)


@pytest.mark.parametrize("runtime, way", WAYS)
def test_both_ways_bring_the_same(engine, name, runtime, way):
    create(engine, name, runtime, way)
    sockets, seen = engine.invoke(name, {"transport": True})["Body"]
    assert sockets == SEEN[way]
    assert not seen
    for event in ({"a": "ä\u2028"}, {"large": "y" * 300_000}, {"next": [1, 2.5, None]}):
        answer = engine.invoke(name, event, ClientContext="eyJjdXN0b20iOnsiayI6InYifX0=")
        body = answer["Body"]
        assert body["event"] == event and body["left"] and body["client"] == {"k": "v"} and body["trace"] == "Root=1-"
        assert body["id"] == answer["ResponseMetadata"]["RequestId"]
        assert body["arn"].endswith(f":function:{name}")


@pytest.mark.parametrize("runtime, way", WAYS)
def test_the_limit_of_an_answer_is_the_same(engine, name, runtime, way):
    create(engine, name, runtime, way)
    assert len(engine.invoke(name, {"size": LARGEST - 2})["Body"]) == LARGEST - 2
    refused = engine.invoke(name, {"size": LARGEST + 200})
    assert refused["FunctionError"] == "Unhandled" and refused["Body"]["errorType"] == "Function.ResponseSizeTooLarge"
    # The environment goes on.
    assert engine.invoke(name, {"n": 1})["Body"]["event"] == {"n": 1}


@pytest.mark.parametrize("runtime, way", WAYS)
def test_errors_and_ends_are_the_same(engine, name, runtime, way):
    create(engine, name, runtime, way)
    failed = engine.invoke(name, {"fail": "no ü"})
    assert failed["FunctionError"] == "Unhandled"
    assert (failed["Body"]["errorType"], failed["Body"]["errorMessage"]) == ("ValueError" if "python" in runtime else "RangeError", "no ü")
    assert engine.invoke(name, {"n": 1})["Body"]["event"] == {"n": 1}
    assert engine.invoke(name, {"leave": True})["Body"]["errorType"] == "Runtime.ExitError"
    assert engine.invoke(name, {"n": 2})["Body"]["event"] == {"n": 2}


@pytest.mark.parametrize("way", ["socket", "http"])
def test_what_nobody_catches_ends_the_process_and_takes_no_other_event(kiln, name, way):
    create(kiln, name, "nodejs20.x", way)
    for n in range(3):
        ended = kiln.invoke(name, {"later": True})
        assert ended["FunctionError"] == "Unhandled" and ended["Body"]["errorMessage"] == "nobody catches this"
        assert kiln.invoke(name, {"n": n})["Body"]["event"] == {"n": n}


@pytest.mark.parametrize("runtime, way", WAYS)
def test_an_init_that_fails(engine, name, runtime, way):
    files = {"index.py": "import nothing_of_this_name\n", "index.js": "require('nothing-of-this-name');\n"}
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"} if way == "http" else {}
    engine.create(name, {**files, "wrapper": WRAPPER}, runtime=runtime, Timeout=60, Environment={"Variables": variables})
    body = engine.invoke(name)["Body"]
    assert body["errorType"] == "Runtime.ImportModuleError" and "nothing" in body["errorMessage"]


CODE_THAT_ANSWERS = """
import json, os, urllib.request
def handler(event, context):
    base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
    if event.get('own'):
        urllib.request.urlopen(base + context.aws_request_id + '/response', json.dumps('mine').encode()).read()
    return 'bootstrap'
"""


@pytest.mark.parametrize("way", PYTHON_WAYS)
def test_code_that_has_answered_over_the_runtime_api(engine, name, way):
    """The bootstrap's own answer comes too late, and is dropped; the environment goes on."""
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"} if way == "http" else {}
    engine.create(name, {"index.py": CODE_THAT_ANSWERS, "wrapper": WRAPPER}, Timeout=60, Environment={"Variables": variables})
    answers = [engine.invoke(name, {"own": n % 2 == 0}) for n in range(4)]
    assert [json.dumps(a["Body"]) for a in answers] == ['"mine"', '"bootstrap"'] * 2
    streams = engine.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    assert len(streams) == 1, "one environment served all"


@pytest.mark.parametrize("way", PYTHON_WAYS)
def test_the_trace_id_reaches_code_in_c_and_other_programs(engine, name, way):
    create(engine, name, "python3.12", way)
    answers = [engine.invoke(name, {"trace": True})["Body"] for _ in range(3)]
    assert [len(set(one)) for one in answers] == [1, 1, 1]
    assert len({one[0] for one in answers}) == 3 and all(one[0].startswith("Root=1-") for one in answers)


SIGNALLED = """
import os, signal, sys, threading, time
main = threading.main_thread().ident
signal.signal(signal.SIGUSR1, lambda *_: print('HEARD'))
def interrupt():
    while sys._current_frames()[main].f_code.co_name not in ('next', '_more'):
        time.sleep(0)
    os.kill(os.getpid(), signal.SIGUSR1)
def handler(event, context):
    threading.Thread(target=interrupt).start()
"""


@pytest.mark.parametrize("way", PYTHON_WAYS)
def test_signals_are_handled_and_threads_run_while_the_bootstrap_waits(engine, name, way):
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"} if way == "http" else {}
    engine.create(name, {"index.py": SIGNALLED, "wrapper": WRAPPER}, Timeout=60, Environment={"Variables": variables})
    logs = engine.client("logs")

    def is_heard():
        engine.invoke(name)  # an environment at work after its answer is frozen, maybe before its thread was there
        return logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="HEARD")["events"]

    wait_for(is_heard, what="the signal's handler")


EXTENDED = """
import json, os, threading, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2020-01-01/extension/'
seen = []
request = urllib.request.Request(api + 'register', json.dumps({'events': ['INVOKE']}).encode(), {'Lambda-Extension-Name': 'inside'})
with urllib.request.urlopen(request) as answer: identifier = answer.headers['Lambda-Extension-Identifier']
came = threading.Semaphore(0)
def follow():
    while True:
        request = urllib.request.Request(api + 'event/next', headers={'Lambda-Extension-Identifier': identifier})
        with urllib.request.urlopen(request) as answer: seen.append(json.load(answer)['requestId'])
        came.release()
threading.Thread(target=follow, daemon=True).start()
def handler(event, context):
    came.acquire()
    return seen[-1] == context.aws_request_id
"""


def test_an_internal_extension_is_told_of_events_that_come_over_the_channel(kiln, name):
    kiln.create(name, {"index.py": EXTENDED}, Timeout=60)
    assert [kiln.invoke(name)["Body"] for _ in range(3)] == [True] * 3


AHEAD = """
import resource, time
slept = 0
def handler(event, context):
    global slept
    before, slept = slept, resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    for i in range(event['lines']): print('line of', context.aws_request_id, flush=i == 0)
    end = time.thread_time() + 0.0005
    while time.thread_time() < end: pass
    return before == slept
"""


@pytest.mark.alone
def test_events_that_are_taken_ahead_of_their_turn_keep_their_lines(kiln, name):
    """While more wait than the processors can serve, a function takes its next event without sleeping."""
    kiln.create(name, {"index.py": AHEAD}, MemorySize=1769, Timeout=60)
    callers, calls, ahead, expected = 32, 30, [], {}

    def call(caller):
        connection = http.client.HTTPConnection("127.0.0.1", kiln.port, timeout=60)
        for n in range(calls):
            connection.request("POST", f"/2015-03-31/functions/{name}/invocations", json.dumps({"lines": (caller + n) % 3}))
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200 and "x-amz-function-error" not in answer.headers, body
            expected[answer.headers["x-amzn-requestid"]] = (caller + n) % 3
            if json.loads(body):
                ahead.append(1)
        connection.close()

    def round_of_calls():
        with concurrent.futures.ThreadPoolExecutor(callers) as pool:
            for done in [pool.submit(call, caller) for caller in range(callers)]:
                done.result()
        return ahead

    wait_for(round_of_calls, 120, "an event that is taken ahead of its turn")
    logs = kiln.client("logs")
    group = f"/aws/lambda/{name}"

    def lines_of_each():
        found, current = {}, None
        for stream in logs.get_paginator("describe_log_streams").paginate(logGroupName=group).search("logStreams[].logStreamName"):
            token, events = None, []
            while True:
                page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **({"nextToken": token} if token else {}))
                events += [event["message"] for event in page["events"]]
                if page["nextForwardToken"] == token:
                    break
                token = page["nextForwardToken"]
            for message in events:
                words = message.split()
                if words[0] == "START":
                    current = words[2]
                    found[current] = 0
                elif words[0] == "line":
                    assert words[2] == current, (message, current)
                    found[current] += 1
                elif words[0] == "END":
                    assert words[2] == current
                    current = None
        return found

    wait_for(lambda: len(lines_of_each()) == len(expected), 60, "all log lines")
    assert lines_of_each() == expected
