"""The control plane through boto3: happy paths, and AWS's own error texts."""

import json
import urllib.request
import io
import zipfile

import pytest
from botocore.exceptions import ClientError
from harness import Kiln, ROLE, code_of, message_of, wait_for, zip_of

PY = {"index.py": "def handler(event, context):\n    return {'version': context.function_version, 'event': event}\n"}
PY2 = {"index.py": "def handler(event, context):\n    return 'second'\n"}
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def test_life_of_a_function(kiln, name):
    api = kiln.client("lambda")
    made = kiln.create(name, PY, Description="d", MemorySize=256, Timeout=5, Environment={"Variables": {"AB": "1"}})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["State"] == "Pending" and made["StateReasonCode"] == "Creating"
    assert made["FunctionArn"] == ARN + name
    assert made["Version"] == "$LATEST" and made["PackageType"] == "Zip"
    got = api.get_function(FunctionName=name)
    config = got["Configuration"]
    assert config["State"] == "Active" and config["LastUpdateStatus"] == "Successful"
    assert config["Environment"] == {"Variables": {"AB": "1"}}
    assert config["CodeSha256"] == made["CodeSha256"] and config["CodeSize"] == made["CodeSize"]
    with urllib.request.urlopen(got["Code"]["Location"]) as package:
        assert zipfile.ZipFile(io.BytesIO(package.read())).namelist() == ["index.py"]
    updated = api.update_function_configuration(FunctionName=name, MemorySize=512, Timeout=10)
    assert (updated["MemorySize"], updated["LastUpdateStatus"]) == (512, "InProgress")
    assert api.get_function_configuration(FunctionName=name)["Environment"] == {"Variables": {"AB": "1"}}
    changed = api.update_function_code(FunctionName=name, ZipFile=zip_of(PY2))
    assert changed["CodeSha256"] != made["CodeSha256"] and changed["RevisionId"] != updated["RevisionId"]
    assert kiln.invoke(name)["Body"] == "second"
    assert api.delete_function(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError) as error:
        api.get_function(FunctionName=name)
    assert code_of(error) == "ResourceNotFoundException"
    assert message_of(error) == f"Function not found: {ARN}{name}"


def test_a_name_is_taken_once(kiln, name):
    kiln.create(name, PY)
    with pytest.raises(ClientError) as error:
        kiln.create(name, PY)
    assert code_of(error) == "ResourceConflictException" and message_of(error) == f"Function already exist: {name}"


@pytest.mark.parametrize(
    "change, code, text",
    [
        ({"Runtime": "cobol1"}, "InvalidParameterValueException", "Value cobol1 at 'runtime' failed to satisfy constraint"),
        ({"Runtime": "java21"}, "InvalidParameterValueException", "provided"),
        ({"Role": "r1"}, "ValidationException", "Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern"),
        ({"MemorySize": 127}, "ValidationException", "Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
        ({"MemorySize": 10241}, "InvalidParameterValueException", "10240"),
        ({"Timeout": 901}, "ValidationException", "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
        ({"Timeout": 0}, "ValidationException", "greater than or equal to 1"),
        ({"EphemeralStorage": {"Size": 511}}, "ValidationException", "greater than or equal to 512"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"LONG": "x" * 4096}}}, "InvalidParameterValueException", "exceeded the 4KB limit. String measured: "),
        ({"Handler": "has blank"}, "ValidationException", "'handler'"),
        ({"Code": {"ImageUri": "x"}}, "InvalidParameterValueException", "image"),
        ({"Code": {}}, "InvalidParameterValueException", "source for function code"),
        ({"Code": {"S3Bucket": "hot-reload", "S3Key": "/does/not/exist"}}, "InvalidParameterValueException", "/does/not/exist"),
    ],
)
def test_create_refuses(kiln, name, change, code, text):
    request = {"FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": zip_of(PY)}}
    api = kiln.client("lambda")
    with pytest.raises(ClientError) as error:
        api.create_function(**{**request, **change})
    assert code_of(error) == code and text in message_of(error)
    with pytest.raises(ClientError):
        api.get_function(FunctionName=name)


