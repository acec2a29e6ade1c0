"""What AWS's service models say of each member of a request (its length, range, pattern, values, and whether it must be there) holds
here: what breaks it is refused by the member's name with 400, whatever the request names, before that is looked for."""

import re

import pytest
from harness import ROLE
from model_requests import Absent, Line, Operations, paths, sample, with_value

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:nobody"
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:nothing:1"
EMPTY_ZIP = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
TEMPLATE = '{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}'
TOPIC = "arn:aws:sns:us-east-1:000000000000:nobody"
QUERY = {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}}
# Members that fit. Nothing of these names is there.
FITTING = {
    "lambda": {
        "FunctionName": "nobody", "Role": ROLE, "Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": EMPTY_ZIP}, "Resource": FUNCTION,
        "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*", "Name": "alias", "FunctionVersion": "1", "Arn": LAYER,
        "LayerName": "nothing", "VersionNumber": 1, "AuthType": "NONE", "Qualifier": "q", "TagKeys": ["a"], "Tags": {"a": "b"}, "MaxItems": 1,
        "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0",
        "CompatibleRuntime": "python3.12", "SubnetIds": ["subnet-0"], "SecurityGroupIds": ["sg-0"],
    },
    "cloudformation": {
        "StackName": "nobody", "TemplateBody": TEMPLATE, "ChangeSetName": "changes", "LogicalResourceId": "T", "ExportName": "e",
        "EnableTerminationProtection": False,
    },
    "cloudwatch": {
        "AlarmName": "nobody", "AlarmNames": ["nobody"], "Namespace": "N", "MetricName": "m", "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum", "Threshold": 1.0, "StateValue": "OK", "StateReason": "r", "DashboardName": "d",
        "ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:nobody", "DashboardBody": "{}", "AlarmRule": "TRUE", "Statistics": ["Sum"],
        "StartTime": 1_700_000_000, "EndTime": 1_700_003_600, "MetricData": [{"MetricName": "m", "Value": 1}], "MetricDataQueries": [QUERY],
        "Metrics": [QUERY], "DashboardNames": ["d"], "Tags": [{"Key": "a", "Value": "b"}], "TagKeys": ["a"],
    },
    "logs": {
        "logGroupName": "nobody", "logStreamName": "s", "resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:nobody", "retentionInDays": 1,
        "filterName": "f", "filterPattern": "a", "destinationArn": FUNCTION, "logEvents": [{"timestamp": 1_700_000_000_000, "message": "m"}],
        "tags": {"a": "b"}, "tagKeys": ["a"], "policyName": "p", "policyDocument": "{}", "logEventMessages": ["m"],
        "metricTransformations": [{"metricName": "m", "metricNamespace": "N", "metricValue": "1"}],
    },
    "sns": {
        "TopicArn": TOPIC, "Name": "nobody", "Protocol": "email", "Endpoint": "a@b", "SubscriptionArn": f"{TOPIC}:0123", "ResourceArn": TOPIC,
        "Message": "m", "AttributeName": "DisplayName", "Token": "t", "Label": "l", "AWSAccountId": ["000000000000"], "ActionName": ["Publish"],
        "PublishBatchRequestEntries": [{"Id": "a", "Message": "m"}], "TagKeys": ["a"], "Tags": [{"Key": "a", "Value": "b"}],
    },
    "ssm": {
        "Name": "nobody", "Value": "v", "Path": "/a", "ResourceType": "Parameter", "ResourceId": "nobody", "TagKeys": ["a"], "Names": ["nobody"],
        "Type": "String", "Tags": [{"Key": "a", "Value": "b"}], "Labels": ["a"], "ParameterVersion": 1,
    },
    "application-autoscaling": {
        "ServiceNamespace": "lambda", "ResourceId": "function:nobody:live", "ScalableDimension": "lambda:function:ProvisionedConcurrency",
        "PolicyName": "p", "ScheduledActionName": "s", "TagKeys": ["a"], "Tags": {"a": "b"},
        "ResourceARN": "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/0123",
    },
}
FOLDERS = {"application-autoscaling": "autoscaling"}
# With what is required, so that nothing else is wrong with the request.
BESIDE = {
    "CreateFunction": ["Handler", "Runtime"],
    "AddLayerVersionPermission": ["Action"],
    "CreateStack": ["TemplateBody"], "UpdateStack": ["TemplateBody"], "CreateChangeSet": ["TemplateBody"],
    "GetMetricStatistics": ["Statistics"], "PutMetricAlarm": ["Namespace", "MetricName", "Statistic", "Period", "Threshold"],
    "PutResourcePolicy": ["policyName"], "PutParameter": ["Type"],
}
VALUES_OF = {"AddLayerVersionPermission": {"Action": "lambda:GetLayerVersion"}}
# Of shapes: limits that older models have lower.
NEWER = {"NamespacedFunctionName": {"max": 256}, "FunctionName": {"max": 256}, "MemorySize": {"max": 32768}, "TemplateURL": {"max": 5120},
         "StackPolicyURL": {"max": 5120}, "StackPolicyDuringUpdateURL": {"max": 5120}}
