"""Templates that are wrong or hostile, and deployments that are killed in the middle."""

import json
import random

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, code_of, message_of, wait_for
from stacks import CAPABILITIES, EMPTY, create, delete, events, inventory, outputs, settled

ROLE = "arn:aws:iam::000000000000:role/any"
TOPIC = "Resources: {T: {Type: AWS::SNS::Topic}}\n"


def bomb(levels=12):
    """Each level stands for ten of the one before."""
    lines = ["Metadata:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        lines.append(f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines) + "\n" + TOPIC


@pytest.mark.parametrize("template, said", [
    ("Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}\n  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt A.TopicName}}\n",
     ["line 2", "Circular dependency between resources: [A, B]"]),
    ("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Ref Nobody\n", ["line 5", "Unresolved resource dependencies [Nobody] in the Resources block"]),
    ("Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Role: r, Code: {ZipFile: x}, Runtime: python3.12, Handler: h.h, MemorySize: lots}\n",
     ["#/MemorySize", "Integer", "lots"]),
    ("Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {Colour: red}}\n", ["line 2", "extraneous key [Colour]"]),
    ("Resources:\n  A: {Type: AWS::Lambda::Alias, Properties: {Name: x}}\n", ["line 2", "required key [FunctionName] not found"]),
    ("Resources:\n  T: {Type: AWS::SNS::Topic}\nOutputs: {O: {Value: !GetAtt T.Color}}\n", ["does not support attribute type Color"]),
    ("Resources:\n  T: {Type: AWS::SNS::Topic, Properties: !Nope {}}\n", ["line 2", "unknown tag !Nope"]),
    ("Resources:\n\tT: {}\n", ["line 2", "YAML not well-formed"]),
    ('{"Resources": {"T": {"Type": "AWS::SNS::Topic"},,}}', ["line 1", "JSON not well-formed"]),
    ("[" * 20_000, ["Template format error"]),
    (bomb(), ["values"]),
    ("Resources: {}\n", ["At least one Resources member must be defined"]),
    ("Resources: {" + ", ".join(f"T{i}: {{Type: AWS::SNS::Topic}}" for i in range(501)) + "}", ["501", "500"]),
    ("Resources:\n  A: {Type: AWS::EC2::VPC}\n  B: {Type: AWS::EC2::Subnet}\n  C: {Type: AWS::SNS::Topic}\n", ["AWS::EC2::VPC (A, line 2)", "AWS::EC2::Subnet (B, line 3)"]),
], ids=["circle", "unknown Ref", "wrong type", "unknown property", "missing property", "unknown attribute", "unknown tag", "tabs", "comma too many", "nesting",
        "a billion laughs", "no resources", "501 resources", "unsupported types"])
def test_wrong_templates_are_refused_with_their_place_and_nothing_is_made(kiln, template, said):
    cloudformation = kiln.client("cloudformation")
    before = inventory(kiln)
    with pytest.raises(ClientError) as error:
        create(cloudformation, "wrong", template)
    assert code_of(error) == "ValidationError"
    # AWS's text has no place in it; all that is wrong, and where, is in a header.
    assert not message_of(error).startswith("line ")
    told = message_of(error) + error.value.response["ResponseMetadata"]["HTTPHeaders"].get("x-kiln-problems", "")
    for text in said:
        assert text in told, told
    assert inventory(kiln) == before
    with pytest.raises(ClientError):
        cloudformation.describe_stacks(StackName="wrong")


def test_sizes_of_templates_on_both_sides(kiln):
    cloudformation, s3 = kiln.client("cloudformation"), kiln.client("s3")
    s3.create_bucket(Bucket="sizes")

    def of_size(size):
        return TOPIC + "#" * (size - len(TOPIC))

    cloudformation.validate_template(TemplateBody=of_size(51_200))
    with pytest.raises(ClientError) as error:
        cloudformation.validate_template(TemplateBody=of_size(51_201))
    assert "less than or equal to 51200" in message_of(error)
    for size, fits in ((1_048_576, True), (1_048_577, False)):
        s3.put_object(Bucket="sizes", Key="t.yaml", Body=of_size(size).encode())
        if fits:
            cloudformation.validate_template(TemplateURL="https://s3.amazonaws.com/sizes/t.yaml")
            continue
        with pytest.raises(ClientError):
            cloudformation.validate_template(TemplateURL="https://s3.amazonaws.com/sizes/t.yaml")
    # A large one that is deployed: 400 topics' worth of text.
    many = {"Resources": {f"T{i}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"many{i}", "DisplayName": "x" * 100}, "Metadata": {"Note": "y" * 2000}} for i in range(400)}}
    s3.put_object(Bucket="sizes", Key="many.json", Body=json.dumps(many).encode())
    stack = cloudformation.create_stack(StackName="many", TemplateURL="https://sizes.s3.us-east-1.amazonaws.com/many.json")["StackId"]
    assert settled(cloudformation, stack)["StackStatus"] == "CREATE_COMPLETE"
    assert sum(":many" in arn for arn in inventory(kiln)["topics"]) == 400
    assert delete(cloudformation, "many")["StackStatus"] == "DELETE_COMPLETE"


def generation(number):
    """A stack of many kinds of resources; each generation changes, replaces, adds and removes some."""
    even = number % 2 == 0
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Runtime": "python3.12", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "MemorySize": 128 + number,
                                                              "Code": {"ZipFile": f"def handler(event, context):\n    return {number}\n"}, "ReservedConcurrentExecutions": 3 + number % 3}},
        f"V{number}": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}},
        "A": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "F"}, "FunctionVersion": {"Fn::GetAtt": [f"V{number}", "Version"]}, "Name": "live",
                                                           "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}},
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"topic{number}"}},
        "S": {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": {"Ref": "T"}, "Protocol": "lambda", "Endpoint": {"Ref": "A"}}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "alarm", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
                                                                   "Threshold": number, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [{"Ref": "T"}]}},
        ("Even" if even else "Odd"): {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "even" if even else "odd", "RetentionInDays": 7}},
    }
    return {"Resources": resources, "Outputs": {"Generation": {"Value": str(number)}}}


