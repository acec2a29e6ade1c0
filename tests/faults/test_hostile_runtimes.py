"""Runtimes that do anything at any time, as real processes: random sequences from a seed. Whatever they do, each
invocation has exactly one answer, no byte of another's event is in it, and after DeleteFunction nothing is left.

KILN_HOSTILE_SECONDS says how long (30 by default); KILN_HOSTILE_SEED which sequences, printed when one fails.
"""

import http.client
import json
import os
import random
import threading
import time

from harness import wait_for
from test_hostile_functions import blanks, children_of

SECONDS = float(os.environ.get("KILN_HOSTILE_SECONDS", 30))
SEED = int(os.environ.get("KILN_HOSTILE_SEED", 20261129))

# A bootstrap that does what its event says, step by step. Each event carries a token of its own; what it answers is made
# of what it has read, so that a byte of another's event would be seen.
BOOTSTRAP = """#!/usr/bin/python3
import json, os, signal, socket, sys, threading, time
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
ROOT = '/2018-06-01/runtime/'

def head(method, path, length=None, more=''):
    size = '' if length is None else f'Content-Length: {length}\\r\\n'
    return f'{method} {ROOT}{path} HTTP/1.1\\r\\nHost: x\\r\\n{size}{more}\\r\\n'.encode()

class Line:
    def __init__(self):
        self.socket = socket.create_connection((host, int(port)))
        self.buffer = b''
    def read(self):
        while b'\\r\\n\\r\\n' not in self.buffer:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError
            self.buffer += part
        top, rest = self.buffer.split(b'\\r\\n\\r\\n', 1)
        lines = top.decode().split('\\r\\n')
        fields = {k.lower(): v.strip() for k, v in (line.split(':', 1) for line in lines[1:])}
        size = int(fields.get('content-length', 0))
        while len(rest) < size:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError
            rest += part
        self.buffer = rest[size:]
        return int(lines[0].split()[1]), fields, rest[:size]
    def call(self, *arguments, body=b''):
        self.socket.sendall(head(*arguments) + body)
        return self.read()

def answer(id, body):
    return Line().call('POST', f'invocation/{id}/response', len(body), body=body)[0]

line = Line()
held, earlier = [], None
while True:
    try:
        status, fields, event = line.call('GET', 'invocation/next')
    except (EOFError, OSError):
        line = Line()
        continue
    if status != 200:
        time.sleep(0.01)
        continue
    id, event = fields['lambda-runtime-aws-request-id'], json.loads(event)
    done = json.dumps({'token': event['token'], 'size': len(event['fill'])}).encode()
    for step in event['steps']:
        if step == 'answer':
            answer(id, done)
        elif step == 'answer in parts':
            other = Line()
            whole = head('POST', f'invocation/{id}/response', len(done)) + done
            for at in range(0, len(whole), 7):
                other.socket.sendall(whole[at:at + 7])
            other.read()
        elif step == 'answer late for the one before' and earlier:
            answer(earlier, b'"stolen"')
        elif step == 'answer for nobody':
            answer('00000000-0000-0000-0000-000000000000', b'"stolen"')
        elif step == 'error':
            Line().call('POST', f'invocation/{id}/error', 2, body=b'{}')
        elif step == 'half an answer':
            other = Line()
            other.socket.sendall(head('POST', f'invocation/{id}/response', 1000) + b'{"half')
            other.socket.close()
        elif step == 'half a head':
            other = Line()
            other.socket.sendall(b'POST /2018-06-01/runtime/invoc')
            other.socket.close()
        elif step == 'rubbish':
            other = Line()
            other.socket.sendall(os.urandom(300) + b'\\r\\n\\r\\n')
            other.socket.close()
        elif step == 'ask for the next and drop it':
            other = Line()
            other.socket.sendall(head('GET', 'invocation/next'))
            other.socket.close()
        elif step == 'ask twice for the next':
            other = Line()
            other.socket.sendall(head('GET', 'invocation/next') * 2)
            held.append(other)
        elif step == 'drop the line':
            line.socket.close()
            line = Line()
        elif step == 'hold a line':
            held.append(Line())
        elif step == 'fork':
            if os.fork() == 0:
                time.sleep(1000)
        elif step == 'init error':
            Line().call('POST', 'init/error', 2, body=b'{}')
        elif step == 'close the streams':
            os.close(1)
            os.close(2)
        elif step == 'write much':
            try:
                sys.stdout.write('x' * 100_000 + '\\n')
                sys.stdout.flush()
            except OSError:
                pass
        elif step == 'descriptor 3':
            try:
                os.write(3, os.urandom(16))
            except OSError:
                pass
        elif step == 'end':
            os._exit(0)
        elif step == 'end soon':
            threading.Timer(0.004, os._exit, [0]).start()
        elif step == 'die':
            os.kill(os.getpid(), signal.SIGSEGV)
        elif step == 'wait':
            time.sleep(0.02)
        elif step == 'hang':
            time.sleep(1000)
    earlier = id
"""