def test_lists_are_paged_in_order(own_kiln):
    kiln = own_kiln()
    api = kiln.client("lambda")
    names = [f"page{i:02}" for i in range(7)]
    for one in reversed(names):
        kiln.create_echo(one)
    pages = list(api.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3}))
    assert [f["FunctionName"] for page in pages for f in page["Functions"]] == names
    assert [len(page["Functions"]) for page in pages] == [3, 3, 1]
    with pytest.raises(ClientError) as error:
        api.list_functions(FunctionVersion="invalid")
    assert "failed to satisfy constraint: Member must satisfy enum value set: [ALL]" in message_of(error)
    settings = api.get_account_settings()
    assert settings["AccountUsage"]["FunctionCount"] == 7
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 1000


def test_regions_are_separate(kiln, name):
    paris = kiln.client("lambda", region="eu-west-3")
    kiln.create(name, PY, client=paris)
    assert paris.get_function(FunctionName=name)["Configuration"]["FunctionArn"] == f"arn:aws:lambda:eu-west-3:000000000000:function:{name}"
    with pytest.raises(ClientError) as error:
        kiln.client("lambda").get_function(FunctionName=name)
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        kiln.client("lambda").get_function(FunctionName=f"arn:aws:lambda:eu-west-3:000000000000:function:{name}")
    assert message_of(error) == "Functions from 'eu-west-3' are not reachable in this region ('us-east-1')"


def test_versions_and_publishing(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, PY)
    first = api.publish_version(FunctionName=name, Description="one")
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", f"{ARN}{name}:1", "one")
    assert api.publish_version(FunctionName=name)["Version"] == "1"
    api.update_function_code(FunctionName=name, ZipFile=zip_of(PY2))
    with pytest.raises(ClientError) as error:
        api.publish_version(FunctionName=name, CodeSha256="somenonexistentsha256")
    assert message_of(error).startswith("CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST (")
    with pytest.raises(ClientError) as error:
        api.publish_version(FunctionName=name, RevisionId="x")
    assert code_of(error) == "PreconditionFailedException" and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert api.publish_version(FunctionName=name)["Version"] == "2"
    listed = api.list_versions_by_function(FunctionName=name)["Versions"]
    assert [v["Version"] for v in listed] == ["$LATEST", "1", "2"]
    assert listed[0]["FunctionArn"].endswith(":$LATEST")
    assert kiln.invoke(name, Qualifier="1")["Body"]["version"] == "1"
    assert kiln.invoke(f"{name}:2")["ExecutedVersion"] == "2"
    api.delete_function(FunctionName=name, Qualifier="1")
    with pytest.raises(ClientError) as error:
        kiln.invoke(name, Qualifier="1")
    assert message_of(error) == f"Function not found: {ARN}{name}:1"


def test_aliases(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, PY, Publish=True)
    api.update_function_code(FunctionName=name, ZipFile=zip_of(PY2), Publish=True)
    made = api.create_alias(FunctionName=name, Name="prod", FunctionVersion="1", Description="d")
    assert made["AliasArn"] == f"{ARN}{name}:prod" and "RoutingConfig" not in made
    assert api.get_alias(FunctionName=name, Name="prod")["FunctionVersion"] == "1"
    assert kiln.invoke(name, Qualifier="prod")["ExecutedVersion"] == "1"
    with pytest.raises(ClientError) as error:
        api.create_alias(FunctionName=name, Name="prod", FunctionVersion="1")
    assert message_of(error) == f"Alias already exists: {ARN}{name}:prod"
    updated = api.update_alias(FunctionName=name, Name="prod", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert updated["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}} and updated["RevisionId"] != made["RevisionId"]
    seen = [kiln.invoke(name, Qualifier="prod", client=api)["ExecutedVersion"] for _ in range(100)]
    assert 20 <= seen.count("2") <= 80
    assert [a["Name"] for a in api.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]] == ["prod"]
    with pytest.raises(ClientError) as error:
        api.delete_function(FunctionName=name, Qualifier="2")
    assert code_of(error) == "ResourceConflictException"
    assert api.delete_alias(FunctionName=name, Name="prod")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError) as error:
        api.get_alias(FunctionName=name, Name="prod")
    assert message_of(error) == f"Cannot find alias arn: {ARN}{name}:prod"


