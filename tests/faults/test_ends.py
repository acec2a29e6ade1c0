"""How an engine ends when it is told to, in the middle of work: soon, with nothing left behind, and ready to go on."""

import base64
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

import pytest

from harness import ROLE, wait_for, zip_of


def groups_of(engine):
    """The control groups that an engine of this pid has made, wherever they are."""
    return [path for path, _, _ in os.walk("/sys/fs/cgroup") if f"/kiln-{engine}-" in path]


def test_an_engine_that_ends_leaves_no_control_groups(own_kiln, name):
    if not os.access("/sys/fs/cgroup", os.W_OK):
        pytest.skip("no control groups can be made here")
    kiln = own_kiln()
    engine = kiln.engine
    kiln.create_echo(name)
    assert kiln.invoke(name, "x")["Body"] == "x"
    # Groups of sandboxes that wait for a function, too.
    wait_for(lambda: len(groups_of(engine)) > 1, what="the groups of sandboxes")
    kiln.stop()
    assert groups_of(engine) == []


def test_packages_that_wait_to_be_unpacked_wait_for_no_end(own_kiln, name):
    """What is being unpacked is left, what has not begun is dropped, and neither leaves anything."""
    kiln = own_kiln()
    code, functions = pathlib.Path(kiln.data_dir) / "code", 24
    bodies = []
    for number in range(functions):
        files = {"index.py": f"# {number}\n", **{f"{n}.bin": b"\0" * 1_000_000 for n in range(40)}}
        document = {"FunctionName": f"{name}-{number}", "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE}
        bodies.append(json.dumps({**document, "Code": {"ZipFile": base64.b64encode(zip_of(files)).decode()}}))

    def create(body):
        try:
            kiln.http("POST", "/2015-03-31/functions", body)
        except OSError:
            pass  # it ends before it answers

    callers = [threading.Thread(target=create, args=(body,)) for body in bodies]
    for caller in callers:
        caller.start()
    wait_for(lambda: code.is_dir() and list(code.glob(".new-*")), what="the first package that is unpacked")
    kiln.process.send_signal(signal.SIGTERM)
    assert kiln.process.wait(60) == 0, kiln.stderr()
    for caller in callers:
        caller.join()
    assert list(code.glob(".new-*")) == []
    again = own_kiln()
    made = again.client("lambda").list_functions()["Functions"]
    assert len(made) < functions
    for document in made:
        assert (code / base64.b64decode(document["CodeSha256"]).hex() / "39.bin").stat().st_size == 1_000_000


def test_a_download_that_does_not_come_holds_no_end_up(own_kiln, name):
    """A stack's function whose code another server's S3 never sends: the deployment is left where it stands, not rolled back."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kiln = own_kiln(args=["--forward", f"s3=http://127.0.0.1:{silent.getsockname()[1]}"])
        function = {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": {"S3Bucket": "code", "S3Key": "f.zip"}}}
        kiln.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"F": function}}))
        caller, _ = silent.accept()
        with caller:
            caller.recv(1)
            kiln.process.send_signal(signal.SIGTERM)
            assert kiln.process.wait(30) == 0, kiln.stderr()
        events = own_kiln().client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    assert "Kiln was stopped during CREATE_IN_PROGRESS" in events[0]["ResourceStatusReason"]
    assert not [event for event in events if event["ResourceStatus"].startswith("ROLLBACK")]


def test_an_interpreter_that_hangs_holds_no_end_up(own_kiln, name, tmp_path):
    """Its version is asked again at the first invocation, by a worker that the end waits for."""
    program, asked = tmp_path / "bin" / "python3.12", tmp_path / "asked"
    os.mkfifo(asked)
    program.parent.mkdir()
    program.parent.chmod(0o755)
    answers = f'#!/bin/sh\n[ "$1" = --version ] || exec {sys.executable} "$@"\n'
    program.write_text(f"{answers}echo Python 3.9.1\n")
    program.chmod(0o755)
    kiln = own_kiln(args=["--python", f"3.12={program}"])
    kiln.create(name, {"index.py": "def handler(event, context):\n    return event\n"})
    # Another time of change makes the answer one that isn't known.
    program.write_text(f"{answers}echo > {asked}\nexec sleep 1000\n")
    os.utime(program, (1, 1))
    assert kiln.invoke(name, "x")["Body"] == "x"
    asked.read_text()
    began = time.monotonic()
    kiln.process.send_signal(signal.SIGTERM)
    assert kiln.process.wait(60) == 0, kiln.stderr()
    assert time.monotonic() - began < 8, "the end waited for the ten seconds that an interpreter has"
