"""Filters of log groups, buckets and their policies, and parameters in stacks: made, changed, acting, taken away."""

import base64
import gzip
import json

import pytest
from botocore.exceptions import ClientError
from harness import code_of, wait_for
from stacks import create, delete, events, update
from test_log_filters import put, total

KEEPER = "def handler(event, context): print('GOT', event['awslogs']['data'])\n"
SAM = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/stack/logs"}},
        "Keeper": {"Type": "AWS::Serverless::Function", "Properties": {
            "FunctionName": "stack-keeper", "Runtime": "python3.12", "Handler": "index.handler", "InlineCode": KEEPER,
            "Events": {"Lines": {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": {"Ref": "Group"}, "FilterPattern": "ERROR"}}}}},
    },
}


def handed_over(logs, function):
    lines = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="GOT")["events"]
    documents = [json.loads(gzip.decompress(base64.b64decode(line["message"].split()[-1]))) for line in lines]
    return [event["message"] for document in documents for event in document["logEvents"]]


def test_a_function_of_a_sam_template_gets_the_lines_of_a_log_group(kiln):
    cloudformation, logs = kiln.client("cloudformation"), kiln.client("logs")
    made = create(cloudformation, "stack-logs", SAM)
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, "stack-logs")
    logs.create_log_stream(logGroupName="/stack/logs", logStreamName="s")
    put(logs, "/stack/logs", "an ERROR", "fine")
    wait_for(lambda: logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/stack-keeper")["logGroups"])
    assert wait_for(lambda: handed_over(logs, "stack-keeper")) == ["an ERROR"]
    changed = json.loads(json.dumps(SAM).replace("ERROR", "WARN"))
    assert update(cloudformation, "stack-logs", changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert [one["filterPattern"] for one in logs.describe_subscription_filters(logGroupName="/stack/logs")["subscriptionFilters"]] == ["WARN"]
    assert delete(cloudformation, "stack-logs")["StackStatus"] == "DELETE_COMPLETE"


def metrics(**more):
    transformation = {"MetricName": "errors", "MetricNamespace": "stack-metrics", "MetricValue": "$.ms", **more}
    return {"Resources": {
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/stack/metrics"}},
        "Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": {
            "LogGroupName": {"Ref": "Group"}, "FilterPattern": "{ $.ms > 0 }", "MetricTransformations": [transformation]}}},
            "Outputs": {"Name": {"Value": {"Ref": "Filter"}}}}


def test_a_metric_filter_of_a_stack_counts(kiln):
    cloudformation, logs = kiln.client("cloudformation"), kiln.client("logs")
    made = create(cloudformation, "stack-metrics", metrics(Unit="Milliseconds"))
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, "stack-metrics")
    name = made["Outputs"][0]["OutputValue"]
    assert [one["filterName"] for one in logs.describe_metric_filters(logGroupName="/stack/metrics")["metricFilters"]] == [name]
    logs.create_log_stream(logGroupName="/stack/metrics", logStreamName="s")
    put(logs, "/stack/metrics", '{"ms": 5}', '{"ms": 7}', '{"ms": -1}')
    assert total(kiln, "stack-metrics", "errors") == 12
    changed = update(cloudformation, "stack-metrics", metrics(Dimensions=[{"Key": "Path", "Value": "$.path"}]))
    assert changed["StackStatus"] == "UPDATE_COMPLETE", events(cloudformation, "stack-metrics")
    put(logs, "/stack/metrics", '{"ms": 3, "path": "/a"}')
    assert total(kiln, "stack-metrics", "errors", Path="/a") == 3
    assert delete(cloudformation, "stack-metrics")["StackStatus"] == "DELETE_COMPLETE"
    assert logs.describe_log_groups(logGroupNamePrefix="/stack/metrics")["logGroups"] == []


def test_a_filter_that_is_there_is_not_taken_over(kiln):
    cloudformation, logs = kiln.client("cloudformation"), kiln.client("logs")
    logs.create_log_group(logGroupName="/stack/taken")
    logs.put_metric_filter(logGroupName="/stack/taken", filterName="mine", filterPattern="a",
                           metricTransformations=[{"metricNamespace": "n", "metricName": "m", "metricValue": "1"}])
    template = {"Resources": {"Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": {
        "LogGroupName": "/stack/taken", "FilterName": "mine", "FilterPattern": "b",
        "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}]}}}}
    assert create(cloudformation, "stack-taken", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [one["filterPattern"] for one in logs.describe_metric_filters(logGroupName="/stack/taken")["metricFilters"]] == ["a"]
    delete(cloudformation, "stack-taken")
    logs.delete_log_group(logGroupName="/stack/taken")


POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}


def bucket(**more):
    return {"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "stack-bucket", **more}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": POLICY}}}}


def test_a_bucket_is_as_the_template_says(kiln):
    cloudformation, s3 = kiln.client("cloudformation"), kiln.client("s3")
    made = create(cloudformation, "stack-bucket", bucket(
        VersioningConfiguration={"Status": "Enabled"}, Tags=[{"Key": "team", "Value": "shop"}],
        CorsConfiguration={"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        LifecycleConfiguration={"Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 3, "Prefix": "logs/"}]},
        PublicAccessBlockConfiguration={"BlockPublicAcls": False}))
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, "stack-bucket")
    assert s3.get_bucket_versioning(Bucket="stack-bucket")["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket="stack-bucket")["TagSet"] == [{"Key": "team", "Value": "shop"}]
    assert s3.get_bucket_cors(Bucket="stack-bucket")["CORSRules"] == [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
    assert s3.get_bucket_lifecycle_configuration(Bucket="stack-bucket")["Rules"] == [
        {"ID": "old", "Status": "Enabled", "Expiration": {"Days": 3}, "Filter": {"Prefix": "logs/"}}]
    assert s3.get_public_access_block(Bucket="stack-bucket")["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is False
    assert json.loads(s3.get_bucket_policy(Bucket="stack-bucket")["Policy"]) == POLICY
    assert update(cloudformation, "stack-bucket", bucket())["StackStatus"] == "UPDATE_COMPLETE"
    assert s3.get_bucket_versioning(Bucket="stack-bucket")["Status"] == "Suspended"
    with pytest.raises(ClientError) as error:
        s3.get_bucket_tagging(Bucket="stack-bucket")
    assert code_of(error) == "NoSuchTagSet"
    assert delete(cloudformation, "stack-bucket")["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket="stack-bucket")


def parameter(**more):
    return {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v", **more}}},
            "Outputs": {"Name": {"Value": {"Ref": "P"}}}}


def test_a_parameter_has_the_templates_tags(kiln):
    cloudformation, ssm = kiln.client("cloudformation"), kiln.client("ssm")
    made = create(cloudformation, "stack-parameter", parameter(Tags={"a": "1", "b": "2"}))
    name = made["Outputs"][0]["OutputValue"]
    # As CloudFormation names parameters: not after the stack.
    assert name.startswith("CFN-P-")

    def tags():
        return {tag["Key"]: tag["Value"] for tag in ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]}

    assert tags() == {"a": "1", "b": "2"}
    assert update(cloudformation, "stack-parameter", parameter(Tags={"a": "3"}))["StackStatus"] == "UPDATE_COMPLETE"
    assert tags() == {"a": "3"}
    gone = delete(cloudformation, "stack-parameter")
    # A deleted stack still says what its outputs were.
    assert gone["Outputs"] == [{"OutputKey": "Name", "OutputValue": name}]
