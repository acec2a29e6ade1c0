"""The bootstrap of the Python runtimes. Expected values are those of AWS's own runtime client."""

import json
import os
import re
import subprocess

import pytest

from harness import zip_of
from runtime_processes import Function, REQUEST_ID, RUNTIMES, frames

ECHO = "def handler(event, context):\n    return event\n"


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


def test_python_context_as_text(python):
    function = python("def handler(event, context):\n    return [repr(context), repr(context.identity)]\n")
    text, identity = function.result(Lambda_Runtime_Client_Context='{"custom":{"k":1}}')
    assert identity == "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])"
    assert text == (
        f"LambdaContext([aws_request_id={REQUEST_ID},log_group_name=/aws/lambda/name,"
        "log_stream_name=2025/11/24/[$LATEST]0123,function_name=name,memory_limit_in_mb=128,function_version=$LATEST,"
        "invoked_function_arn=arn:aws:lambda:us-east-1:123456789012:function:name,"
        "client_context=ClientContext([custom={'k': 1},env=None,client=None]),"
        f"identity={identity},tenant_id=None])"
    )


def test_python_client_context_that_is_not_json(python):
    document = python(ECHO).error(Lambda_Runtime_Client_Context="{").json
    assert document["errorType"] == "Runtime.LambdaContextUnmarshalError"
    assert document["errorMessage"].startswith("Unable to parse Client Context JSON: ")


def test_python_3_8_errors_have_no_request_id(python):
    code = "def handler(event, context):\n    raise ValueError('no')\n"
    assert list(python(code, AWS_EXECUTION_ENV="AWS_Lambda_python3.8").error().json) == ["errorMessage", "errorType", "stackTrace"]
    assert python(code, AWS_EXECUTION_ENV="AWS_Lambda_python3.9").error().json["requestId"] == REQUEST_ID


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
        "[ERROR] ValueError: böse\rTraceback (most recent call last):\r"
        f'\u00a0\u00a0File "{main}", line 5, in handler\r\u00a0\u00a0\u00a0\u00a0inner()\r'
        f'\u00a0\u00a0File "{main}", line 2, in inner\r'
        "\u00a0\u00a0\u00a0\u00a0raise ValueError('böse')\n"
    )


def test_python_exception_as_json_log(python):
    function = python("def handler(e, c):\n    raise KeyError('k')\n", AWS_LAMBDA_LOG_FORMAT="JSON")
    document = function.error().json
    (line,) = function.log().splitlines()
    logged = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", logged.pop("timestamp"))
    assert list(logged)[0] == "log_level"
    assert logged == {"log_level": "ERROR", **document}


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
        ("import other", "main.handler", "ZeroDivisionError", "division by zero", True),
    ],
)
def test_python_init_errors(python, code, handler, error_type, message, traced):
    function = python(code, handler, {"other.py": "1 / 0\n"})
    call = function.call()
    assert call.path == "init/error"
    document = call.json
    stack = document.pop("stackTrace")
    assert document == {"errorMessage": message, "errorType": error_type, "requestId": ""}
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == error_type
    assert function.exit_status() == 1
    warning, error = function.out.split("\n[ERROR] ")
    assert re.match(r"\[WARNING\]\t\S+Z\t\tLAMBDA_WARNING: Unhandled exception\. ", warning)
    assert error.startswith(f"{error_type}: {message}\rTraceback (most recent call last):")
    main = str(function.folder / "main.py")
    if error_type == "Runtime.UserCodeSyntaxError":
        assert stack == [f'  File "{main}" Line 1\n    def handler(:\n']
    elif not traced:
        assert stack == []
    else:
        # As Lambda's own import makes it: importlib's frames, then the function's.
        assert re.match(r'  File ".*/importlib/__init__\.py", line \d+, in import_module\n    return _bootstrap\._gcd_import', stack[0])
        assert stack[1].startswith('  File "<frozen importlib._bootstrap>", line ')
        assert [frame for frame in stack if str(function.folder) in frame][0].startswith(f'  File "{main}", line 1, in <module>\n')


def test_python_handler_in_a_package(python):
    files = {"pkg/module.py": "from . import other\ndef handler(e, c):\n    return other.NAME\n", "pkg/other.py": "NAME = __name__\n"}
    assert python("", "pkg/module.handler", files).result() == "pkg.other"


