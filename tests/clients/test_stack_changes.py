"""Every property that a stack can change: set, changed and taken away again, and each time an update that fails first.

What the services then say is compared with a stack that was made that way at once.
"""

import html
import json
import re

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, message_of
from stack_forms import ASKED, asked, details, prepared, stack, with_a_failure
from stacks import EMPTY, create, delete, events, inventory, update


@pytest.fixture(scope="module")
def made_at_once():
    """What a stack of each form is when it is new."""
    out = []
    kiln = prepared(Kiln())
    cloudformation = kiln.client("cloudformation")
    for number in range(3):
        made = create(cloudformation, "s", stack(number))
        assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, made["StackId"])
        out.append(details(kiln))
        delete(cloudformation, "s")
        assert inventory(kiln) == EMPTY
    kiln.stop()
    return out


def test_every_property_is_set_changed_and_taken_away(own_kiln, made_at_once):
    kiln = prepared(own_kiln())
    cloudformation = kiln.client("cloudformation")
    create(cloudformation, "s", stack(0))
    for step, number in enumerate((1, 2, 0, 2, 1, 0)):
        before = details(kiln)
        failed = update(cloudformation, "s", with_a_failure(stack(number)))
        assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", events(cloudformation, "s")[-40:]
        assert details(kiln) == before, step
        done = update(cloudformation, "s", stack(number))
        assert done["StackStatus"] == "UPDATE_COMPLETE", events(cloudformation, "s")[-40:]
        assert asked(kiln) >= ASKED[number]
        now = details(kiln)
        now["inventory"]["layers"] = made_at_once[number]["inventory"]["layers"]
        assert now == made_at_once[number], step
    delete(cloudformation, "s")
    assert inventory(kiln) == EMPTY


def test_a_parameter_has_its_previous_value_or_a_new_one(kiln):
    template = '{"Parameters": {"P": {"Type": "String", "Default": "a"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    with pytest.raises(ClientError) as error:
        kiln.client("cloudformation").create_stack(StackName="both-values", TemplateBody=template, Parameters=[
            {"ParameterKey": "P", "UsePreviousValue": True, "ParameterValue": "b"}])
    assert error.value.response["Error"]["Message"] == \
        "Invalid input for parameter key P. Cannot specify usePreviousValue as true and non empty value for a parameter"


def test_a_template_has_one_source(kiln):
    cloudformation = kiln.client("cloudformation")
    body = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    cloudformation.create_stack(StackName="sources", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="sources", WaiterConfig={"Delay": 0.1})
    url = "https://bucket.s3.amazonaws.com/t.yaml"
    previous = "You cannot specify both usePreviousTemplate and Template Body/Template URL."
    for sources, text in (
        ({"TemplateBody": body, "TemplateURL": url}, "You cannot specify both Template URL and Template Body."),
        ({"TemplateBody": body, "UsePreviousTemplate": True}, previous),
        ({}, "Either Template URL or Template Body must be specified."),
    ):
        for change in (cloudformation.update_stack, lambda **more: cloudformation.create_change_set(ChangeSetName="c", **more)):
            with pytest.raises(ClientError) as error:
                change(StackName="sources", **sources)
            assert message_of(error) == text
    cloudformation.delete_stack(StackName="sources")


def test_an_empty_or_malformed_name_names_no_stack(kiln):
    pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
    cloudformation = kiln.client("cloudformation")
    for ask in (cloudformation.describe_stacks, cloudformation.describe_stack_events, cloudformation.list_stack_resources,
                cloudformation.get_template, cloudformation.delete_stack):
        for name, text in (("", f"2 validation errors detected: Value '' at 'stackName' {pattern}; Value '' at 'stackName' failed to satisfy "
                                "constraint: Member must have length greater than or equal to 1"),
                           ("a_b", f"1 validation error detected: Value 'a_b' at 'stackName' {pattern}")):
            with pytest.raises(ClientError) as error:
                ask(StackName=name)
            assert message_of(error) == text


