"""What most invocations of a Python function do without, loaded by bootstrap.py when it is first needed:
errors, logging, and results of other types than JSON's own.

`runtime` is the bootstrap's module; it is set before this file runs.
"""

import json.encoder
import os
import re
import sys
import time

JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LOG_LEVEL = {"TRACE": "DEBUG"}.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", ""), os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")).upper()
UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the runtime "
    "has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a change in "
    "the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous runtime "
    "version. For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

# ---- Events of the log

# Where whole events go, each behind a header, so that line breaks within one don't make it several.
frames_fd = runtime.FRAMES  # noqa: F821


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data) :]


def log_event(text, otherwise=None):
    """`otherwise`: what to write, as lines, where there are no frames; default: the text."""
    lines = text if otherwise is None else otherwise
    if not lines.endswith("\n"):
        lines += "\n"
    if frames_fd is None:
        sys.stdout.write(lines)
        return
    try:
        output, log = os.fstat(1), runtime.LOG  # noqa: F821
        if log is None or not os.path.samestat(output, log):
            # The function's own file: whoever reads that knows of no headers.
            write_all(1, lines.encode("utf-8", "backslashreplace"))
            return
        write_frame(text.encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # it has closed its output


def write_frame(data):
    kind = 0xA55A0002 if JSON_LOGS else 0xA55A0003
    header = kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + (time.time_ns() // 1000).to_bytes(8, "big")
    write_all(int(frames_fd), header + data)


# ---- Errors


def frames_of(error):
    import traceback

    return [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]


def stack_of(error):
    """The frames from user code on, as (file, line, function, source), so that no carets are drawn below them."""
    import traceback

    frames = frames_of(error)
    own = [runtime.__file__, __file__]  # noqa: F821
    while frames and (frames[0][0] in own or os.path.abspath(frames[0][0]) in map(os.path.abspath, own)):
        frames.pop(0)
    if frames and frames[0][0] == "<frozen importlib._bootstrap>":
        frames.insert(0, frame_of_import())
    return traceback.format_list(frames)


def frame_of_import():
    """The frame that Lambda's own import of the handler's module adds."""
    import importlib
    import linecache

    code = importlib.import_module.__code__
    line = code.co_firstlineno
    while (text := linecache.getline(importlib.__file__, line)) and "_gcd_import(" not in text:
        line += 1
    return importlib.__file__, line, "import_module", text.strip()


def text_of(error):
    try:
        return str(error)
    except Exception:
        return f"<unprintable {type(error).__name__} object>"


def error_document(error, request_id):
    if isinstance(error, runtime.Fault):  # noqa: F821
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, stack_of(error)
    document = {"errorMessage": text_of(error), "errorType": error_type}
    if os.environ.get("AWS_EXECUTION_ENV") != "AWS_Lambda_python3.8":  # whose client didn't have it yet
        document["requestId"] = request_id
    return {**document, "stackTrace": trace}


def log_error(document):
    if JSON_LOGS:
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = runtime.encode({"timestamp": timestamp, "log_level": "ERROR", **document})  # noqa: F821
        return log_event(text)
    lines = ["[ERROR] " + document["errorType"]]
    if document["errorMessage"]:
        lines[0] += ": " + document["errorMessage"]
    lines.append("Traceback (most recent call last):")
    for frame in document["stackTrace"]:
        for line in frame.splitlines():
            code = line.lstrip(" ")
            # As in Lambda's own logs, indented by no-break spaces.
            lines.append("\u00a0" * (len(line) - len(code)) + code)
    log_event("\n".join(lines), "\r".join(lines))


def to_bytes(document):
    text = runtime.encode(document)  # noqa: F821
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(document).encode()


def headers_of(error_type):
    error_type = re.sub(r"[^\x21-\x7e]", "?", error_type)
    return f"{runtime.JSON_TEXT}Lambda-Runtime-Function-Error-Type: {error_type}\r\n"  # noqa: F821


def report(error, request_id):
    """Logs an error of an invocation; returns body and headers of the call that reports it."""
    document = error_document(error, request_id)
    log_error(document)
    error_type = document["errorType"]
    if not error_type.startswith(("Runtime.", "Function.")):
        error_type = "Function." + error_type
    return to_bytes(document), headers_of(error_type)


def report_init(error):
    """The same of an error before the first invocation."""
    import logging

    document = error_document(error, "")
    logging.warning(UNHANDLED)
    log_error(document)
    return to_bytes(document), headers_of(document["errorType"])


# ---- Logging

# What every record has; anything else was given by the caller as `extra`.
RECORD_FIELDS = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created "
    "msecs relativeCreated thread threadName processName process aws_request_id tenant_id".split()
)


def install_logging(logging):
    """Puts Lambda's handler on the root logger; its formatter may be replaced by the function."""

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            # What can't be formatted raises in the function, as in Lambda.
            log_event(self.format(record))

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = runtime.current_request_id or ""  # noqa: F821
            record.tenant_id = None
            return True

    class JsonFormatter(logging.Formatter):
        def __init__(self):
            super().__init__(datefmt="%Y-%m-%dT%H:%M:%SZ")

        def format(self, record):
            record.levelno = min(50, max(0, record.levelno)) // 10 * 10
            record.levelname = logging.getLevelName(record.levelno)
            line = {
                "timestamp": self.formatTime(record, self.datefmt),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info:
                import traceback

                line["stackTrace"] = traceback.format_tb(record.exc_info[2])
                line["errorType"] = record.exc_info[0].__name__
                line["errorMessage"] = str(record.exc_info[1])
            line["requestId"] = getattr(record, "aws_request_id", None)
            if record.exc_info:
                line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
            for name, value in record.__dict__.items():
                if name not in RECORD_FIELDS and name not in line:
                    line[name] = value
            return json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False) + "\n"

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    if JSON_LOGS:
        handler.setFormatter(JsonFormatter())
    else:
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))
    if LOG_LEVEL in logging._nameToLevel:
        root.setLevel(LOG_LEVEL)
    root.addHandler(handler)


