"""The functions of functions/, deployed from their packages as a user deploys them."""

import concurrent.futures
import contextlib
import json
import pathlib
import re

from harness import BINARY, ROOT, repeat

PACKAGES = BINARY.parent / "functions"
TWINS = ROOT / "bench" / "twins"


def deploy(kiln, name, function, variables=None, **more):
    return kiln.create(name, code={"ZipFile": (PACKAGES / f"{function}.zip").read_bytes()}, runtime="provided.al2023", handler="bootstrap",
                       Environment={"Variables": variables or {}}, **more)


def deploy_twin(kiln, name, function, **more):
    return kiln.create(name, {"index.py": (TWINS / f"{function}.py").read_text()}, **more)


class Call:
    """One invocation: status, body, failures of a batch, log lines, whether it was the environment's first."""

    def __init__(self, kiln, name, event, client=None):
        answer = kiln.invoke(name, event, client=client, LogType="Tail")
        assert "FunctionError" not in answer, (answer["Body"], answer["Log"])
        assert sorted(answer["Body"].keys() - {"batchItemFailures"}) == ["body", "statusCode"], answer["Body"]
        self.status = answer["Body"]["statusCode"]
        self.failures = [one["itemIdentifier"] for one in answer["Body"].get("batchItemFailures", [])]
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


def environment_pids(kiln, name):
    """The processes of a function's environments."""
    mark = f"AWS_LAMBDA_FUNCTION_NAME={name}".encode()
    pids = []
    for pid in descendants(kiln.engine):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if mark in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                pids.append(pid)
    assert pids, f"no environment of {name}"
    return pids


def environment_pid(kiln, name):
    """The process of a function's only environment."""
    return environment_pids(kiln, name)[-1]


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def open_descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def invoke_often(kiln, name, event, count, at_once=1):
    """The set of the status codes of so many invocations, over `at_once` connections."""
    payload = json.dumps(event).encode()

    def run(share):
        bodies = (json.loads(body) for _, body in repeat(kiln, f"/2015-03-31/functions/{name}/invocations", payload, share))
        return {body["statusCode"] if "statusCode" in body else str(body) for body in bodies}

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return set().union(*pool.map(run, [count // at_once + (i < count % at_once) for i in range(at_once)]))


def assert_nothing_left(kiln, name, event, status, count, at_once=1, warm_up=None, descriptors=0, memory_mb=2):
    """So many invocations have this status; the environments live on, with the descriptors that they had and hardly more memory."""
    assert invoke_often(kiln, name, event, warm_up or max(count // 20, 20 * at_once), at_once) == {status}
    before = {pid: (open_descriptors(pid), resident_mb(pid)) for pid in environment_pids(kiln, name)}
    assert invoke_often(kiln, name, event, count, at_once) == {status}
    after = {pid: (open_descriptors(pid), resident_mb(pid)) for pid in environment_pids(kiln, name)}
    assert before.keys() <= after.keys()
    most_open, most_mb = map(max, zip(*before.values()))
    for now_open, now_mb in after.values():
        assert now_open <= most_open + descriptors
        assert now_mb < most_mb + memory_mb
