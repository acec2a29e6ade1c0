"""A green plan deploys: of each template of a corpus, what the plan says and what the deployment does are the same."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness import Kiln
from stacks import CAPABILITIES, EMPTY, TEMPLATES, events, inventory, settled

ROLE = "arn:aws:iam::000000000000:role/any"
FINE, REFUSED = True, False


def function(**more):
    properties = {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": "def handler(event, context): pass\n"}, **more}
    return {"Type": "AWS::Lambda::Function", "Properties": {key: value for key, value in properties.items() if value is not None}}


def with_function(**more):
    return {"F": function(**more)}


def beside(kind, **properties):
    return {"F": function(), "R": {"Type": kind, "Properties": {"FunctionName": {"Ref": "F"}, **properties}}}


def only(kind, **properties):
    return {"R": {"Type": kind, "Properties": properties}}


ALARM = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
         "ComparisonOperator": "GreaterThanThreshold"}
SUBSCRIPTIONS = [  # protocol, endpoint, whether SNS takes it
    ("email", "ada@example.com", True), ("email", "nobody", False), ("https", "https://example.com/hook", True), ("https", "http://example.com/hook", False),
    ("lambda", "arn:aws:sqs:us-east-1:000000000000:q", False), ("pigeon", "coop", False)]


def subscribed(protocol, endpoint, **more):
    return {"T": {"Type": "AWS::SNS::Topic"}, "S": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": {"Ref": "T"}, "Protocol": protocol, "Endpoint": endpoint, **more}}}


def filtered(pattern, value="1", **more):
    return {"G": {"Type": "AWS::Logs::LogGroup"}, "M": {"Type": "AWS::Logs::MetricFilter", "Properties": {
        "LogGroupName": {"Ref": "G"}, "FilterPattern": pattern, "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": value, **more}]}}}


PROVIDED = {"Threshold": "5", "Comparison": "GreaterThanThreshold", "Fifo": "true", "Scope": "MessageBody", "Type": "String", "Tier": "Advanced",
            "Runtime": "python3.12", "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}]}


def later(name):
    return {"Fn::GetAtt": ["C", name]}


def provided(kind, **properties):
    """A resource of which a provider says some properties: later(name)."""
    code = f"import cfnresponse\ndef handler(event, context):\n    cfnresponse.send(event, context, 'SUCCESS', {PROVIDED!r}, 'id')\n"
    return {"P": function(Code={"ZipFile": code}, Timeout=60), "C": {"Type": "Custom::Values", "Properties": {"ServiceToken": {"Fn::GetAtt": ["P", "Arn"]}}},
            "R": {"Type": kind, "Properties": properties}}


TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
# What AWS has that this Kiln has not is refused in the plan, as what AWS refuses is.
CORPUS = {
    **{f"runtime {name}": (with_function(Runtime=name), FINE) for name in ("python3.9", "python3.13", "nodejs22.x")},
    "an own runtime": (with_function(Runtime="provided.al2023", Code={"S3Bucket": "code", "S3Key": "code.zip"}), FINE),
    "code in S3": (with_function(Code={"S3Bucket": "code", "S3Key": "code.zip"}), FINE),
    **{f"runtime {name}": (with_function(Runtime=name), REFUSED) for name in ("java21", "dotnet8", "ruby3.3", "go1.x", "python2.7", "cobol")},
    "an image": (with_function(PackageType="Image", Code={"ImageUri": "a/b:c"}, Runtime=None, Handler=None), REFUSED),
    "a network": (with_function(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}), REFUSED),
    "no network": (with_function(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}), FINE),
    "snapshots": (with_function(SnapStart={"ApplyOn": "PublishedVersions"}, Runtime="python3.12"), FINE),
    "snapshots of a runtime without them": (with_function(SnapStart={"ApplyOn": "PublishedVersions"}, Runtime="nodejs22.x"), REFUSED),
    "no snapshots": (with_function(SnapStart={"ApplyOn": "None"}), FINE),
    "a file system": (with_function(FileSystemConfigs=[{"Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/a", "LocalMountPath": "/mnt/a"}]), REFUSED),
    "another's layer": (with_function(Layers=["arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:14"]), REFUSED),
    "a layer that is not there": (with_function(Layers=["arn:aws:lambda:us-east-1:000000000000:layer:nowhere:1"]), REFUSED),
    "a layer that is no layer": (with_function(Layers=["layer"]), REFUSED),
    "an own layer": ({"L": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Bucket": "code", "S3Key": "code.zip"}}},
                      **with_function(Layers=[{"Ref": "L"}])}, FINE),
    "an unknown property": (with_function(Colour="red"), REFUSED),
    "a property of another shape": (with_function(MemorySize={"Most": 1}), REFUSED),
    "no role": (with_function(Role=None), REFUSED),
    # What CreateFunction refuses, on both sides of each limit.
    **{f"the name {name}": (with_function(FunctionName=name), fine)
       for name, fine in (("n" * 64, FINE), ("n" * 65, REFUSED), ("a name", REFUSED), ("n.n", REFUSED))},
    **{f"memory of {size}": (with_function(MemorySize=size), fine) for size, fine in ((127, REFUSED), (128, FINE), (10240, FINE), (10241, REFUSED))},
    **{f"{time} seconds": (with_function(Timeout=time), fine) for time, fine in ((0, REFUSED), (1, FINE), (900, FINE), (901, REFUSED))},
    **{f"a /tmp of {size}": (with_function(EphemeralStorage={"Size": size}), fine) for size, fine in ((511, REFUSED), (10240, FINE), (10241, REFUSED))},
    **{f"a description of {size}": (with_function(Description="d" * size), fine) for size, fine in ((256, FINE), (257, REFUSED))},
    "no handler": (with_function(Handler=None), REFUSED),
    "a handler of two words": (with_function(Handler="index handler"), REFUSED),
    "a role that is none": (with_function(Role="any"), REFUSED),
    "an architecture that is none": (with_function(Architectures=["riscv"]), REFUSED),
    "a tracing mode that is none": (with_function(TracingConfig={"Mode": "Always"}), REFUSED),
    "a log level without JSON": (with_function(LoggingConfig={"LogFormat": "Text", "ApplicationLogLevel": "DEBUG"}), REFUSED),
    "a variable of Lambda's": (with_function(Environment={"Variables": {"AWS_REGION": "a"}}), REFUSED),
    "a variable without a name": (with_function(Environment={"Variables": {"1": "a"}}), REFUSED),
    **{f"variables of {size}": (with_function(Environment={"Variables": {"AB": "v" * (size - 9)}}), fine) for size, fine in ((4096, FINE), (4097, REFUSED))},
    "a variable that is known later": ({"T": {"Type": "AWS::SNS::Topic"}, **with_function(Environment={"Variables": {"TOPIC": {"Ref": "T"}}})}, FINE),
    "a role that is made": ({"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
                             **with_function(Role={"Fn::GetAtt": ["Role", "Arn"]})}, FINE),
    "a tag of AWS's": (with_function(Tags=[{"Key": "aws:mine", "Value": "b"}]), REFUSED),
    "inline code of another language": (with_function(Runtime="provided.al2023"), REFUSED),
    "reserved concurrency": (with_function(ReservedConcurrentExecutions=5), FINE),
    "more than the account can reserve": (with_function(ReservedConcurrentExecutions=901), REFUSED),
    "a wait condition's handle": (only("AWS::CloudFormation::WaitConditionHandle"), FINE),
    "less than nothing reserved": (with_function(ReservedConcurrentExecutions=-1), REFUSED),
    "settings": (with_function(MemorySize=512, Timeout=30, EphemeralStorage={"Size": 1024}, Environment={"Variables": {"STAGE": "b"}},
                               TracingConfig={"Mode": "Active"}, LoggingConfig={"LogFormat": "JSON"}, Tags=[{"Key": "a", "Value": "b"}]), FINE),
    "a URL": (beside("AWS::Lambda::Url", FunctionName=None, TargetFunctionArn={"Ref": "F"}, AuthType="NONE"), FINE),
    "a streaming URL": (beside("AWS::Lambda::Url", FunctionName=None, TargetFunctionArn={"Ref": "F"}, AuthType="NONE", InvokeMode="RESPONSE_STREAM"), FINE),
    "a version": (beside("AWS::Lambda::Version"), FINE),
    "an alias": ({**beside("AWS::Lambda::Version"), "A": {"Type": "AWS::Lambda::Alias", "Properties": {
        "FunctionName": {"Ref": "F"}, "FunctionVersion": {"Fn::GetAtt": ["R", "Version"]}, "Name": "live"}}}, FINE),
    "a permission": (beside("AWS::Lambda::Permission", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"), FINE),
    "retries": (beside("AWS::Lambda::EventInvokeConfig", Qualifier="$LATEST", MaximumRetryAttempts=0), FINE),
    "a queue's mapping": (beside("AWS::Lambda::EventSourceMapping", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:q"), REFUSED),
    "a topic": (only("AWS::SNS::Topic", DisplayName="a"), FINE),
    **{f"a subscription of {protocol} to {endpoint}": (subscribed(protocol, endpoint), fine) for protocol, endpoint, fine in SUBSCRIPTIONS},
    "a filter policy that is none": (subscribed("email", "ada@example.com", FilterPolicy={"a": "b"}), REFUSED),
    "a topic of two words": (only("AWS::SNS::Topic", TopicName="two words"), REFUSED),
    "a FIFO topic": (only("AWS::SNS::Topic", FifoTopic=True), FINE),
    "a subscription": ({"F": function(), "T": {"Type": "AWS::SNS::Topic"}, "S": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": {"Ref": "T"}, "Protocol": "lambda", "Endpoint": {"Fn::GetAtt": ["F", "Arn"]}}}}, FINE),
    "a text message": ({"T": {"Type": "AWS::SNS::Topic"}, "S": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": {"Ref": "T"}, "Protocol": "sms", "Endpoint": "+15550100"}}}, FINE),
    "an alarm": (only("AWS::CloudWatch::Alarm", **ALARM), FINE),
    "an alarm of anomalies": (only("AWS::CloudWatch::Alarm", EvaluationPeriods=1, ComparisonOperator="LessThanLowerThreshold", ThresholdMetricId="b",
                                   Metrics=[{"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"}]), REFUSED),
    "an alarm of seven seconds": (only("AWS::CloudWatch::Alarm", **{**ALARM, "Period": 7}), REFUSED),
    "an alarm of no comparison": (only("AWS::CloudWatch::Alarm", **{**ALARM, "ComparisonOperator": "Greater"}), REFUSED),
    "an alarm of what is known later": ({"T": {"Type": "AWS::SNS::Topic"}, "R": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        **ALARM, "AlarmActions": [{"Ref": "T"}], "Dimensions": [{"Name": "TopicName", "Value": {"Fn::GetAtt": ["T", "TopicName"]}}]}}}, FINE),
    "an alarm of a threshold that is known later": (provided("AWS::CloudWatch::Alarm", **{**ALARM, "Threshold": later("Threshold")}), FINE),
    "an alarm of a comparison that is known later": (provided("AWS::CloudWatch::Alarm", **{**ALARM, "ComparisonOperator": later("Comparison")}), FINE),
    "an alarm of periods that are known later": (provided("AWS::CloudWatch::Alarm", **{**ALARM, "EvaluationPeriods": later("Threshold")}), FINE),
    "a topic that is FIFO as is known later": (provided("AWS::SNS::Topic", TopicName="plan-later.fifo", FifoTopic=later("Fifo")), FINE),
    "a FIFO topic's queue": ({"T": {"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": True}}, "S": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:000000000000:q.fifo"}}}, FINE),
    "a filter policy of a scope that is known later": ({"T": {"Type": "AWS::SNS::Topic"}, **provided(
        "AWS::SNS::Subscription", TopicArn={"Ref": "T"}, Protocol="email", Endpoint="ada@example.com", FilterPolicyScope=later("Scope"),
        FilterPolicy={"a": {"b": ["c"]}})}, FINE),
    "a parameter of a type that is known later": (provided("AWS::SSM::Parameter", Type=later("Type"), Value="v"), FINE),
    "a parameter of a tier that is known later": (provided("AWS::SSM::Parameter", Type="String", Tier=later("Tier"), Value="v" * 5000), FINE),
    "a role of policies that are known later": (provided("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=later("Policies")), FINE),
    "inline code of a runtime that is known later": (provided("AWS::Lambda::Function", **{**function()["Properties"], "Runtime": later("Runtime")}), FINE),
    "a log group": (only("AWS::Logs::LogGroup", RetentionInDays=7), FINE),
    "a log group for eight days": (only("AWS::Logs::LogGroup", RetentionInDays=8), REFUSED),
    "a log group of two words": (only("AWS::Logs::LogGroup", LogGroupName="two words"), REFUSED),
    "a metric filter": (filtered("ERROR"), FINE),
    "a pattern that is none": (filtered("{ $.a = "), REFUSED),
    "a metric value that is none": (filtered("ERROR", "many"), REFUSED),
    "lines for a queue": (only("AWS::Logs::SubscriptionFilter", LogGroupName="g", FilterPattern="", DestinationArn="arn:aws:kinesis:us-east-1:000000000000:stream/s"), REFUSED),
    "lines for a function of the same stack": ({"F": function(FunctionName="plan-lines"), "S": {"Type": "AWS::Logs::SubscriptionFilter", "Properties": {
        "LogGroupName": "/plans/there", "FilterPattern": "",
        "DestinationArn": {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}"}}}}, FINE),
    "a role": (only("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST), FINE),
    "a role that trusts another": ({"A": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}, **only(
        "AWS::IAM::Role", AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": ["A", "Arn"]}}, "Action": "sts:AssumeRole"}]})}, FINE),
    "a role that trusts nobody": (only("AWS::IAM::Role", AssumeRolePolicyDocument="trust"), REFUSED),
    "a role for a minute": (only("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=60), REFUSED),
    "a policy of nobody": (only("AWS::IAM::Policy", PolicyName="p", PolicyDocument={"Version": "2012-10-17", "Statement": []}, Roles=[]), REFUSED),
    "a user": (only("AWS::IAM::User"), REFUSED),
    "a bucket": (only("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}), FINE),
    "a bucket that notifies": (only("AWS::S3::Bucket", NotificationConfiguration={"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": "t"}]}), REFUSED),
    "a bucket's website": (only("AWS::S3::Bucket", WebsiteConfiguration={"IndexDocument": "index.html"}), REFUSED),
    "a parameter that does not match": (only("AWS::SSM::Parameter", Type="String", Value="v", AllowedPattern="w+"), REFUSED),
    "a parameter of two words": (only("AWS::SSM::Parameter", Type="String", Value="v", Name="two words"), REFUSED),
    "a parameter": (only("AWS::SSM::Parameter", Type="String", Value="v"), FINE),
    "a secret parameter": (only("AWS::SSM::Parameter", Type="SecureString", Value="v"), REFUSED),
    "scaling of a table": (only("AWS::ApplicationAutoScaling::ScalableTarget", ServiceNamespace="dynamodb", ResourceId="table/t", MinCapacity=1, MaxCapacity=2,
                                ScalableDimension="dynamodb:table:ReadCapacityUnits"), REFUSED),
    "a table": (only("AWS::DynamoDB::Table", TableName="t"), REFUSED),
    "a reference to a parameter": (with_function(Description="{{resolve:ssm:/plans/there}}"), FINE),
    "a reference to nothing": (with_function(Description="{{resolve:ssm:/plans/nowhere}}"), REFUSED),
    "a reference to a secret": (with_function(Description="{{resolve:secretsmanager:s:SecretString:p}}"), REFUSED),
    "an attribute that is none": ({**with_function(), "T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["F", "Colour"]}}}}, REFUSED),
    "a nested stack": (only("AWS::CloudFormation::Stack", TemplateURL="https://s3.us-east-1.amazonaws.com/code/nested.json"), FINE),
    "a nested stack of a table": (only("AWS::CloudFormation::Stack", TemplateURL="https://s3.us-east-1.amazonaws.com/code/table.json"), REFUSED),
    "a nested stack of nothing": (only("AWS::CloudFormation::Stack", TemplateURL="https://s3.us-east-1.amazonaws.com/code/none.json"), REFUSED),
    "a custom resource": ({"F": function(Code={"ZipFile": "import cfnresponse\ndef handler(event, context):\n"
                                               "    cfnresponse.send(event, context, 'SUCCESS', {}, 'id')\n"}, Timeout=60),
                           "R": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}}}}, FINE),
    "a custom resource of nobody": (only("Custom::Thing", ServiceToken="somebody"), REFUSED),
}
FILES = ["dashboards.yaml", "public_url.yaml", "regional_service.json", "service_alarms.yaml", "step_scaling.yaml", "topic_fanout.yaml"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    kiln = Kiln(data_dir=tmp_path_factory.mktemp("plans") / "data")
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="code")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass\n")
    s3.put_object(Bucket="code", Key="code.zip", Body=packed.getvalue())
    s3.put_object(Bucket="code", Key="nested.json", Body=json.dumps({"Resources": only("AWS::SNS::Topic")}))
    s3.put_object(Bucket="code", Key="table.json", Body=json.dumps({"Resources": only("AWS::DynamoDB::Table")}))
    for name in ("/plans/there", "/site/greeting"):
        kiln.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    kiln.client("logs").create_log_group(logGroupName="/plans/there")
    yield kiln
    kiln.stop()


def plan_and_deploy(engine, name, body):
    """(whether the plan is green, whether it deployed, what was said)."""
    cloudformation = engine.client("cloudformation")
    try:
        change_set = cloudformation.create_change_set(StackName=name, ChangeSetName="plan", ChangeSetType="CREATE", TemplateBody=body, Capabilities=CAPABILITIES)
    except ClientError as error:
        try:
            stack = cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES)["StackId"]
        except ClientError:
            return False, False, str(error)
        return False, settled(cloudformation, stack)["StackStatus"] == "CREATE_COMPLETE", str(error)
    cloudformation.execute_change_set(ChangeSetName=change_set["Id"])
    made = settled(cloudformation, change_set["StackId"])
    said = events(cloudformation, made["StackId"])
    cloudformation.delete_stack(StackName=name)
    gone = settled(cloudformation, made["StackId"])
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cloudformation, made["StackId"])
    return True, made["StackStatus"] == "CREATE_COMPLETE", said


def test_what_is_planned_is_deployed_and_nothing_else(engine):
    bodies = {name: (json.dumps({"Resources": {key: without_none(one) for key, one in resources.items()}}), fine) for name, (resources, fine) in CORPUS.items()}
    bodies.update({file: ((TEMPLATES / file).read_text(), FINE) for file in FILES})

    def look(item):
        number, (name, (body, fine)) = item
        return name, fine, plan_and_deploy(engine, f"plan-{number}", body)

    with ThreadPoolExecutor(4) as pool:
        looked = list(pool.map(look, enumerate(bodies.items())))
    wrong = [(name, f"expected {fine}, planned {planned}, deployed {deployed}", said)
             for name, fine, (planned, deployed, said) in looked if (planned, deployed) != (fine, fine)]
    assert wrong == []
    engine.client("logs").delete_log_group(logGroupName="/plans/there")
    assert inventory(engine) == EMPTY


def without_none(resource):
    properties = resource.get("Properties", {})
    return {**resource, "Properties": {key: value for key, value in properties.items() if value is not None}}


def test_reserves_of_a_template_fit_the_account_together(engine):
    cloudformation = engine.client("cloudformation")

    def body(**reserves):
        return json.dumps({"Resources": {name: function(ReservedConcurrentExecutions=reserved) for name, reserved in reserves.items()}})

    def refusal(call, **reserves):
        with pytest.raises(ClientError) as error:
            call(StackName="reserves", TemplateBody=body(**reserves))
        return error.value.response["Error"]["Message"]

    said = refusal(cloudformation.create_stack, A=450, B=451)
    assert "for resources [A, B], which reserve 901 together" in said
    assert "decreases account's UnreservedConcurrentExecution below its minimum value of [100]." in said
    cloudformation.create_stack(StackName="reserves", TemplateBody=body(A=450, B=400))
    assert settled(cloudformation, "reserves")["StackStatus"] == "CREATE_COMPLETE"
    assert "[A, B, C], which reserve 901 together" in refusal(cloudformation.update_stack, A=450, B=400, C=51)
    # B goes when C is there.
    assert "[A, B, C], which reserve 901 together" in refusal(cloudformation.update_stack, A=450, C=51)
    cloudformation.update_stack(StackName="reserves", TemplateBody=body(A=450, C=50))
    assert settled(cloudformation, "reserves")["StackStatus"] == "UPDATE_COMPLETE"
    cloudformation.delete_stack(StackName="reserves")
