"""What functions see around them: user, variables, credentials, interpreter, imports. Expected values are AWS's answers."""

import json
import pathlib
import re
import subprocess
import threading
import time

import boto3
import pytest

from harness import processes_of, wait_for, zip_of

EVALUATE = {"index.py": "import os, sys\ndef handler(event, context):\n    return eval(event)\n"}
ROLE = "arn:aws:iam::000000000000:role/service-role/shop"
SHELL = """#!/bin/sh
set -euo pipefail
while true; do
  HEADERS="$(mktemp)"
  EVENT_DATA=$(curl -sS -LD "$HEADERS" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
  REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  RESPONSE=$(ANSWER)
  curl -sS "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$REQUEST_ID/response" -d "$RESPONSE" > /dev/null
done
"""

COMMON = {
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "LD_LIBRARY_PATH", "PATH", "TEST_KEY", "TZ",
    "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
}
# AWS_ENDPOINT_URL is Kiln's own.
ALLOWED = {"AWS_ENDPOINT_URL", "_X_AMZN_TRACE_ID"}


@pytest.fixture(scope="module")
def evaluate(kiln):
    # Memory enough for a whole core: importing boto3 with the share of the default takes half a minute on a busy machine.
    kiln.create("environment-python", EVALUATE, Role=ROLE, Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}, Timeout=120, MemorySize=1769)
    return lambda text: kiln.invoke("environment-python", text)["Body"]


def test_variables_of_python(evaluate):
    env = evaluate("dict(os.environ)")
    assert set(env) - ALLOWED == COMMON | {"AWS_EXECUTION_ENV", "LC_CTYPE", "PWD", "PYTHONPATH", "SHLVL"}
    expected = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PWD": "/var/task", "SHLVL": "0", "PYTHONPATH": "/var/runtime", "TZ": ":UTC", "LANG": "en_US.UTF-8", "TEST_KEY": "TEST_VAL",
        "LC_CTYPE": "C.UTF-8",
    }
    assert {name: env[name] for name in expected} == expected
    assert re.fullmatch("ASIA[A-Z0-9]{16}", env["AWS_ACCESS_KEY_ID"]) and len(env["AWS_SECRET_ACCESS_KEY"]) == 40


@pytest.mark.parametrize(("runtime", "variables", "expected"), [
    ("python3.11", {}, None), ("python3.14", {}, "C.UTF-8"),
    ("python3.12", {"LANG": "C.UTF-8"}, None), ("python3.12", {"LC_ALL": "C.UTF-8"}, None),
])
def test_the_locale_of_python(kiln, name, runtime, variables, expected):
    kiln.create(name, {"index.py": "import os\ndef handler(event, context): return os.environ.get('LC_CTYPE')\n"}, runtime=runtime,
                Environment={"Variables": variables}, Timeout=30)
    assert kiln.invoke(name)["Body"] == expected


def test_variables_of_node(kiln, name):
    kiln.create(name, {"index.js": "exports.handler = async () => ({ env: process.env, argv: process.execArgv, home: require('os').homedir(), user: require('os').userInfo().username });"},
                runtime="nodejs22.x", Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}, Timeout=30)
    got = kiln.invoke(name)["Body"]
    assert set(got["env"]) - ALLOWED == COMMON | {"AWS_EXECUTION_ENV", "PWD", "NODE_PATH", "SHLVL"}
    assert got["env"]["NODE_PATH"] == "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    assert (got["user"], got["home"]) == ("sbx_user1051", "/home/sbx_user1051")
    assert got["argv"] in ([], ["--no-experimental-require-module", "--no-experimental-detect-module"])


