"""What bench/run and bench/functions share: servers by pid, a small client of the Lambda API, tables. Standard library only."""
import base64
import contextlib
import http.client
import io
import json
import os
import pathlib
import platform
import re
import select
import socket
import statistics
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The quota of requests a second is ten times this; a benchmark is not what it is there for.
NO_QUOTA = ("--account-concurrency", "1000000")
ROLE = "arn:aws:iam::000000000000:role/bench"


class BenchError(Exception):
    """A step that could not be done; the message names it."""


# ---- processes


class Server:
    """A process that says where it listens in its first line, ended by its own pid."""

    def __init__(self, command, port_pattern, cwd=None, env=None):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=cwd, env=env)
        self.port = None
        if port_pattern:
            line = self._first_line()
            found = re.search(port_pattern, line)
            if not found:
                self.stop()
                raise BenchError(f"{self.command[0]} did not say where it listens: {line!r}")
            self.port = int(found.group(1))

    def _first_line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        return self.process.stdout.readline().decode(errors="replace") if ready else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_kiln(build, folder):
    return Server([build / "kiln", "serve", "--no-supervisor", "--port", "0", "--data-dir", folder, *NO_QUOTA], r"kiln listening on http://.*:(\d+)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(folder, upstream_port):
    """nginx as reverse proxy with kept-alive connections on both sides; everything it writes stays in `folder`."""
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temp = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(f"""
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  {temp}
  keepalive_requests 1000000000;
  upstream floor {{ server 127.0.0.1:{upstream_port}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://floor; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
    nginx = next((path for path in ("/usr/sbin/nginx", "/usr/local/sbin/nginx") if os.path.exists(path)), "nginx")
    server = Server([nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], None)
    server.port = port
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/", "{}")
            if connection.getresponse().status == 200:
                return server
        time.sleep(0.02)
    server.stop()
    raise BenchError("nginx did not start: " + (folder / "error.log").read_text(errors="replace"))


def json_of(command, environment=None):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0 or not done.stdout.strip():
        raise BenchError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


# ---- the Lambda API


class Lambda:
    """Just enough of a client to make and drop functions."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, document=None):
        body = json.dumps(document) if document is not None else None
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise BenchError(f"{method} {path} answered {response.status}: {text[:300]!r}")
        return json.loads(text) if text else None

    def create(self, name, package, memory=1769, runtime="provided.al2023", handler="bootstrap", snapshots=False):
        """Returns when the function is Active."""
        self.call("POST", "/2015-03-31/functions", {
            "FunctionName": name, "Runtime": runtime, "Handler": handler, "Role": ROLE,
            "MemorySize": memory, "Timeout": 30,
            "Architectures": ["arm64" if platform.machine() == "aarch64" else "x86_64"], "Code": {"ZipFile": package},
            "SnapStart": {"ApplyOn": "PublishedVersions" if snapshots else "None"}})
        while True:
            found = self.call("GET", f"/2015-03-31/functions/{name}/configuration")
            if found.get("State", "Active") != "Pending":
                return
            time.sleep(0.005)

    def delete(self, name):
        self.call("DELETE", f"/2015-03-31/functions/{name}")

    def invoke(self, name):
        return self.call("POST", f"/2015-03-31/functions/{name}/invocations", {"hello": "you"})


def package_of(content, name="bootstrap"):
    """A package with that bootstrap, or with another file, as base64 of a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o100755 << 16
        archive.writestr(info, content)
    return base64.b64encode(out.getvalue()).decode()


# ---- figures


def progress(text):
    print(f"   {text}", file=sys.stderr, flush=True)


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def ratios(mine, theirs):
    return [a / b if b else float("nan") for a, b in zip(mine, theirs)]


def table(titles, rows):
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    for row in [titles, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return {"cpus": os.cpu_count(), "cpu": model, "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def build_all(build, targets=()):
    if build != ROOT / "build" / "release" or os.environ.get("KILN_BENCH_BUILT"):
        return
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "--preset", "release"], check=True, **quiet)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "kiln", "runtimes",
                    "function_echo", "kiln_bench_tools", *targets], check=True, cwd=ROOT)
