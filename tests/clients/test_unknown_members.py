"""What Kiln doesn't know is refused by its name, in each service and protocol, and never dropped."""

import pytest
from harness import ROLE
from model_requests import Line, Operations


# What AWS has and Kiln hasn't, of each service.
MEMBERS = [
    ("lambda", None, "CreateFunction", {"DurableConfig": {"ExecutionTimeout": 60}}, "DurableConfig"),
    ("lambda", None, "CreateFunction", {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, "TenancyConfig"),
    ("lambda", None, "CreateFunction", {"CapacityProviderConfig": {}}, "CapacityProviderConfig"),
    ("lambda", None, "CreateFunction", {"PublishTo": "LATEST_PUBLISHED"}, "PublishTo"),
    ("lambda", None, "CreateFunction", {"Code": {"S3Bucket": "b", "S3Key": "k", "S3ObjectStorageMode": "COPY"}}, "Code.S3ObjectStorageMode"),
    ("cloudwatch", "query", "PutMetricAlarm", {"AlarmName": "u", "EvaluationInterval": 10}, "EvaluationInterval"),
    ("cloudwatch", "json", "PutMetricAlarm", {"AlarmName": "u", "EvaluationInterval": 10}, "EvaluationInterval"),
    ("cloudwatch", "cbor", "PutMetricAlarm", {"AlarmName": "u", "EvaluationInterval": 10}, "EvaluationInterval"),
    ("logs", None, "DescribeLogGroups", {"accountIdentifiers": ["111111111111"]}, "accountIdentifiers"),
    ("sns", None, "CreateTopic", {"Name": "u", "DataProtectionPolicy": "{}"}, "DataProtectionPolicy"),
    ("application-autoscaling", None, "PutScalingPolicy", {"PredictiveScalingPolicyConfiguration": {}}, "PredictiveScalingPolicyConfiguration"),
    ("cloudformation", None, "CreateStack", {"StackName": "u", "RetainExceptOnCreate": True}, "RetainExceptOnCreate"),
    ("ssm", None, "PutParameter", {"Name": "u", "Value": "v", "Colour": "red"}, "Colour"),
    ("sts", None, "GetCallerIdentity", {"Colour": "red"}, "Colour"),
]


@pytest.mark.parametrize("service, protocol, operation, document, named", MEMBERS, ids=[f"{m[0]} {m[1] or ''} {m[4]}" for m in MEMBERS])
def test_a_member_that_is_not_here_is_refused_by_name(kiln, service, protocol, operation, document, named):
    line = Line(kiln.port)
    status, _, body = line.ask(*Operations(service, protocol).request(operation, document))
    line.close()
    assert 400 <= status < 500 and named in body.decode(errors="replace") and operation in body.decode(errors="replace")


def test_nothing_was_made_of_them(kiln):
    assert not [t for t in kiln.client("sns").list_topics()["Topics"] if t["TopicArn"].endswith(":u")]
    assert not kiln.client("logs").describe_log_groups(logGroupNamePrefix="u")["logGroups"]


@pytest.mark.parametrize("header", ["X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"])
def test_headers_of_invoke_that_are_not_here_are_refused_by_name(kiln, header):
    status, _, body = kiln.http("POST", "/2015-03-31/functions/nobody/invocations", "{}", {header: "a"})
    assert status == 400 and header.encode() in body


def test_parameters_of_lambda_addresses(kiln):
    assert kiln.http("GET", "/2015-03-31/functions?Colour=red")[0] == 400
    assert kiln.http("GET", "/2015-03-31/functions?MaxItems=5&X-Amz-Signature=0&X-Amz-Date=1")[0] == 200


def test_what_has_no_effect_and_needs_none_is_taken(kiln, name):
    """What tools send besides: each is named as harmless in docs/compatibility.md."""
    assert kiln.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ab", ExternalId="x", Policy="{}", Tags=[{"Key": "a", "Value": "b"}])
    kiln.client("logs").create_log_group(logGroupName=name)
    kiln.client("logs").filter_log_events(logGroupName=name, interleaved=True, unmask=True)
    kiln.client("cloudwatch").list_metrics(IncludeLinkedAccounts=False)
    kiln.client("cloudformation").get_template_summary(TemplateBody='{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}', CallAs="SELF")


def test_a_null_is_as_if_it_were_not_there(kiln, name):
    status, _, body = Line(kiln.port).ask(*Operations("logs").request("CreateLogGroup", {"logGroupName": name, "kmsKeyId": None}))
    assert status == 200, body