@pytest.mark.parametrize(
    "request_, code, text",
    [
        ({"Name": "2024"}, "ValidationException", "Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"),
        ({"FunctionVersion": "10"}, "ResourceNotFoundException", ":10"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, "InvalidParameterValueException", "Invalid function version 1. Function version 1 is already included in routing configuration."),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}}}, "ValidationException", "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights'"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.2, "3": 0.2}}}, "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1"),
        ({"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.2}}}, "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version"),
    ],
)
def test_alias_refuses(kiln, name, request_, code, text):
    kiln.create(name, PY, Publish=True)
    api = kiln.client("lambda")
    with pytest.raises(ClientError) as error:
        api.create_alias(**{"FunctionName": name, "Name": "prod", "FunctionVersion": "1", **request_})
    assert code_of(error) == code and text in message_of(error)
    assert api.list_aliases(FunctionName=name)["Aliases"] == []


def test_permissions(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, PY)
    with pytest.raises(ClientError) as error:
        api.get_policy(FunctionName=name)
    assert message_of(error) == "The resource you requested does not exist."
    added = api.add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b")
    assert json.loads(added["Statement"]) == {
        "Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
        "Resource": ARN + name, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}},
    }
    with pytest.raises(ClientError) as error:
        api.add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="*")
    assert message_of(error) == "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement."
    policy = api.get_policy(FunctionName=name)
    assert [s["Sid"] for s in json.loads(policy["Policy"])["Statement"]] == ["s3"]
    with pytest.raises(ClientError) as error:
        api.remove_permission(FunctionName=name, StatementId="non-existent")
    assert message_of(error) == "Statement non-existent is not found in resource policy."
    api.remove_permission(FunctionName=name, StatementId="s3")
    with pytest.raises(ClientError):
        api.get_policy(FunctionName=name)


def test_tags(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, PY, Tags={"A": "a"})
    api.tag_resource(Resource=ARN + name, Tags={"B": "b", "C": "c"})
    assert api.list_tags(Resource=ARN + name)["Tags"] == {"A": "a", "B": "b", "C": "c"}
    assert api.get_function(FunctionName=name)["Tags"] == {"A": "a", "B": "b", "C": "c"}
    api.untag_resource(Resource=ARN + name, TagKeys=["A", "B", "nope"])
    assert api.list_tags(Resource=ARN + name)["Tags"] == {"C": "c"}
    with pytest.raises(ClientError) as error:
        api.tag_resource(Resource=ARN + name, Tags={f"k{i}": "v" for i in range(50)})
    assert message_of(error) == "Number of tags exceeds resource tag limit."
    with pytest.raises(ClientError) as error:
        api.tag_resource(Resource=f"{ARN}{name}:$LATEST", Tags={"x": "y"})
    assert message_of(error) == "Tags on function aliases and versions are not supported. Please specify a function ARN."


def test_revision_ids_guard_changes(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, PY)
    current = api.get_function_configuration(FunctionName=name)["RevisionId"]
    api.update_function_configuration(FunctionName=name, Description="x", RevisionId=current)
    with pytest.raises(ClientError) as error:
        api.update_function_configuration(FunctionName=name, Description="y", RevisionId=current)
    assert code_of(error) == "PreconditionFailedException"
    assert api.get_function_configuration(FunctionName=name)["Description"] == "x"


