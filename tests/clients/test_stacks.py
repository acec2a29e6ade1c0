"""Stacks through CloudFormation's API, by boto3: the CDK's templates step by step, and what an error leaves."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness import code_of, message_of
from stacks import CAPABILITIES, EMPTY, create, delete, events, inventory, outputs, settled, update

CODE = "import os\ndef handler(event, context):\n    return [context.function_version, context.memory_limit_in_mb, os.environ.get('STAGE')]\n"
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def engine(own_kiln):
    return own_kiln()


def function(**more):
    return {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": CODE}, **more}}


def template(**resources):
    return {"Resources": resources}


def test_the_cdks_scaling_stack_is_made_updated_and_removed(engine, assembly):
    cloudformation, lambda_, scaling = engine.client("cloudformation"), engine.client("lambda"), engine.client("application-autoscaling")
    url = assembly.publish(engine, "PerformanceOptimizedStack")
    stack = cloudformation.create_stack(StackName="perf", TemplateURL=url, Capabilities=CAPABILITIES)["StackId"]
    made = settled(cloudformation, stack)
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, stack)
    name = outputs(made)["FunctionName"]
    there = inventory(engine)
    assert list(there["functions"]) == [name]
    assert there["functions"][name]["configuration"]["MemorySize"] == 1024
    assert there["functions"][name]["reserved"] == 60
    assert there["functions"][name]["aliases"] == {"PROD": ("1", None, ("READY", 5))}
    assert there["targets"] == [(f"function:{name}:PROD", 5, 50)]
    assert sorted(kind for _, kind in there["policies"]) == ["StepScaling", "TargetTrackingScaling"]
    policies = {one["PolicyType"]: one for one in scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]}
    tracking = policies["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleInCooldown"], tracking["ScaleOutCooldown"]) == (0.7, 120, 60)
    assert [actions for _, actions in there["alarms"].values()] == [[policies["StepScaling"]["PolicyARN"]]]

    # Unchanged: nothing to do.
    with pytest.raises(ClientError) as error:
        cloudformation.update_stack(StackName="perf", TemplateURL=url, Capabilities=CAPABILITIES)
    assert message_of(error) == "No updates are to be performed."

    # More memory: the CDK gives the version another logical id, and the alias follows with its environments.
    changed = json.dumps(assembly.template("PerformanceOptimizedStack")).replace('"MemorySize": 1024', '"MemorySize": 1536')
    version = next(id for id, one in json.loads(changed)["Resources"].items() if one["Type"] == "AWS::Lambda::Version")
    updated = update(cloudformation, "perf", changed.replace(version, version + "x"))
    assert updated["StackStatus"] == "UPDATE_COMPLETE", events(cloudformation, stack)
    there = inventory(engine)["functions"][name]
    assert there["configuration"]["MemorySize"] == 1536
    assert there["versions"] == ["$LATEST", "2"]
    assert there["aliases"] == {"PROD": ("2", None, ("READY", 5))}
    answer = engine.invoke(name, {"action": "validate_user", "data": {"name": "Ada", "email": "a@b.co", "phone": "+15551234567"}}, Qualifier="PROD", LogType="Tail")
    assert answer["ExecutedVersion"] == "2"
    assert "Memory Size: 1536 MB" in answer["Log"]
    assert lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier="PROD")["AvailableProvisionedConcurrentExecutions"] == 5

    assert delete(cloudformation, "perf")["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(engine) == EMPTY


def test_the_cdks_alarm_stack_is_made_and_removed(engine, assembly):
    cloudformation = engine.client("cloudformation")
    url = assembly.publish(engine, "ConcurrencyOptimizedStack")
    stack = cloudformation.create_stack(StackName="conc", TemplateURL=url, Capabilities=CAPABILITIES)["StackId"]
    made = settled(cloudformation, stack)
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, stack)
    found = outputs(made)
    there = inventory(engine)
    reserved = {kind: there["functions"][found[f"{kind}FunctionName"]]["reserved"] for kind in ("Critical", "Standard", "Batch")}
    assert reserved == {"Critical": 50, "Standard": 20, "Batch": None}
    assert there["topics"] == [found["AlertTopicArn"]]
    assert len(there["alarms"]) == 9
    assert all(actions == [found["AlertTopicArn"]] for _, actions in there["alarms"].values())
    assert there["alarms"]["Critical-high-concurrency"][0] == 40
    assert there["alarms"]["Critical-long-duration"][0] == 24_000
    answer = engine.invoke(found["CriticalFunctionName"], {"request_id": "r", "user_id": "u", "amount": 1})
    assert answer["Body"]["statusCode"] == 200
    assert delete(cloudformation, "conc")["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(engine) == EMPTY


def test_change_sets_say_what_would_be_done(engine):
    cloudformation = engine.client("cloudformation")
    first = template(F=function(FunctionName="f", MemorySize=128), T={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}})
    made = cloudformation.create_change_set(StackName="s", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=json.dumps(first))
    assert cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert inventory(engine) == EMPTY
    changes = cloudformation.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert [(one["ResourceChange"]["Action"], one["ResourceChange"]["LogicalResourceId"]) for one in changes] == [("Add", "F"), ("Add", "T")]
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    assert settled(cloudformation, "s")["StackStatus"] == "CREATE_COMPLETE"

    second = template(F=function(FunctionName="f", MemorySize=256), T={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "u"}}, G={"Type": "AWS::Logs::LogGroup"})
    cloudformation.create_change_set(StackName="s", ChangeSetName="two", TemplateBody=json.dumps(second))
    changes = [one["ResourceChange"] for one in cloudformation.describe_change_set(StackName="s", ChangeSetName="two")["Changes"]]
    assert [(one["Action"], one["LogicalResourceId"], one.get("Replacement")) for one in changes] == [("Modify", "F", "False"), ("Add", "G", None), ("Modify", "T", "True")]
    cloudformation.delete_change_set(StackName="s", ChangeSetName="two")
    with pytest.raises(ClientError) as error:
        cloudformation.execute_change_set(StackName="s", ChangeSetName="two")
    assert code_of(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException")
    assert inventory(engine)["functions"]["f"]["configuration"]["MemorySize"] == 128

    cloudformation.create_change_set(StackName="s", ChangeSetName="same", TemplateBody=json.dumps(first))
    same = cloudformation.describe_change_set(StackName="s", ChangeSetName="same")
    assert (same["Status"], same["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert same["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_an_update_that_fails_leaves_everything_as_it_was(engine):
    cloudformation = engine.client("cloudformation")
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "F"}, "FunctionVersion": {"Fn::GetAtt": ["V", "Version"]}, "Name": "live",
                                                          "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2}}}
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t", "DisplayName": "before"}}
    good = template(F=function(FunctionName="f", ReservedConcurrentExecutions=5), V=version, A=alias, T=topic)
    assert create(cloudformation, "s", good)["StackStatus"] == "CREATE_COMPLETE"
    before = inventory(engine)
    assert before["functions"]["f"]["aliases"] == {"live": ("1", None, ("READY", 2))}

    # An init that fails behind provisioned concurrency, in a stack that also changes, replaces and adds.
    broken = template(F=function(FunctionName="f", ReservedConcurrentExecutions=7, MemorySize=512, Code={"ZipFile": "raise ValueError('no')"}),
                      V2=version, A={**alias, "Properties": {**alias["Properties"], "FunctionVersion": {"Fn::GetAtt": ["V2", "Version"]}}},
                      T={**topic, "Properties": {"TopicName": "other", "DisplayName": "after"}}, G={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "g"}})
    failed = update(cloudformation, "s", broken)
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", events(cloudformation, "s")
    reasons = [reason for id, status, reason in events(cloudformation, "s") if id == "A" and status == "UPDATE_FAILED"]
    assert reasons and "FUNCTION_ERROR_INIT_FAILURE" in reasons[0]
    assert inventory(engine) == before
    assert engine.invoke("f", Qualifier="live")["Body"][0] == "1"
    attributes = engine.client("sns").get_topic_attributes(TopicArn=before["topics"][0])["Attributes"]
    assert attributes["DisplayName"] == "before"
    # And the stack can be updated again.
    fine = update(cloudformation, "s", template(F=function(FunctionName="f", MemorySize=256, ReservedConcurrentExecutions=5), V2=version,
                                                A={**alias, "Properties": {**alias["Properties"], "FunctionVersion": {"Fn::GetAtt": ["V2", "Version"]}}}, T=topic))
    assert fine["StackStatus"] == "UPDATE_COMPLETE", events(cloudformation, "s")
    assert engine.invoke("f", Qualifier="live")["Body"][1] == "256"


@pytest.mark.parametrize("on_failure, status, stays", [("ROLLBACK", "ROLLBACK_COMPLETE", False), ("DELETE", "DELETE_COMPLETE", False), ("DO_NOTHING", "CREATE_FAILED", True)])
def test_a_creation_that_fails(engine, on_failure, status, stays):
    cloudformation = engine.client("cloudformation")
    broken = template(T={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}},
                      F={**function(FunctionName="f", Code={"S3Bucket": "nowhere", "S3Key": "missing.zip"}), "DependsOn": "T"})
    failed = create(cloudformation, "s", broken, OnFailure=on_failure)
    assert failed["StackStatus"] == status
    reasons = [reason for id, state, reason in events(cloudformation, failed["StackId"]) if id == "F" and state == "CREATE_FAILED"]
    assert reasons and "NoSuchBucket" in reasons[0]
    assert bool(inventory(engine)["topics"]) == stays
    assert inventory(engine)["functions"] == {}


def test_policies_decide_what_stays(engine):
    cloudformation, sns = engine.client("cloudformation"), engine.client("sns")

    def topic(name, **policies):
        return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}, **policies}

    create(cloudformation, "s", template(Kept=topic("kept", DeletionPolicy="Retain"), Gone=topic("gone"), Replaced=topic("old", UpdateReplacePolicy="Retain")))
    update(cloudformation, "s", template(Gone=topic("gone"), Replaced=topic("new", UpdateReplacePolicy="Retain")))
    names = sorted(arn.rsplit(":", 1)[1] for arn in inventory(engine)["topics"])
    assert names == ["gone", "kept", "new", "old"]
    delete(cloudformation, "s")
    assert sorted(one["TopicArn"].rsplit(":", 1)[1] for one in sns.list_topics()["Topics"]) == ["kept", "old"]


def test_exports_bind_stacks_together(engine):
    cloudformation = engine.client("cloudformation")
    exporting = {**template(T={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "shared"}}), "Outputs": {"Topic": {"Value": {"Ref": "T"}, "Export": {"Name": "topic"}}}}
    importing = template(A={"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "a", "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
                                                                              "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [{"Fn::ImportValue": "topic"}]}})
    with pytest.raises(ClientError) as error:
        create(cloudformation, "user", importing)
    assert "No export named topic found" in message_of(error)
    create(cloudformation, "maker", exporting)
    assert create(cloudformation, "user", importing)["StackStatus"] == "CREATE_COMPLETE"
    assert inventory(engine)["alarms"]["a"][1] == inventory(engine)["topics"]
    assert cloudformation.list_imports(ExportName="topic")["Imports"] == ["user"]
    with pytest.raises(ClientError) as error:
        cloudformation.delete_stack(StackName="maker")
    assert message_of(error) == "Export topic cannot be deleted as it is in use by user"
    renamed = json.loads(json.dumps(exporting).replace('"shared"', '"renamed"'))
    assert update(cloudformation, "maker", renamed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    other = create(cloudformation, "other", {**exporting, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    assert other["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [one["Name"] for one in cloudformation.list_exports()["Exports"]] == ["topic"]
    delete(cloudformation, "user")
    assert delete(cloudformation, "maker")["StackStatus"] == "DELETE_COMPLETE"


def test_parameters_keep_their_values_and_secrets_are_not_told(engine):
    cloudformation = engine.client("cloudformation")
    engine.client("ssm").put_parameter(Name="/stage", Value="from-ssm", Type="String")
    body = {"Parameters": {"Memory": {"Type": "Number", "Default": 128, "MinValue": 128}, "Secret": {"Type": "String", "NoEcho": True},
                           "Stage": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/stage"}},
            **template(F=function(FunctionName="f", MemorySize={"Ref": "Memory"}, Environment={"Variables": {"STAGE": {"Ref": "Stage"}, "SECRET": {"Ref": "Secret"}}}))}
    with pytest.raises(ClientError) as error:
        create(cloudformation, "s", body)
    assert message_of(error) == "Parameters: [Secret] must have values"
    for value, text in (("127", "must be a number not less than 128"), ("big", "must be a number")):
        with pytest.raises(ClientError) as error:
            create(cloudformation, "s", body, Parameters=[{"ParameterKey": "Secret", "ParameterValue": "x"}, {"ParameterKey": "Memory", "ParameterValue": value}])
        assert text in message_of(error)
    made = create(cloudformation, "s", body, Parameters=[{"ParameterKey": "Secret", "ParameterValue": "hush"}, {"ParameterKey": "Memory", "ParameterValue": "256"}])
    assert {one["ParameterKey"]: one["ParameterValue"] for one in made["Parameters"]} == {"Memory": "256", "Secret": "****", "Stage": "/stage"}
    assert engine.invoke("f")["Body"] == ["$LATEST", "256", "from-ssm"]
    update(cloudformation, "s", Parameters=[{"ParameterKey": "Secret", "ParameterValue": "new"}, {"ParameterKey": "Memory", "UsePreviousValue": True}])
    configuration = engine.client("lambda").get_function_configuration(FunctionName="f")
    assert (configuration["MemorySize"], configuration["Environment"]["Variables"]["SECRET"]) == (256, "new")


def test_the_aws_cli_deploys_twice(engine, tmp_path):
    """The CLI looks at once and then every 30 s, so the test carries out what `deploy` has prepared, and waits itself."""
    (tmp_path / "template.yaml").write_text("""
