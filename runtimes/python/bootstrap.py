"""The bootstrap of the managed runtimes python3.*: loads the handler and answers events over the Runtime API.

What is imported or compiled here is paid for by every cold start. So this file holds only what each
invocation needs, and uses _socket (socket without its Python part); errors and logging are in
on_demand.py, which is loaded by the first of either.
"""

import json
import os
import sys
import time

import _socket

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
JSON_TEXT = "Content-Type: application/json\r\n"


class Connection:
    """One keep-alive connection; each call waits for as long as the answer takes."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._address = (host, int(port))
        self._head = f" HTTP/1.1\r\nHost: {address}\r\n"
        self._socket = None
        self._in = b""

    def call(self, method, path, body=b"", headers=""):
        """Returns status, headers (names in lower case) and body of the answer."""
        head = f"{method} /2018-06-01/runtime/{path}{self._head}Content-Length: {len(body)}\r\n{headers}\r\n"
        data = head.encode()
        while True:
            reused = self._socket is not None
            try:
                if not reused:
                    self._connect()
                if len(body) < 65536:
                    self._socket.sendall(data + body)
                else:
                    self._socket.sendall(data)
                    self._socket.sendall(body)
                return self._read()
            except ConnectionError:
                self._close()
                # An idle connection may have been closed; a fresh one that fails is final.
                if not reused:
                    raise

    def _connect(self):
        self._in = b""
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self._socket.connect(self._address)

    def _close(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the Runtime API closed the connection")
        self._in += data

    def _read(self):
        while b"\r\n\r\n" not in self._in:
            self._more()
        head, self._in = self._in.split(b"\r\n\r\n", 1)
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            body = self._take(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._close()
        return status, headers, body

    def _take(self, size):
        if size <= len(self._in):
            taken, self._in = self._in[:size], self._in[size:]
            return taken
        whole = bytearray(size)
        have = len(self._in)
        whole[:have] = self._in
        self._in = b""
        rest = memoryview(whole)
        while have < size:
            count = self._socket.recv_into(rest[have:])
            if count == 0:
                raise ConnectionError("the Runtime API closed the connection")
            have += count
        return whole

    def _read_chunks(self):
        parts = []
        while True:
            while b"\r\n" not in self._in:
                self._more()
            size_text, self._in = self._in.split(b"\r\n", 1)
            size = int(size_text.split(b";")[0], 16)
            chunk = self._take(size + 2)
            if size == 0:
                return b"".join(parts)
            parts.append(chunk[:size])


class Fields:
    """An object with the given attributes, None where the document has none."""

    def __init__(self, names, document):
        for name, key in names.items():
            setattr(self, name, document.get(key))


CLIENT_CONTEXT = {"custom": "custom", "env": "env", "client": "client"}
CLIENT = {
    name: name
    for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
}
IDENTITY = {"cognito_identity_id": "cognitoIdentityId", "cognito_identity_pool_id": "cognitoIdentityPoolId"}


class Context:
    """What a handler gets beside its event."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))
        self.client_context = None
        client_context = parse(headers.get("lambda-runtime-client-context"), "Client Context")
        if client_context:
            self.client_context = Fields(CLIENT_CONTEXT, client_context)
            if isinstance(self.client_context.client, dict):
                names = {**CLIENT, **{name: name for name in self.client_context.client}}
                self.client_context.client = Fields(names, self.client_context.client)
        identity = parse(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity")
        self.identity = Fields(IDENTITY, identity or {})

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return f"LambdaContext({self.__dict__})"


class Fault(Exception):
    """An error with Lambda's own type; trace is the stackTrace to show."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def parse(header, name):
    if not header:
        return None
    try:
        document = json.loads(header)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from None
    return document if isinstance(document, dict) else None


current_request_id = None
loaded = None


def on_demand():
    """The module of what most functions do not need."""
    global loaded
    if loaded is None:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "on_demand.py")
        with open(path, encoding="utf-8") as file:
            code = compile(file.read(), path, "exec")
        module = type(sys)("kiln_on_demand")
        module.__file__ = path
        module.runtime = sys.modules[__name__]
        exec(code, module.__dict__)
        loaded = module
    return loaded


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
            on_demand().install_logging(module)

        spec.loader.exec_module = execute_and_install
        return spec


def load_handler(name):
    try:
        module_name, function = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    dotted = module_name.replace("/", ".")
    if dotted.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        if dotted.startswith("."):
            import importlib

            importlib.import_module(dotted)  # fails, and says why
        __import__(dotted)
        module = sys.modules[dotted]
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from error
    try:
        return getattr(module, function)
    except AttributeError:
        message = f"Handler '{function}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def default(value):
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


to_json = json.JSONEncoder(ensure_ascii=False, default=default).encode


def encode(document):
    text = to_json(document)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; it goes out as its escape.
        return json.dumps(document, default=default).encode()


def invoke(handler, headers, body):
    """Returns the answer's kind, body and headers."""
    global current_request_id
    current_request_id = request_id = headers["lambda-runtime-aws-request-id"]
    trace_id = headers.get("lambda-runtime-trace-id")
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        context = Context(headers)
        try:
            event = json.loads(body)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
        result = handler(event, context)
        try:
            return "response", encode(result), JSON_TEXT
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    except Exception as error:
        return ("error", *on_demand().report(error, request_id))


def main():
    sys.dont_write_bytecode = True
    # A line at a time is enough for the log, and what a partial line holds is flushed with the answer.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if "logging" in sys.modules:
        on_demand().install_logging(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, LoggingFinder())
    sys.path[0] = TASK_ROOT
    api = Connection(API)
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        body, headers = on_demand().report(error, "")
        api.call("POST", "init/error", body, headers)
        sys.exit(1)
    while True:
        try:
            status, headers, event = api.call("GET", "invocation/next")
        except ConnectionError:
            sys.exit(1)  # nobody is left to work for
        if status != 200:
            sys.exit(f"the Runtime API answered {status} to next: {bytes(event)!r}")
        kind, answer, answer_headers = invoke(handler, headers, event)
        sys.stdout.flush()
        sys.stderr.flush()
        # Whatever the answer to this is (413 for a result that is too big), there is a next event.
        api.call("POST", f"invocation/{headers['lambda-runtime-aws-request-id']}/{kind}", answer, answer_headers)


if __name__ == "__main__":
    main()
