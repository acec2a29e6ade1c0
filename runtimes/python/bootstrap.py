"""The bootstrap of the managed runtimes python3.*: loads the handler and answers events over Kiln's direct channel, or
over the Runtime API where there is none.

What is imported or compiled here is paid for by every cold start. So this file holds only what each invocation needs, and uses _socket
(socket without its Python part); the Runtime API is in connection.py, and errors, logging and results of other types than JSON's
are in on_demand.py, which is loaded by the first of them.

Started without site (-S): functions see the standard library and what they bring, not what is installed. argv[1]: the layers' folder.
"""

import _frozen_importlib
import _imp
import _io
import _struct
import json
import os
import sys
import time

import _sitebuiltins
import _socket


def take_order(fd):
    """Waits to be told whom this process serves: its environment, as NAME=value with a NUL behind each."""
    order = []
    while not order or order[-1]:
        order.append(os.read(fd, 65536))
    os.close(fd)
    order = b"".join(order)
    variables = order.split(b"\0")[:-1]
    if not variables:
        os._exit(0)  # nobody
    os.environ.clear()
    for variable in variables:
        name, _, value = variable.partition(b"=")
        os.environb[name] = value
    os.chdir(os.environ["LAMBDA_TASK_ROOT"])  # which was not there before
    try:
        show(order)
    except OSError:
        pass  # no /proc


def show(order):
    """Puts the environment where others look for it: into this process's /proc/PID/environ."""
    fd = os.open("/proc/self/stat", os.O_RDONLY)
    fields = os.read(fd, 4096).rpartition(b")")[2].split()
    os.close(fd)
    start, end = int(fields[47]), int(fields[48])  # there is a variable that makes room
    if len(order) <= end - start:
        fd = os.open("/proc/self/mem", os.O_WRONLY)
        os.pwrite(fd, order.ljust(end - start, b"\0"), start)
        os.close(fd)


def load_memory():
    """The channel's shared memory (channel_memory.cc); None where this interpreter can't load it. Functions don't see it."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kiln_channel.abi3.so")
    try:
        module = _imp.create_dynamic(_frozen_importlib.ModuleSpec("kiln_channel", None, origin=path))
        _imp.exec_dynamic(module)
        return module
    except ImportError:
        return None


# Others have another binary interface.
MEMORY = load_memory() if sys.implementation.name == "cpython" and not sys.abiflags else None

# Started ahead, in a sandbox of its own, so that interpreter and bootstrap are ready when a function needs them.
if "KILN_ORDER_FD" in os.environ:
    take_order(int(os.environ["KILN_ORDER_FD"]))
elif "LC_CTYPE" in os.environ and os.access("/proc/self/environ", os.R_OK):
    with _io.FileIO("/proc/self/environ") as given:  # the interpreter sets it where the machine lacks LANG's locale
        if b"\0LC_CTYPE=" not in b"\0" + given.readall():
            del os.environ["LC_CTYPE"]

TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
JSON_TEXT = "Content-Type: application/json\r\n"
# Before 3.12 answers are ASCII with escapes. Since then AWS's machine lacks LANG's locale, so that the interpreter sets LC_CTYPE.
ASCII = os.environ.get("AWS_EXECUTION_ENV", "")[len("AWS_Lambda_python3."):] in {"", "8", "9", "10", "11"}
if not ASCII and os.environ.get("LANG") == "en_US.UTF-8" and "LC_ALL" not in os.environ:
    os.environ.setdefault("LC_CTYPE", "C.UTF-8")


class Channel:
    """The direct channel to the engine: one message in and one out for an invocation (src/base/channel_frame.h).

    It is spoken to like the Runtime API. An answer is the request for the next event, too. Once the engine has given its
    shared memory (src/base/channel_ring.h), events and answers go through that.
    """

    READY, EVENT, RESULT, ERROR, INIT_ERROR = range(1, 6)
    HEAD = _struct.Struct("<IIQ")  # type, size of the meta, size of the body
    SIZE = _struct.Struct("<I").unpack_from
    OFFER = b"ring 2"
    HEADERS = ("lambda-runtime-aws-request-id", "lambda-runtime-deadline-ms", "lambda-runtime-invoked-function-arn",
               "lambda-runtime-trace-id", "lambda-runtime-client-context", "lambda-runtime-cognito-identity")

    def __init__(self, fd):
        self._socket = _socket.socket(fileno=fd)
        self._socket.settimeout(None)  # code that was loaded before it may have set another default
        os.set_inheritable(fd, False)
        self._asked, self._memory = False, None
        self._offered = MEMORY is not None and MEMORY.reserve(self.HEADERS)

    def next(self):
        if self._memory:
            return self._memory.next()
        if self._asked:
            data = self._socket.recv(65536)
        elif self._offered:
            self._socket.sendall(self.HEAD.pack(self.READY, len(self.OFFER), 0) + self.OFFER)
            data = MEMORY.first(self._socket.fileno())
            if data is None:
                self._memory = MEMORY
                return MEMORY.next()
        else:
            self._send(self.READY)
            data = self._socket.recv(65536)
        self._asked = False
        while data and len(data) < 16:
            data += self._socket.recv(65536) or self._lost()
        if not data:
            self._lost()
        kind, meta_size, body_size = self.HEAD.unpack_from(data)
        if kind != self.EVENT:
            self._lost()
        start = 16 + meta_size
        if len(data) < start + body_size:
            data = self._rest(data, start + body_size)
        headers, at, size_at = {}, 16, self.SIZE
        for name in self.HEADERS:
            begin = at + 4
            at = begin + size_at(data, at)[0]
            if at > begin:
                headers[name] = data[begin:at].decode("utf-8", "surrogateescape")
        return 200, headers, data[start : start + body_size]

    def answer(self, request_id, kind, body, headers):
        if self._memory:
            return self._memory.answer(request_id, self._error_type(headers) if kind == "error" else None, body)
        if kind == "error":
            self._send(self.ERROR, (request_id, self._error_type(headers)), body)
        else:
            self._send(self.RESULT, (request_id,), body)
        self._asked = True

    def init_error(self, body, headers):
        self._send(self.INIT_ERROR, ("", self._error_type(headers)), body)

    def _error_type(self, headers):
        return headers.partition("Lambda-Runtime-Function-Error-Type: ")[2].partition("\r\n")[0]

    def _send(self, kind, texts=(), body=b""):
        meta = b""
        for text in texts:
            text = text.encode()
            meta += len(text).to_bytes(4, "little") + text
        head = self.HEAD.pack(kind, len(meta), len(body)) + meta
        if len(body) < 65536:
            self._socket.sendall(head + body)
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)

    def _rest(self, data, size):
        whole = bytearray(size)
        have = len(data)
        whole[:have] = data
        view = memoryview(whole)
        while have < size:
            have += self._socket.recv_into(view[have:]) or self._lost()
        return whole

    def _lost(self):
        raise ConnectionError("the engine closed the direct channel")


class Fields:
    """An object with the attributes of its class's list, None where the document has none."""

    __slots__ = ()

    def __init__(self, document):
        for name, key in self.FIELDS.items():
            setattr(self, name, document.get(key))

    def __repr__(self):
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in self.FIELDS)}])"


