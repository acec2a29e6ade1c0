"""Every member of every operation that Kiln answers, made wrong in every way of model_requests.WRONG, in each protocol;
and every property of every type of resource in templates. Whatever comes in: an answer below 500, the engine alive, no
defect at a fence, and everything that was kept is read again by the next start.

Each part takes KILN_SWEEP_SECONDS, by default little enough for every run of ./test; all of it, in some minutes:

    KILN_SWEEP_SECONDS=3600 pytest tests/faults/test_model_sweep.py -s
"""

import base64
import http.client
import itertools
import json
import os
import re
import time
import xml.etree.ElementTree

import pytest
from harness import ROLE, wait_for, zip_of
from model_requests import WRONG, Absent, Line, Operations, Raw, form_items, json_bytes, paths, quoted, sample, with_value

SECONDS = float(os.environ.get("KILN_SWEEP_SECONDS", 20))
ARN = "arn:aws:lambda:us-east-1:000000000000:function:sweep"
TOPIC = "arn:aws:sns:us-east-1:000000000000:sweep"
PY = {"index.py": "def handler(event, context):\n    return event\n"}
ZIP = base64.b64encode(zip_of(PY)).decode()
TEMPLATE = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
TARGET = {"ServiceNamespace": "lambda", "ResourceId": "function:sweep:live", "ScalableDimension": "lambda:function:ProvisionedConcurrency"}

# What stands where a member isn't the one that is made wrong, so that a request comes as far as it can.
VALUES = {
    "lambda": {
        "FunctionName": "sweep", "Role": ROLE, "Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": ZIP}, "ZipFile": ZIP,
        "Name": "live", "FunctionVersion": "$LATEST", "LayerName": "sweep", "VersionNumber": 1, "Content": {"ZipFile": ZIP},
        "Resource": ARN, "Arn": "arn:aws:lambda:us-east-1:000000000000:layer:sweep:1", "StatementId": "one", "Principal": "*",
        "Action": "lambda:InvokeFunction", "AuthType": "NONE", "Payload": "{}", "Tags": {"a": "b"}, "TagKeys": ["a"],
        "ReservedConcurrentExecutions": 1, "ProvisionedConcurrentExecutions": 1, "Qualifier": "live",
    },
    "cloudwatch": {
        "AlarmName": "sweep", "AlarmNames": ["sweep"], "Namespace": "Sweep", "MetricName": "m", "Statistic": "Sum", "Statistics": ["Sum"],
        "StateValue": "OK", "StateReason": "sweep", "AlarmRule": "ALARM(sweep)", "DashboardName": "sweep", "DashboardBody": '{"widgets":[]}',
        "ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sweep", "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1, "Period": 60, "Threshold": 1.0, "Stat": "Sum", "Id": "a", "EndTime": 1_700_003_600, "DashboardNames": ["sweep"],
    },
    "logs": {"logGroupName": "sweep", "logStreamName": "s", "retentionInDays": 7, "tags": {"a": "b"},
             "resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:sweep",
             "logEvents": [{"timestamp": int(time.time() * 1000), "message": "m"}]},
    "sns": {"TopicArn": TOPIC, "ResourceArn": TOPIC, "Name": "sweep", "Protocol": "lambda", "Endpoint": ARN, "Message": "m",
            "AWSAccountId": ["111111111111"], "ActionName": ["Publish"], "Label": "l", "AttributeName": "DisplayName", "AttributeValue": "d",
            "SubscriptionArn": f"{TOPIC}:00000000-0000-0000-0000-000000000000", "Id": "a"},
    "application-autoscaling": {**TARGET, "PolicyName": "p", "PolicyType": "TargetTrackingScaling", "MinCapacity": 1, "MaxCapacity": 2,
                                "Schedule": "rate(1 day)", "ScheduledActionName": "a", "TargetValue": 0.5,
                                "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
    "cloudformation": {"StackName": "sweep", "TemplateBody": TEMPLATE, "ChangeSetName": "one", "LogicalResourceId": "T", "ExportName": "e",
                       "EnableTerminationProtection": False, "Capabilities": ["CAPABILITY_IAM"]},
    "ssm": {"Name": "/sweep/a", "Names": ["/sweep/a"], "Path": "/sweep", "Value": "v", "Type": "String", "ResourceType": "Parameter",
            "ResourceId": "/sweep/a", "Overwrite": True, "Key": "Name"},
    "s3": {"Bucket": "sweep-bucket", "Key": "k", "UploadId": "u", "PartNumber": 1, "CopySource": "sweep-bucket/k", "Body": "body",
           "Objects": [{"Key": "k"}], "TagSet": [{"Key": "a", "Value": "b"}], "Parts": [{"ETag": "e", "PartNumber": 1}]},
    "sts": {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "sweep", "DurationSeconds": 900},
}
# What must be new each time, or the request ends at "it is there already".
NEW = {"CreateFunction": "FunctionName", "CreateAlias": "Name", "AddPermission": "StatementId", "AddLayerVersionPermission": "StatementId",
       "CreateLogGroup": "logGroupName", "CreateLogStream": "logStreamName", "CreateStack": "StackName", "CreateChangeSet": "ChangeSetName",
       "CreateTopic": "Name"}
