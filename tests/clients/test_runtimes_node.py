"""The bootstrap of the Node.js runtimes. Expected values are those of AWS's own runtime client."""

import base64
import json
import re

import pytest

from runtime_processes import Function, NODE, REQUEST_ID, frames

STREAM = "exports.handler = awslambda.streamifyResponse(async (event, out, context) => {\n%s\n});"


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
        ("dir/index.js", "dir.handler", "exports.handler = async () => 1;", {}),
        ("dir/main.js", "dir.handler", "exports.handler = async () => 1;", {"dir/package.json": '{"main":"main.js"}'}),
        ("index.js", ".handler", "exports.handler = async () => 1;", {}),
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
        ("async () => { throw Object.create(null); }", "TypeError", "Cannot convert object to primitive value"),
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
    assert (document["errorType"], document["errorMessage"]) == (error_type, message)
    if "Error(" in code:
        assert document["trace"][0].endswith(f"{error_type}: {message}")
        assert str(function.folder / "index.js") in document["trace"][1]
    match = re.fullmatch(r"(\S+Z)\t(\S+)\tERROR\tInvoke Error \t(\{.*\})\n", function.log())
    assert match[2] == REQUEST_ID
    logged = json.loads(match[3])
    if document["trace"]:
        assert (logged["errorType"], logged["stack"]) == (error_type, document["trace"])
    else:
        # What is no error is logged as one.
        assert (logged["errorType"], logged["errorMessage"]) == ("Error", message)