def test_tutorial_bootstrap_and_its_variables(kiln, name):
    body = SHELL.replace("ANSWER", "env -0 | tr '\\n' ' ' | python3 -c 'import json,sys; print(json.dumps(sys.stdin.read().split(chr(0))))'")
    kiln.create(name, {"bootstrap": body}, runtime="provided.al2023", Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}, Timeout=30)
    env = dict(line.split("=", 1) for line in kiln.invoke(name)["Body"] if "=" in line)
    # Those of the shell itself beside Lambda's.
    assert set(env) - ALLOWED - {"PWD", "SHLVL", "_", "OLDPWD"} == COMMON
    assert env["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"


def test_no_descriptor_but_its_own(evaluate, kiln, name):
    assert evaluate("sorted(int(fd) for fd in os.listdir('/proc/self/fd'))")[:3] == [0, 1, 2]
    listing = SHELL.replace("ANSWER", "ls /proc/self/fd | tr '\\n' ' ' | sed 's/.*/\"&\"/'")
    kiln.create(name, {"bootstrap": listing}, runtime="provided.al2023", Timeout=30)
    # 3 is the folder that ls reads.
    assert kiln.invoke(name)["Body"].split() == ["0", "1", "2", "3"]


def test_trace_header(evaluate):
    header = evaluate("os.environ['_X_AMZN_TRACE_ID']")
    assert re.fullmatch("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0", header)


def test_credentials_are_the_roles(evaluate, kiln):
    keys = evaluate("{k: os.environ[k] for k in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')}")
    sts = boto3.client("sts", endpoint_url=kiln.url, region_name="us-east-1", aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                       aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"], aws_session_token=keys["AWS_SESSION_TOKEN"])
    identity = sts.get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::000000000000:assumed-role/shop/environment-python"
    assert re.fullmatch("AROA[A-Z0-9]{17}:environment-python", identity["UserId"])
    # Older ones of boto3 don't know the variable.
    inside = "__import__('boto3').client('sts', endpoint_url=os.environ['AWS_ENDPOINT_URL']).get_caller_identity()['Arn']"
    assert evaluate(inside) == identity["Arn"]


def test_user(evaluate):
    assert evaluate("__import__('getpass').getuser(), __import__('subprocess').getoutput('whoami'), os.path.expanduser('~'), os.getcwd()") == [
        "sbx_user1051", "sbx_user1051", "/home/sbx_user1051", "/var/task"]
    paths = "[(p, oct(os.stat(p).st_mode & 0o7777), os.stat(p).st_uid) for p in ('/var/task', '/opt', '/tmp', '/lambda-entrypoint.sh')]"
    assert evaluate(paths) == [["/var/task", "0o755", 0], ["/opt", "0o755", 0], ["/tmp", "0o1777", 0], ["/lambda-entrypoint.sh", "0o755", 0]]


STARTER = """#!/bin/sh
export STARTED_BY=wrapper
exec PROGRAM
"""


@pytest.mark.parametrize("runtime, files, start", [
    ("python3.12", {"other.py": "import os\ndef f(event, context): return os.environ['STARTED_BY']\n"}, "/var/runtime/bootstrap"),
    ("python3.12", {"other.py": "import os\ndef g(event, context): return os.environ['STARTED_BY']\n"}, "/lambda-entrypoint.sh other.g"),
    ("nodejs22.x", {"other.js": "exports.f = async () => process.env.STARTED_BY;"}, "/var/runtime/bootstrap"),
])
def test_the_runtime_is_started_by_what_a_package_has(kiln, name, runtime, files, start):
    kiln.create(name, {**files, "start": STARTER.replace("PROGRAM", start)}, runtime=runtime, handler="other.f", Timeout=30,
                Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/start"}})
    assert kiln.invoke(name)["Body"] == "wrapper"


SIGTERM = """
import os, signal, threading, time, urllib.request
def told(number, frame):
    print("told to end", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, told)
def ask(path, method, body=None, **headers):
    request = urllib.request.Request("http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/" + path, body, headers, method=method)
    return urllib.request.urlopen(request)
if os.environ.get("EXTENSION"):
    id = ask("register", "POST", b'{"events":[]}', **{"Lambda-Extension-Name": "one"}).headers["Lambda-Extension-Identifier"]
    threading.Thread(target=ask, args=("event/next", "GET"), kwargs={"Lambda-Extension-Identifier": id}, daemon=True).start()
def handler(event, context): return 1
"""


# Lambda says so: 0 ms to end without an extension, 500 ms with an internal one.
def test_sigterm_comes_only_where_an_extension_has_registered(kiln, name):
    logs = kiln.client("logs")
    for suffix, variables in [("-bare", {}), ("-extension", {"EXTENSION": "1"})]:
        kiln.create(name + suffix, {"index.py": SIGTERM}, Timeout=30, Environment={"Variables": variables})
        assert kiln.invoke(name + suffix)["Body"] == 1
        # New settings end the environments of the old ones.
        kiln.client("lambda").update_function_configuration(FunctionName=name + suffix, Description="new")
        assert kiln.invoke(name + suffix)["Body"] == 1
    told = lambda suffix: [e for e in logs.filter_log_events(logGroupName="/aws/lambda/" + name + suffix)["events"] if "told" in e["message"]]
    wait_for(lambda: told("-extension"), what="SIGTERM")
    assert not told("-bare")


def test_imports_are_the_standard_library_and_what_aws_ships(evaluate):
    assert evaluate("__import__('boto3').__name__, __import__('urllib3').__name__, __import__('sqlite3').__name__") == ["boto3", "urllib3", "sqlite3"]
    assert evaluate("bool(__import__('importlib.metadata').metadata.version('boto3'))") is True
    assert evaluate("[p for p in sys.path if 'packages' in p]") == []
    assert evaluate("__import__('importlib.util').util.find_spec('pytest')") is None


def test_the_interpreter_of_the_runtimes_version(evaluate, kiln, name, tmp_path):
    programs = [line for line in kiln.cli("doctor").stdout.splitlines() if "python" in line]
    assert programs, "doctor lists the interpreters"
    version = evaluate("list(sys.version_info[:2])")
    if any("3.12" in line for line in programs):
        assert version == [3, 12] and evaluate("sys.executable").startswith(("/var/lang/bin/python3", "/usr/"))


WRAPPER = """#!/bin/bash
args=("$@")
export SEEN="${args[*]}"
exec "${args[@]:0:$#-1}" -X dev "${args[@]: -1}"
"""


@pytest.mark.parametrize("place", ["package", "layer"])
def test_exec_wrapper(kiln, name, place):
    layers = []
    files = {**EVALUATE}
    if place == "package":
        files["wrapper"] = WRAPPER
    else:
        layers = [kiln.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": zip_of({"wrapper": WRAPPER})})["LayerVersionArn"]]
    path = "/var/task/wrapper" if place == "package" else "/opt/wrapper"
    kiln.create(name, files, Layers=layers, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": path}}, Timeout=30)
    seen = kiln.invoke(name, "os.environ['SEEN']")["Body"].split()
    # The interpreter first and the script last, which the wrappers of AWS's documentation count on.
    assert "python3" in seen[0] and seen[-1].startswith("/var/runtime/") and seen[-1].endswith(".py")


def test_exec_wrapper_that_is_missing(kiln, name):
    kiln.create(name, EVALUATE, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist"}})
    answer = kiln.invoke(name, "1")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == "Runtime.ExitError"
    assert re.fullmatch("RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 127", answer["Body"]["errorMessage"])


def test_exec_wrapper_is_not_for_os_only_runtimes(kiln, name):
    kiln.create(name, {"bootstrap": SHELL.replace("ANSWER", "echo 1")}, runtime="provided.al2023", Timeout=30,
                Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist"}})
    assert kiln.invoke(name)["Body"] == 1


def test_events_with_half_a_surrogate_pair(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context):\n    return [ord(c) for c in event]\n"}, Timeout=30)
    answer = kiln.client("lambda").invoke(FunctionName=name, Payload=b'"a\\ud800\\\\ud800\\ud83d\\ude00"')
    assert json.loads(answer["Payload"].read()) == [0x61, 0xD800, *b"\\ud800", 0x1F600]


def test_another_version_is_said_or_refused(own_kiln, tmp_path):
    """A machine with one Python and one Node.js, neither of a version that a runtime asks for."""
    tools = tmp_path / "tools"
    tools.mkdir()
    env = {"PATH": str(tools), "HOME": str(tmp_path)}
    engine = own_kiln(env=env)
    (tmp_path / "index.py").write_text("import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])\n")
    machines = list(map(int, subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True).stdout.split()))
    other = "python3.14" if machines != [3, 14] else "python3.13"
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "index.py").write_text((tmp_path / "index.py").read_text())
    made = engine.cli("create", "f", str(folder), "--runtime", other, "--handler", "index.handler")
    assert f"{other} runs on Python {machines[0]}.{machines[1]}" in made.stderr and f"--python {other[6:]}=PATH" in made.stderr
    assert engine.invoke("f")["Body"] == machines
    wait_for(lambda: f"f: {other} runs on Python" in engine.stderr(), what="the remark on the interpreter")
    log = engine.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert log[0]["message"].startswith(f"INIT_START Runtime Version: python:{machines[0]}.{machines[1]}.v")
    own = f"python{machines[0]}.{machines[1]}"
    assert "runs on" not in engine.cli("create", "g", str(folder), "--runtime", own, "--handler", "index.handler").stderr
    engine.stop()
    strict = own_kiln(env=env, args=["--strict-runtimes"])
    refused = strict.cli("create", "h", str(folder), "--runtime", other, "--handler", "index.handler", check=False)
    assert refused.returncode != 0 and f"{other} runs on Python" in refused.stderr


@pytest.mark.parametrize("bootstrap, why", [
    (("#!/bin/sh\r\necho\r\n", 0o755), "no such file or directory"),
    (("#!/no/such/interpreter\n", 0o755), "no such file or directory"),
    (("\x7fELF neither", 0o755), "exec format error"),
    (("#!/bin/sh\n", 0o644), "permission denied"),
])
def test_bootstrap_that_cannot_be_started(kiln, name, bootstrap, why):
    kiln.create(name, {"bootstrap": bootstrap}, runtime="provided.al2023")
    body = kiln.invoke(name)["Body"]
    assert body["errorType"] == "Runtime.InvalidEntrypoint"
    assert body["errorMessage"].endswith(f" Error: fork/exec /var/task/bootstrap: {why}")


def stands_still(pid):
    def ticks():
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    before = ticks()
    time.sleep(0.1)  # a thread that works would have used ten ticks of it
    return ticks() == before


def test_what_works_after_its_answer_is_frozen(kiln, name):
    kiln.create(name, {"index.py": "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-S', '-c', 'while True: pass'])\n"
                                   "def handler(event, context):\n    return child.poll()\n"}, MemorySize=1769, Timeout=30)
    for _ in range(2):
        assert kiln.invoke(name)["Body"] is None
        children = [pid for pid in processes_of(kiln, name) if b"while True" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert children
        for child in children:
            wait_for(lambda: stands_still(child), what="the frozen environment")  # noqa: B023



def messages_of(kiln, name):
    events = kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [event["message"] for event in events if not event["message"].startswith(("INIT_START", "START", "END", "REPORT"))]


def test_a_traceback_is_one_event(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context):\n    print('one\\n\\ntwo')\n    raise ValueError('a\\nb')\n"}, Timeout=30)
    assert kiln.invoke(name)["FunctionError"] == "Unhandled"
    one, two, traceback = messages_of(kiln, name)
    assert (one, two) == ("one\n", "two\n")
    assert traceback.startswith("[ERROR] ValueError: a\nb\nTraceback (most recent call last):\n") and traceback.count("raise ValueError") == 1


def test_a_log_call_of_node_is_one_event(kiln, name):
    kiln.create(name, {"index.js": "exports.handler = async () => { console.log('a\\nb'); console.log('c'); };"}, runtime="nodejs22.x", Timeout=30)
    kiln.invoke(name)
    assert [message.partition("INFO\t")[2] for message in messages_of(kiln, name)] == ["a\nb\n", "c\n"]


def test_environments_end_at_once_whatever_they_are_at_work_on(kiln, name):
    kiln.create(name, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(event)\n    return event\n"}, Timeout=900)
    kiln.create(f"{name}-2", {"index.py": "def handler(event, context):\n    return event\n"})
    kiln.invoke(f"{name}-2", 0)

    def phases(function):
        return [e["phase"] for e in json.loads(kiln.http("GET", "/_kiln/environments")[2])["environments"] if e["function"] == function]

    answers = []
    waiting = threading.Thread(target=lambda: answers.append(kiln.http("POST", f"/2015-03-31/functions/{name}/invocations", "600")))
    waiting.start()
    wait_for(lambda: "busy" in phases(name), 60)
    assert kiln.http("DELETE", f"/_kiln/environments/{name}")[0] in (200, 202, 204)
    waiting.join(60)
    status, _, body = answers[0]
    assert status == 503 and b"were ended while it was at work" in body, answers
    wait_for(lambda: phases(name) == [], 60)
    assert len(phases(f"{name}-2")) == 1
    assert kiln.invoke(name, 0)["Body"] == 0
    assert kiln.http("DELETE", "/_kiln/environments/nobody")[0] in (200, 202, 204)