def with_what_is_provisioned(engine):
    """The inventory, once provisioned concurrency is there: after a start it is made anew."""
    def is_there():
        aliases = [alias for function in inventory(engine)["functions"].values() for alias in function["aliases"].values()]
        return all(provisioned is None or provisioned[0] != "IN_PROGRESS" for _, _, provisioned in aliases)

    wait_for(is_there, what="what is provisioned")
    return inventory(engine)


def normalised(there):
    """Versions count on with every try; what matters is that there is one, and that the alias has it."""
    function = there["functions"].get("f")
    if function:
        version, routing, provisioned = function["aliases"]["live"]
        assert function["versions"] == ["$LATEST", version]
        function["aliases"]["live"], function["versions"] = ("newest", routing, provisioned), []
    return there


@pytest.mark.slow
def test_deployments_that_are_killed_are_repaired_by_the_next(tmp_path):
    """kill -9 somewhere in the middle of 24 creations, updates and deletions; then the same once more, undisturbed."""
    chance = random.Random(20)
    engine = Kiln(data_dir=tmp_path / "data")
    reference = Kiln()
    interrupted = 0
    try:
        for number in range(1, 25):
            deleting = number % 6 == 0
            cloudformation = engine.client("cloudformation")
            before = [one for one in cloudformation.describe_stacks()["Stacks"]]
            kind = "delete" if deleting else "update" if before else "create"
            body = json.dumps(generation(number))

            def begin(client):
                if kind == "delete":
                    client.delete_stack(StackName="s")
                elif [one for one in client.describe_stacks()["Stacks"] if one["StackName"] == "s"]:
                    client.update_stack(StackName="s", TemplateBody=body, Capabilities=CAPABILITIES)
                else:
                    client.create_stack(StackName="s", TemplateBody=body, Capabilities=CAPABILITIES)

            begin(cloudformation)
            # Somewhere between the first and the last event.
            mark = chance.randrange(0, 6)
            for _ in range(mark):
                try:
                    cloudformation.describe_stack_events(StackName="s")
                except ClientError:
                    break  # it is gone already
            engine.kill()
            engine = Kiln(data_dir=tmp_path / "data")
            cloudformation = engine.client("cloudformation")
            left = [one for one in cloudformation.describe_stacks()["Stacks"] if one["StackName"] == "s"]
            interrupted += any("Kiln was stopped during" in one.get("StackStatusReason", "") for one in left)
            try:
                begin(cloudformation)
            except ClientError as error:
                assert "No updates are to be performed" in str(error), str(error)
            if left:
                end = settled(cloudformation, left[0]["StackId"])
            elif kind != "delete":
                end = settled(cloudformation, "s")
            if kind != "delete":
                assert end["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), (number, events(cloudformation, "s"))
                assert outputs(end) == {"Generation": str(number)}
                create(reference.client("cloudformation"), "s", generation(number))
                assert normalised(with_what_is_provisioned(engine)) == normalised(with_what_is_provisioned(reference)), number
                assert engine.invoke("f", Qualifier="live")["Body"] == number
                delete(reference.client("cloudformation"), "s")
            else:
                assert inventory(engine) == EMPTY
        assert interrupted >= 8, f"only {interrupted} of 24 kills hit a deployment"
        print(f"{interrupted} of 24 kills came in the middle")
    finally:
        engine.stop()
        reference.stop()