@pytest.mark.parametrize(
    "value, message",
    [
        ("{1, 2}", "Object of type set is not JSON serializable"),
        ("object()", "Object of type object is not JSON serializable"),
        ("bytearray(b'a')", "Object of type bytearray is not JSON serializable"),
        ("{'a': [datetime.date(2026, 1, 2)]}", "Object of type date is not JSON serializable"),
        ("{(1, 2): 3}", "keys must be str, int, float, bool or None, not tuple"),
        ("{'a': b'\\xff'}", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("LOOP", "Circular reference detected"),
    ],
)
def test_python_result_that_is_not_json(python, value, message):
    function = python(f"import datetime\nLOOP = []\nLOOP.append(LOOP)\ndef handler(e, c):\n    return {value}\n")
    call = function.error()
    assert (call.json["errorType"], call.json["errorMessage"]) == ("Runtime.MarshalError", f"Unable to marshal response: {message}")
    assert call.json["stackTrace"] == []
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == "Runtime.MarshalError"


def test_python_answers_after_one_that_holds_itself(python):
    function = python("LOOP = []\nLOOP.append(LOOP)\ndef handler(e, c):\n    if e == 'mend':\n        LOOP.clear()\n    return LOOP\n")
    assert function.error("loop").json["errorType"] == "Runtime.MarshalError"
    assert function.result("mend") == []


@pytest.mark.parametrize(
    "raw",
    [b' {"a": 1}\n', b"\t[1, 2]", b'"text" ', b"7", b" null", b"\xef\xbb\xbf[1]", '{"a":"\u00fc"}'.encode("utf-16"), '["x"]'.encode("utf-32-le"),
     '{"a":1}'.encode("utf-16-be"), '"e"'.encode("utf-16-le"), b"[NaN, -Infinity]", b'"\\ud800"', b'{"a": "\xc3\xbc"}', b'["\xed\xa0\x80"]'],
)
def test_python_reads_events_as_json_loads_does(python, raw):
    function = python("def handler(e, c):\n    return ascii(e)\n")
    assert function.result(raw=raw) == ascii(json.loads(raw))


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]]", b"{} {}", b'{"a"}', b'"\xff"', b"nul"])
def test_python_refuses_events_as_json_loads_does(python, raw):
    with pytest.raises(ValueError) as refused:
        json.loads(raw)
    message = python(ECHO).error(raw=raw).json["errorMessage"]
    assert message == f"Unable to unmarshal input: {refused.value}"


def test_python_child_processes_have_the_trace_id(python):
    function = python(
        "import os, subprocess\n"
        "def handler(e, c):\n"
        "    own = os.environ.get('_X_AMZN_TRACE_ID'), os.getenv('_X_AMZN_TRACE_ID'), dict(os.environ).get('_X_AMZN_TRACE_ID')\n"
        "    child = subprocess.run(['/usr/bin/printenv', '_X_AMZN_TRACE_ID'], stdout=subprocess.PIPE, text=True)\n"
        "    return [*own, child.stdout.strip() or None]\n"
    )
    for trace in ("Root=1-a", "Root=1-b", None, "Root=1-c"):
        headers = {"Lambda_Runtime_Trace_Id": trace} if trace else {}
        assert function.result(**headers) == [trace] * 4


def test_python_context_follows_the_environment(python):
    function = python("import os\ndef handler(e, c):\n    os.environ['AWS_LAMBDA_FUNCTION_NAME'] = e\n    return c.function_name\n")
    assert [function.result(name) for name in ("a", "a", "b", "c")] == ["name", "a", "a", "b"]


PYTHON_RESULTS = """
import collections, decimal, enum, typing
class Point(typing.NamedTuple):
    x: int
    tag: object = None
class Colour(enum.IntEnum):
    RED = 3
VALUES = {
    "none": None, "tuple": (1, 2), "float": [1.0, 1e16, float("inf"), float("nan")],
    "decimal": decimal.Decimal("3"), "digits": [decimal.Decimal("1.10"), decimal.Decimal("1E+3"), decimal.Decimal("NaN")],
    "inside": {"a": "grün".encode(), b"k": [b""]},
    "point": [Point(1, Point(2))], "enum": Colour.RED,
    "keys": {2: 1, 2.5: 2, None: 3, True: 4, b"b": 5},
    "counter": collections.Counter("aa"), "empty": [{}, [], ()], "text": "grün 🎉 \x7f \u2028",
}
def handler(event, context):
    return VALUES[event]
"""