# Of members: what errors call them instead.
WORDS = {"logGroupName": "both must have length", "logStreamName": "both must have length", "TopicArn": "Invalid parameter: Topic",
         "metricTransformations": "metric transformation", "PublishBatchRequestEntries": "batch request", "TagKeys": "the tag '"}
# What is otherwise, and why.
ELSEWHERE = {
    ("CreateFunction", "Runtime"): "AWS has a text of its own",
    ("UpdateFunctionConfiguration", "Runtime"): "AWS has a text of its own",
    ("CreateFunction", "Layers"): "Kiln takes them after the function's own members",
    ("UpdateFunctionConfiguration", "Layers"): "the same",
    ("CreateFunction", "LoggingConfig.LogGroup"): "an empty one is as if it were not there",
    ("UpdateFunctionConfiguration", "LoggingConfig.LogGroup"): "the same",
    ("UpdateFunctionConfiguration", "VpcConfig"): "refused with the function, unless started with --accept-vpc",
    ("UpdateFunctionConfiguration", "FileSystemConfigs"): "the same",
    ("UpdateFunctionConfiguration", "ImageConfig"): "the same",
    ("CreateFunction", "VpcConfig"): "Kiln has none",
    ("AddTagsToResource", "Tags.Value"): "may be empty; in older models it may not",
    ("PutParameter", "Tags.Value"): "the same",
    ("UpdateStack", "RollbackConfiguration"): "Kiln refuses it, once it has the stack",
}


def is_in_address(shape, path):
    """Whether it is a part of the address's path: an empty one makes another address."""
    return shape.members[path[0]].serialization.get("location") == "uri"


def wrong_values(member, in_address):
    """(what is wrong, a value) of what a member's constraints refuse."""
    limits, kind = {**member.metadata, **NEWER.get(member.name, {})}, member.type_name
    least, most = limits.get("min", 0), limits.get("max", 1 << 40)
    if kind in ("integer", "long"):
        if "min" in limits:
            yield "too small", least - 1
        if "max" in limits:
            yield "too large", most + 1
    if kind == "string" and "enum" in limits:
        yield "an unknown value", "NotOne"
    elif kind == "string":
        if least > 0 and not in_address:
            yield "too short", ""
        if most <= 5_000:
            yield "too long", "a" * (most + 1)
        pattern = limits.get("pattern", "").replace("\\p{L}", "a-zA-Z").replace("\\p{Z}", " ").replace("\\p{N}", "0-9")
        try:
            fits = re.compile(pattern, re.DOTALL).fullmatch
        except re.error:  # of surrogates
            return
        for text in ("!", "a b", "", "ü"):
            if pattern and least <= len(text) <= most and not (in_address and not text) and not fits(text):
                yield "another pattern", text
                break


def breaches(service, name):
    operations = Operations(service)
    shape, fitting = operations.shape(name), {**FITTING[service], **VALUES_OF.get(name, {})}
    whole = {**sample(shape, fitting), **{member: fitting[member] for member in BESIDE.get(name, [])}}
    for path, member in paths(shape):
        named = ".".join(str(part) for part in path if isinstance(part, str) and part != "a")
        if (name, named) in ELSEWHERE or (name, path[0]) in ELSEWHERE:
            continue
        for what, value in wrong_values(member, is_in_address(shape, path)):
            yield f"{named} {what}", path, operations.request(name, with_value(whole, shape, list(path), value, fitting))
    for member in shape.required_members:
        if not is_in_address(shape, (member,)):
            yield f"{member} absent", (member,), operations.request(name, {**whole, member: Absent})


def names_member(path, text):
    """As AWS writes it; or the structure's name or the header's, where Kiln has no such thing."""
    names = [part for part in path if isinstance(part, str) and part != "a"] + ["X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"]
    return any(name.lower() in text.lower() for name in names + [WORDS[part] for part in names if part in WORDS])


def known(service):
    """The operations that Kiln has."""
    with open(f"src/services/{FOLDERS.get(service, service)}/members.cc") as file:
        names = set(re.findall(r'\{"(\w+)",', file.read()))
    return sorted(names & set(Operations(service).model.operation_names)) + (["Invoke"] if service == "lambda" else [])


@pytest.mark.parametrize("service, operation", [(service, name) for service in FITTING for name in known(service)])
def test_a_breach_is_refused_by_name(kiln, service, operation):
    line, wrong = Line(kiln.port), []
    for what, path, request in breaches(service, operation):
        status, _, body = line.ask(*request)
        text = body.decode(errors="replace")
        if status != 400 or not names_member(path, text):
            wrong.append(f"{what}: {status} {text[:160]}")
    line.close()
    assert not wrong
