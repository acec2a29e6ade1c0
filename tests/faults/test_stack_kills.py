"""kill -9 at random moments of deployments that succeed, fail and roll back, and of their repairs; and what was there before."""

import json
import random
import re

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, wait_for
from stack_forms import details, prepared, resource, stack, with_a_failure
from stacks import CAPABILITIES, EMPTY, create, events, inventory, settled

KILLS = 30


def varied(number):
    """A form of the stack with things that are replaced, and some that only one form has."""
    template = stack(number)
    template["Resources"]["T"]["Properties"]["TopicName"] = f"t{number}"
    template["Resources"][f"Extra{number % 2}"] = resource("AWS::Logs::LogGroup", LogGroupName=f"extra{number % 2}")
    del template["Resources"]["Layer"]["Properties"]["LayerName"]
    if number == 0:
        del template["Resources"]["U"]["Properties"]["Qualifier"]
    return template


def begin(cloudformation, template):
    """Creates, updates or deletes; the stack's id, or None where there is nothing to do."""
    there = [one for one in cloudformation.describe_stacks()["Stacks"] if one["StackName"] == "s"]
    if there and there[0]["StackStatus"] == "ROLLBACK_COMPLETE":
        cloudformation.delete_stack(StackName="s")
        settled(cloudformation, there[0]["StackId"])
        there = []
    if template is None:
        cloudformation.delete_stack(StackName="s")
        return there[0]["StackId"] if there else None
    if not there:
        return cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template), Capabilities=CAPABILITIES)["StackId"]
    try:
        cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(template), Capabilities=CAPABILITIES)
    except ClientError as error:
        assert "No updates are to be performed" in str(error), str(error)
    return there[0]["StackId"]


def exact(kiln):
    """All details but two: a version that was published in the moment of a kill may be one too many, and what scaling has set stays."""
    found = details(kiln)
    found["function"][-1] = found["inventory"]["functions"]["f"]["versions"] = None
    found["inventory"]["functions"]["f"]["aliases"] = sorted(found["inventory"]["functions"]["f"]["aliases"])
    found["inventory"]["layers"] = len(found["inventory"]["layers"])
    return json.loads(re.sub(r"layer:s-Layer-\w+:\d+", "layer:N", json.dumps(found)))


@pytest.mark.slow
def test_what_comes_after_kills_is_exactly_what_the_last_deployment_says(tmp_path):
    chance = random.Random(42)
    reference = prepared(Kiln())
    wanted = []
    for number in range(3):
        made = create(reference.client("cloudformation"), "s", varied(number))
        assert made["StackStatus"] == "CREATE_COMPLETE"
        wanted.append(exact(reference))
        settled(reference.client("cloudformation"), begin(reference.client("cloudformation"), None))
    reference.stop()

    kiln = prepared(Kiln(data_dir=tmp_path / "data"))
    kills = hits = 0
    try:
        while kills < KILLS:
            for _ in range(chance.choice([1, 1, 2, 3])):
                number = chance.choice([0, 1, 2, 0, 1, 2, None])
                template = None if number is None else varied(number)
                if template and chance.random() < 0.4:
                    template = with_a_failure(template)
                cloudformation = kiln.client("cloudformation")
                stack_id = begin(cloudformation, template)
                # Somewhere in the middle: as many questions later as the dice say.
                for _ in range(int(chance.random() ** 2 * 60)):
                    cloudformation.list_stacks()
                kiln.kill()
                kiln = Kiln(data_dir=tmp_path / "data")
                kills += 1
                if stack_id:
                    left = kiln.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]
                    hits += "Kiln was stopped during" in left.get("StackStatusReason", "")
            number = chance.choice([0, 1, 2, None])
            cloudformation = kiln.client("cloudformation")
            stack_id = begin(cloudformation, None if number is None else varied(number))
            if stack_id:
                status = settled(cloudformation, stack_id)["StackStatus"]
                assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_COMPLETE"), (kills, events(cloudformation, stack_id)[-60:])
            if number is None:
                assert inventory(kiln) == EMPTY, kills
            else:
                ask = {"FunctionName": "f", "Qualifier": "live"}
                lambda_ = kiln.client("lambda")
                wait_for(lambda: lambda_.get_provisioned_concurrency_config(**ask)["Status"] == "READY", what="provisioned concurrency after a restart")
                assert exact(kiln) == wanted[number], kills
        print(f"{hits} of {kills} kills came in the middle")
        assert hits >= KILLS / 4
    finally:
        kiln.stop()


def test_what_was_there_before_stays_when_a_stack_finds_its_name_taken(own_kiln):
    kiln = prepared(own_kiln())
    lambda_, cloudwatch = kiln.client("lambda"), kiln.client("cloudwatch")
    kiln.create("f", {"index.py": "def handler(event, context):\n    return 'mine'\n"})
    lambda_.publish_version(FunctionName="f")
    lambda_.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    lambda_.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")
    lambda_.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    topic = kiln.client("sns").create_topic(Name="t")["TopicArn"]
    kiln.client("logs").create_log_group(logGroupName="group")
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets":[]}')
    cloudwatch.put_metric_alarm(AlarmName="alarm", Namespace="N", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    kiln.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="lambda", ScalableDimension="lambda:function:ProvisionedConcurrency", ResourceId="function:f:live", MinCapacity=0, MaxCapacity=2)
    before = inventory(kiln)
    for name in ("F", "A", "U", "E", "T", "Alarm", "D", "Target", "Group"):
        text = json.dumps({key: value for key, value in stack(0)["Resources"][name].items() if key != "DependsOn"})
        for reference, value in (('{"Ref": "F"}', "f"), ('{"Ref": "T"}', topic), ('{"Fn::GetAtt": ["V0", "Version"]}', "1")):
            text = text.replace(reference, json.dumps(value))
        failed = create(kiln.client("cloudformation"), f"taken-{name}", {"Resources": {name: json.loads(text)}})
        assert failed["StackStatus"] == "ROLLBACK_COMPLETE", name
        reasons = [reason for _, status, reason in events(kiln.client("cloudformation"), failed["StackId"]) if status == "CREATE_FAILED"]
        assert len(reasons) == 1 and "exist" in reasons[0], reasons
        assert inventory(kiln) == before, name
    # What is wrong for another reason as well doesn't take it away either.
    wrong = resource("AWS::Lambda::Function", FunctionName="f", Runtime="python3.12", Handler="index.handler", Role="arn:aws:iam::000000000000:role/any", Code={"S3Bucket": "nowhere", "S3Key": "x"})
    assert create(kiln.client("cloudformation"), "wrong", {"Resources": {"F": wrong}})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert inventory(kiln) == before
