"""The bootstraps of the managed runtimes as processes of their own, against a Runtime API that tests drive."""

import json
import pathlib
import queue
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUNTIMES = pathlib.Path(__file__).resolve().parents[1] / "runtimes"
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
        self.out = self.err = None  # text, once the process has ended
        # Pipes are read all the time, so that no runtime blocks on its log.
        self.readers = [threading.Thread(target=self._read, args=(n,), daemon=True) for n in ("out", "err")]
        for reader in self.readers:
            reader.start()

    def _read(self, name):
        setattr(self, name, getattr(self.process, "std" + name).read())

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
        if isinstance(self.out, bytes):
            self.raw = self.out
            self.out, self.err = (data.decode("utf-8", "backslashreplace") for data in (self.out, self.err))
        return status

    def raw_log(self):
        """What was written to stdout; all of it is there once an invocation is answered. Ends the function."""
        self.process.kill()
        self.exit_status()
        return self.raw

    def log(self):
        return self.raw_log().decode("utf-8")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.exit_status()
        self.process.stdout.close()
        self.process.stderr.close()


def frames(data):
    """The events of framed output, each (type, text); between frames as (None, text)."""
    events = []
    while data:
        if data[:3] == b"\xa5\x5a\x00":
            size = int.from_bytes(data[4:8], "big")
            assert abs(int.from_bytes(data[8:16], "big") / 1e6 - time.time()) < 3600
            events.append((data[3], data[16 : 16 + size].decode()))
            data = data[16 + size :]
        else:
            line, _, data = data.partition(b"\n")
            events.append((None, line.decode()))
    return events
