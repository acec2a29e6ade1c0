"""The bootstraps of the managed runtimes, started directly against a Runtime API of the test's own."""

import base64
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

RUNTIMES = pathlib.Path(__file__).resolve().parents[2] / "runtimes"
PYTHON = ["/usr/bin/python3", str(RUNTIMES / "python" / "bootstrap.py")]
NODE = [shutil.which("node", path="/usr/local/bin:/usr/bin") or "/usr/bin/node", str(RUNTIMES / "nodejs" / "bootstrap.mjs")]
WAIT = 30  # seconds until something that must happen counts as not happening
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Call:
    def __init__(self, path, headers, body, trailers):
        self.path, self.headers, self.body, self.trailers = path, headers, body, trailers

    @property
    def json(self):
        return json.loads(self.body)


class RuntimeApi:
    """Hands out the events of `events`, puts the runtime's calls into `calls`."""

    def __init__(self):
        api = self
        self.events = queue.Queue()
        self.calls = queue.Queue()
        self.connections = 0
        self.status = 202  # of the answers to calls

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                api.connections += 1
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def log_message(self, *_):
                pass

            def answer(self, status, headers, body):
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
                head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                self.wfile.write(head.encode() + b"\r\n" + body)

            def do_GET(self):
                assert self.path == "/2018-06-01/runtime/invocation/next", self.path
                event = api.events.get()
                if event is None:
                    self.close_connection = True
                    return
                self.answer(200, *event)

            def do_POST(self):
                trailers = {}
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    while line := self.rfile.readline().strip():
                        name, _, value = line.decode().partition(": ")
                        trailers[name.lower()] = value
                else:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                prefix = "/2018-06-01/runtime/"
                assert self.path.startswith(prefix)
                api.calls.put(Call(self.path[len(prefix) :], self.headers, body, trailers))
                self.answer(api.status, {}, b'{"status":"OK"}')

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # runtimes that end in the middle of a call are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.server_address[1]

    def close(self):
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()


