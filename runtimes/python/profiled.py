"""Starts the bootstrap (argv[1]) with a thread that samples where the handler is, for `kiln profile`.

KILN_PROFILE names the file for the folded stacks: "outer;inner COUNT" for each. Time that a handler waits counts as time
that it computes.
"""

import os
import sys
import threading
import time

INTERVAL = 0.002
WRITE_EVERY = 0.1
FILE = os.environ["KILN_PROFILE"]
BOOTSTRAP = sys.argv[1]


def frame_name(frame):
    code = frame.f_code
    return f"{getattr(code, 'co_qualname', code.co_name)} ({os.path.basename(code.co_filename)}:{code.co_firstlineno})".replace(";", ":")


class Sampler(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.main = threading.main_thread().ident
        self.stacks = {}

    def run(self):
        written, due = 0, 0
        while True:
            time.sleep(INTERVAL)
            self.sample()
            now = time.monotonic()
            if now >= due and (taken := sum(self.stacks.values())) != written:
                self.write()
                written, due = taken, now + WRITE_EVERY

    def sample(self):
        names = []
        frame = sys._current_frames().get(self.main)
        while frame is not None:
            if frame.f_code.co_filename == BOOTSTRAP:
                break
            names.append(frame_name(frame))
            frame = frame.f_back
        # Below the bootstrap's `invoke` is the handler; elsewhere is nothing of the function's.
        inside = frame is not None and frame.f_code.co_name == "invoke"
        if inside and names:
            stack = ";".join(reversed(names))
            self.stacks[stack] = self.stacks.get(stack, 0) + 1

    def write(self):
        with open(FILE + ".new", "w", encoding="utf-8", errors="replace") as out:
            for stack, count in self.stacks.items():
                out.write(f"{stack} {count}\n")
        os.replace(FILE + ".new", FILE)


# So long may another thread hold the interpreter before a sample is taken.
sys.setswitchinterval(INTERVAL / 4)
Sampler().start()
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
with open(BOOTSTRAP, "rb") as bootstrap:
    code = compile(bootstrap.read(), BOOTSTRAP, "exec")
__doc__ = None
__file__ = BOOTSTRAP
exec(code, globals())