FORMS = [("lambda", None), ("cloudwatch", "query"), ("cloudwatch", "json"), ("cloudwatch", "cbor"), ("logs", None), ("sns", None),
         ("application-autoscaling", None), ("cloudformation", None), ("ssm", None), ("sts", None), ("s3", None)]
ABSENT = (b"UnsupportedOperationException", b"UnknownOperationException", b"InvalidAction", b"has no operation", b"NotImplemented")
TAKES_AWAY = ("Delete", "Remove", "Untag", "Unsubscribe", "Deregister", "Disable", "Cancel", "SetTopic")


def prepare(kiln):
    """Something of everything, for the requests to find."""
    kiln.create("sweep", PY)
    api = kiln.client("lambda")
    api.publish_version(FunctionName="sweep")
    api.create_alias(FunctionName="sweep", Name="live", FunctionVersion="1")
    api.publish_layer_version(LayerName="sweep", Content={"ZipFile": zip_of({"a": "b"})})
    api.create_function_url_config(FunctionName="sweep", AuthType="NONE")
    api.put_function_event_invoke_config(FunctionName="sweep", Qualifier="live", MaximumRetryAttempts=0)
    logs = kiln.client("logs")
    logs.create_log_group(logGroupName="sweep")
    logs.create_log_stream(logGroupName="sweep", logStreamName="s")
    topic = kiln.client("sns").create_topic(Name="sweep")["TopicArn"]
    kiln.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)
    kiln.client("cloudwatch").put_metric_alarm(AlarmName="sweep", MetricName="m", Namespace="Sweep", Statistic="Sum", Period=60,
                                               EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    kiln.client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=1)
    kiln.client("s3").create_bucket(Bucket="sweep-bucket")
    kiln.client("s3").put_object(Bucket="sweep-bucket", Key="k", Body=b"body")
    kiln.client("ssm").put_parameter(Name="/sweep/a", Value="v", Type="String")
    kiln.client("cloudformation").create_stack(StackName="sweep", TemplateBody=TEMPLATE)


def readable(headers, body):
    kind = headers.get("Content-Type", "")
    if "json" in kind and body:
        json.loads(body)
    elif "xml" in kind and body:
        # S3 writes control characters as references, which XML 1.0 doesn't know.
        xml.etree.ElementTree.fromstring(re.sub(rb"&#x[01]?[0-9a-f];", b"", body))


class Sweep:
    """Asks, and gathers what must not be."""

    def __init__(self, kiln):
        self.kiln, self.line, self.asked, self.answers, self.faults = kiln, Line(kiln.port), 0, {}, []

    def ask(self, what, request):
        self.asked += 1
        body = b""
        try:
            status, headers, body = self.line.ask(*request)
            readable(headers, body)
        except (OSError, http.client.HTTPException, ValueError, xml.etree.ElementTree.ParseError) as error:
            self.faults.append(f"{what}: {error!r} {body[:300]}")
            assert self.kiln.process.poll() is None, f"the engine ended at {what}\n{self.kiln.stderr()}"
            return 0, b""
        self.answers[status] = self.answers.get(status, 0) + 1
        # S3 has names for what it hasn't got; an answer to HEAD has no body.
        if status >= 500 and not (status == 501 and (b"NotImplemented" in body or request[0] == "HEAD")):
            self.faults.append(f"{what}: {status} {body[:300]}")
        assert len(self.faults) < 20, "\n".join(self.faults) + self.kiln.stderr()[-3000:]
        return status, body

    def finish(self, name):
        print(f"\n{name}: {self.asked} requests, answers {dict(sorted(self.answers.items()))}, {len(self.faults)} faults")
        assert not self.faults, "\n".join(self.faults) + self.kiln.stderr()[-3000:]
        assert self.kiln.internal_errors() == 0, self.kiln.stderr()[-3000:]


