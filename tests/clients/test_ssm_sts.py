"""SSM's parameters and STS through boto3; what survives a kill; other servers in their place."""

import threading

import boto3
import pytest
from botocore.exceptions import ClientError
from doubles import Receiver
from harness import Kiln, code_of, message_of

ROLE = "arn:aws:iam::000000000000:role/cdk-hnb659fds-deploy-role-000000000000-us-east-1"


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert code_of(error) == code, error.value
    return message_of(error)


def test_life_of_a_parameter(kiln, name):
    ssm, path = kiln.client("ssm"), f"/{name}/host"
    assert ssm.put_parameter(Name=path, Value="a", Type="String", Tags=[{"Key": "t", "Value": "1"}])["Version"] == 1
    got = ssm.get_parameter(Name=path)["Parameter"]
    assert (got["Value"], got["Version"], got["ARN"]) == ("a", 1, f"arn:aws:ssm:us-east-1:000000000000:parameter{path}")
    assert refused("ParameterAlreadyExists", ssm.put_parameter, Name=path, Value="b", Type="String").startswith("The parameter already exists.")
    assert ssm.put_parameter(Name=path, Value="b", Overwrite=True)["Version"] == 2
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=path)["TagList"] == [{"Key": "t", "Value": "1"}]
    refused("ParameterNotFound", kiln.client("ssm", region="eu-west-1").get_parameter, Name=path)
    ssm.delete_parameter(Name=path)
    refused("ParameterNotFound", ssm.get_parameter, Name=path)
    refused("ParameterNotFound", ssm.delete_parameter, Name=path)


def test_versions_of_a_parameter(kiln, name):
    ssm = kiln.client("ssm")
    for i in range(1, 53):
        ssm.put_parameter(Name=name, Value=f"v{i}", Type="String", Overwrite=i > 1)
    pages = list(ssm.get_paginator("get_parameter_history").paginate(Name=name))
    assert [len(page["Parameters"]) for page in pages] == [50, 2]
    assert [p["Value"] for page in pages for p in page["Parameters"]] == [f"v{i}" for i in range(1, 53)]
    assert pages[0]["Parameters"][0]["Labels"] == []
    assert ssm.label_parameter_version(Name=name, ParameterVersion=7, Labels=["live", "1x"])["InvalidLabels"] == ["1x"]
    for selector in (":7", ":live"):
        got = ssm.get_parameter(Name=name + selector)["Parameter"]
        assert (got["Name"], got["Value"], got["Selector"]) == (name, "v7", selector)
    many = ssm.get_parameters(Names=[f"{name}:51", f"{name}:99"])
    assert [p["Value"] for p in many["Parameters"]] == ["v51"] and many["InvalidParameters"] == [f"{name}:99"]
    assert f"could not find version 99 of {name}." in refused("ParameterVersionNotFound", ssm.get_parameter, Name=f"{name}:99")
    assert ssm.unlabel_parameter_version(Name=name, ParameterVersion=7, Labels=["live"])["RemovedLabels"] == ["live"]
    refused("ParameterVersionNotFound", ssm.get_parameter, Name=f"{name}:live")


def test_paths_are_paged(kiln, name):
    ssm = kiln.client("ssm")
    for i in range(25):
        ssm.put_parameter(Name=f"/{name}/p{i:02}", Value=str(i), Type="String")
    pages = list(ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{name}"))
    assert [len(page["Parameters"]) for page in pages] == [10, 10, 5]
    assert [p["Value"] for page in pages for p in page["Parameters"]] == [str(i) for i in range(25)]
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [f"/{name}/p1"]}]
    assert len(ssm.describe_parameters(ParameterFilters=filters)["Parameters"]) == 10


def test_what_cdk_asks_before_it_deploys(kiln):
    for region in ("us-east-1", "eu-north-1"):
        value = kiln.client("ssm", region=region).get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"]
        assert int(value) >= 30


def test_parameters_survive_kill_9(own_kiln):
    kiln = own_kiln()
    ssm = kiln.client("ssm")
    ssm.put_parameter(Name="a", Value="1", Type="StringList", Description="d")
    ssm.put_parameter(Name="a", Value="2,3", Overwrite=True)
    ssm.put_parameter(Name="gone", Value="x", Type="String")
    ssm.delete_parameter(Name="gone")
    ssm.label_parameter_version(Name="a", ParameterVersion=1, Labels=["first"])
    before, history = ssm.get_parameter(Name="a")["Parameter"], ssm.get_parameter_history(Name="a")["Parameters"]
    kiln.kill()
    ssm = own_kiln().client("ssm")
    assert ssm.get_parameter(Name="a")["Parameter"] == before and before["Version"] == 2
    assert ssm.get_parameter_history(Name="a")["Parameters"] == history
    assert ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["a"]}])["Parameters"][0]["Description"] == "d"
    refused("ParameterNotFound", ssm.get_parameter, Name="gone")


def test_versions_count_under_many_writers(kiln, name):
    kiln.client("ssm").put_parameter(Name=name, Value="0", Type="String")
    versions = []

    def write():
        ssm = kiln.client("ssm")
        for i in range(20):
            versions.append(ssm.put_parameter(Name=name, Value=str(i), Overwrite=True)["Version"])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(versions) == list(range(2, 82))


def test_assume_role(kiln):
    role = kiln.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)
    assert role["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/cdk-hnb659fds-deploy-role-000000000000-us-east-1/me"
    keys = role["Credentials"]
    mine = dict(endpoint_url=kiln.url, region_name="us-east-1", aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
    identity = boto3.client("sts", **mine).get_caller_identity()
    assert (identity["Arn"], identity["Account"]) == (role["AssumedRoleUser"]["Arn"], "000000000000")
    assert boto3.client("lambda", **mine).list_functions()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert kiln.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    for seconds in (899, 43_201):
        assert "durationSeconds" in refused("ValidationError", kiln.client("sts").assume_role, RoleArn=ROLE, RoleSessionName="me", DurationSeconds=seconds)
    assert kiln.client("sts").get_session_token()["Credentials"]["SessionToken"]


def test_the_command_line(kiln, name):
    kiln.aws("ssm", "put-parameter", "--name", name, "--value", "v", "--type", "SecureString")
    value = ["--query", "Parameter.Value", "--output", "text"]
    assert kiln.aws("ssm", "get-parameter", "--name", name, "--with-decryption", *value).stdout == "v\n"
    assert kiln.aws("ssm", "get-parameter", "--name", name, *value).stdout == "kms:alias/aws/ssm:v\n"
    assert "ASIA" in kiln.aws("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "me").stdout


def test_a_forward_goes_before_what_kiln_has_itself():
    other = Receiver(lambda method, path, headers, body: (418, {}, b"{}" if "X-Amz-Target" in headers else b"<Error/>"))
    kiln = Kiln(args=["--forward", f"ssm={other.url}", "--forward", f"sts={other.url}", "--forward", f"s3={other.url}"])
    try:
        for call in (lambda: kiln.client("ssm").get_parameter(Name="a"), kiln.client("sts").get_caller_identity, kiln.client("s3").list_buckets):
            with pytest.raises(ClientError) as error:
                call()
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418
        assert kiln.client("lambda").list_functions()["Functions"] == []
    finally:
        kiln.stop()
        other.close()