def same(*names):
    return {name: name for name in names}


class CognitoIdentity(Fields):
    FIELDS = {"cognito_identity_id": "cognitoIdentityId", "cognito_identity_pool_id": "cognitoIdentityPoolId"}
    __slots__ = tuple(FIELDS)

    def __init__(self, document):
        if document is None:  # as mostly
            self.cognito_identity_id = self.cognito_identity_pool_id = None
        else:
            super().__init__(document)


class Client(Fields):
    FIELDS = same("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    __slots__ = tuple(FIELDS)


class ClientContext(Fields):
    FIELDS = same("custom", "env", "client")
    __slots__ = tuple(FIELDS)

    def __init__(self, document):
        super().__init__(document)
        if self.client is not None:
            self.client = Client(self.client)


# The environment as os.environ has it, in bytes: without what its own way to one variable costs.
environment = os.environ._data
ENVIRONMENT = (b"AWS_LAMBDA_LOG_GROUP_NAME", b"AWS_LAMBDA_LOG_STREAM_NAME", b"AWS_LAMBDA_FUNCTION_NAME",
               b"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", b"AWS_LAMBDA_FUNCTION_VERSION")


class LambdaContext:
    """What a handler gets beside its event."""

    _values = _texts = ()  # of ENVIRONMENT, as of the last invocation

    def __init__(self, headers):
        header = headers.get
        values = [*map(environment.get, ENVIRONMENT)]
        if values != LambdaContext._values:
            LambdaContext._values = values
            LambdaContext._texts = [None if value is None else os.fsdecode(value) for value in values]
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        (self.log_group_name, self.log_stream_name, self.function_name, self.memory_limit_in_mb,
         self.function_version) = LambdaContext._texts
        self.invoked_function_arn = header("lambda-runtime-invoked-function-arn")
        self.tenant_id = header("lambda-runtime-aws-tenant-id")
        text = header("lambda-runtime-client-context")
        client_context = parse(text, "Client Context") if text else None
        self.client_context = None if client_context is None else ClientContext(client_context)
        text = header("lambda-runtime-cognito-identity")
        self.identity = CognitoIdentity(parse(text, "Cognito Identity") if text else None)
        self._epoch_deadline_time_in_ms = int(header("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        on_demand().log_event(str(message))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in names)}])"


class Fault(Exception):
    """An error with Lambda's own type; trace is the stackTrace to show."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def parse(header, name):
    try:
        return json.loads(header)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from None


# The direct channel's descriptor, where whole events of the log go (on_demand.py), and which file that is: functions don't see it.
CHANNEL, FRAMES = os.environ.pop("KILN_CHANNEL_FD", None), os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
current_request_id = loaded = LOG = None
try:
    LOG = os.fstat(1)
except OSError:
    pass  # whoever started it has closed it


def load_beside(name):
    """A module of the bootstrap's own folder, which functions can't import."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    module = type(sys)("kiln_" + name)
    module.__file__ = path
    module.runtime = sys.modules[__name__]
    exec(code, module.__dict__)
    return module


def on_demand():
    """The module of what most functions do not need."""
    global loaded
    if loaded is None:
        loaded = load_beside("on_demand")
    return loaded


class FirstImports:
    """Sees the first import of what Kiln adds something to, so that functions which don't import it don't pay for it."""

    ADDED = {"logging": "install_logging", "botocore.session": "install_endpoint"}

    def find_spec(self, name, path=None, target=None):
        if name not in self.ADDED or name in sys.modules:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            execute = spec.loader.exec_module
            def execute_and_add(module):
                execute(module)
                if module.__name__ == name:  # an archive has one loader for all its modules
                    getattr(on_demand(), self.ADDED[name])(module)
            spec.loader.exec_module = execute_and_add
        return spec


class ShippedFinder:
    """What Lambda's runtimes have beside the standard library, from where this machine has it.

    The last to be asked, so that only an import that finds nothing else pays for it.
    """

    NAMES = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "awscrt"})

    def folders(self):
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        own = [f"{sys.prefix}/lib/{version}/site-packages", f"/usr/local/lib/{version}/dist-packages"]
        return [*own, f"{sys.prefix}/lib/python3/dist-packages", "/usr/lib/python3/dist-packages"]

    # What a machine's boto3 may need beyond that. Functions don't get it: AWS's has it inside.
    INNER = frozenset({"requests", "chardet", "charset_normalizer", "idna", "certifi"})

    def wanted(self, name):
        if name not in self.INNER:
            return name in self.NAMES
        frame = sys._getframe(2)
        while frame and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        importer = frame.f_globals.get("__name__", "") if frame else ""
        return importer.partition(".")[0] in self.NAMES | self.INNER

    def find_spec(self, name, path=None, target=None):
        if path is not None or not self.wanted(name):
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, self.folders())
        if spec is None and name in ("boto3", "botocore"):
            on_demand().log_event(f"{name} is part of Lambda's runtime, but not of this machine: install it (pip install boto3)")
        return spec

    def find_distributions(self, context=None):
        if getattr(context, "name", None) not in self.NAMES | {"python-dateutil"}:
            return ()
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        return MetadataPathFinder.find_distributions(DistributionFinder.Context(name=context.name, path=self.folders()))


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
        module = _frozen_importlib._gcd_import(dotted)
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


