"""What deploy tools ask besides Lambda and CloudFormation: IAM, Cloud Control, tags, services that are not here."""

import concurrent.futures
import json
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from harness import code_of, message_of
from stacks import create, delete

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
LOGS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
STACK = json.dumps({
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "RoleName": "tools-role", "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [BASIC], "Policies": [{"PolicyName": "logs", "PolicyDocument": LOGS}],
            "Tags": [{"Key": "team", "Value": "shop"}]}},
        "Inline": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "more", "PolicyDocument": LOGS, "Roles": [{"Ref": "Role"}]}},
        "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": "tools-policy", "PolicyDocument": LOGS, "Roles": [{"Ref": "Role"}]}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "tools-topic", "Tags": [{"Key": "team", "Value": "shop"}]}},
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}, "Id": {"Value": {"Fn::GetAtt": ["Role", "RoleId"]}}},
})


def test_a_role_and_its_policies(kiln):
    iam, functions = kiln.client("iam"), kiln.client("lambda")
    made = iam.create_role(RoleName="tools-role", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=[{"Key": "team", "Value": "shop"}])["Role"]
    assert made["Arn"] == "arn:aws:iam::000000000000:role/tools-role" and made["AssumeRolePolicyDocument"] == TRUST
    iam.put_role_policy(RoleName="tools-role", PolicyName="logs", PolicyDocument=json.dumps(LOGS))
    policy = iam.create_policy(PolicyName="tools-policy", PolicyDocument=json.dumps(LOGS))["Policy"]["Arn"]
    for arn in (BASIC, policy):
        iam.attach_role_policy(RoleName="tools-role", PolicyArn=arn)
    role = iam.get_role(RoleName="tools-role")["Role"]
    assert role["RoleId"] == made["RoleId"] and role["MaxSessionDuration"] == 3600 and role["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert iam.get_role_policy(RoleName="tools-role", PolicyName="logs")["PolicyDocument"] == LOGS
    assert {one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName="tools-role")["AttachedPolicies"]} == {BASIC, policy}
    assert iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"] == LOGS
    # The first lines of a tutorial: a role, then a function with it. Passing a role is never refused, whether it is there or not.
    kiln.create_echo("tools-function", client=functions)
    with pytest.raises(ClientError) as error:
        iam.delete_role(RoleName="tools-role")
    assert code_of(error) == "DeleteConflict"
    for arn in (BASIC, policy):
        iam.detach_role_policy(RoleName="tools-role", PolicyArn=arn)
    iam.delete_role_policy(RoleName="tools-role", PolicyName="logs")
    iam.delete_role(RoleName="tools-role")
    iam.delete_policy(PolicyArn=policy)
    functions.delete_function(FunctionName="tools-function")
    with pytest.raises(ClientError) as error:
        iam.get_role(RoleName="tools-role")
    assert code_of(error) == "NoSuchEntity" and message_of(error) == "The role with name tools-role cannot be found."


