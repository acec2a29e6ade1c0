"""Disks that refuse: what can't be kept is answered with an error and doesn't happen, now and after a restart."""

import contextlib
import json
import os
import subprocess

import botocore.exceptions
import pytest
from harness import ROLE, wait_for, zip_of
from stacks import delete, settled

ALARM = dict(Namespace="n", MetricName="m", ComparisonOperator="GreaterThanThreshold", Threshold=1, EvaluationPeriods=1, Period=60, Statistic="Sum")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]})
LOGS = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]})
TOPIC = "arn:aws:sns:us-east-1:000000000000:"
POLICY = "arn:aws:iam::000000000000:policy/p"
SCALED = dict(ServiceNamespace="lambda", ScalableDimension="lambda:function:ProvisionedConcurrency")
TEMPLATE = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})


def scaled(function):
    return dict(SCALED, ResourceId=f"function:{function}:live")


def make_things(kiln):
    awslambda, cloudwatch, sns, ssm, iam, logs, scaling, stacks, s3 = (
        kiln.client(service)
        for service in ["lambda", "cloudwatch", "sns", "ssm", "iam", "logs", "application-autoscaling", "cloudformation", "s3"]
    )
    for function in ["f", "g", "scaled", "held"]:
        kiln.create_echo(function)
    for function in ["f", "scaled", "held"]:
        awslambda.publish_version(FunctionName=function)
        awslambda.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    awslambda.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    awslambda.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=3)
    awslambda.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    awslambda.create_function_url_config(FunctionName="f", AuthType="NONE")
    awslambda.publish_layer_version(LayerName="l", Content={"ZipFile": zip_of({"a": "b"})})
    cloudwatch.put_metric_alarm(AlarmName="a", **ALARM)
    cloudwatch.put_metric_alarm(AlarmName="b", **ALARM)
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(b)")
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    for topic in ["t", "u"]:
        sns.create_topic(Name=topic)
        sns.subscribe(TopicArn=TOPIC + topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:q")
    for parameter in ["/p", "/q", "/r"]:
        ssm.put_parameter(Name=parameter, Value="v", Type="String")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="p", PolicyDocument=LOGS)
    logs.create_log_group(logGroupName="group")
    logs.put_resource_policy(policyName="p", policyDocument=LOGS)
    for function in ["scaled", "held"]:
        scaling.register_scalable_target(MinCapacity=1, MaxCapacity=2, **scaled(function))
        scaling.put_scaling_policy(
            PolicyName="p", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 0.5, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
            },
            **scaled(function),
        )
        scaling.put_scheduled_action(ScheduledActionName="s", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 1}, **scaled(function))
    stacks.create_stack(StackName="stack", TemplateBody=TEMPLATE)
    stacks.get_waiter("stack_create_complete").wait(StackName="stack", WaiterConfig={"Delay": 1})
    stacks.create_change_set(StackName="new", ChangeSetName="set", ChangeSetType="CREATE", TemplateBody=TEMPLATE)
    s3.create_bucket(Bucket="a-bucket")
    s3.create_bucket(Bucket="b-bucket")
    s3.put_object(Bucket="a-bucket", Key="k", Body=b"x")


