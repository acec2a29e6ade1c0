"""A program on a terminal of a given size: what it draws, and keys for it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time


class Terminal:
    def __init__(self, command, columns=80, rows=24, **more):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.process = subprocess.Popen([str(word) for word in command], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
                                        preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)), **more)
        os.close(slave)
        self.written = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self):
        """What came since; False when the program has closed its terminal."""
        ready, _, _ = select.select([self.master], [], [], 0.1)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.written += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, condition, seconds=20):
        """Reads until condition(self) holds, and returns its value."""
        end = time.monotonic() + seconds
        while True:
            value = condition(self)
            if value:
                return value
            if not self.read() or time.monotonic() > end:
                value = condition(self)
                assert value, f"not seen within {seconds} s:\n{self.plain()[-3000:]}"
                return value

    def plain(self):
        """All that was written, without colors and cursor movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.written).replace("\r", "")

    def page(self):
        """The lines of the last whole screen that `kiln top` drew."""
        frames = self.written.split("\x1b[H")
        whole = [frame for frame in frames[1:] if "\x1b[J" in frame]
        if not whole:
            return []
        text = whole[-1].split("\x1b[J")[0]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "").split("\n")

    def end(self, seconds=10):
        """Waits for the program to end by itself; its exit code."""
        limit = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < limit:
            self.read()
        code = self.process.wait(1)
        while self.read() and time.monotonic() < limit:
            if not select.select([self.master], [], [], 0)[0]:
                break
        return code

    def hang_up(self):
        """Ends the terminal, not the program."""
        os.close(self.master)
        self.master = -1

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self.master >= 0:
            self.hang_up()