def test_what_is_removed_doesnt_tell_values_of_other_resources(kiln):
    """As recorded on AWS: they are known after the change only, though they are known."""
    cloudformation = kiln.client("cloudformation")
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "removed-topic"}}
    value = {"Fn::Sub": "${T.TopicName}-tag"}
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Name"}, "Tags": [
        {"Key": "own", "Value": "own"}, {"Key": "topic", "Value": value}]}}
    template = {"Parameters": {"Name": {"Type": "String", "Default": "removed-group"}}, "Resources": {"T": topic, "G": group}}
    assert create(cloudformation, "removes", json.dumps(template))["StackStatus"] == "CREATE_COMPLETE"
    del template["Resources"]["G"]
    cloudformation.create_change_set(StackName="removes", ChangeSetName="c", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("change_set_create_complete").wait(StackName="removes", ChangeSetName="c", WaiterConfig={"Delay": 0.1})
    # Asked without boto3, which may be older than the member.
    told = kiln.http("POST", "/", "Action=DescribeChangeSet&Version=2010-05-15&StackName=removes&ChangeSetName=c&IncludePropertyValues=true",
                     {"Content-Type": "application/x-www-form-urlencoded"})[2].decode()
    assert re.findall("<(?:Action|LogicalResourceId)>(.*?)<", told) == ["Remove", "G"]
    before = html.unescape(re.search("<BeforeContext>(.*?)</BeforeContext>", told)[1])
    assert json.loads(before) == {"Properties": {"LogGroupName": "removed-group", "Tags": [
        {"Key": "own", "Value": "own"}, {"Key": "topic", "Value": "{{changeSet:KNOWN_AFTER_APPLY}}"}]}}
    cloudformation.execute_change_set(StackName="removes", ChangeSetName="c")
    cloudformation.get_waiter("stack_update_complete").wait(StackName="removes", WaiterConfig={"Delay": 0.1})
    assert not kiln.client("logs").describe_log_groups(logGroupNamePrefix="removed-group")["logGroups"]
    delete(cloudformation, "removes")


def test_a_set_whose_include_has_no_bucket_is_there_and_has_failed(kiln):
    cloudformation = kiln.client("cloudformation")
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://no-such-bucket-here/key.yml"}}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"Fn::Transform": include}}}}
    cloudformation.create_change_set(StackName="includes", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(template))
    told = cloudformation.describe_change_set(StackName="includes", ChangeSetName="c")
    assert (told["Status"], told["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert told["StatusReason"] == "Transform AWS::Include failed with: S3 bucket [no-such-bucket-here] does not exist."
    cloudformation.delete_stack(StackName="includes")


def test_metadata_that_refer_to_a_changed_parameter_are_a_reason(kiln):
    cloudformation = kiln.client("cloudformation")
    template = json.dumps({"Parameters": {"P": {"Type": "String"}}, "Resources": {"T": {
        "Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "P"}}, "Metadata": {"Of": ["x", {"Fn::Sub": "${P}"}]}}}})
    values = [[{"ParameterKey": "P", "ParameterValue": value}] for value in ("a", "b")]
    assert create(cloudformation, "told", template, Parameters=values[0])["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.create_change_set(StackName="told", ChangeSetName="c", UsePreviousTemplate=True, Parameters=values[1])
    change, = cloudformation.describe_change_set(StackName="told", ChangeSetName="c")["Changes"]
    assert change["ResourceChange"]["Scope"] == ["Metadata", "Properties"]
    targets = {"Metadata": {"Attribute": "Metadata", "RequiresRecreation": "Never"},
               "Properties": {"Attribute": "Properties", "Name": "DisplayName", "RequiresRecreation": "Never"}}
    by_parameter = {"ChangeSource": "ParameterReference", "CausingEntity": "P", "Evaluation": "Static"}
    for target in targets.values():
        for reason in (by_parameter, {"ChangeSource": "DirectModification", "Evaluation": "Dynamic"}):
            assert {**reason, "Target": target} in change["ResourceChange"]["Details"]
    assert len(change["ResourceChange"]["Details"]) == 4
    delete(cloudformation, "told")
