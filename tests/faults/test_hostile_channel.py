"""Functions that speak the direct channel and its shared memory, and lie in every word of both: each invocation has one
answer, none has another's bytes, no descriptor stays in the engine, and neighbours notice nothing."""

import json
import os
import pathlib
import random

from harness import wait_for
from test_hostile_functions import blanks, children_of

SEED = int(os.environ.get("KILN_HOSTILE_SEED", 20261130))

# KILN_CHANNEL_FD: what Kiln looks for in a bootstrap that speaks the channel. The places are those of base/channel_ring.h.
BOOTSTRAP = """#!/usr/bin/python3
import array, ctypes, fcntl, json, mmap, os, random, signal, socket, struct, time
channel = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))
STAGES = 4096 + 2 * (32 << 20)
SIZE, SMALL, ANSWER, LARGE = STAGES + 8 * 4096, 1920, 64, 4096
NUMBER, SLEEPS = ANSWER, ANSWER + 24
channel.sendall(struct.pack('<IIQ', 1, 6, 0) + b'ring 2')
word, rest, _, _ = channel.recvmsg(65536, 256)
memory = array.array('i', rest[0][2])[0]
ring = mmap.mmap(memory, SIZE)
def u32(at): return struct.unpack_from('<I', ring, at)[0]
def put(at, *words): struct.pack_into('<' + 'I' * len(words), ring, at, *words)
def wake(data=b'w'):
    try: channel.send(data, socket.MSG_DONTWAIT)
    except OSError: pass
def answer(number, id, body):
    meta = struct.pack('<I', len(id)) + id
    at = 256 + SMALL if len(meta) + len(body) <= SMALL else LARGE + (32 << 20)
    ring[at:at + len(meta) + len(body)] = meta + body
    struct.pack_into('<IIIQ', ring, ANSWER + 4, 3, len(meta), 0, len(body))
    put(NUMBER, number)
    wake()
seen = 0
while True:
    while u32(0) == seen: time.sleep(0.0005)
    seen = u32(0)
    meta_size, (body_size,) = u32(8), struct.unpack_from('<Q', ring, 16)
    at = 256 if meta_size + body_size <= SMALL else LARGE
    meta, body = ring[at:at + meta_size], ring[at + meta_size:at + meta_size + body_size]
    id = meta[4:4 + struct.unpack_from('<I', meta)[0]]
    event = json.loads(body)
    chance = random.Random(event['token'])
    for step in event['steps']:
        if step == 'scribble':
            for _ in range(200): put(4 * chance.randrange(64), chance.choice([0, 1, 3, 4, 0x7fffffff, 0xffffffff, chance.getrandbits(32)]))
            for _ in range(50): put(STAGES + 4 * chance.randrange(8 * 1024), chance.getrandbits(32))
            wake()
        elif step == 'scribble without end':
            end = time.monotonic() + 0.2
            while time.monotonic() < end: put(4 * chance.randrange(64), chance.getrandbits(32)); wake()
        elif step == 'sizes':
            struct.pack_into('<IIIQ', ring, ANSWER + 4, 3, chance.choice([0, 4, 65536, 0xffffffff]), 0, chance.choice([0, 6291557, 1 << 33, (1 << 64) - 1]))
            put(NUMBER, seen); wake()
        elif step == 'no answer':
            struct.pack_into('<IIIQ', ring, ANSWER + 4, 1, 4, 0, 4)
            put(NUMBER, seen); wake()
            signal.pause()
        elif step == 'resize':
            for size in (0, 100, SIZE * 2):
                try: os.ftruncate(memory, size)
                except OSError: pass
            try: fcntl.fcntl(memory, 1033, 0x1f)
            except OSError: pass
            ctypes.CDLL(None).fallocate(memory, 3, ctypes.c_long(0), ctypes.c_long(SIZE))
        elif step == 'bytes':
            for _ in range(50): wake(os.urandom(4096))
        elif step == 'descriptors':
            for _ in range(20):
                try: channel.sendmsg([b'w'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [memory] * 100))], socket.MSG_DONTWAIT)
                except OSError: pass
        elif step == 'wakes':
            put(SLEEPS, 1); put(SLEEPS, 0xffffffff); wake()
        elif step == 'answer': answer(seen, id, json.dumps({'token': event['token']}).encode())
        elif step == 'answer for another': answer(seen, b'00000000-0000-0000-0000-000000000000', b'"stolen"')
        elif step == 'answer before': answer(seen - 1, id, b'"stolen"')
        elif step == 'answer twice':
            answer(seen, id, json.dumps({'token': event['token']}).encode()); answer(seen, id, b'"stolen"')
        elif step == 'shut': channel.shutdown(chance.choice([socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR]))
        elif step == 'close': channel.close()
        elif step == 'die': os._exit(3)
"""

STEPS = ["scribble", "scribble without end", "sizes", "no answer", "resize", "bytes", "descriptors", "wakes", "answer for another", "answer before", "shut", "close", "die"]


def descriptors(pid):
    """Without log files, of which some stay open."""
    folder = f"/proc/{pid}/fd"
    return sum(not os.readlink(f"{folder}/{fd}").endswith(".log") for fd in os.listdir(folder) if os.path.lexists(f"{folder}/{fd}"))


def processes(engine, name):
    """How many descendants have that name."""
    names = (pathlib.Path(f"/proc/{pid}/comm") for pid in children_of(engine))
    return sum(path.exists() and path.read_text() == name + "\n" for path in names)


def test_liars_on_the_channel(own_kiln):
    kiln = own_kiln()
    kiln.create_echo("neighbour")
    assert kiln.invoke("neighbour", {"still": "here"})["Body"] == {"still": "here"}
    engine = kiln.engine
    wait_for(lambda: blanks(engine) >= 2, what="the stock of sandboxes")
    open_before = descriptors(engine) - 5 * blanks(engine)
    kiln.create("liar", {"bootstrap": (BOOTSTRAP, 0o755)}, runtime="provided.al2023", handler="x", Timeout=1, MemorySize=256)
    chance, good = random.Random(SEED), 0
    for number in range(40):
        steps = ["answer"] if number % 4 == 0 else [chance.choice(STEPS) for _ in range(chance.randint(1, 2))] + ["answer"]
        if number % 10 == 9:
            steps = ["answer twice"]
        token = f"{SEED}-{number}"
        answer = kiln.invoke("liar", {"token": token, "steps": steps})
        if "FunctionError" not in answer:
            # A function may answer with anything, but for another's bytes.
            good += answer["Body"] == {"token": token}
            assert answer["Body"] == {"token": token} or steps != ["answer"], (steps, answer["Body"])
        assert kiln.invoke("neighbour", {"n": number})["Body"] == {"n": number}, steps
    assert good > 8
    assert kiln.engine == engine
    kiln.client("lambda").delete_function(FunctionName="liar")
    wait_for(lambda: processes(engine, "kiln-sandbox") == 1, what="the end of all liars but the neighbour")
    wait_for(lambda: descriptors(engine) - 5 * blanks(engine) <= open_before + 4, what="the closing of what was sent")
