"""Debian's AWS CLI without its start, which is four fifths of the second of a processor that a command takes: one process
reads the CLI's modules, and each command is a fork of it that runs the CLI's main() with arguments, an environment and
descriptors of its own."""

import atexit
import functools
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

PROGRAM = "/usr/bin/aws"


class AwsCli:
    """For several threads at once."""

    def __init__(self):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.lock = threading.Lock()
        with theirs:
            self.process = subprocess.Popen(["/usr/bin/python3", __file__, str(theirs.fileno())], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def run(self, arguments, environment, timeout=120):
        """As subprocess.run() does it with texts captured."""
        told = json.dumps({"arguments": [str(one) for one in arguments], "environment": environment, "folder": os.getcwd()}).encode()
        answer, theirs = socket.socketpair()
        with answer, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with theirs, self.lock:
                socket.send_fds(self.ours, [told], [out.fileno(), err.fileno(), theirs.fileno()])
            answer.settimeout(timeout)
            with answer.makefile() as lines:
                pid = None
                try:
                    pid = lines.readline()
                    code = lines.readline()
                except TimeoutError:
                    if pid:
                        os.killpg(int(pid), signal.SIGKILL)
                    raise subprocess.TimeoutExpired([PROGRAM, *arguments], timeout) from None
            out.seek(0)
            err.seek(0)
            errors = err.read().decode()
            assert code, f"the command ended without a code: {errors}"
            return subprocess.CompletedProcess([PROGRAM, *arguments], int(code), out.read().decode(), errors)

    def close(self):
        self.ours.close()
        self.process.wait(10)


@functools.cache
def aws_cli():
    cli = AwsCli()
    atexit.register(cli.close)
    return cli


def serve(line):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; this ends with them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a command ended: it says so
    before = dict(os.environ)
    program = runpy.run_path(PROGRAM)
    own = {name: value for name, value in os.environ.items() if before.get(name) != value}  # AWS_DATA_PATH
    sys.modules["awscli.clidriver"].create_clidriver()  # imports what the first command would
    while True:
        told, descriptors, _, _ = socket.recv_fds(line, 1 << 20, 3)
        if not told:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                line.close()
                told = json.loads(told)
                command(program["main"], told["arguments"], {**told["environment"], **own}, told["folder"], *descriptors)
            finally:
                os._exit(1)
        for one in descriptors:
            os.close(one)


def command(main, arguments, environment, folder, out, err, answer):
    """Does not return."""
    os.setsid()
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.write(answer, f"{os.getpid()}\n".encode())
    code = 255
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv = [PROGRAM, *arguments]
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int | None) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(answer, f"{int(code or 0)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
