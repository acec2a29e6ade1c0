"""Many things at once: lists of them, and what deletes page by page."""

import json
import pathlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Kiln, wait_for

COUNT = 250
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TEMPLATE = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    kiln = Kiln(data_dir=tmp_path_factory.mktemp("many") / "data")
    yield kiln
    kiln.stop()


def at_once(work, things):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, things))


# The service, the operation that lists, its member, what makes the n-th, and what deletes one that is listed.
THINGS = {
    "roles": ("iam", "list_roles", "Roles", lambda c, n: c.create_role(RoleName=f"r{n}", AssumeRolePolicyDocument=TRUST),
              lambda c, one: c.delete_role(RoleName=one["RoleName"])),
    "topics": ("sns", "list_topics", "Topics", lambda c, n: c.create_topic(Name=f"t{n}"), lambda c, one: c.delete_topic(TopicArn=one["TopicArn"])),
    "stacks": ("cloudformation", "describe_stacks", "Stacks", lambda c, n: c.create_stack(StackName=f"s{n}", TemplateBody=TEMPLATE),
               lambda c, one: (c.delete_stack(StackName=one["StackId"]), c.get_waiter("stack_delete_complete").wait(StackName=one["StackId"], WaiterConfig={"Delay": 0.05}))),
    "log groups": ("logs", "describe_log_groups", "logGroups", lambda c, n: c.create_log_group(logGroupName=f"g{n}"),
                   lambda c, one: c.delete_log_group(logGroupName=one["logGroupName"])),
    "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms",
               lambda c, n: c.put_metric_alarm(AlarmName=f"a{n}", Namespace="n", MetricName="m", ComparisonOperator="GreaterThanThreshold", Threshold=1,
                                               EvaluationPeriods=1, Period=60, Statistic="Sum"),
               lambda c, one: c.delete_alarms(AlarmNames=[one["AlarmName"]])),
}


@pytest.mark.parametrize("kind", THINGS)
def test_who_deletes_page_by_page_leaves_nothing(engine, kind):
    service, operation, member, make, delete = THINGS[kind]
    client = engine.client(service)
    at_once(lambda number: make(client, number), range(COUNT))
    if kind == "stacks":
        at_once(lambda number: client.get_waiter("stack_create_complete").wait(StackName=f"s{number}", WaiterConfig={"Delay": 0.05}), range(COUNT))
    deleted = 0
    for page in client.get_paginator(operation).paginate():
        at_once(lambda one: delete(client, one), page[member])
        deleted += len(page[member])
    assert (deleted, [left for page in client.get_paginator(operation).paginate() for left in page[member]]) == (COUNT, [])


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_tags_of_things_beside_many_stacks(engine):
    """Which stack has made each of them costs no copy of every stack: that took twenty seconds of CPU here."""
    stacks, tagging = engine.client("cloudformation"), engine.client("resourcegroupstaggingapi")
    body = json.dumps({"Metadata": {"Long": "x" * 30_000}, "Resources": {f"T{n}": {"Type": "AWS::SNS::Topic"} for n in range(3)}})
    at_once(lambda number: stacks.create_stack(StackName=f"s{number}", TemplateBody=body), range(300))
    complete = lambda: [s["StackStatus"] for page in stacks.get_paginator("list_stacks").paginate(StackStatusFilter=["CREATE_COMPLETE"]) for s in page["StackSummaries"]]
    wait_for(lambda: len(complete()) == 300, 120, "the end of all deployments")
    before = cpu_seconds(engine.engine)
    pages = [page["ResourceTagMappingList"] for page in tagging.get_paginator("get_resources").paginate(ResourceTypeFilters=["sns"])]
    found = {each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for page in pages for each in page}
    assert len(found) == sum(map(len, pages)) == 900
    assert {tags["aws:cloudformation:stack-name"] for tags in found.values()} == {f"s{number}" for number in range(300)}
    assert cpu_seconds(engine.engine) - before < 8