# ---- The endpoint


def install_endpoint(session):
    """Lets boto3 before 1.28 read AWS_ENDPOINT_URL, too: otherwise it would call AWS itself."""
    from botocore import __version__

    version = re.match(r"(\d+)\.(\d+)", __version__)
    if not version or (int(version[1]), int(version[2])) >= (1, 31):
        return
    create = session.Session.create_client

    def create_client(self, service_name, *words, **named):
        ignores = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
        if len(words) < 5 and named.get("endpoint_url") is None and not ignores:
            service = self.get_service_model(service_name).service_id
            own = "AWS_ENDPOINT_URL_" + service.upper().replace(" ", "_").replace("-", "_")
            named["endpoint_url"] = os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
        return create(self, service_name, *words, **named)

    session.Session.create_client = create_client


# ---- Results

quote = json.encoder.encode_basestring_ascii if runtime.ASCII else json.encoder.encode_basestring  # noqa: F821


def float_text(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return float.__repr__(value)


def key_text(key):
    if isinstance(key, str):
        return quote(key)
    if isinstance(key, bytes):
        return quote(key.decode())
    if isinstance(key, float):
        return quote(float_text(key))
    if key is None or key is True or key is False:
        return {None: '"null"', True: '"true"', False: '"false"'}[key]
    if isinstance(key, int):
        return quote(int.__repr__(key))
    raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def is_decimal(value):
    decimal = sys.modules.get("decimal")  # who has not loaded it has none
    return decimal is not None and isinstance(value, decimal.Decimal)


def encode_any(value):
    """JSON by the rules of Lambda's encoder: bytes are text, named tuples are objects, decimals keep their digits."""
    out, parents = [], set()
    write_value(value, out.append, parents)
    return "".join(out)


def write_value(value, out, parents):
    if isinstance(value, str):
        out(quote(value))
    elif isinstance(value, bytes):
        out(quote(value.decode()))
    elif value is None or value is True or value is False:
        out({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        out(int.__repr__(value))
    elif isinstance(value, float):
        out(float_text(value))
    elif is_decimal(value):
        out("NaN" if value.is_nan() else str(value))
    else:
        write_container(value, out, parents)


def write_container(value, out, parents):
    if id(value) in parents:
        raise ValueError("Circular reference detected")
    parents.add(id(value))
    fields = getattr(value, "_asdict", None)
    if callable(fields):
        members = fields()
        if not isinstance(members, dict):
            raise TypeError(f"_asdict() must return a dict, not {type(members).__name__}")
        write_object(members, out, parents)
    elif isinstance(value, dict):
        write_object(value, out, parents)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            out(", " if index else "[")
            write_value(item, out, parents)
        out("]" if value else "[]")
    else:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    parents.remove(id(value))


def write_object(members, out, parents):
    for index, (key, item) in enumerate(members.items()):
        out(", " if index else "{")
        out(key_text(key))
        out(": ")
        write_value(item, out, parents)
    out("}" if members else "{}")


# ---- Providers of custom resources

reached = None  # host and port of the address that is reached without TLS


def reach(url):
    """Lets an event's ResponseURL be reached by those who open HTTPSConnection whatever the address says."""
    global reached
    from urllib.parse import urlsplit

    try:
        address = urlsplit(url)
        wanted = (address.hostname, address.port or 80)
    except (AttributeError, ValueError):
        return
    if address.scheme != "http" or not address.hostname or reached == wanted:
        return
    first, reached = reached is None, wanted
    if not first:
        return
    from http.client import HTTPConnection, HTTPSConnection

    over_tls = HTTPSConnection.connect

    def connect(self):
        if self.host == reached[0] and self.port in (443, reached[1]):
            self.port = reached[1]
            return HTTPConnection.connect(self)
        return over_tls(self)

    HTTPSConnection.connect = connect