def restart_reads_everything(kiln, own_kiln):
    kiln.stop()
    again = own_kiln()
    assert "can't be read" not in again.stderr()
    for service, call, many in [("lambda", "list_functions", "Functions"), ("cloudwatch", "describe_alarms", "MetricAlarms"),
                                ("logs", "describe_log_groups", "logGroups"), ("sns", "list_topics", "Topics"),
                                ("ssm", "describe_parameters", "Parameters"), ("cloudformation", "describe_stacks", "Stacks")]:
        assert isinstance(getattr(again.client(service), call)()[many], list)


def operations_here(sweep):
    """(operations, operation) for all that Kiln has; those that take away at the end."""
    found = []
    for service, protocol in FORMS:
        operations = Operations(service, protocol)
        for name in operations.model.operation_names:
            if operations.shape(name) is None:
                continue
            document = sample(operations.shape(name), VALUES[service])
            if not name.startswith(TAKES_AWAY):
                status, body = sweep.ask(f"{service} {name}", operations.request(name, document))
                if status >= 400 and any(absent in body for absent in ABSENT):
                    continue
            found.append((service, operations, name, document))
    return sorted(found, key=lambda each: each[2].startswith(TAKES_AWAY))


def wrong_requests(found, numbers):
    # All members with the first way of being wrong, then all with the next; what takes away at the end of each.
    for wrong, value in WRONG.items():
        for service, operations, name, document in found:
            shape = operations.shape(name)
            for path, _ in itertools.chain(paths(shape), [(("Unknown7",), None)]):
                values = dict(VALUES[service])
                base = dict(document)
                if name in NEW:
                    base[NEW[name]] = f"n{next(numbers)}"
                made = {**base, "Unknown7": value} if path == ("Unknown7",) else with_value(base, shape, path, value, values)
                yield f"{service} ({operations.protocol}) {name} {'.'.join(map(str, path))}: {wrong}", operations.request(name, made)


def test_each_member_of_each_operation(own_kiln):
    kiln = own_kiln()
    prepare(kiln)
    sweep = Sweep(kiln)
    found = operations_here(sweep)
    assert len(found) > 140  # 17 of them in three protocols
    end = time.monotonic() + SECONDS
    for what, request in wrong_requests(found, itertools.count()):
        sweep.ask(what, request)
        if time.monotonic() > end:
            break
    sweep.finish("members")
    restart_reads_everything(kiln, own_kiln)


FUNCTION = {
    "FunctionName": "f", "Code": {"ZipFile": "def handler(event, context): pass", "S3Bucket": "b"}, "Role": ROLE, "Runtime": "python3.12",
    "Handler": "index.handler", "Architectures": ["x86_64"], "DeadLetterConfig": {"TargetArn": TOPIC}, "Description": "d",
    "Environment": {"Variables": {"A": "b"}}, "EphemeralStorage": {"Size": 512}, "KmsKeyArn": "", "Layers": ["arn:x"],
    "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "g"}, "MemorySize": 128, "PackageType": "Zip", "RecursiveLoop": "Allow",
    "ReservedConcurrentExecutions": 1, "RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"}, "SnapStart": {"ApplyOn": "None"},
    "Tags": [{"Key": "a", "Value": "b"}], "Timeout": 3, "TracingConfig": {"Mode": "Active"}, "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
