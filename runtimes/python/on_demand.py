"""Errors and logging of the Python runtime, loaded by bootstrap.py when a function first needs either.

`runtime` is the bootstrap's module; it is set before this file runs.
"""

import json
import os
import re
import sys
import time

JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
OWN_FILES = (os.path.abspath(runtime.__file__), __file__)  # noqa: F821
LEVELS = {"TRACE": "NOTSET", "WARN": "WARNING", "FATAL": "CRITICAL"}


# ---- Errors


def stack_of(error):
    """The frames of user code as (file, line, function, source), so that no carets are drawn below them."""
    import traceback

    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]
    while frames and (os.path.abspath(frames[0][0]) in OWN_FILES or frames[0][0].startswith("<frozen importlib")):
        frames.pop(0)
    return traceback.format_list(frames)


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
    return {"errorMessage": text_of(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def log_error(document):
    if JSON_LOGS:
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = json.dumps({"timestamp": timestamp, "level": "ERROR", **document}, ensure_ascii=False)
    else:
        lines = ["[ERROR] " + document["errorType"]]
        if document["errorMessage"]:
            lines[0] += ": " + document["errorMessage"]
        lines.append("Traceback (most recent call last):")
        for frame in document["stackTrace"]:
            for line in frame.splitlines():
                code = line.lstrip(" ")
                # As in Lambda's own logs, indented by no-break spaces.
                lines.append("\u00a0" * (len(line) - len(code)) + code)
        text = "\n".join(lines)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def report(error, request_id):
    """Logs an error; returns body and headers of the call that reports it."""
    document = error_document(error, request_id)
    log_error(document)
    error_type = document["errorType"]
    if not error_type.startswith(("Runtime.", "Function.")):
        error_type = "Function." + error_type
    error_type = re.sub(r"[^\x21-\x7e]", "?", error_type)
    headers = f"{runtime.JSON_TEXT}Lambda-Runtime-Function-Error-Type: {error_type}\r\n"  # noqa: F821
    return runtime.encode(document), headers  # noqa: F821


# ---- Logging

# What every record has; anything else was given by the caller as `extra`.
RECORD_FIELDS = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created "
    "msecs relativeCreated thread threadName processName process taskName aws_request_id tenant_id message asctime".split()
)


def install_logging(logging):
    """Puts Lambda's handler on the root logger; its formatter may be replaced by the function."""

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            try:
                text = self.format(record)
                sys.stdout.write(text if text.endswith("\n") else text + "\n")
                sys.stdout.flush()
            except RecursionError:
                raise
            except Exception:
                self.handleError(record)

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = runtime.current_request_id or ""  # noqa: F821
            return True

    class JsonFormatter(logging.Formatter):
        def __init__(self):
            super().__init__(datefmt="%Y-%m-%dT%H:%M:%SZ")

        def format(self, record):
            line = {
                "timestamp": self.formatTime(record, self.datefmt),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            error = record.exc_info[1] if record.exc_info else None
            if error is not None:
                import traceback

                line["stackTrace"] = traceback.format_tb(record.exc_info[2])
                line["errorType"] = type(error).__name__
                line["errorMessage"] = text_of(error)
                line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
            line["requestId"] = getattr(record, "aws_request_id", "") or None
            for name, value in record.__dict__.items():
                if name not in RECORD_FIELDS and name not in line:
                    line[name] = value
            line = {name: value for name, value in line.items() if value is not None}
            return json.dumps(line, ensure_ascii=False, default=str) + "\n"

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    if JSON_LOGS:
        handler.setFormatter(JsonFormatter())
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper()
        level = LEVELS.get(level, level)
        if level in logging._nameToLevel:
            root.setLevel(level)
    else:
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))
    root.addHandler(handler)
