"""Real servers that tests of functions start for themselves. Each is ended by its pid."""

import glob
import itertools
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import tempfile

from harness import ROOT, wait_for


# Below those that the kernel gives to whoever asks for any (32768 and up), so that a port stays free until it is taken,
# and during an outage. Processes that run tests side by side begin at different ones.
PORTS = itertools.count(15_000 + os.getpid() % 170 * 100)


def free_port():
    while True:
        port = next(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Postgres:
    """PostgreSQL of Debian's package: trust authentication, super-user kiln. stop() and start() are an outage."""

    def __init__(self):
        self.programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.account = {}
        if os.geteuid() == 0:  # as root it refuses to run
            user = pwd.getpwnam("postgres")
            self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.folder = tempfile.TemporaryDirectory(prefix="kiln-postgres-")
        if self.account:
            os.chown(self.folder.name, self.account["user"], self.account["group"])
        self.port = free_port()
        self.url = f"postgresql://kiln@127.0.0.1:{self.port}/postgres"
        self.data = f"{self.folder.name}/data"
        self._run("initdb", "-D", self.data, "-U", "kiln", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
        self.server = None
        self.start()

    def _run(self, program, *args):
        return subprocess.run([self.programs / program, *args], cwd=self.folder.name, check=True, capture_output=True, text=True, **self.account).stdout

    def start(self):
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=50", "shared_buffers=16MB")
        command = [self.programs / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder.name]
        for setting in settings:
            command += ["-c", setting]
        with open(f"{self.folder.name}/log", "a") as log:
            self.server = subprocess.Popen(command, cwd=self.folder.name, stdout=log, stderr=log, **self.account)
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kiln", "-d", "postgres"]
        wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, what="PostgreSQL")

    def query(self, sql):
        """What psql prints, without headings."""
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql).strip()

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGINT)  # breaks the connections that are open
            self.server.wait(30)
            self.server = None

    def close(self):
        self.stop()
        self.folder.cleanup()


class Redis:
    """Redis of Debian's package. stop() and start() are an outage; nothing is kept over one."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kiln-redis-")
        self.port = free_port()
        self.server = None
        self.start()

    def start(self):
        command = ["/usr/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder.name]
        with open(f"{self.folder.name}/log", "a") as log:
            self.server = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._answers, what="Redis")

    def _answers(self):
        try:
            return self.command("PING") == "+PONG"
        except OSError:
            return False

    def command(self, line):
        """The reply to one inline command, as Redis writes it, without its last line end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(line.encode() + b"\r\n")
            return connection.recv(65536).decode().removesuffix("\r\n")

    def clients(self):
        """How many are connected, without this question's own connection."""
        return int(re.search(r"connected_clients:(\d+)", self.command("INFO clients"))[1]) - 1

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(30)
            self.server = None

    def close(self):
        self.stop()
        self.folder.cleanup()


class NodeServer:
    """A server from npm, started by a script that prints its port."""

    def __init__(self, script):
        self.process = subprocess.Popen(["node", "-e", script], cwd=ROOT / "tests" / "node", stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


# What Kiln gives functions as their credentials.
FUNCTION_KEYS = ("ASIAKILNLOCALACCESS0", "kiln-local-secret-access-key-00000000000")


def s3_server(folder, keys=FUNCTION_KEYS):
    """s3rver with the empty bucket "b". It takes requests that are signed with `keys` or with S3RVER and S3RVER, else it answers 403."""
    return NodeServer(f"""
        const S3rver = require("s3rver");
        require("s3rver/lib/models/account").DUMMY_ACCOUNT.createKeyPair({keys[0]!r}, {keys[1]!r});
        new S3rver({{port: 0, address: "127.0.0.1", silent: true, directory: {str(folder)!r}, configureBuckets: [{{name: "b"}}]}})
          .run().then((address) => console.log(address.port));""")


def dynamodb_server():
    """dynalite without tables; new ones are usable at once."""
    return NodeServer("""
        const server = require("dynalite")({createTableMs: 0});
        server.listen(0, "127.0.0.1", () => console.log(server.address().port));""")
