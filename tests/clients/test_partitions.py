"""ARNs of China's and GovCloud's Regions are of their own partitions, wherever one is made or read."""

import json

import pytest


@pytest.fixture(params=[("cn-north-1", "aws-cn", "amazonaws.com.cn"), ("us-gov-west-1", "aws-us-gov", "amazonaws.com")], ids=["china", "govcloud"])
def place(request):
    return request.param


def test_arns_follow_the_region(kiln, name, place):
    region, partition, _ = place
    lambdas = kiln.client("lambda", region)
    function = kiln.create(name, {"index.py": "def handler(event, context): return context.invoked_function_arn"}, client=lambdas)["FunctionArn"]
    assert function == f"arn:{partition}:lambda:{region}:000000000000:function:{name}"
    assert lambdas.get_function(FunctionName=function)["Configuration"]["FunctionArn"] == function
    assert json.loads(lambdas.invoke(FunctionName=function)["Payload"].read()) == function

    sns = kiln.client("sns", region)
    topic = sns.create_topic(Name=name)["TopicArn"]
    assert topic == f"arn:{partition}:sns:{region}:000000000000:{name}"
    assert sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)["SubscriptionArn"].startswith(topic)
    lambdas.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": topic}})

    alarms = kiln.client("cloudwatch", region)
    alarms.put_metric_alarm(AlarmName=name, Namespace="N", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic])
    assert alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"].startswith(f"arn:{partition}:cloudwatch:{region}:")

    identity = kiln.client("sts", region).get_caller_identity()
    assert identity["Arn"] == f"arn:{partition}:iam::000000000000:root" and identity["Account"] == "000000000000"
    iam = kiln.client("iam", region)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    assert role == f"arn:{partition}:iam::000000000000:role/{name}"
    policy = f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"][0]["PolicyArn"] == policy
    session = kiln.client("sts", region).assume_role(RoleArn=role, RoleSessionName="s1")["AssumedRoleUser"]["Arn"]
    assert session == f"arn:{partition}:sts::000000000000:assumed-role/{name}/s1"


def test_stacks_know_their_partition(kiln, name, place):
    region, partition, suffix = place
    stacks = kiln.client("cloudformation", region)
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}},
        "Outputs": {"Partition": {"Value": {"Ref": "AWS::Partition"}}, "Suffix": {"Value": {"Ref": "AWS::URLSuffix"}}, "Topic": {"Value": {"Ref": "Topic"}}},
    }
    stack = stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))["StackId"]
    assert stack.startswith(f"arn:{partition}:cloudformation:{region}:")
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]}
    assert outputs == {"Partition": partition, "Suffix": suffix, "Topic": f"arn:{partition}:sns:{region}:000000000000:{name}"}