SPECIFICATION = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Unit": "Count", "Dimensions": [{"Name": "a", "Value": "b"}]}
TYPES = {
    "AWS::Lambda::Function": FUNCTION,
    "AWS::Lambda::Version": {"FunctionName": "sweep", "CodeSha256": "x", "Description": "d",
                             "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}},
    "AWS::Lambda::Alias": {"FunctionName": "sweep", "FunctionVersion": "1", "Name": "a", "Description": "d",
                           "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
                           "RoutingConfig": {"AdditionalVersionWeights": [{"FunctionVersion": "1", "FunctionWeight": 0.5}]}},
    "AWS::Lambda::Url": {"AuthType": "NONE", "TargetFunctionArn": "sweep", "InvokeMode": "BUFFERED", "Qualifier": "live",
                         "Cors": {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "AllowHeaders": ["x"], "ExposeHeaders": ["x"],
                                  "AllowCredentials": True, "MaxAge": 5}},
    "AWS::Lambda::Permission": {"Action": "lambda:InvokeFunction", "FunctionName": "sweep", "Principal": "sns.amazonaws.com", "SourceArn": TOPIC,
                                "SourceAccount": "000000000000", "EventSourceToken": "t", "PrincipalOrgID": "o-1234567890",
                                "FunctionUrlAuthType": "NONE"},
    "AWS::Lambda::EventInvokeConfig": {"FunctionName": "sweep", "Qualifier": "$LATEST", "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60,
                                       "DestinationConfig": {"OnSuccess": {"Destination": TOPIC}, "OnFailure": {"Destination": TOPIC}}},
    "AWS::Lambda::LayerVersion": {"Content": {"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"}, "LayerName": "l", "Description": "d",
                                  "LicenseInfo": "MIT", "CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]},
    "AWS::ApplicationAutoScaling::ScalableTarget": {
        **TARGET, "MinCapacity": 1, "MaxCapacity": 2, "RoleARN": ROLE,
        "SuspendedState": {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False},
        "ScheduledActions": [{"ScheduledActionName": "a", "Schedule": "rate(1 day)", "Timezone": "UTC", "StartTime": "2030-01-01T00:00:00Z",
                              "EndTime": "2031-01-01T00:00:00Z", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}]},
    "AWS::ApplicationAutoScaling::ScalingPolicy": {
        **TARGET, "PolicyName": "p", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": "a|b|c",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 0.5, "DisableScaleIn": False, "ScaleInCooldown": 1, "ScaleOutCooldown": 1,
                                                     "PredefinedMetricSpecification": {"PredefinedMetricType": "x", "ResourceLabel": "y"},
                                                     "CustomizedMetricSpecification": SPECIFICATION},
        "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity", "Cooldown": 1, "MetricAggregationType": "Average",
                                           "MinAdjustmentMagnitude": 1,
                                           "StepAdjustments": [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1}]}},
    "AWS::CloudWatch::Alarm": {
        "AlarmName": "a", "AlarmDescription": "d", "ActionsEnabled": True, "AlarmActions": [TOPIC], "OKActions": [TOPIC],
        "InsufficientDataActions": [TOPIC], "ComparisonOperator": "GreaterThanThreshold", "DatapointsToAlarm": 1, "EvaluationPeriods": 1,
        "Dimensions": [{"Name": "a", "Value": "b"}], "ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": "ignore", "MetricName": "m",
        "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.5, "ThresholdMetricId": "a", "TreatMissingData": "ignore", "Unit": "Count",
        "Tags": [{"Key": "a", "Value": "b"}],
        "Metrics": [{"Id": "a", "Expression": "b*2", "Label": "l", "Period": 60, "ReturnData": True,
                     "MetricStat": {"Metric": {"MetricName": "m", "Namespace": "n", "Dimensions": [{"Name": "a", "Value": "b"}]}, "Period": 60,
                                    "Stat": "Sum", "Unit": "Count"}}]},
    "AWS::CloudWatch::CompositeAlarm": {"AlarmName": "c", "AlarmRule": "ALARM(sweep)", "AlarmDescription": "d", "ActionsEnabled": True,
                                        "AlarmActions": [TOPIC], "OKActions": [TOPIC], "InsufficientDataActions": [TOPIC], "ActionsSuppressor": "s",
                                        "ActionsSuppressorExtensionPeriod": 1, "ActionsSuppressorWaitPeriod": 1, "Tags": [{"Key": "a", "Value": "b"}]},
    "AWS::CloudWatch::Dashboard": {"DashboardName": "d", "DashboardBody": '{"widgets":[]}'},
    "AWS::SNS::Topic": {"TopicName": "t", "DisplayName": "d", "FifoTopic": False, "ContentBasedDeduplication": False, "KmsMasterKeyId": "k",
                        "SignatureVersion": "1", "TracingConfig": "PassThrough", "Tags": [{"Key": "a", "Value": "b"}], "ArchivePolicy": {"a": 1},
                        "DataProtectionPolicy": {"a": 1}, "FifoThroughputScope": "Topic", "Subscription": [{"Protocol": "lambda", "Endpoint": ARN}]},
    "AWS::SNS::Subscription": {"TopicArn": TOPIC, "Protocol": "lambda", "Endpoint": ARN, "DeliveryPolicy": {"a": 1}, "FilterPolicy": {"a": ["b"]},
                               "FilterPolicyScope": "MessageBody", "RawMessageDelivery": True, "RedrivePolicy": {"deadLetterTargetArn": "x"},
                               "Region": "us-east-1", "SubscriptionRoleArn": ROLE},
    "AWS::SNS::TopicPolicy": {"Topics": [TOPIC], "PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    "AWS::Logs::LogGroup": {"LogGroupName": "g", "LogGroupClass": "STANDARD", "RetentionInDays": 7, "Tags": [{"Key": "a", "Value": "b"}]},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": {"Statement": []}, "RoleName": "r", "Path": "/p/", "ManagedPolicyArns": ["arn:x"],
                       "Policies": [{"PolicyName": "p", "PolicyDocument": {}}], "MaxSessionDuration": 3600, "Tags": [{"Key": "a", "Value": "b"}]},
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": {}, "ManagedPolicyName": "m", "Path": "/p/", "Roles": ["r"]},
    "AWS::Serverless::Function": {
        "InlineCode": "def handler(event, context): pass", "Handler": "index.handler", "Runtime": "python3.12", "AutoPublishAlias": "live",
        "Environment": {"Variables": {"A": "b"}}, "Policies": ["x"], "Tags": {"a": "b"}, "Timeout": 3, "FunctionUrlConfig": {"AuthType": "NONE"},
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}, "EventInvokeConfig": {"MaximumRetryAttempts": 1},
        "DeploymentPreference": {"Type": "AllAtOnce"}, "DeadLetterQueue": {"Type": "SNS", "TargetArn": TOPIC}, "Layers": ["x"],
        "Events": {"E": {"Type": "SNS", "Properties": {"Topic": TOPIC}}}},
    "AWS::Serverless::LayerVersion": {"ContentUri": "s3://b/k", "LayerName": "l", "RetentionPolicy": "Retain"},
}
# What a template can say; bytes that are no UTF-8 are the protocol's matter.
WRONG_PROPERTIES = {name: value for name, value in WRONG.items()
                    if name not in ("absent", "not UTF-8", "many elements", "many names", "bytes")} | {
    "a reference": {"Ref": "Nobody"}, "itself": {"Ref": "R"}, "a function": {"Fn::Join": ["", [{"Ref": "AWS::StackName"}, 7, None]]},
    "a broken function": {"Fn::Sub": [7, "x"]}, "no value": {"Ref": "AWS::NoValue"}, "a pair": {"a": 1, "b": [2]},
    "an attribute": {"Fn::GetAtt": ["R", 7]}, "a split": {"Fn::Split": [",", "a,b"]}, "a choice": {"Fn::Select": [99, ["a"]]},
}


