"""The bootstrap of the managed runtimes python3.*: loads the handler and answers events over the Runtime API.

Standard library only, and little of it: what is imported here is paid for by every cold start.
"""

import json
import os
import socket
import sys
import time

sys.dont_write_bytecode = True

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
HERE = os.path.abspath(__file__)


class Connection:
    """One keep-alive connection; each call waits for as long as the answer takes."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._address = (host, int(port))
        self._socket = None
        self._in = b""

    def call(self, method, path, body=b"", headers=""):
        for attempt in (0, 1):
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(self._address)
                    self._socket.settimeout(None)
                    self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._in = b""
                head = (
                    f"{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {API}\r\n"
                    f"Content-Length: {len(body)}\r\n{headers}\r\n"
                ).encode()
                self._socket.sendall(head + body if len(body) < 65536 else head)
                if len(body) >= 65536:
                    self._socket.sendall(body)
                return self._read()
            except (ConnectionError, BrokenPipeError):
                # An idle connection may have been closed; a fresh one that fails is final.
                self._socket = None
                if attempt:
                    raise

    def _more(self):
        data = self._socket.recv(262144)
        if not data:
            raise ConnectionError("the Runtime API closed the connection")
        self._in += data

    def _read(self):
        while b"\r\n\r\n" not in self._in:
            self._more()
        head, self._in = self._in.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            size = int(headers.get("content-length", 0))
            parts, have = [self._in], len(self._in)
            while have < size:
                data = self._socket.recv(min(size - have, 1 << 20))
                if not data:
                    raise ConnectionError("the Runtime API closed the connection")
                parts.append(data)
                have += len(data)
            whole = b"".join(parts)
            body, self._in = whole[:size], whole[size:]
        if headers.get("connection", "").lower() == "close":
            self._socket.close()
            self._socket = None
        return status, headers, body

    def _read_chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self._in:
                self._more()
            size_text, self._in = self._in.split(b"\r\n", 1)
            size = int(size_text.split(b";")[0], 16)
            while len(self._in) < size + 2:
                self._more()
            body += self._in[:size]
            self._in = self._in[size + 2 :]
            if size == 0:
                return body


class ClientContext:
    def __init__(self, document):
        self.custom = document.get("custom")
        self.env = document.get("env")
        client = document.get("client")
        self.client = type("Client", (), client)() if isinstance(client, dict) else None


class Identity:
    def __init__(self, document):
        self.cognito_identity_id = document.get("cognitoIdentityId")
        self.cognito_identity_pool_id = document.get("cognitoIdentityPoolId")


class Context:
    """What a handler gets beside its event."""

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))
        client = headers.get("lambda-runtime-client-context")
        identity = headers.get("lambda-runtime-cognito-identity")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = Identity(json.loads(identity) if identity else {})

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class Fault(Exception):
    """An error with Lambda's own type."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def stack_of(error):
    """The frames of user code, as traceback prints them."""
    import traceback

    frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.abspath(f.filename) != HERE]
    frames = [f for f in frames if not f.filename.startswith("<frozen importlib")]
    return traceback.format_list(frames)


def error_document(error, request_id):
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, stack_of(error)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def log_error(document):
    if JSON_LOGS:
        record = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "level": "ERROR",
            "log_level": "ERROR",
            **document,
        }
        print(json.dumps(record, ensure_ascii=False), flush=True)
        return
    lines = "[ERROR] %s: %s" % (document["errorType"], document["errorMessage"])
    if document["stackTrace"]:
        lines += "\nTraceback (most recent call last):\n" + "".join(document["stackTrace"])
    print(lines.rstrip("\n"), flush=True)


def default(value):
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


current_request_id = None


def install_logging(logging):
    """A handler on the root logger, as soon as somebody uses logging."""

    class Handler(logging.Handler):
        def emit(self, record):
            try:
                if JSON_LOGS:
                    line = {
                        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                        "level": record.levelname,
                        "message": record.getMessage(),
                        "logger": record.name,
                    }
                    if current_request_id:
                        line["requestId"] = current_request_id
                    if record.exc_info and record.exc_info[1] is not None:
                        line["errorType"] = type(record.exc_info[1]).__name__
                        line["errorMessage"] = str(record.exc_info[1])
                        line["stackTrace"] = stack_of(record.exc_info[1])
                    text = json.dumps(line, ensure_ascii=False, default=str)
                else:
                    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
                    text = "[%s]\t%s.%03dZ\t%s\t%s" % (
                        record.levelname,
                        stamp,
                        record.msecs,
                        current_request_id or "",
                        self.format(record),
                    )
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            except Exception:  # a broken log call must not break the function
                self.handleError(record)

    root = logging.getLogger()
    root.addHandler(Handler())
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if JSON_LOGS and level:
        names = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}
        root.setLevel(names.get(level, level))


class LoggingFinder:
    """Sees the first import of logging, so that functions which don't log don't pay for it."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def execute_and_install(module):
            execute(module)
            install_logging(module)

        spec.loader.exec_module = execute_and_install
        return spec


def load_handler(name):
    if "." not in name:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name, function = name.rsplit(".", 1)
    try:
        import importlib

        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").strip()}\n']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from error
    try:
        return getattr(module, function)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'") from None


def type_header(document):
    error_type = document["errorType"]
    if not error_type.startswith(("Runtime.", "Function.")):
        error_type = "Function." + error_type
    return "Lambda-Runtime-Function-Error-Type: %s\r\nContent-Type: application/json\r\n" % error_type


def encode(document):
    # A lone surrogate has no UTF-8; it goes out as its escape.
    try:
        return json.dumps(document, ensure_ascii=False, default=default).encode()
    except UnicodeEncodeError:
        return json.dumps(document, default=default).encode()


def invoke(handler, headers, body):
    """Returns the answer's path, body and headers."""
    global current_request_id
    context = Context(headers)
    current_request_id = context.aws_request_id
    if "lambda-runtime-trace-id" in headers:
        os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    try:
        try:
            event = json.loads(body)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
        result = handler(event, context)
        try:
            return "response", encode(result), "Content-Type: application/json\r\n"
        except (TypeError, ValueError) as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    except Exception as error:
        document = error_document(error, context.aws_request_id)
        log_error(document)
        return "error", encode(document), type_header(document)


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.meta_path.insert(0, LoggingFinder())
    sys.path[0] = TASK_ROOT
    api = Connection(API)
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        document = error_document(error, "")
        log_error(document)
        api.call("POST", "init/error", encode(document), type_header(document))
        sys.exit(1)
    while True:
        status, headers, body = api.call("GET", "invocation/next")
        if status != 200:
            sys.exit(f"the Runtime API answered {status} to next")
        kind, answer, answer_headers = invoke(handler, headers, body)
        request_id = headers["lambda-runtime-aws-request-id"]
        sys.stdout.flush()
        api.call("POST", f"invocation/{request_id}/{kind}", answer, answer_headers)

if __name__ == "__main__":
    main()