# The service, what deletes, and what is there before it, as a part of what the service lists.
DELETIONS = {
    "DeleteAlias": ("lambda", lambda c: c.delete_alias(FunctionName="f", Name="live"), lambda c: c.list_aliases(FunctionName="f")["Aliases"]),
    "RemovePermission": ("lambda", lambda c: c.remove_permission(FunctionName="f", StatementId="s"), lambda c: c.get_policy(FunctionName="f")["Policy"]),
    "DeleteFunctionConcurrency": (
        "lambda", lambda c: c.delete_function_concurrency(FunctionName="f"),
        lambda c: c.get_function_concurrency(FunctionName="f").get("ReservedConcurrentExecutions"),
    ),
    "DeleteFunctionEventInvokeConfig": (
        "lambda", lambda c: c.delete_function_event_invoke_config(FunctionName="f"),
        lambda c: c.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"],
    ),
    "DeleteFunctionUrlConfig": (
        "lambda", lambda c: c.delete_function_url_config(FunctionName="f"),
        lambda c: [url["CreationTime"] for url in c.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]],  # its port changes
    ),
    "DeleteFunction": ("lambda", lambda c: c.delete_function(FunctionName="g"), lambda c: [f for f in c.list_functions()["Functions"] if f["FunctionName"] == "g"]),
    "DeleteLayerVersion": ("lambda", lambda c: c.delete_layer_version(LayerName="l", VersionNumber=1), lambda c: c.list_layer_versions(LayerName="l")["LayerVersions"]),
    "DeleteAlarms": ("cloudwatch", lambda c: c.delete_alarms(AlarmNames=["a"]), lambda c: c.describe_alarms(AlarmNames=["a"])["MetricAlarms"]),
    "DeleteAlarms of two": (
        "cloudwatch", lambda c: c.delete_alarms(AlarmNames=["b", "both"]),
        lambda c: [len(c.describe_alarms(AlarmNames=["b", "both"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])[kind]) for kind in ["MetricAlarms", "CompositeAlarms"]].count(1),
    ),
    "DeleteDashboards": ("cloudwatch", lambda c: c.delete_dashboards(DashboardNames=["d"]), lambda c: c.list_dashboards()["DashboardEntries"]),
    "Unsubscribe": (
        "sns", lambda c: c.unsubscribe(SubscriptionArn=c.list_subscriptions_by_topic(TopicArn=TOPIC + "t")["Subscriptions"][0]["SubscriptionArn"]),
        lambda c: c.list_subscriptions_by_topic(TopicArn=TOPIC + "t")["Subscriptions"],
    ),
    "DeleteTopic": (
        "sns", lambda c: c.delete_topic(TopicArn=TOPIC + "u"),
        lambda c: [t for t in c.list_topics()["Topics"] if t["TopicArn"] == TOPIC + "u"]
        + [s["Endpoint"] for s in c.list_subscriptions()["Subscriptions"] if s["TopicArn"] == TOPIC + "u"],
    ),
    "DeleteParameter": ("ssm", lambda c: c.delete_parameter(Name="/p"), lambda c: c.get_parameters(Names=["/p"])["Parameters"]),
    "DeleteParameters": ("ssm", lambda c: c.delete_parameters(Names=["/q", "/r"]), lambda c: c.get_parameters(Names=["/q", "/r"])["Parameters"]),
    "DeleteRole": ("iam", lambda c: c.delete_role(RoleName="r"), lambda c: c.list_roles()["Roles"]),
    "DeletePolicy": ("iam", lambda c: c.delete_policy(PolicyArn=POLICY), lambda c: c.list_policies(Scope="Local")["Policies"]),
    "DeleteLogGroup": ("logs", lambda c: c.delete_log_group(logGroupName="group"), lambda c: c.describe_log_groups(logGroupNamePrefix="group")["logGroups"]),
    "DeleteResourcePolicy": ("logs", lambda c: c.delete_resource_policy(policyName="p"), lambda c: c.describe_resource_policies()["resourcePolicies"]),
    "DeleteScheduledAction": (
        "application-autoscaling", lambda c: c.delete_scheduled_action(ScheduledActionName="s", **scaled("held")),
        lambda c: c.describe_scheduled_actions(ServiceNamespace="lambda", ResourceId="function:held:live")["ScheduledActions"],
    ),
    "DeleteScalingPolicy": (
        "application-autoscaling", lambda c: c.delete_scaling_policy(PolicyName="p", **scaled("held")),
        lambda c: c.describe_scaling_policies(ServiceNamespace="lambda", ResourceId="function:held:live")["ScalingPolicies"],
    ),
    "DeregisterScalableTarget": (
        "application-autoscaling", lambda c: c.deregister_scalable_target(**scaled("scaled")),
        lambda c: [
            c.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=["function:scaled:live"])["ScalableTargets"],
            c.describe_scaling_policies(ServiceNamespace="lambda", ResourceId="function:scaled:live")["ScalingPolicies"],
            c.describe_scheduled_actions(ServiceNamespace="lambda", ResourceId="function:scaled:live")["ScheduledActions"],
        ] if c.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=["function:scaled:live"])["ScalableTargets"] else [],
    ),
    "DeleteChangeSet": ("cloudformation", lambda c: c.delete_change_set(StackName="new", ChangeSetName="set"), lambda c: c.list_change_sets(StackName="new")["Summaries"]),
    "DeleteStack": (
        "cloudformation", lambda c: c.delete_stack(StackName="stack"),
        lambda c: [s["StackStatus"] for s in c.describe_stacks()["Stacks"] if s["StackName"] == "stack"],
    ),
    "DeleteObject": ("s3", lambda c: c.delete_object(Bucket="a-bucket", Key="k"), lambda c: c.list_objects_v2(Bucket="a-bucket").get("Contents")),
    "DeleteBucket": ("s3", lambda c: c.delete_bucket(Bucket="b-bucket"), lambda c: [b for b in c.list_buckets()["Buckets"] if b["Name"] == "b-bucket"]),
}