class Function:
    """A runtime's process with one function in its task folder."""

    def __init__(self, api, folder, command, files, handler, environment):
        self.api, self.folder = api, folder
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                "PATH": "/usr/bin:/bin",
                "LANG": "en_US.UTF-8",
                "TZ": ":UTC",
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "LAMBDA_TASK_ROOT": str(folder),
                "_HANDLER": handler,
                "AWS_LAMBDA_FUNCTION_NAME": "name",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/name",
                "AWS_LAMBDA_LOG_STREAM_NAME": "2025/11/24/[$LATEST]0123",
                **environment,
            },
        )
        self.out = self.err = None
        # Pipes are read all the time, so that no runtime blocks on its log.
        self.readers = [threading.Thread(target=self._read, args=(n,), daemon=True) for n in ("out", "err")]
        for reader in self.readers:
            reader.start()

    def _read(self, name):
        stream = getattr(self.process, "std" + name)
        setattr(self, name, stream.read().decode("utf-8"))

    def send(self, event=None, request_id=REQUEST_ID, raw=None, **headers):
        body = raw if raw is not None else json.dumps(event, ensure_ascii=False).encode()
        self.api.events.put((
            {
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:name",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            body,
        ))

    def call(self):
        return self.api.calls.get(timeout=WAIT)

    def invoke(self, *args, **kwargs):
        self.send(*args, **kwargs)
        return self.call()

    def result(self, *args, **kwargs):
        call = self.invoke(*args, **kwargs)
        assert call.path == f"invocation/{kwargs.get('request_id', REQUEST_ID)}/response", call.body
        return call.json

    def error(self, *args, **kwargs):
        call = self.invoke(*args, **kwargs)
        assert call.path == f"invocation/{kwargs.get('request_id', REQUEST_ID)}/error", call.body
        return call

    def exit_status(self):
        status = self.process.wait(WAIT)
        for reader in self.readers:
            reader.join(WAIT)
        return status

    def log(self):
        """What was written to stdout; all of it is there once an invocation is answered. Ends the function."""
        self.process.kill()
        self.exit_status()
        return self.out

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.exit_status()
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def start(tmp_path):
    started = []

    def make(command, files, handler, **environment):
        api = RuntimeApi()
        started.append(api)
        folder = tmp_path / f"task{len(started)}"
        folder.mkdir()
        function = Function(api, folder, command, files, handler, environment)
        started.insert(0, function)
        return function

    yield make
    for one in started:
        one.close()


@pytest.fixture
def python(start):
    def make(code, handler="main.handler", files=None, **environment):
        return start(PYTHON, {"main.py": code, **(files or {})}, handler, **environment)

    return make


@pytest.fixture
def node(start):
    def make(code, handler="index.handler", file="index.js", files=None, **environment):
        return start(NODE, {file: code, **(files or {})}, handler, **environment)

    return make


ECHO = {
    "python": "def handler(event, context):\n    return event\n",
    "node": "exports.handler = async (event) => event;\n",
}


@pytest.fixture(params=["python", "node"])
def echo(request):
    return request.getfixturevalue(request.param)(ECHO[request.param])


# ---- Both


def test_unicode_goes_both_ways(echo):
    event = {"grüße": "日本語 🎉 \u0000 \u2028", "list": [1, 1.5, None, True]}
    call = echo.invoke(event)
    assert call.json == event
    assert "日本語 🎉".encode() in call.body


def test_six_megabytes_both_ways(echo):
    event = "x" * (6 * 1024 * 1024 - 2)
    assert echo.result(event) == event
    assert echo.result("small") == "small"


def test_one_connection_for_many_invocations(echo):
    for n in range(300):
        assert echo.result(n, request_id=f"id-{n}") == n
    assert echo.api.connections == 1


@pytest.mark.parametrize("status", [400, 413, 500])
def test_a_refused_answer_is_not_the_end(echo, status):
    echo.api.status = status
    assert echo.result(1) == 1
    assert echo.result(2) == 2


def test_an_event_that_is_not_json(echo):
    document = echo.error(raw=b'{"a":').json
    assert document["errorType"] in ("Runtime.UnmarshalError", "SyntaxError")
    assert echo.result(3) == 3


def test_ends_when_the_runtime_api_is_gone(echo):
    assert echo.result(1) == 1
    echo.api.server.shutdown()
    echo.api.server.server_close()
    echo.api.events.put(None)
    assert echo.exit_status() == 1
    assert (echo.out, echo.err) == ("", "")


# ---- Python


def test_python_context(python):
    function = python(
        "import os\n"
        "def handler(event, c):\n"
        "    return {n: getattr(c, n) for n in ('aws_request_id', 'function_name', 'function_version',\n"
        "        'memory_limit_in_mb', 'invoked_function_arn', 'log_group_name', 'log_stream_name')} | {\n"
        "        'left': c.get_remaining_time_in_millis(), 'trace': os.environ.get('_X_AMZN_TRACE_ID'),\n"
        "        'client': c.client_context and [c.client_context.client.app_title, c.client_context.client.app_version_name,\n"
        "            c.client_context.custom, c.client_context.env],\n"
        "        'identity': [c.identity.cognito_identity_id, c.identity.cognito_identity_pool_id]}\n"
    )
    client = {"client": {"app_title": "é"}, "custom": {"k": "日"}, "env": {"locale": "de"}}
    got = function.result(
        Lambda_Runtime_Trace_Id="Root=1-5e-1;Sampled=1",
        Lambda_Runtime_Client_Context=json.dumps(client, ensure_ascii=False),
        Lambda_Runtime_Cognito_Identity='{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    )
    assert 0 < got.pop("left") <= 60_000
    assert got == {
        "aws_request_id": REQUEST_ID,
        "function_name": "name",
        "function_version": "$LATEST",
        "memory_limit_in_mb": "128",
        "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:name",
        "log_group_name": "/aws/lambda/name",
        "log_stream_name": "2025/11/24/[$LATEST]0123",
        "trace": "Root=1-5e-1;Sampled=1",
        "client": ["é", None, {"k": "日"}, {"locale": "de"}],
        "identity": ["i", "p"],
    }
    got = function.result()
    assert (got["trace"], got["client"], got["identity"]) == (None, None, [None, None])


def test_python_client_context_that_is_not_json(python):
    document = python(ECHO["python"]).error(Lambda_Runtime_Client_Context="{").json
    assert document["errorType"] == "Runtime.LambdaContextUnmarshalError"
    assert document["errorMessage"].startswith("Unable to parse Client Context JSON: ")


def test_python_exception(python):
    function = python("def inner():\n    raise ValueError('böse')\n\ndef handler(event, context):\n    inner()\n")
    call = function.error()
    main = str(function.folder / "main.py")
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == "Function.ValueError"
    assert call.json == {
        "errorMessage": "böse",
        "errorType": "ValueError",
        "requestId": REQUEST_ID,
        "stackTrace": [
            f'  File "{main}", line 5, in handler\n    inner()\n',
            f'  File "{main}", line 2, in inner\n    raise ValueError(\'böse\')\n',
        ],
    }
    assert function.log() == (
        "[ERROR] ValueError: böse\nTraceback (most recent call last):\n"
        f'\u00a0\u00a0File "{main}", line 5, in handler\n\u00a0\u00a0\u00a0\u00a0inner()\n'
        f'\u00a0\u00a0File "{main}", line 2, in inner\n'
        "\u00a0\u00a0\u00a0\u00a0raise ValueError('böse')\n"
    )


def test_python_exception_as_json_log(python):
    function = python("def handler(e, c):\n    raise KeyError('k')\n", AWS_LAMBDA_LOG_FORMAT="JSON")
    document = function.error().json
    (line,) = function.log().splitlines()
    logged = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", logged.pop("timestamp"))
    assert logged == {"level": "ERROR", **document}


def test_python_goes_on_after_an_exception(python):
    function = python("def handler(event, context):\n    return 1 / event\n")
    assert function.error(0).json["errorType"] == "ZeroDivisionError"
    assert function.result(2) == 0.5


@pytest.mark.parametrize(
    "code, handler, error_type, message, traced",
    [
        ("import nothere", "main.handler", "Runtime.ImportModuleError",
         "Unable to import module 'main': No module named 'nothere'", False),
        ("", "absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'", False),
        ("x = 1", "main.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'main'", False),
        ("x = 1", "main", "Runtime.MalformedHandlerName",
         "Bad handler 'main': not enough values to unpack (expected 2, got 1)", False),
        ("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module", False),
        ("def handler(:\n", "main.handler", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'main': invalid syntax (main.py, line 1)", True),
        ("raise RuntimeError('at import')", "main.handler", "RuntimeError", "at import", True),
    ],
)
def test_python_init_errors(python, code, handler, error_type, message, traced):
    function = python(code, handler)
    call = function.call()
    assert call.path == "init/error"
    document = call.json
    stack = document.pop("stackTrace")
    assert document == {"errorMessage": message, "errorType": error_type, "requestId": ""}
    expected = error_type if "." in error_type else "Function." + error_type
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == expected
    assert function.exit_status() == 1
    assert function.out.startswith(f"[ERROR] {error_type}: {message}\nTraceback (most recent call last):\n")
    assert len(stack) == (1 if traced else 0)
    if traced:
        assert stack[0].startswith(f'  File "{function.folder / "main.py"}"')


def test_python_handler_in_a_package(python):
    files = {"pkg/module.py": "from . import other\ndef handler(e, c):\n    return other.NAME\n", "pkg/other.py": "NAME = __name__\n"}
    assert python("", "pkg/module.handler", files).result() == "pkg.other"


@pytest.mark.parametrize("value, name", [("{1, 2}", "set"), ("object()", "object"), ("{'a': [b'']}", "bytes")])
def test_python_result_that_is_not_json(python, value, name):
    call = python(f"def handler(e, c):\n    return {value}\n").error()
    message = f"Unable to marshal response: Object of type {name} is not JSON serializable"
    assert (call.json["errorType"], call.json["errorMessage"]) == ("Runtime.MarshalError", message)
    assert call.json["stackTrace"] == []
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == "Runtime.MarshalError"


def test_python_results(python):
    function = python(
        "import decimal\n"
        "VALUES = {'none': None, 'decimal': decimal.Decimal('1.5'), 'surrogate': '\\ud800', 'tuple': (1, 2)}\n"
        "def handler(event, context):\n    return VALUES[event]\n"
    )
    assert function.invoke("none").body == b"null"
    assert function.invoke("decimal").body == b"1.5"
    assert function.invoke("surrogate").body == b'"\\ud800"'
    assert function.invoke("tuple").body == b"[1, 2]"


def test_python_exit(python):
    function = python("import sys\ndef handler(event, context):\n    print('bye', end='')\n    sys.exit(event)\n")
    function.send(7)
    assert function.exit_status() == 7
    assert function.out == "bye"
    assert function.api.calls.empty()


def test_python_text_logs(python):
    function = python(
        "import logging\n"
        "log = logging.getLogger('mine')\n"
        "log.error('at import')\n"
        "def handler(event, context):\n"
        "    logging.info('not shown')\n"
        "    log.warning('two\\nlines %s', event)\n"
        "    print('grüße')\n"
        "    try:\n        1 / 0\n    except ZeroDivisionError:\n        log.exception('oops')\n"
    )
    function.result("日")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(
        rf"\[ERROR\]\t{stamp}\t\tat import\n"
        rf"\[WARNING\]\t{stamp}\t{REQUEST_ID}\ttwo\nlines 日\n"
        "grüße\n"
        rf"\[ERROR\]\t{stamp}\t{REQUEST_ID}\toops\nTraceback \(most recent call last\):\n(.*\n)*ZeroDivisionError: division by zero\n",
        function.log(),
    )


def test_python_log_formatter_of_the_function(python):
    function = python(
        "import logging\n"
        "logging.basicConfig(level=logging.DEBUG)  # has no effect: there is a handler already\n"
        "root = logging.getLogger()\nroot.setLevel('DEBUG')\n"
        "root.handlers[0].setFormatter(logging.Formatter('%(levelname)s <%(aws_request_id)s> %(message)s'))\n"
        "def handler(event, context):\n    logging.debug('hello')\n    return len(root.handlers)\n"
    )
    assert function.result() == 1
    assert function.log() == f"DEBUG <{REQUEST_ID}> hello\n"


@pytest.mark.parametrize(
    "level, shown",
    [(None, ["INFO", "WARNING", "CRITICAL"]), ("DEBUG", ["DEBUG", "INFO", "WARNING", "CRITICAL"]),
     ("TRACE", ["DEBUG", "INFO", "WARNING", "CRITICAL"]), ("WARN", ["WARNING", "CRITICAL"]), ("FATAL", ["CRITICAL"])],
)
def test_python_json_logs(python, level, shown):
    function = python(
        "import logging\n"
        "def handler(event, context):\n"
        "    log = logging.getLogger('mine')\n"
        "    for n in ('debug', 'info', 'warning', 'critical'):\n"
        "        getattr(log, n)('é\\n%s', n, extra={'order': 5})\n",
        AWS_LAMBDA_LOG_FORMAT="JSON", **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {}),
    )
    function.result()
    lines = [json.loads(line) for line in function.log().splitlines()]
    assert [line["level"] for line in lines] == shown
    timestamp = lines[0].pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", timestamp)
    assert lines[0] == {
        "level": shown[0], "message": f"é\n{shown[0].lower()}", "logger": "mine", "requestId": REQUEST_ID, "order": 5,
    }


def test_python_json_log_of_an_exception(python):
    function = python(
        "import logging\n"
        "def handler(event, context):\n"
        "    try:\n        1 / 0\n    except ZeroDivisionError:\n        logging.exception('oops')\n",
        AWS_LAMBDA_LOG_FORMAT="JSON",
    )
    function.result()
    line = json.loads(function.log())
    main = function.folder / "main.py"
    assert (line["errorType"], line["errorMessage"]) == ("ZeroDivisionError", "division by zero")
    assert line["stackTrace"][0].startswith(f'  File "{main}", line 4, in handler\n')
    assert line["location"] == f"{main}:handler:6"


def test_python_starts_lean_and_leaves_no_files(python):
    function = python(
        "import sys, lib\n"
        "def handler(event, context):\n"
        "    return [m for m in ('logging', 'traceback', 'decimal', 'http', 'socket') if m in sys.modules], sys.path[0]\n",
        files={"lib.py": ""},
    )
    loaded_bare = json.loads(subprocess.run(
        ["/usr/bin/python3", "-c", "import json, sys; print(json.dumps(list(sys.modules)))"], capture_output=True, check=True).stdout)
    loaded, first = function.result()
    assert [module for module in loaded if module not in loaded_bare] == []
    assert first == str(function.folder)
    assert sorted(os.listdir(function.folder)) == ["lib.py", "main.py"]
    assert not (RUNTIMES / "python" / "__pycache__").exists()


# ---- Node.js


def test_node_context(node):
    function = node(
        "exports.handler = async (event, c) => ({ ...c, left: c.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });"
    )
    client = {"client": {"app_title": "é"}, "custom": {"k": "日"}, "env": {"locale": "de"}}
    identity = {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}
    got = function.result(
        Lambda_Runtime_Trace_Id="Root=1-5e-1;Sampled=1",
        Lambda_Runtime_Client_Context=json.dumps(client, ensure_ascii=False),
        Lambda_Runtime_Cognito_Identity=json.dumps(identity),
    )
    assert 0 < got.pop("left") <= 60_000
    assert got == {
        "callbackWaitsForEmptyEventLoop": True,
        "awsRequestId": REQUEST_ID,
        "functionName": "name",
        "functionVersion": "$LATEST",
        "memoryLimitInMB": "128",
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:name",
        "logGroupName": "/aws/lambda/name",
        "logStreamName": "2025/11/24/[$LATEST]0123",
        "clientContext": client,
        "identity": identity,
        "trace": "Root=1-5e-1;Sampled=1",
    }
    assert "trace" not in function.result()


@pytest.mark.parametrize(
    "file, handler, code, files",
    [
        ("index.js", "index.handler", "exports.handler = async () => 1;", {}),
        ("index.js", "index.handler", "export const handler = async () => 1;", {"package.json": '{"type":"module"}'}),
        ("index.mjs", "index.handler", "export const handler = async () => 1;", {}),
        ("index.mjs", "index.handler", "await null; export const handler = () => Promise.resolve(1);", {}),
        ("index.cjs", "index.handler", "exports.handler = async () => 1;", {}),
        ("index.cjs", "index.handler", "exports.handler = async () => 1;", {"package.json": '{"type":"module"}'}),
        ("index", "index.handler", "exports.handler = async () => 1;", {}),
        ("dir/deep/index.js", "dir/deep/index.handler", "exports.handler = async () => 1;", {}),
        ("dir/index.js", "dir/index.handler", "export const handler = async () => 1;", {"dir/package.json": '{"type":"module"}'}),
        ("node_modules/pkg/main.js", "pkg.handler", "exports.handler = async () => 1;",
         {"node_modules/pkg/package.json": '{"main":"main.js"}'}),
        ("index.js", "index.a.b", "exports.a = { b: async () => 1 };", {}),
        ("index.js", "index.handler", "module.exports = class { static handler() { return Promise.resolve(1); } };", {}),
    ],
)
def test_node_handler_forms(node, file, handler, code, files):
    assert node(code, handler, file, files).result() == 1


@pytest.mark.parametrize(
    "code, expected",
    [
        ("(e, c, callback) => callback(null, 'x')", "x"),
        ("(e, c, callback) => { setTimeout(() => callback(undefined, 'later'), 1); }", "later"),
        ("(e, c, callback) => { callback(null, 'first'); callback(null, 'second'); }", "first"),
        ("(e, c) => c.succeed('ctx')", "ctx"),
        ("(e, c) => { setImmediate(() => c.done(null, 'done')); }", "done"),
        ("async (e, c, callback) => 'async'", "async"),
        ("() => {}", None),
        ("(e, c, callback) => { setTimeout(() => {}, 1); }", None),
        ("async () => undefined", None),
        ("async () => () => 1", None),
    ],
)
def test_node_answers(node, code, expected):
    function = node(f"exports.handler = {code};")
    assert function.result() == expected
    assert function.result(request_id="next") == expected


def test_node_callback_waits_for_the_event_loop(node):
    code = """
      let left = 0;
      exports.handler = (waits, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = waits;
        left = 1;
        setTimeout(() => { left = 0; }, 20);
        callback(null, { toJSON: () => left });
      };"""
    function = node(code)
    assert function.result(True) == 0
    assert function.result(False) == 1


def test_node_promise_that_never_settles(node):
    function = node("exports.handler = async (event) => event ?? new Promise(() => {});")
    assert function.error().json["errorType"] == "Runtime.NodeJsExit"
    assert function.result(1) == 1


@pytest.mark.parametrize(
    "code, error_type, message",
    [
        ("async () => { throw new TypeError('bö%s'); }", "TypeError", "bö%s"),
        ("() => { throw new Error('sync'); }", "Error", "sync"),
        ("(e, c, callback) => callback(new Error('called'))", "Error", "called"),
        ("(e, c, callback) => callback('text')", "string", "text"),
        ("(e, c, callback) => callback({ a: 1 })", "object", "[object Object]"),
        ("(e, c) => c.fail(new Error('failed'))", "Error", "failed"),
        ("async () => { throw 5; }", "number", "5"),
        ("async () => { throw undefined; }", "string", "handled"),
        ("async () => { throw Object.create(null); }", "handled", None),
        ("async () => 1n", "Error", "Unable to stringify response body"),
        ("async () => { const a = {}; a.a = a; return a; }", "Error", "Unable to stringify response body"),
        ("async () => { class Mine extends Error { name = 'Mine'; } throw new Mine('own'); }", "Mine", "own"),
    ],
)
def test_node_errors(node, code, error_type, message):
    function = node(f"exports.handler = {code};")
    call = function.error()
    document = call.json
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == f"Function.{error_type}"
    assert list(document) == ["errorType", "errorMessage", "trace"]
    assert document["errorType"] == error_type
    assert message is None or document["errorMessage"] == message
    if "Error(" in code:
        assert document["trace"][0].endswith(f"{error_type}: {message}")
        assert str(function.folder / "index.js") in document["trace"][1]
    match = re.fullmatch(r"(\S+Z)\t(\S+)\tERROR\tInvoke Error \t(\{.*\})\n", function.log())
    assert match[2] == REQUEST_ID
    logged = json.loads(match[3])
    assert (logged["errorType"], logged["stack"]) == (error_type, document["trace"])


@pytest.mark.parametrize(
    "code, handler, error_type, message",
    [
        ("require('nothere')", "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nothere'\nRequire stack:\n- {task}/index.js\n- {loader}"),
        ("", "absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'\nRequire stack:\n- {loader}"),
        ("exports.x = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("", "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("", "../index.handler", "Runtime.MalformedHandlerName",
         "'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names."),
        ("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
        ("throw new RangeError('at import')", "index.handler", "RangeError", "at import"),
    ],
)
def test_node_init_errors(node, code, handler, error_type, message):
    function = node(code, handler)
    call = function.call()
    assert call.path == "init/error"
    document = call.json
    loader = RUNTIMES / "nodejs" / "handler.mjs"
    assert document["errorType"] == error_type
    assert document["errorMessage"] == message.replace("{task}", str(function.folder)).replace("{loader}", str(loader))
    expected = error_type if "." in error_type else "Function." + error_type
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == expected
    assert "\n".join(document["trace"]).startswith(f"{error_type}: {document['errorMessage']}\n    at ") or error_type == "RangeError"
    assert function.exit_status() == 129
    assert re.match(r"\S+Z\tundefined\tERROR\tUncaught Exception \t\{\"errorType\":\"" + re.escape(error_type), function.out)


def test_node_es_module_that_imports_nothing_there(node):
    function = node("import 'nothere'; export const handler = 1;", file="index.mjs")
    document = function.call().json
    assert document["errorType"] == "Error"
    assert document["errorMessage"].startswith("Cannot find package 'nothere' imported from ")


@pytest.mark.parametrize(
    "code, error_type, message, status",
    [
        ("setImmediate(() => { throw new Error('escaped'); });", "Error", "escaped", 129),
        ("Promise.reject(new Error('nobody'));", "Runtime.UnhandledPromiseRejection", "Error: nobody", 128),
        ("Promise.reject('text');", "Runtime.UnhandledPromiseRejection", "text", 128),
    ],
)
@pytest.mark.parametrize("where", ["init", "invoke"])
def test_node_uncaught_errors_end_the_process(node, code, error_type, message, status, where):
    if where == "init":
        # Waits in its import, so that the error is there first.
        function = node(f"{code}\nawait new Promise(() => setInterval(() => {{}}, 1000));", file="index.mjs")
        call = function.call()
        assert call.path == "init/error"
    else:
        function = node(f"exports.handler = () => {{ {code} return new Promise(() => setInterval(() => {{}}, 1000)); }};")
        call = function.error()
    assert (call.json["errorType"], call.json["errorMessage"]) == (error_type, message)
    assert function.exit_status() == status


def test_node_uncaught_error_between_invocations(node):
    function = node("exports.handler = async () => { setTimeout(() => { throw new Error('late'); }, 10); };")
    assert function.result() is None
    assert function.exit_status() == 129
    assert function.api.calls.empty()
    assert '"errorMessage":"late"' in function.out


def test_node_exit(node):
    function = node("exports.handler = async (event) => process.exit(event);")
    function.send(7)
    assert function.exit_status() == 7


def test_node_text_logs(node):
    function = node(
        "console.log('at import');\n"
        "exports.handler = async () => {\n"
        "  console.log('a\\nb %s', 'ü', { k: 1 }); console.info('i'); console.warn('w'); console.error('e');\n"
        "  console.debug('d'); console.trace('t'); console.log(); process.stdout.write('raw\\n');\n"
        "};"
    )
    function.result()
    lines = function.log().split("\n")
    assert lines.pop() == ""
    assert "raw" in lines
    lines.remove("raw")
    rows = [line.split("\t") for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[0]) for row in rows)
    assert [row[1:] for row in rows] == [["undefined", "INFO", "at import"]] + [
        [REQUEST_ID, level, text]
        for level, text in [("INFO", "a\rb ü { k: 1 }"), ("INFO", "i"), ("WARN", "w"), ("ERROR", "e"), ("DEBUG", "d"),
                            ("TRACE", "t"), ("INFO", "undefined")]
    ]


def test_node_log_lines_longer_than_a_pipe(node):
    function = node(
        "exports.handler = async () => { process.stdout.write('');  // makes the pipe non-blocking\n"
        "  for (const c of 'abc') console.log(c.repeat(300000)); };"
    )
    function.result()
    assert [line.rsplit("\t", 1)[1] for line in function.log().splitlines()] == [c * 300000 for c in "abc"]


@pytest.mark.parametrize(
    "level, shown", [(None, ["INFO", "WARN", "ERROR"]), ("TRACE", ["DEBUG", "INFO", "WARN", "ERROR"]), ("ERROR", ["ERROR"])]
)
def test_node_json_logs(node, level, shown):
    function = node(
        "exports.handler = async () => {\n"
        "  console.debug('d'); console.info({ k: 'ü\\n' }); console.warn('n %d', 5); console.error('bad:', new TypeError('t'));\n"
        "};",
        AWS_LAMBDA_LOG_FORMAT="JSON", **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {}),
    )
    function.result()
    lines = {line["level"]: line for line in map(json.loads, function.log().splitlines())}
    assert list(lines) == shown
    assert all(line["requestId"] == REQUEST_ID and line["timestamp"].endswith("Z") for line in lines.values())
    assert (lines["ERROR"]["errorType"], lines["ERROR"]["errorMessage"]) == ("TypeError", "t")
    assert lines["ERROR"]["stackTrace"][0] == "TypeError: t"
    if "WARN" in lines:
        assert (lines["INFO"]["message"], lines["WARN"]["message"]) == ({"k": "ü\n"}, "n 5")


def test_node_json_log_of_an_error(node):
    function = node(
        "exports.handler = async () => { const loop = {}; loop.loop = loop; console.log(loop); throw new Error('x'); };",
        AWS_LAMBDA_LOG_FORMAT="JSON",
    )
    function.error()
    loop, error = map(json.loads, function.log().splitlines())
    assert "Circular" in loop["message"]
    assert error["level"] == "ERROR"
    assert (error["message"]["errorType"], error["message"]["errorMessage"]) == ("Error", "x")


STREAM = "exports.handler = awslambda.streamifyResponse(async (event, out, context) => {\n%s\n});"


def test_node_streams(node):
    function = node(STREAM % "out.setContentType('text/plain'); for (const line of event) out.write(line); out.end();")
    for event in (["añ", "b"], [], [""], ["x" * 3_000_000, "y"]):
        call = function.invoke(event)
        assert call.path == f"invocation/{REQUEST_ID}/response"
        assert call.body.decode() == "".join(event)
        assert call.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
        assert call.headers["Transfer-Encoding"] == "chunked"
        assert call.headers["Content-Type"] == "text/plain"
        assert call.trailers == {}
    assert function.api.connections == 1


def test_node_streams_with_http_metadata(node):
    function = node(
        STREAM % "const http = awslambda.HttpResponseStream.from(out, { statusCode: 201, headers: { a: 'b' } });\n"
        "if (event) http.write(event); http.end();"
    )
    call = function.invoke("body")
    assert call.headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
    metadata, body = call.body.split(b"\0" * 8)
    assert json.loads(metadata) == {"statusCode": 201, "headers": {"a": "b"}}
    assert body == b"body"
    assert function.invoke("").body == metadata + b"\0" * 8


def test_node_stream_of_a_pipeline(node):
    code = STREAM % "await require('node:stream/promises').pipeline(require('node:stream').Readable.from(['a', 'b']), out);"
    function = node(code)
    assert function.invoke().body == b"ab"
    assert function.invoke().body == b"ab"


def test_node_stream_that_fails_before_its_first_byte(node):
    function = node(STREAM % "out.setContentType('text/plain'); throw new RangeError('early');")
    call = function.error()
    assert (call.json["errorType"], call.json["errorMessage"]) == ("RangeError", "early")
    assert function.error().json["errorMessage"] == "early"


@pytest.mark.parametrize(
    "failure",
    [
        "out.write('part'); throw new RangeError('midway');",
        "await require('node:stream/promises').pipeline(async function* () { yield 'part'; throw new RangeError('midway'); }, out);",
    ],
)
def test_node_stream_that_fails_midway(node, failure):
    function = node(STREAM % failure)
    for _ in range(2):
        call = function.invoke()
        assert call.path == f"invocation/{REQUEST_ID}/response"
        assert call.body == b"part"
        assert call.headers["Trailer"] == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"
        assert call.trailers["lambda-runtime-function-error-type"] == "Function.RangeError"
        document = json.loads(base64.b64decode(call.trailers["lambda-runtime-function-error-body"]))
        assert (document["errorType"], document["errorMessage"]) == ("RangeError", "midway")


def test_node_stream_that_is_never_ended(node):
    function = node(STREAM % "if (event) out.end(event);")
    assert function.error("").json["errorMessage"] == "Response stream is not finished."
    assert function.invoke("all").body == b"all"
