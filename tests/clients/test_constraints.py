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
}
# With what is required, so that nothing else is wrong with the request.
BESIDE = {
    "CreateFunction": ["Handler", "Runtime"],
    "AddLayerVersionPermission": ["Action"],
    "CreateStack": ["TemplateBody"], "UpdateStack": ["TemplateBody"], "CreateChangeSet": ["TemplateBody"],
}
VALUES_OF = {"AddLayerVersionPermission": {"Action": "lambda:GetLayerVersion"}}
# Of shapes: limits that older models have lower.
NEWER = {"NamespacedFunctionName": {"max": 256}, "FunctionName": {"max": 256}, "MemorySize": {"max": 32768}, "TemplateURL": {"max": 5120},
         "StackPolicyURL": {"max": 5120}, "StackPolicyDuringUpdateURL": {"max": 5120}}
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
        for text in ("!", "a b", "", "ü"):
            if pattern and least <= len(text) <= most and not (in_address and not text) and not re.fullmatch(pattern, text, re.DOTALL):
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


def known(service):
    """The operations that Kiln has."""
    source = {"lambda": "lambda/members.cc", "cloudformation": "cloudformation/members.cc"}[service]
    with open(f"src/services/{source}") as file:
        names = set(re.findall(r'\{"(\w+)",', file.read()))
    return sorted(names & set(Operations(service).model.operation_names)) + (["Invoke"] if service == "lambda" else [])


@pytest.mark.parametrize("service, operation", [(service, name) for service in FITTING for name in known(service)])
def test_a_breach_is_refused_by_name(kiln, service, operation):
    line, wrong = Line(kiln.port), []
    for what, path, request in breaches(service, operation):
        status, _, body = line.ask(*request)
        text = body.decode(errors="replace")
        # As AWS writes it; or the structure's name or the header's, where Kiln has no such thing.
        names = [part for part in path if isinstance(part, str)] + ["X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"]
        if status != 400 or not any(part.lower() in text.lower() for part in names if part != "a"):
            wrong.append(f"{what}: {status} {text[:160]}")
    line.close()
    assert not wrong