Parameters: {Stage: {Type: String, Default: dev}}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t, DisplayName: !Ref Stage}}}
""")
    cloudformation = engine.client("cloudformation")
    deploy = ("cloudformation", "deploy", "--template-file", str(tmp_path / "template.yaml"), "--stack-name", "s", "--parameter-overrides", "Stage=prod")
    prepared = engine.aws(*deploy, "--no-execute-changeset").stdout
    engine.aws("cloudformation", "execute-change-set", "--change-set-name", prepared.split()[-1])
    stack = settled(cloudformation, "s")["StackId"]
    engine.aws("cloudformation", "wait", "stack-create-complete", "--stack-name", "s")
    topic = inventory(engine)["topics"][0]
    assert engine.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "prod"
    again = engine.aws(*deploy, "--no-fail-on-empty-changeset")
    assert "No changes to deploy" in again.stdout + again.stderr
    engine.aws("cloudformation", "delete-stack", "--stack-name", "s")
    assert settled(cloudformation, stack)["StackStatus"] == "DELETE_COMPLETE"
    engine.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "s")
    assert inventory(engine) == EMPTY


def test_two_deployments_of_one_stack_at_once(engine):
    """One of them wins, the other is refused, and the stack is the winner's."""
    cloudformation = [engine.client("cloudformation") for _ in range(2)]
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}
    create(cloudformation[0], "s", template(T=topic))
    wanted = [template(T=topic, **{f"F{i}": function(FunctionName=f"f{i}")}) for i in range(2)]
    together = threading.Barrier(2)

    def deploy(i):
        together.wait()
        try:
            cloudformation[i].update_stack(StackName="s", TemplateBody=json.dumps(wanted[i]))
            return i
        except ClientError as error:
            assert "state and can not be updated" in error.response["Error"]["Message"]
            return None

    with ThreadPoolExecutor(2) as pool:
        winners = [i for i in pool.map(deploy, range(2)) if i is not None]
    assert settled(cloudformation[0], "s")["StackStatus"] == "UPDATE_COMPLETE"
    # Where both were taken, the second came after the end of the first.
    there = list(inventory(engine)["functions"])
    assert len(there) == 1 and int(there[0][1:]) in winners
    with pytest.raises(ClientError) as error:
        cloudformation[0].create_stack(StackName="s", TemplateBody=json.dumps(template(T=topic)))
    assert code_of(error) == "AlreadyExistsException"


def test_a_subscription_to_a_topic_of_another_region(engine):
    there = engine.client("sns", region="eu-west-1")
    topic = there.create_topic(Name="far")["TopicArn"]
    cloudformation = engine.client("cloudformation")

    def subscription(**more):
        return json.dumps(template(
            F=function(FunctionName="listener"),
            S={"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": topic, "Region": "eu-west-1", "Protocol": "lambda", "Endpoint": {"Fn::GetAtt": ["F", "Arn"]}, **more}},
        ))

    assert create(cloudformation, "across", subscription())["StackStatus"] == "CREATE_COMPLETE"
    listed = there.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["Endpoint"] for one in listed] == ["arn:aws:lambda:us-east-1:000000000000:function:listener"]
    changed = update(cloudformation, "across", subscription(FilterPolicy={"a": ["b"]}))
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    attributes = there.get_subscription_attributes(SubscriptionArn=listed[0]["SubscriptionArn"])["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == {"a": ["b"]}
    delete(cloudformation, "across")
    assert there.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