def seen(kiln):
    out = {}
    for name, (service, _, there) in DELETIONS.items():
        try:
            out[name] = there(kiln.client(service))
        except kiln.client("lambda").exceptions.ResourceNotFoundException:
            out[name] = None  # a function without a policy
    return out


def refused(kiln):
    """The deletions that are answered with an error, which is their service's own 500."""
    out = {}
    for name, (service, delete, _) in DELETIONS.items():
        try:
            delete(kiln.client(service))
        except botocore.exceptions.ClientError as error:
            out[name] = error.response
    wrong = {name: response for name, response in out.items() if response["ResponseMetadata"]["HTTPStatusCode"] != 500}
    assert not wrong
    assert not [name for name, response in out.items() if not response["Error"]["Message"]]
    return out


def test_what_cant_be_deleted_is_there_now_and_after_a_restart(own_kiln, tmp_path):
    kiln = own_kiln()
    make_things(kiln)
    before = seen(kiln)
    assert all(before.values()), before
    data, away = kiln.data_dir, tmp_path / "away"
    data.rename(away)
    assert sorted(refused(kiln)) == sorted(DELETIONS)
    assert seen(kiln) == before
    away.rename(data)
    kiln.kill()
    again = own_kiln()
    assert seen(again) == before
    # And then it goes: with no alarm of a scaling policy left behind.
    assert not refused(again)
    again.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName="stack", WaiterConfig={"Delay": 1})
    assert not [name for name, left in seen(again).items() if left]
    assert again.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_a_full_disk_deletes_for_good_or_says_that_it_does_not(own_kiln, tmp_path):
    """A database may have room left where the disk has none: then it does what it says."""
    with small_disk(tmp_path, "40m") as disk:
        kiln = own_kiln(data_dir=disk / "data")
        make_things(kiln)
        before = seen(kiln)
        filler = disk / "filler"
        fill(filler)
        said = refused(kiln)
        assert said
        now = seen(kiln)
        stack = {"DeleteStack"}  # goes on by itself
        assert {name for name, left in now.items() if left} - stack == set(said) - stack
        assert {name: now[name] for name in set(said) - stack} == {name: before[name] for name in set(said) - stack}
        kiln.kill()
        filler.unlink()
        again = own_kiln(data_dir=disk / "data")
        assert {name: left for name, left in seen(again).items() if name not in stack} == {name: left for name, left in now.items() if name not in stack}
        again.kill()


@contextlib.contextmanager
def small_disk(tmp_path, size):
    if os.geteuid() != 0:
        pytest.skip("this test mounts a small disk, which takes root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_stack_that_a_full_disk_stops_says_so_and_the_next_deployment_repairs_it(own_kiln, tmp_path):
    names = [f"T{number}" for number in range(60)]
    one_after_the_other = {
        name: {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "d" * 90}, **({"DependsOn": names[at - 1]} if at else {})} for at, name in enumerate(names)
    }
    template = json.dumps({"Resources": one_after_the_other})
    with small_disk(tmp_path, "24m") as disk:
        kiln = own_kiln(data_dir=disk / "data")
        stacks = kiln.client("cloudformation")
        stacks.create_stack(StackName="s", TemplateBody=template)
        wait_for(lambda: kiln.client("sns").list_topics()["Topics"], what="a first topic")
        filler = disk / "filler"
        fill(filler)
        stopped = settled(stacks, "s")
        # A database may have had room for the rest.
        if stopped["StackStatus"] != "CREATE_COMPLETE":
            assert stopped["StackStatus"] == "CREATE_FAILED" and "Is the disk full or failing?" in stopped["StackStatusReason"]
        kiln.kill()
        filler.unlink()
        again = own_kiln(data_dir=disk / "data")
        stacks = again.client("cloudformation")
        assert settled(stacks, "s")["StackStatus"] == stopped["StackStatus"]
        if stopped["StackStatus"] == "CREATE_FAILED":
            stacks.update_stack(StackName="s", TemplateBody=template)
            assert settled(stacks, "s")["StackStatus"] == "UPDATE_COMPLETE"
        assert len(again.client("sns").list_topics()["Topics"]) == 60
        assert delete(stacks, "s")["StackStatus"] == "DELETE_COMPLETE"
        assert again.client("sns").list_topics()["Topics"] == []
        again.kill()


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in [1 << 20, 1 << 12, 1]:
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