def test_a_trust_policy_comes_back_without_lists_of_one(kiln):
    iam = kiln.client("iam")
    listed = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]},
        {"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
    tidy = {"Version": "2012-10-17", "Statement": [TRUST["Statement"][0], listed["Statement"][1]]}
    made = iam.create_role(RoleName="listed", AssumeRolePolicyDocument=json.dumps(listed))["Role"]
    assert made["AssumeRolePolicyDocument"] == listed
    got = iam.get_role(RoleName="listed")["Role"]
    assert got["AssumeRolePolicyDocument"] == tidy and "Description" not in got
    assert [one["AssumeRolePolicyDocument"] for one in iam.list_roles()["Roles"] if one["RoleName"] == "listed"] == [tidy]
    iam.delete_role(RoleName="listed")


def test_a_role_asks_for_no_user_without_a_name(kiln):
    assert kiln.client("iam").get_user()["User"]["Arn"] == "arn:aws:iam::000000000000:root"
    role = "arn:aws:iam::000000000000:role/asks"
    keys = kiln.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key", "SessionToken": "aws_session_token"}
    session = boto3.client("iam", endpoint_url=kiln.url, region_name="us-east-1", **{name: keys[member] for member, name in names.items()})
    with pytest.raises(ClientError) as error:
        session.get_user()
    assert (code_of(error), message_of(error)) == ("ValidationError", "Must specify userName when calling with non-User credentials")
    kiln.create("asks", {"index.py": """import boto3
def handler(event, context):
    try:
        return boto3.client("iam").get_user()["User"]["Arn"]
    except Exception as error:
        return str(error)
"""})
    assert "non-User credentials" in str(kiln.invoke("asks"))
    kiln.client("lambda").delete_function(FunctionName="asks")


def test_roles_and_policies_of_a_stack_are_in_iam(kiln):
    cloudformation, iam = kiln.client("cloudformation"), kiln.client("iam")
    with pytest.raises(ClientError) as error:
        cloudformation.create_stack(StackName="tools", TemplateBody=STACK)
    assert code_of(error) == "InsufficientCapabilitiesException"
    stack = create(cloudformation, "tools", STACK)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    role = iam.get_role(RoleName="tools-role")["Role"]
    assert role["Arn"] == outputs["Arn"] == "arn:aws:iam::000000000000:role/tools-role" and role["RoleId"] == outputs["Id"]
    assert role["AssumeRolePolicyDocument"] == TRUST and role["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert role["Description"] == ""
    assert iam.list_role_policies(RoleName="tools-role")["PolicyNames"] == ["logs", "more"]
    assert iam.get_role_policy(RoleName="tools-role", PolicyName="more")["PolicyDocument"] == LOGS
    attached = {policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName="tools-role")["AttachedPolicies"]}
    assert attached == {BASIC, "arn:aws:iam::000000000000:policy/tools-policy"}
    assert delete(cloudformation, "tools")["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError) as error:
        iam.get_role(RoleName="tools-role")
    assert code_of(error) == "NoSuchEntity" and message_of(error) == "The role with name tools-role cannot be found."
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_cloud_control_and_tags(kiln):
    cloudformation, control, tagging = kiln.client("cloudformation"), kiln.client("cloudcontrol"), kiln.client("resourcegroupstaggingapi")
    create(cloudformation, "tools", STACK)
    topic = "arn:aws:sns:us-east-1:000000000000:tools-topic"
    listed = control.list_resources(TypeName="AWS::SNS::Topic")["ResourceDescriptions"]
    assert topic in [each["Identifier"] for each in listed]
    got = control.get_resource(TypeName="AWS::SNS::Topic", Identifier=topic)["ResourceDescription"]
    assert json.loads(got["Properties"])["TopicName"] == "tools-topic"
    with pytest.raises(ClientError) as error:
        control.get_resource(TypeName="AWS::Lambda::Function", Identifier="nobody")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        control.list_resources(TypeName="AWS::EC2::VPC")
    assert code_of(error) == "TypeNotFoundException"
    with pytest.raises(ClientError) as error:
        control.create_resource(TypeName="AWS::SNS::Topic", DesiredState="{}")
    assert code_of(error) == "UnsupportedActionException"

    found = tagging.get_resources(TagFilters=[{"Key": "team", "Values": ["shop"]}], ResourceTypeFilters=["sns"])["ResourceTagMappingList"]
    assert [each["ResourceARN"] for each in found] == [topic]
    assert {"Key": "aws:cloudformation:stack-name", "Value": "tools"} in found[0]["Tags"]
    of_stack = tagging.get_resources(TagFilters=[{"Key": "aws:cloudformation:stack-name", "Values": ["tools"]}])["ResourceTagMappingList"]
    assert {each["ResourceARN"] for each in of_stack} == {topic, "arn:aws:iam::000000000000:role/tools-role"}
    assert "team" in tagging.get_tag_keys()["TagKeys"] and tagging.get_tag_values(Key="team")["TagValues"] == ["shop"]
    delete(cloudformation, "tools")


def test_many_may_ask_for_tags_at_once(kiln):
    """Each asks other APIs, which need threads that these questions must not hold: all stood still for half a minute."""
    kiln.client("logs").create_log_group(logGroupName="/asked", tags={"asked": "often"})
    client, begin = kiln.client("resourcegroupstaggingapi"), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(24) as threads:
        pages = list(threads.map(lambda _: client.get_resources(ResourceTypeFilters=["logs"]), range(24)))
    assert all("/asked" in str(page["ResourceTagMappingList"]) for page in pages)
    assert time.monotonic() - begin < 20


def test_services_that_are_not_here(kiln):
    with pytest.raises(ClientError) as error:
        kiln.client("ecr").describe_repositories(repositoryNames=["serverless-shop-dev"])
    assert code_of(error) == "RepositoryNotFoundException"
    with pytest.raises(ClientError) as error:
        kiln.client("dynamodb").describe_table(TableName="orders")
    assert code_of(error) == "ResourceNotFoundException"
    assert kiln.client("apigateway").get_rest_apis()["items"] == []
    with pytest.raises(ClientError) as error:
        kiln.client("apigatewayv2").get_api(ApiId="abc")
    assert code_of(error) == "NotFoundException"
    with pytest.raises(ClientError) as error:
        kiln.client("sqs").get_queue_url(QueueName="orders")
    assert code_of(error) == "AWS.SimpleQueueService.NonExistentQueue"
    with pytest.raises(ClientError) as error:
        kiln.client("dynamodb").create_table(TableName="orders", KeySchema=[], AttributeDefinitions=[])
    assert "Kiln has no service dynamodb" in message_of(error)