@pytest.mark.parametrize("version, ascii_only", [("3.9", True), ("3.11", True), ("3.12", False), ("3.13", False), ("3.14", False)])
def test_python_results(python, version, ascii_only):
    function = python(PYTHON_RESULTS, AWS_EXECUTION_ENV=f"AWS_Lambda_python{version}")
    expected = {
        "none": "null", "tuple": "[1, 2]", "float": "[1.0, 1e+16, Infinity, NaN]",
        "decimal": "3", "digits": "[1.10, 1E+3, NaN]",
        "inside": '{"a": "grün", "k": [""]}',
        "point": '[{"x": 1, "tag": {"x": 2, "tag": null}}]', "enum": "3",
        "keys": '{"2": 1, "2.5": 2, "null": 3, "true": 4, "b": 5}',
        "counter": '{"a": 2}', "empty": "[{}, [], []]", "text": '"grün 🎉 \x7f \u2028"',
    }
    if ascii_only:
        expected["inside"] = '{"a": "gr\\u00fcn", "k": [""]}'
        expected["text"] = '"gr\\u00fcn \\ud83c\\udf89 \\u007f \\u2028"'
    for name, body in expected.items():
        call = function.invoke(name)
        assert (name, call.body.decode()) == (name, body)
        assert call.headers["Content-Type"] == "application/json"


def test_python_result_of_bytes_is_sent_as_it_is(python):
    call = python("def handler(e, c):\n    return bytes(range(256))\n").invoke()
    assert call.path == f"invocation/{REQUEST_ID}/response"
    assert call.body == bytes(range(256))
    assert call.headers["Content-Type"] == "application/unknown"


def test_python_result_that_is_no_unicode(python):
    code = "def handler(event, context):\n    return '\\ud800'\n"
    assert python(code, AWS_EXECUTION_ENV="AWS_Lambda_python3.11").invoke().body == b'"\\ud800"'
    function = python(code, AWS_EXECUTION_ENV="AWS_Lambda_python3.12")
    function.send()
    assert function.exit_status() == 1
    assert "UnicodeEncodeError" in function.err


def test_python_event_with_escaped_surrogates(python):
    function = python("def handler(event, context):\n    return [len(event), event == '\\ud800x']\n")
    assert function.result(raw=b'"\\ud800x"') == [2, True]


def test_python_exit(python):
    function = python("import sys\ndef handler(event, context):\n    print('bye', end='')\n    sys.exit(event)\n")
    function.send(7)
    assert function.exit_status() == 7
    assert function.out == "bye"
    assert function.api.calls.empty()


@pytest.mark.parametrize("end, status", [("os._exit(7)", 7), ("os.kill(os.getpid(), 9)", -9), ("exit(3)", 3)])
def test_python_output_before_a_sudden_end(python, end, status):
    function = python(f"import os, sys\ndef handler(e, c):\n    print('out', end='')\n    sys.stderr.write('err')\n    {end}\n")
    function.send()
    assert function.exit_status() == status
    assert (function.out, function.err) == ("out", "err")


def test_python_text_logs(python):
    function = python(
        "import logging\n"
        "log = logging.getLogger('mine')\n"
        "log.error('at import')\n"
        "def handler(event, context):\n"
        "    logging.info('not shown')\n"
        "    log.warning('two\\nlines %s', event)\n"
        "    print('grüße')\n"
        "    context.log('by the context\\n')\n"
        "    try:\n        1 / 0\n    except ZeroDivisionError:\n        log.exception('oops')\n"
    )
    function.result("日")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(
        rf"\[ERROR\]\t{stamp}\t\tat import\n"
        rf"\[WARNING\]\t{stamp}\t{REQUEST_ID}\ttwo\nlines 日\n"
        "grüße\n"
        "by the context\n"
        rf"\[ERROR\]\t{stamp}\t{REQUEST_ID}\toops\nTraceback \(most recent call last\):\n(.*\n)*ZeroDivisionError: division by zero\n",
        function.log(),
    )


def test_python_frames_events(python):
    function = python(
        "import logging, os\n"
        "def handler(event, context):\n"
        "    logging.warning('two\\nlines')\n    print('printed')\n    context.log('short')\n"
        "    raise ValueError(os.environ.get('_LAMBDA_TELEMETRY_LOG_FD'))\n",
        _LAMBDA_TELEMETRY_LOG_FD="1",
    )
    function.error()
    (kind, warning), printed, short, (error_kind, error) = frames(function.raw_log())
    assert (kind, error_kind) == (3, 3)
    assert warning.endswith("\ttwo\nlines\n")
    assert (printed, short) == ((None, "printed"), (3, "short"))
    assert error.startswith("[ERROR] ValueError: None\nTraceback (most recent call last):\n\u00a0\u00a0File ")


