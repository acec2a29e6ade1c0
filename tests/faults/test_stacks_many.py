"""Stacks made and deleted, one after the other: the engine keeps neither memory nor threads of them.

KILN_MANY_STACKS=10000 pytest tests/faults/test_stacks_many.py makes as many as that; it prints what the engine had in between.
"""

import json
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Kiln, wait_for
from stacks import CAPABILITIES, EMPTY, inventory, settled

COUNT = int(os.environ.get("KILN_MANY_STACKS", "120"))
AT_ONCE = 4
BODY = json.dumps({"Resources": {
    "F": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                                                          "Code": {"ZipFile": "def handler(event, context): pass\n"}}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Group": {"Type": "AWS::Logs::LogGroup"},
}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["F", "Arn"]}}}})


@pytest.fixture
def engine(tmp_path):
    kiln = Kiln(data_dir=tmp_path / "data")
    yield kiln
    kiln.stop()


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines) if name in ("VmRSS", "Threads")}


def make_and_delete(engine, numbers):
    cloudformation = engine.client("cloudformation")

    def one(number):
        stack = cloudformation.create_stack(StackName=f"many-{number}", TemplateBody=BODY, Capabilities=CAPABILITIES)["StackId"]
        assert settled(cloudformation, stack)["StackStatus"] == "CREATE_COMPLETE"
        cloudformation.delete_stack(StackName=stack)
        # One that was deleted long ago is forgotten.
        assert settled(cloudformation, stack)["StackStatus"] == "DELETE_COMPLETE"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, numbers))


def test_stacks_that_are_gone_cost_nothing(engine):
    pid = engine.engine
    before = status_of(pid)
    # Everything that is made once, and as many deleted stacks as are remembered.
    make_and_delete(engine, range(60))
    warm = status_of(pid)
    step = max(1, COUNT // 10)
    for start in range(60, 60 + COUNT, step):
        make_and_delete(engine, range(start, min(start + step, 60 + COUNT)))
        now = status_of(pid)
        print(f"{start + step - 60} stacks: {now['VmRSS'] / 1024:.1f} MiB, {now['Threads']} threads")
    # 8 MiB for what allocators keep, and no more than 1 KiB for each stack.
    grown = status_of(pid)["VmRSS"] - warm["VmRSS"]
    assert grown < 8 * 1024 + COUNT, f"{grown} KiB more after {COUNT} stacks"
    wait_for(lambda: status_of(pid)["Threads"] <= before["Threads"], 60, "the end of the threads of deployments")
    assert inventory(engine) == EMPTY
