"""A running engine and clients of it, for the tests over the whole. Everything started here is stopped by its pid."""

import base64
import contextlib
import http.client
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import zipfile

import boto3
import pytest
from botocore.config import Config

from aws_cli import aws_cli

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("KILN_BINARY", ROOT / "build" / "release" / "kiln"))
ECHO = BINARY.parent / "functions" / "echo" / "bootstrap"
ROLE = "arn:aws:iam::000000000000:role/lambda"

MAKES_CLIENTS = threading.Lock()


def zip_of(files):
    """A zip in memory. Values: text, or (text, mode)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, mode = content if isinstance(content, tuple) else (content, 0o755)
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def install(prefix, component=None):
    """What `cmake --install` puts below `prefix`. CMake writes a list of it into the build, which may be another user's and is not to change:
    here it goes beside a copy of the script."""
    build = BINARY.parent
    with tempfile.TemporaryDirectory(prefix="kiln-install-") as folder:
        script = pathlib.Path(folder) / "cmake_install.cmake"
        script.write_text((build / script.name).read_text().replace(f'file(WRITE "{build}/', f'file(WRITE "{folder}/'))
        command = ["cmake", f"-DCMAKE_INSTALL_PREFIX={prefix}", *([f"-DCMAKE_INSTALL_COMPONENT={component}"] if component else []), "-P", script]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def wait_for(condition, seconds=30, what="the condition"):
    """Asks until it holds: for states of other processes that nothing announces."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not hold within {seconds} s")
        time.sleep(0.02)


def has_ended(pid):
    """Whether a process is no more; nobody may have asked for its status yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def processes_of(kiln, name):
    """The pids of all that runs for a function, by its variables. Other engines of this machine may have one of that name."""
    wanted = {f"AWS_LAMBDA_FUNCTION_NAME={name}".encode(), f"AWS_ENDPOINT_URL=http://127.0.0.1:{kiln.port}".encode()}
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if wanted <= set(pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")):
                found.append(int(entry))
        except OSError:
            pass  # another user's, or gone
    return found


def repeat(kiln, path, payload, count):
    """The statuses and bodies of so many POSTs of the same on one connection, for a tenth of http.client's work."""
    request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{kiln.port}\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
    with socket.create_connection(("127.0.0.1", kiln.port)) as line:
        come = b""

        def more():
            chunk = line.recv(1 << 16)
            assert chunk, f"the connection ended, after {come!r}"
            return chunk

        for _ in range(count):
            line.sendall(request)
            while (end := come.find(b"\r\n\r\n") + 4) < 4:
                come += more()
            end_of_body = end + int(re.search(rb"\r\ncontent-length: *(\d+)", come[:end], re.IGNORECASE)[1])
            while len(come) < end_of_body:
                come += more()
            yield int(come[9:12]), come[end:end_of_body]
            come = come[end_of_body:]


class Kiln:
    def __init__(self, data_dir=None, args=(), prefix=(), binary=BINARY, cwd=None, env=None):
        """`data_dir`: None for a temporary folder, False to leave the choice to Kiln."""
        self.own_dir, self.supervised = None, "--no-supervisor" not in args
        if data_dir is None:
            self.own_dir = tempfile.TemporaryDirectory(prefix="kiln-test-")
            data_dir = self.own_dir.name
        self.errors = tempfile.TemporaryFile()
        command = [*prefix, str(binary), "serve", "--host", "127.0.0.1", "--port", "0", *args]
        if data_dir is not False:
            self.data_dir = pathlib.Path(data_dir)
            command += ["--data-dir", str(data_dir)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True, cwd=cwd, env=env)
        line = self.process.stdout.readline()
        match = re.match(r"kiln listening on (http://127\.0\.0\.1:(\d+))$", line.strip())
        if not match:
            self.process.wait(10)
            raise AssertionError(f"kiln did not start: {line!r} {self.stderr()}")
        self.url, self.port = match[1], int(match[2])

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def client(self, service, region="us-east-1"):
        # The session that makes clients is not for several threads at once: of two, one fails now and then.
        with MAKES_CLIENTS:
            return boto3.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=120, parameter_validation=False, max_pool_connections=50),
            )

    def http(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def environment(self):
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "KILN_ENDPOINT": self.url,
        }

    def aws(self, *args, check=True, **environment):
        """Debian's AWS CLI, which takes the endpoint as an option."""
        done = aws_cli().run(["--endpoint-url", self.url, *args], {**self.environment(), **environment})
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def cli(self, *args, check=True, stdin=None):
        done = subprocess.run([str(BINARY), *args], env=self.environment(), capture_output=True, text=True, timeout=120, input=stdin)
        if check:
            assert done.returncode == 0, done.stderr
        return done

    @property
    def engine(self):
        """The pid of the engine: the child of the program, which is its supervisor."""
        pid = self.process.pid
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]) if self.supervised else pid

    def kill(self):
        engine = self.engine
        self.process.kill()
        self.process.wait(60)
        wait_for(lambda: has_ended(engine), 60, "the end of the engine without its supervisor")

    def internal_errors(self):
        """How many defects ended at a fence; None where nothing answers."""
        try:
            status, _, body = self.http("GET", "/_kiln/status")
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body)["internalErrors"] if status == 200 else None

    def stop(self, internal_errors=0):
        """Ends it. `internal_errors`: what a test has provoked on purpose."""
        if self.process.poll() is None:
            assert self.internal_errors() in (internal_errors, None), self.stderr()
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, self.stderr()
        self.process.stdout.close()
        if self.own_dir:
            self.own_dir.cleanup()

    # Shorthands over the Lambda API.

    def create(self, name, files=None, runtime="python3.12", handler="index.handler", client=None, code=None, **more):
        code = code or {"ZipFile": zip_of(files)}
        return (client or self.client("lambda")).create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Code=code, **{"Role": ROLE, **more}
        )

    def invoke(self, name, payload=None, client=None, **more):
        answer = (client or self.client("lambda")).invoke(
            FunctionName=name, Payload=json.dumps({} if payload is None else payload), **more
        )
        body = answer["Payload"].read()
        answer["Body"] = json.loads(body) if body else None
        if "LogResult" in answer:
            answer["Log"] = base64.b64decode(answer["LogResult"]).decode()
        return answer

    def create_echo(self, name, **more):
        return self.create(name, {"bootstrap": (ECHO.read_bytes(), 0o755)}, runtime="provided.al2023", handler="bootstrap", **more)


def code_of(error):
    return error.value.response["Error"]["Code"]


def message_of(error):
    return error.value.response["Error"]["Message"]


@contextlib.contextmanager
def of_another_user(user=65534):
    """Arguments of Kiln that start an engine as an ordinary user, from files of its own, which go afterwards."""
    if os.geteuid() != 0:
        pytest.skip("this test becomes nobody, which takes root")
    with tempfile.TemporaryDirectory(prefix="kiln-user-", dir="/tmp") as name:
        home = pathlib.Path(name)
        home.chmod(0o755)
        subprocess.run(["cp", "-r", str(BINARY), str(BINARY.parent / "runtimes"), name], check=True)
        data = home / "data"
        data.mkdir()
        os.chown(data, user, user)
        yield {"data_dir": data, "binary": home / "kiln", "prefix": ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]}