ATOMS = frozenset({str, int, float, bool, type(None)})
TEXT = frozenset({str})
SMALL = 8  # so many items are looked at sooner by Python than by sets
encode_value = os.environ.encodevalue
TRACE_ID = b"_X_AMZN_TRACE_ID"
OPEN_CONTAINERS = {}  # while an answer is written, to see whether one holds itself
# What JSONEncoder(ensure_ascii=ASCII).encode makes for each value, and JSONDecoder().decode looks for at both ends.
write_plain = json.encoder.c_make_encoder(
    OPEN_CONTAINERS, json.JSONEncoder().default,
    json.encoder.encode_basestring_ascii if ASCII else json.encoder.encode_basestring,
    None, ": ", ", ", False, False, True)
read_text = json.JSONDecoder().scan_once


def is_plain(value):
    """Whether `value` holds exactly JSON's own types, which the standard encoder writes as Lambda's does."""
    kind = type(value)
    if kind in ATOMS:
        return True
    if kind is dict and len(value) <= SMALL:
        for key, item in value.items():
            if type(key) is not str or type(item) not in ATOMS:
                break
        else:
            return True
    elif kind is dict and TEXT.issuperset(map(type, value)) and ATOMS.issuperset(map(type, value.values())):
        return True
    open_values, seen = [value], set()
    while open_values:
        value = open_values.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if kind is dict:
            if not TEXT.issuperset(map(type, value)):
                return False
            items = value.values()
        elif kind is list or kind is tuple:
            items = value
        else:
            return False
        if not ATOMS.issuperset(map(type, items)):
            open_values.extend(item for item in items if type(item) not in ATOMS)
    return True


