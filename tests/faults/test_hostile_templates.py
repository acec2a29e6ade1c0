"""Templates of snapshot start that lie, die, or never answer: the version fails and says why, and nobody else notices."""

import pytest
from botocore.exceptions import ClientError

from harness import code_of, processes_of, wait_for

ON = {"ApplyOn": "PublishedVersions"}

# KILN_CHANNEL_FD and KILN_TEMPLATE_FD: what Kiln looks for in a bootstrap that can be forked.
HOSTILE = """#!/usr/bin/python3 -S
# KILN_CHANNEL_FD KILN_TEMPLATE_FD
import array, ctypes, os, signal, socket, struct, sys, time
if "KILN_TEMPLATE_FD" not in os.environ: time.sleep(60)
control = socket.socket(fileno=int(os.environ["KILN_TEMPLATE_FD"]))
def request():
    word, rest, _, _ = control.recvmsg(16, 64)
    fds = array.array("i", rest[0][2])
    return socket.socket(fileno=fds[0]), list(fds)
def forever():
    while True: time.sleep(60)
# In a child: process 1 of namespaces as an environment has, which was told to go on.
def first(orders):
    if os.fork() != 0: forever()
    user, group = os.geteuid(), os.getegid()
    ctypes.CDLL(None).unshare(0x10000000 | 0x20000000 | 0x20000)
    orders.send(b'U')
    orders.recv(8)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if os.fork() != 0: forever()
    orders.send(b'H')
    orders.recv(8)
"""

WAYS = {
    "another language": ("control.send(b'?'); forever()", "speaks another language"),
    "an empty word": ("control.send(b'\\0'); forever()", "speaks another language"),
    "no word, and the socket shut": ("control.close(); forever()", "ended before its snapshot"),
    "ready, and deaf": ("control.send(b'R'); forever()", "makes no environment"),
    "ready, and gone": ("control.send(b'R'); request(); os._exit(0)", "ended before its snapshot"),
    "ready again and again": ("[control.send(b'R') for _ in range(100000)]; forever()", "says too much"),
    "an error without end": ("while True: control.send(b'EBad\\0')", "Bad"),
    "unfit again and again": ("while True: control.send(b'X' + b'y' * 60000)", "y" * 100),
    "requests dropped": ("control.send(b'R'); orders, _ = request(); orders.close(); forever()", "ended before its snapshot"),
    "itself as an environment": ("control.send(b'R'); orders, _ = request(); orders.send(b'H'); forever()", "no environment"),
    "a child as an environment": (
        "control.send(b'R'); orders, _ = request()\nif os.fork() == 0: orders.send(b'H')\nforever()", "no environment"),
    "no letter from an environment": ("control.send(b'R'); orders, _ = request(); orders.send(b'x' * 5000); forever()", "no environment"),
    "ready before it is there": ("control.send(b'R'); orders, _ = request(); orders.send(b'R'); forever()", "no environment"),
    "there twice": ("control.send(b'R'); orders, _ = request(); first(orders); orders.send(b'H'); forever()", "no environment"),
    "a user asked for late": ("control.send(b'R'); orders, _ = request(); first(orders); orders.send(b'U'); forever()", "no environment"),
    "a user asked for twice": (
        "control.send(b'R'); orders, _ = request(); ctypes.CDLL(None).unshare(0x10000000); orders.send(b'U'); orders.recv(8); orders.send(b'U'); forever()",
        "no environment"),
    "there, and never ready": ("control.send(b'R'); orders, _ = request(); first(orders); forever()", "makes no environment"),
    "there, and gone": ("control.send(b'R'); orders, _ = request(); first(orders); os._exit(0)", "makes no environment"),
    "there, and not permitted": ("control.send(b'R'); orders, _ = request(); first(orders); orders.send(b'Xno luck'); forever()", None),
    "an environment not permitted": ("control.send(b'R'); orders, _ = request(); orders.send(b'Xno luck'); forever()", None),
    "descriptors for the engine": (
        "null = os.open('/dev/null', os.O_RDONLY)\ncontrol.send(b'R'); orders, _ = request()\n"
        "orders.sendmsg([b'H'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [null] * 8))]); forever()", "no environment"),
    "a long error": ("control.send(b'EBad\\0' + b'x' * 100000); os._exit(1)", "Bad"),
    "an error without a type": ("control.send(b'E'); os._exit(1)", "Runtime.Unknown"),
    "unfit without end": ("control.send(b'X' + b'y' * 60000); forever()", "y" * 100),
    "output without end": ("os.set_blocking(1, False)\nwhile True:\n  try: os.write(1, b'z' * 65536)\n  except BlockingIOError: pass\n  if time.process_time() > 0.5: os._exit(9)", "Runtime.ExitError"),
}


@pytest.fixture(scope="module")
def bystander(kiln):
    kiln.create_echo("beside-templates")
    yield lambda: kiln.invoke("beside-templates", {"still": "here"})["Body"]
    kiln.client("lambda").delete_function(FunctionName="beside-templates")


@pytest.mark.parametrize("way", WAYS)
def test_a_hostile_template_fails_alone(kiln, name, way, bystander):
    act, reason = WAYS[way]
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"bootstrap": (HOSTILE + act + "\n", 0o755)}, runtime="provided.al2023", handler="x", SnapStart=ON, MemorySize=256)
    lambda_.publish_version(FunctionName=name)
    state = lambda: (d := lambda_.get_function_configuration(FunctionName=name, Qualifier="1"))["State"] != "Pending" and d
    document = wait_for(state, 20, "an end of being made")
    assert bystander() == {"still": "here"}
    if reason is None:
        assert document["State"] == "Active" and document["SnapStart"]["OptimizationStatus"] == "Off"
    else:
        assert document["State"] == "Failed" and reason in document["StateReason"], document["StateReason"]
        with pytest.raises(ClientError) as error:
            kiln.invoke(name, Qualifier="1")
        assert code_of(error) == "ResourceConflictException"
    lambda_.delete_function(FunctionName=name)
    wait_for(lambda: not processes_of(kiln, name), 20, "the end of all that it started")


def test_one_that_never_says_anything_goes_with_its_version(kiln, name):
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"bootstrap": (HOSTILE + "os.fork(); forever()\n", 0o755)}, runtime="provided.al2023", handler="x", SnapStart=ON)
    lambda_.publish_version(FunctionName=name)
    wait_for(lambda: len(processes_of(kiln, name)) == 2, 20, "the template and its child")
    with pytest.raises(ClientError) as error:
        kiln.invoke(name, Qualifier="1")
    assert code_of(error) == "SnapStartNotReadyException"
    lambda_.delete_function(FunctionName=name, Qualifier="1")
    wait_for(lambda: not processes_of(kiln, name), 20, "the end of both")