def inside(document, path=()):
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from inside(value, (*path, key))


def replaced(document, path, value):
    if not path:
        return value
    out = dict(document) if isinstance(document, dict) else list(document)
    out[path[0]] = replaced(document[path[0]], path[1:], value)
    return out


def wrong_templates():
    for wrong, value in WRONG_PROPERTIES.items():
        for kind, properties in TYPES.items():
            for path in [(), *inside(properties)]:
                resource = {"Type": kind, "Properties": replaced(properties, path, value)}
                yield f"{kind} {'.'.join(map(str, path))}: {wrong}", {"Resources": {"R": resource}}
        # And the template around it.
        for path in inside({"Parameters": {"P": {"Type": "String", "Default": "d"}}, "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
                            "Mappings": {"M": {"a": {"b": "c"}}}, "Outputs": {"O": {"Value": "v", "Export": {"Name": "n"}, "Condition": "C"}},
                            "Metadata": {"m": 1}, "Transform": ["AWS::Serverless-2016-10-31"], "Rules": {}, "Description": "d"}):
            whole = {"Parameters": {"P": {"Type": "String", "Default": "d"}}, "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
                     "Mappings": {"M": {"a": {"b": "c"}}}, "Outputs": {"O": {"Value": "v", "Export": {"Name": "n"}, "Condition": "C"}},
                     "Metadata": {"m": 1}, "Transform": ["AWS::Serverless-2016-10-31"], "Rules": {}, "Description": "d",
                     "Resources": {"R": {"Type": "AWS::SNS::Topic", "DependsOn": [], "DeletionPolicy": "Delete", "Metadata": {}}}}
            yield f"template {'.'.join(map(str, path))}: {wrong}", replaced(whole, path, value)


@pytest.mark.parametrize("seed", [0])
def test_each_property_of_each_type_in_templates(own_kiln, seed):
    kiln = own_kiln()
    prepare(kiln)
    sweep = Sweep(kiln)
    operations = Operations("cloudformation")
    numbers = itertools.count(seed)
    end = time.monotonic() + SECONDS
    for what, template in wrong_templates():
        body = json_bytes(template)
        document = {"StackName": f"t{next(numbers)}", "TemplateBody": Raw(b"", body), "OnFailure": "DELETE",
                    "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]}
        sweep.ask(what, operations.request("CreateStack", document))
        if time.monotonic() > end:
            break
    api = kiln.client("cloudformation")
    wait_for(lambda: not any(s["StackStatus"].endswith("IN_PROGRESS") for s in api.describe_stacks()["Stacks"]), 120, "the end of all deployments")
    sweep.finish("templates")
    restart_reads_everything(kiln, own_kiln)
