"""A network of a program's own, in which every port is free: 4566, too, as documents and examples have it."""

import os
import sys

# The loopback device of a new network namespace is down.
LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def in_own_network(command):
    """The command line that runs `command` so."""
    return ["unshare", *([] if os.getuid() == 0 else ["-r"]), "-n", sys.executable, "-c", LOOPBACK, *command]