def test_python_prints_no_headers_into_a_file_of_the_functions(python):
    function = python(
        "import logging, os, tempfile\n"
        "def handler(event, context):\n"
        "    own = tempfile.TemporaryFile()\n    os.dup2(own.fileno(), 1)\n    logging.warning('two\\nlines')\n    print('printed')\n"
        "    own.seek(0)\n    text = own.read().decode()\n    os.close(1)\n    logging.warning('to nobody')\n    raise ValueError(text)\n",
        _LAMBDA_TELEMETRY_LOG_FD="1",
    )
    call = function.error()
    assert call.json["errorType"] == "ValueError"
    assert re.fullmatch(r"\[WARNING\]\t\S+\t\S+\ttwo\nlines\nprinted\n", call.json["errorMessage"]), call.json
    assert function.raw_log() == b""


def test_python_frames_json_events(python):
    function = python("def handler(event, context):\n    1 / 0\n", AWS_LAMBDA_LOG_FORMAT="JSON", _LAMBDA_TELEMETRY_LOG_FD="1")
    function.error()
    ((kind, text),) = frames(function.raw_log())
    assert (kind, json.loads(text)["log_level"]) == (2, "ERROR")


@pytest.mark.parametrize("environment", [{}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}])
@pytest.mark.parametrize("call, error", [("logging.error('%d', 'x')", "TypeError"), ("log_date()", None)])
def test_python_logging_errors_reach_the_function(python, environment, call, error):
    function = python(
        "import datetime, logging\n"
        "def log_date():\n    logging.error('x', extra={'day': datetime.date(2026, 1, 2)})\n"
        f"def handler(event, context):\n    {call}\n    return 1\n", **environment,
    )
    if error or environment:
        assert function.error().json["errorType"] == "TypeError"
    else:
        assert function.result() == 1


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
    [(None, ["WARNING", "CRITICAL"]), ("INFO", ["INFO", "WARNING", "CRITICAL"]), ("DEBUG", ["DEBUG", "INFO", "WARNING", "CRITICAL"]),
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
    assert all(line["requestId"] == REQUEST_ID for line in lines)
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


OLD_SESSION = "class Model:\n    def __init__(self, name):\n        self.service_id = {'logs': 'CloudWatch Logs'}.get(name, name.upper())\n\nclass Session:\n    def get_service_model(self, name):\n        return Model(name)\n\n    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None, endpoint_url=None):\n        return endpoint_url\n"
ENDPOINTS = """import os
from botocore.session import Session

def handler(event, context):
    os.environ.update(event)
    session = Session()
    return [session.create_client("s3"), session.create_client("s3", "us-east-1", None, True, None, "http://mine"),
            session.create_client("sqs", endpoint_url="http://named")]
"""


@pytest.mark.parametrize("version, reads", [("1.29.27", True), ("1.30.1", True), ("1.31.0", False), ("1.40.2", False)])
def test_an_old_boto3_finds_kiln_too(kiln, name, version, reads):
    """Before 1.28, boto3 reads no AWS_ENDPOINT_URL and would call AWS. Newer ones read it themselves."""
    kiln.create(name, {"index.py": ENDPOINTS, "botocore/__init__.py": f"__version__ = '{version}'\n", "botocore/session.py": OLD_SESSION})

    def made(**variables):
        first, *given = kiln.invoke(name, variables)["Body"]
        assert given == ["http://mine", "http://named"]
        return first

    assert made() == (kiln.url if reads else None)
    assert made(AWS_ENDPOINT_URL_S3="http://s3") == ("http://s3" if reads else None)
    assert made(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true") is None


@pytest.mark.parametrize("version, url", [("1.29.27", "http://logs"), ("next", None)])
def test_an_old_boto3_in_an_archive_finds_kiln_too(kiln, name, version, url):
    """All modules of an archive have one loader; and the variable has the name of the service's id."""
    code = "import sys\nsys.path.insert(0, '/var/task/deps.zip')\nfrom botocore import client\nfrom botocore.session import Session\n" \
        "import botocore.later\ndef handler(event, context):\n    return Session().create_client('logs')\n"
    deps = zip_of({"botocore/__init__.py": f"__version__ = '{version}'\n", "botocore/session.py": OLD_SESSION, "botocore/client.py": "", "botocore/later.py": ""})
    kiln.create(name, {"index.py": code, "deps.zip": deps}, Environment={"Variables": {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://logs"}})
    assert kiln.invoke(name)["Body"] == url