def test_an_accepted_vpc_is_told_about(kiln, name):
    vpc = {"VpcConfig": {"SubnetIds": ["subnet-0a"], "SecurityGroupIds": ["sg-0a"]}}
    with pytest.raises(ClientError) as error:
        kiln.create(name, PY, **vpc)
    assert "--accept-vpc" in message_of(error)
    template = {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": PY["index.py"]}, **vpc}}}}
    accepting = Kiln(args=["--accept-vpc"])
    try:
        made = accepting.create(name, PY, **vpc)
        assert made["VpcConfig"]["SubnetIds"] == ["subnet-0a"]
        note = made["ResponseMetadata"]["HTTPHeaders"]["x-kiln-note"]
        assert f"VpcConfig of {name} is recorded without effect" in note
        assert accepting.invoke(name, {"a": 1})["Body"]["event"] == {"a": 1}
        cloudformation = accepting.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        wait_for(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
        function = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="F")["StackResourceDetail"]["PhysicalResourceId"]
        config = accepting.client("lambda").get_function_configuration(FunctionName=function)
        assert config["VpcConfig"]["SecurityGroupIds"] == ["sg-0a"]
    finally:
        accepting.stop()


def test_what_is_not_there_is_named(kiln):
    with pytest.raises(ClientError) as error:
        kiln.client("lambda").list_event_source_mappings()
    assert "ListEventSourceMappings" in message_of(error)
    for service, call, input in [("kinesis", "describe_limits", {}), ("sqs", "create_queue", {"QueueName": "q"}), ("dynamodb", "describe_limits", {})]:
        with pytest.raises(ClientError) as error:
            getattr(kiln.client(service), call)(**input)
        assert service.lower() in message_of(error).lower() or call.replace("_", "") in message_of(error).lower(), message_of(error)


def test_sts_says_who_we_are(kiln):
    identity = kiln.client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000" and identity["Arn"].startswith("arn:aws:iam::000000000000:")


def test_what_changes_neither_code_nor_configuration_starts_no_environment(kiln, name):
    client = kiln.client("lambda")
    arn = kiln.create_echo(name)["FunctionArn"]
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    kiln.invoke(name)

    def starts():
        kiln.invoke(name)
        return next(f for f in json.loads(kiln.http("GET", "/_kiln/status")[2])["functions"] if f["name"] == name)["coldStarts"]

    assert starts() == 1
    client.tag_resource(Resource=arn, Tags={"team": "shop"})
    client.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    client.remove_permission(FunctionName=name, StatementId="s")
    client.publish_version(FunctionName=name)
    client.untag_resource(Resource=arn, TagKeys=["team"])
    assert starts() == 1
    client.update_function_configuration(FunctionName=name, Description="anew")
    assert starts() == 2
    client.tag_resource(Resource=arn, Tags={"team": "shop"})
    assert starts() == 2


def test_packages_that_no_function_refers_to_go_at_once(own_kiln):
    """Those of refused requests, too: a thousand in ten minutes would fill the disk."""
    kiln = own_kiln()
    client = kiln.client("lambda")
    package = lambda number: zip_of({"index.py": f"def handler(event, context):\n    return {number}\n"})
    packages = lambda: sum(each.name.endswith(".zip") for each in (kiln.data_dir / "code").iterdir())
    create = lambda **more: client.create_function(**{"FunctionName": "one", "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, **more})
    create(Code={"ZipFile": package(0)})
    for number in range(1, 6):
        client.update_function_code(FunctionName="one", ZipFile=package(number))
    wait_for(lambda: packages() == 1, 10, "the end of replaced packages")
    client.update_function_code(FunctionName="one", ZipFile=package(6), DryRun=True)
    wait_for(lambda: packages() == 1, 10, "the end of a package that was only tried")
    for refused in (
        lambda: create(Code={"ZipFile": package(7)}),
        lambda: client.update_function_code(FunctionName="nobody", ZipFile=package(8)),
        lambda: client.update_function_code(FunctionName="one", ZipFile=package(9), RevisionId="another"),
        lambda: create(FunctionName="two", Code={"ZipFile": package(10)}, Layers=["arn:aws:lambda:us-east-1:000000000000:layer:none:1"]),
    ):
        with pytest.raises(ClientError):
            refused()
        wait_for(lambda: packages() == 1, 10, "the end of a refused package")
    assert json.loads(client.invoke(FunctionName="one")["Payload"].read()) == 5
