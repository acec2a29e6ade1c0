"""The functions of functions/, deployed from their packages as a user deploys them."""

import json
import pathlib
import re

from harness import BINARY, ROOT

PACKAGES = BINARY.parent / "functions"
TWINS = ROOT / "bench" / "twins"


def deploy(kiln, name, function, variables=None, **more):
    return kiln.create(name, code={"ZipFile": (PACKAGES / f"{function}.zip").read_bytes()}, runtime="provided.al2023", handler="bootstrap",
                       Environment={"Variables": variables or {}}, **more)


def deploy_twin(kiln, name, function, **more):
    return kiln.create(name, {"index.py": (TWINS / f"{function}.py").read_text()}, **more)


class Call:
    """One invocation: status, body, log lines, whether it was the environment's first."""

    def __init__(self, kiln, name, event, client=None):
        answer = kiln.invoke(name, event, client=client, LogType="Tail")
        assert "FunctionError" not in answer, (answer["Body"], answer["Log"])
        assert sorted(answer["Body"]) == ["body", "statusCode"], answer["Body"]
        self.status = answer["Body"]["statusCode"]
        self.body = json.loads(answer["Body"]["body"])
        self.log = answer["Log"]
        self.cold = "Init Duration" in self.log

    def ok(self):
        assert self.status == 200, self.body
        return self.body


def cold_and_warm(kiln, name, event):
    """The bodies of an environment's first invocation and of the next one."""
    client = kiln.client("lambda")
    calls = [Call(kiln, name, event, client) for _ in range(2)]
    assert [call.cold for call in calls] == [True, False]
    return [call.ok() for call in calls]


def descendants(pid):
    """pids of a process's children and theirs."""
    found = []
    for thread in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, thread.read_text().split()):
            found += [child, *descendants(child)]
    return found


def environment_pid(kiln, name):
    """The process of a function's only environment."""
    mark = f"AWS_LAMBDA_FUNCTION_NAME={name}".encode()
    pids = [pid for pid in descendants(kiln.process.pid) if mark in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")]
    assert pids, f"no environment of {name}"
    return pids[-1]


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def open_descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