@pytest.mark.parametrize(
    "code, handler, error_type, message",
    [
        ("require('nothere')", "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nothere'\nRequire stack:\n- {task}/index.js\n- {loader}"),
        ("", "absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'\nRequire stack:\n- {loader}"),
        ("exports.x = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("", "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("", "index.", "Runtime.HandlerNotFound", "index. is undefined or not exported"),
        ("exports.handler = Object.assign(async () => 1, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 'request' });",
         "index.handler", "Runtime.MalformedStreamingHandler", "Only response streaming is supported."),
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
    loader = "/var/runtime/index.mjs"
    assert document["errorType"] == error_type
    assert document["errorMessage"] == message.replace("{task}", str(function.folder)).replace("{loader}", loader)
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == error_type
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


@pytest.fixture
def node24(node):
    """The rules of nodejs24.x, by whatever node is here."""
    return lambda *args, **more: node(*args, AWS_EXECUTION_ENV="AWS_Lambda_nodejs24.x", **more)


def test_node24_refuses_callbacks(node24):
    function = node24("exports.handler = (event, context, callback) => callback(null, 1);")
    call = function.call()
    assert call.path == "init/error"
    assert call.headers["Lambda-Runtime-Function-Error-Type"] == call.json["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert call.json["errorMessage"].startswith(
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24."
    )
    assert function.exit_status() == 1
    assert re.match(r"\S+Z\t-\tERROR\tInit Error \t\{\"errorType\":\"Runtime\.CallbackHandlerDeprecated\"", function.out)


@pytest.mark.parametrize("code", ["async (e, c, callback) => callback(null, 1)", "(...all) => all.length", "(e, c, x = 1) => 2"])
def test_node24_counts_the_declared_parameters(node24, code):
    function = node24(f"exports.handler = {code};")
    if code.startswith("async"):
        assert function.call().json["errorType"] == "Runtime.CallbackHandlerDeprecated"
    else:
        assert function.result() == 2


def test_node24_context_has_no_callbacks(node24):
    function = node24("exports.handler = async (event, c) => Object.keys(c);")
    names = function.result(Lambda_Runtime_Trace_Id="Root=1-5e-1;Sampled=1")
    assert {"awsRequestId", "getRemainingTimeInMillis", "xRayTraceId"} <= set(names)
    assert not {"callbackWaitsForEmptyEventLoop", "done", "succeed", "fail"} & set(names)


@pytest.mark.parametrize(
    "file, code, handler, expected",
    [
        ("index.js", "exports.handler = async () => 1;", "index.handler", 1),
        ("index.js", "module.exports = { a: { b: async () => 1 } };", "index.a.b", 1),
        ("index.mjs", "export default { handler: async () => 1 };", "index.handler", 1),
        ("index.mjs", "export const handler = () => 1;", "index.handler", 1),
        ("index", "exports.handler = async () => 1;", "index.handler", 1),
        ("node_modules/pkg/index.js", "exports.handler = async () => 1;", "pkg.handler", 1),
        ("index.mjs", "export const other = () => 1;", "index.handler", "Runtime.HandlerNotFound"),
        ("index.mjs", "export const handler = (;", "index.handler", "Runtime.UserCodeSyntaxError"),
        ("index.js", "", "absent.handler", "Runtime.ImportModuleError"),
    ],
)
def test_node24_handler_forms(node24, file, code, handler, expected):
    function = node24(code, handler, file)
    if isinstance(expected, int):
        assert function.result() == expected
    else:
        assert function.call().json["errorType"] == expected


def test_node24_errors(node24):
    function = node24(
        "exports.handler = async (e) => { if (e === 'text') throw 'text'; if (e === 'big') return 1n; throw new TypeError('t'); };"
    )
    assert function.error("error").json["errorType"] == "TypeError"
    assert {**function.error("text").json, "trace": None} == {"errorType": "string", "errorMessage": "text", "trace": None}
    assert function.error("big").json["errorType"] == "Runtime.JSONStringifyError"


@pytest.mark.parametrize(
    "code, status",
    [
        ("setImmediate(() => { throw new Error('escaped'); })", 1),
        ("Promise.reject(new Error('nobody'))", 1),
        ("0", 0),  # never settles, and nothing is left to do
    ],
)
def test_node24_ends_as_node_does(node24, code, status):
    function = node24(f"exports.handler = () => {{ {code}; return new Promise(() => {{}}); }};")
    function.send()
    assert function.exit_status() == status
    assert function.api.calls.empty()


def test_node24_lets_others_run_before_it_answers(node24):
    function = node24("let n = 0; exports.handler = async () => { setImmediate(() => { n++; }); return { toJSON: () => n }; };")
    assert function.result() == 1


def test_node_warns_of_callbacks(start_runtime):
    code = "exports.handler = (event, context, callback) => callback(null, 1);"
    function = start_runtime(NODE, {"index.js": code}, "index.handler")
    assert function.result() == 1
    assert re.match(r"\S+Z\tundefined\tWARN\tAWS Lambda plans to remove support for callback-based", function.log())


PATCHES = """
const no = () => { throw new Error('connections are forbidden'); };
const http = require('http'), net = require('net');
http.request = http.get = http.Agent.prototype.createConnection = http.ClientRequest = no;
net.connect = net.createConnection = net.Socket.prototype.connect = no;
require('module').syncBuiltinESMExports();
"""


@pytest.mark.parametrize("version", ["22", "24"])
def test_node_does_not_speak_through_what_functions_patch(node, version):
    function = node(
        PATCHES + "exports.handler = async (event) => { if (event > 1) throw new Error('x'); return event; };",
        AWS_EXECUTION_ENV=f"AWS_Lambda_nodejs{version}.x",
    )
    assert function.result(1) == 1
    assert function.error(2).json["errorMessage"] == "x"
    assert function.result(0) == 0
    assert function.api.connections == 1


def test_node_streams_past_what_functions_patch(node):
    function = node(PATCHES + STREAM % "out.end(event);")
    assert [function.invoke(text).body for text in ("a", "b")] == [b"a", b"b"]


# ---- Modules of layers

LAYER = {
    "opt/nodejs/node_modules/lay/package.json": '{"type": "module", "exports": "./lay.js"}',
    "opt/nodejs/node_modules/lay/lay.js": "import dep from 'dep'; export default 'layer ' + dep;",
    "opt/nodejs/node_modules/dep/package.json": '{"type": "module", "exports": "./dep.js"}',
    "opt/nodejs/node_modules/dep/dep.js": "export default 'dep';",
    "opt/nodejs/node_modules/both/index.js": "module.exports = 'layer';",
    "var/runtime/node_modules/both/index.js": "module.exports = 'runtime';",
    "var/runtime/node_modules/@aws-sdk/client-x/index.js": "module.exports = 'sdk';",
}
NODE20 = {"opt/nodejs/node20/node_modules/both/index.js": "module.exports = 'node20';"}


@pytest.fixture
def layered(start_runtime, tmp_path):
    """A root folder as a sandbox has it, with links to the layers' and the runtime's modules above the package."""

    def make(code, files, linked):
        root = tmp_path / "root"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        task = root / "var" / "task"
        task.mkdir(parents=True, exist_ok=True)
        (task / "index.mjs").write_text(code)
        (task / "plain.cjs").write_text("exports.both = require('both');")
        if linked:
            (root / "var" / "node_modules").symlink_to(root / "opt/nodejs/node_modules")
            (root / "node_modules").symlink_to(root / "var/runtime/node_modules")
        folders = ["opt/nodejs/node20/node_modules", "opt/nodejs/node_modules", "var/runtime/node_modules", "var/runtime", "var/task"]
        return start_runtime(NODE, {}, "index.handler", LAMBDA_TASK_ROOT=str(task), NODE_PATH=":".join(str(root / name) for name in folders))

    return make


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("newer", [{}, NODE20])
def test_node_modules_of_layers(layered, linked, newer):
    function = layered(
        "import lay from 'lay'; import both from 'both'; import sdk from '@aws-sdk/client-x'; import plain from './plain.cjs';\n"
        "export const handler = async () => [lay, both, sdk, plain.both, (await import('lay')).default];",
        {**LAYER, **newer}, linked,
    )
    first = "node20" if newer else "layer"
    assert function.result() == ["layer dep", first, "sdk", first, "layer dep"]


@pytest.mark.parametrize("linked", [True, False])
def test_node_modules_that_no_layer_has(layered, linked):
    function = layered("import 'nothere'; export const handler = 1;", LAYER, linked)
    assert function.call().json["errorMessage"].startswith("Cannot find package 'nothere' imported from ")


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
    "level, shown", [(None, ["DEBUG", "INFO", "WARN", "ERROR"]), ("INFO", ["INFO", "WARN", "ERROR"]), ("TRACE", ["DEBUG", "INFO", "WARN", "ERROR"]), ("ERROR", ["ERROR"])]
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


def test_node_text_log_level(node):
    function = node(
        "exports.handler = async () => { console.info('i'); console.warn('w'); console.fatal('f'); };", AWS_LAMBDA_LOG_LEVEL="warn"
    )
    function.result()
    assert [line.split("\t")[2] for line in function.log().splitlines()] == ["WARN", "FATAL"]


def test_node_json_log_of_an_error(node):
    function = node(
        "class Mine extends Error { code = 5; }\n"
        "exports.handler = async () => { const loop = {}; loop.loop = loop; console.log(loop); throw new Mine('x'); };",
        AWS_LAMBDA_LOG_FORMAT="JSON",
    )
    assert function.error().json["errorType"] == "Error"
    loop, error = map(json.loads, function.log().splitlines())
    assert "Circular" in loop["message"]
    assert error["level"] == "ERROR"
    # Its type is the name of its class here.
    message = error["message"]
    assert (message["errorType"], message["errorMessage"], message["code"]) == ("Mine", "x", 5)
    assert message["stackTrace"][0] == "Error: x"


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_node_frames_events(node, log_format):
    function = node(
        "exports.handler = async () => {\n"
        "  console.log('two\\nlines'); console.log('one'); process.stdout.write('raw\\n');\n"
        "  console.error(process.env._LAMBDA_TELEMETRY_LOG_FD, '\\n');\n};",
        AWS_LAMBDA_LOG_FORMAT=log_format, _LAMBDA_TELEMETRY_LOG_FD="1",
    )
    function.result()
    events = frames(function.raw_log())
    assert "raw" in [text for _, text in events]
    events = [(kind, text) for kind, text in events if text != "raw"]
    if log_format == "JSON":
        assert [(kind, json.loads(text)["message"]) for kind, text in events] == [(None, "two\nlines"), (None, "one"), (None, "undefined \n")]
    else:
        assert [(kind, text.split("\t")[3]) for kind, text in events] == [(15, "two\nlines\n"), (None, "one"), (23, "undefined \n\n")]


def test_node_prints_no_headers_into_a_file_of_the_functions(node):
    function = node(
        "const fs = require('fs');\n"
        "exports.handler = async (event) => {\n"
        "  fs.closeSync(1); const own = fs.openSync(event.file, 'w+');\n"
        "  console.log('two\\nlines'); console.log('one');\n"
        "  return [own, fs.readFileSync(event.file, 'utf8')];\n};",
        _LAMBDA_TELEMETRY_LOG_FD="1",
    )
    own, text = function.result({"file": str(function.folder / "own")})
    assert own == 1 and [line.split("\t")[3] for line in text.split("\n")[:-1]] == ["two\rlines", "one"], text
    assert function.raw_log() == b""


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