STEPS = ["answer"] * 12 + [
    "answer in parts", "answer in parts", "answer late for the one before", "answer for nobody", "error", "half an answer", "half a head",
    "rubbish", "ask for the next and drop it", "ask twice for the next", "drop the line", "hold a line", "fork", "init error",
    "close the streams", "write much", "descriptor 3", "end", "end soon", "die", "wait"]


def sequence(chance):
    steps = [chance.choice(STEPS) for _ in range(chance.randint(1, 4))]
    if chance.random() < 0.9 and "answer" not in steps:
        steps.insert(chance.randint(0, len(steps)), "answer")
    if chance.random() < 0.01:
        steps.insert(0, "hang")  # to the time limit
    return steps


def test_runtimes_that_do_anything(own_kiln):
    kiln = own_kiln(args=["--idle-lifetime", "1s"])
    before = len(children_of(kiln.engine)) - 2 * blanks(kiln.engine)
    names = [f"hostile{i}" for i in range(4)]
    for name in names:
        kiln.create(name, {"bootstrap": (BOOTSTRAP, 0o755)}, runtime="provided.al2023", handler="x", Timeout=2)
    end = time.monotonic() + SECONDS
    faults, counts = [], {"answered": 0, "failed": 0}
    lock = threading.Lock()

    def caller(number):
        chance = random.Random(f"{SEED}-{number}")
        line = http.client.HTTPConnection("127.0.0.1", kiln.port, timeout=60)
        sent = 0
        while time.monotonic() < end and not faults:
            sent += 1
            token, fill = f"{number}-{sent}-{chance.random()}", "f" * chance.choice([0, 10, 1000, 200_000])
            steps, name = sequence(chance), chance.choice(names)
            line.request("POST", f"/2015-03-31/functions/{name}/invocations", json.dumps({"token": token, "steps": steps, "fill": fill}))
            answer = line.getresponse()
            body = answer.read()
            what = f"seed {SEED}, caller {number}, {sent}: {steps}: {answer.status} {body[:300]}"
            failed = answer.getheader("X-Amz-Function-Error")
            good = json.loads(body) if answer.status == 200 and not failed else None
            # Another's answer or event must never come, nor anything for a request that wasn't sent.
            if good is not None and good != {"token": token, "size": len(fill)}:
                faults.append(f"a wrong answer: {what}")
            if answer.status not in (200, 429):
                faults.append(f"a wrong status: {what}")
            if answer.status == 200 and failed and b"stolen" in body:
                faults.append(f"another's bytes: {what}")
            with lock:
                counts["failed" if failed else "answered"] += 1
        line.close()

    callers = [threading.Thread(target=caller, args=(i,)) for i in range(8)]
    for each in callers:
        each.start()
    for each in callers:
        each.join(SECONDS + 90)
    assert not [each for each in callers if each.is_alive()], "an invocation has no answer"
    assert not faults, "\n".join(faults[:5]) + kiln.stderr()[-3000:]
    assert kiln.process.poll() is None and "started again" not in kiln.stderr(), kiln.stderr()[-3000:]
    print(f"\nseed {SEED}: {counts}")
    assert counts["answered"] > 20
    for name in names:
        kiln.client("lambda").delete_function(FunctionName=name)
    wait_for(lambda: len(children_of(kiln.engine)) - 2 * blanks(kiln.engine) <= before, 120, "the end of all processes")
    # And the engine works as before.
    kiln.create("after", {"index.py": "def handler(event, context):\n    return event\n"})
    assert kiln.invoke("after", {"a": 1})["Body"] == {"a": 1}