def encode(value):
    if not is_plain(value):
        return on_demand().encode_any(value)
    try:
        return "".join(write_plain(value, 0))
    except BaseException:
        OPEN_CONTAINERS.clear()
        raise


def decode(body):
    """json.loads(body); what it looks for in encodings and blanks, events don't have."""
    is_text = type(body) is str  # the memory's next() looks for the same
    if is_text or body[:1] in b'{["' and b"\0" not in body[:4]:
        try:
            text = body if is_text else str(body, "utf-8", "surrogatepass")
            event, end = read_text(text, 0)
            if end == len(text):
                return event
        except (ValueError, StopIteration):
            pass
    return json.loads(body)


def set_trace_id(trace_id):
    """As os.environ would, in a fraction of the time; it is another one for each event."""
    if trace_id:
        value = encode_value(trace_id)
        if MEMORY is None or not MEMORY.set_trace_id(value):
            os.putenv(TRACE_ID, value)  # the C library keeps each value for ever
        environment[TRACE_ID] = value
    elif TRACE_ID in environment:
        os.unsetenv(TRACE_ID)
        del environment[TRACE_ID]


def invoke(handler, headers, body):
    """Returns the answer's kind, body and headers."""
    global current_request_id
    current_request_id = request_id = headers["lambda-runtime-aws-request-id"]
    set_trace_id(headers.get("lambda-runtime-trace-id"))
    try:
        context = LambdaContext(headers)
        try:
            event = decode(body)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
        if type(event) is dict and "ResponseURL" in event:
            on_demand().reach(event["ResponseURL"])
        result = handler(event, context)
        if isinstance(result, bytes):
            return "response", result, "Content-Type: application/unknown\r\n"
        try:
            text = encode(result)
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    except Exception as error:
        return ("error", *on_demand().report(error, request_id))
    # A lone surrogate has no UTF-8: this ends the process, as in Lambda.
    return "response", text.encode(), JSON_TEXT


def unbuffered(fd):
    """A text stream that passes on what is written at once: nothing is lost when the process ends."""
    raw = _io.FileIO(fd, "wb", closefd=False)
    return _io.TextIOWrapper(raw, "utf-8", "backslashreplace", "\n", write_through=True)


def set_up_paths():
    """In the order of Lambda: the package, the layers, PYTHONPATH and the standard library, and what AWS ships."""
    opt = sys.argv[1] if len(sys.argv) > 1 else "/opt"
    del sys.argv[1:]
    sys.path[0] = TASK_ROOT
    if os.path.isdir(opt + "/python"):
        own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        version = os.environ.get("AWS_EXECUTION_ENV", "").removeprefix("AWS_Lambda_") or own
        sys.path[1:1] = [f"{opt}/python/lib/{version}/site-packages", opt + "/python"]
    shipped = os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime")
    if shipped not in sys.path:
        sys.path.append(shipped)


def add_builtins():
    """What site adds and people use."""
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


def connect(channel):
    try:
        return Channel(int(channel))
    except (TypeError, ValueError, OSError):
        return load_beside("connection").Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def give_up(api, error):
    body, headers = on_demand().report_init(error)
    api.init_error(body, headers)
    sys.exit(1)


def restore(template):
    """Comes back in an environment, connected and with its hooks behind it."""
    try:
        template.before_snapshot()
    except Exception as error:
        give_up(template, error)
    api = template.wait()
    try:
        template.after_restore()
    except Exception as error:
        give_up(api, error)
    return api


def main():
    sys.dont_write_bytecode = True
    sys.stdout = sys.__stdout__ = unbuffered(1)
    sys.stderr = sys.__stderr__ = unbuffered(2)
    if "site" not in sys.modules:
        add_builtins()
    if "logging" in sys.modules:
        on_demand().install_logging(sys.modules["logging"])
    sys.meta_path.insert(0, FirstImports())
    set_up_paths()
    sys.meta_path.append(ShippedFinder())
    template = load_beside("snapshot").Template() if "KILN_TEMPLATE_FD" in os.environ else None
    api = template or connect(CHANNEL)
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        give_up(api, error)
    if template:
        api = restore(template)
    while True:
        try:
            status, headers, event = api.next()
        except ConnectionError:
            sys.exit(1)  # nobody is left to work for
        if status != 200:
            sys.exit(f"the Runtime API answered {status} to next: {bytes(event)!r}")
        kind, answer, answer_headers = invoke(handler, headers, event)
        # Whatever the answer to this is (413 for a result that is too big), there is a next event.
        api.answer(headers["lambda-runtime-aws-request-id"], kind, answer, answer_headers)


if __name__ == "__main__":
    main()
