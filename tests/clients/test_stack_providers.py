"""Custom resources whose providers are functions as people write them, nested stacks, and AWS::Include."""

import json

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, message_of
from stacks import CAPABILITIES, EMPTY, create, delete, events, inventory, outputs, settled, update

ROLE = "arn:aws:iam::000000000000:role/any"

# As the module for inline code is used.
CFN_RESPONSE = {
    "python3.12": "import cfnresponse\n"
                  "def handler(event, context):\n"
                  "    name = event['ResourceProperties']['Name']\n"
                  "    status = cfnresponse.FAILED if name == 'bad' else cfnresponse.SUCCESS\n"
                  "    cfnresponse.send(event, context, status, {'Greeting': 'Hello ' + name}, 'id-of-' + name)\n",
    "nodejs18.x": "const response = require('cfn-response');\n"
                  "exports.handler = (event, context) => {\n"
                  "  const name = event.ResourceProperties.Name;\n"
                  "  response.send(event, context, response.SUCCESS, { Greeting: `Hello ${name}` }, `id-of-${name}`);\n"
                  "};\n",
}
# As frameworks answer: by https to the host alone, whatever else the address says.
BY_HTTPS = {
    "python3.12": "import json\n"
                  "from http.client import HTTPSConnection\n"
                  "from urllib.parse import urlsplit\n"
                  "def handler(event, context):\n"
                  "    url = urlsplit(event['ResponseURL'])\n"
                  "    name = event['ResourceProperties']['Name']\n"
                  "    answer = {key: event[key] for key in ('StackId', 'RequestId', 'LogicalResourceId')}\n"
                  "    answer.update(Status='SUCCESS', PhysicalResourceId='id-of-' + name, Data={'Greeting': 'Hello ' + name})\n"
                  "    connection = HTTPSConnection(url.netloc)\n"
                  "    connection.request('PUT', url.path + '?' + url.query, json.dumps(answer), {'content-type': ''})\n"
                  "    connection.getresponse()\n",
    "nodejs18.x": "const https = require('https'), url = require('url');\n"
                  "exports.handler = async (event) => {\n"
                  "  const name = event.ResourceProperties.Name, to = url.parse(event.ResponseURL);\n"
                  "  const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: `id-of-${name}`, StackId: event.StackId,\n"
                  "    RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId, Data: { Greeting: `Hello ${name}` } });\n"
                  "  await new Promise((resolve, reject) => {\n"
                  "    const request = https.request({ hostname: to.hostname, path: to.path, method: 'PUT',\n"
                  "      headers: { 'content-type': '', 'content-length': body.length } }, (answer) => { answer.resume(); resolve(); });\n"
                  "    request.on('error', reject);\n"
                  "    request.end(body);\n"
                  "  });\n"
                  "};\n",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    kiln = Kiln(data_dir=tmp_path_factory.mktemp("providers") / "data")
    yield kiln
    kiln.stop()


@pytest.fixture
def cloudformation(engine):
    return engine.client("cloudformation")


def provider(runtime, code, **more):
    return {"Type": "AWS::Lambda::Function",
            "Properties": {"Runtime": runtime, "Handler": "index.handler", "Role": ROLE, "Timeout": 60, "Code": {"ZipFile": code}, **more}}


def greeting(runtime, code, name, **more):
    return {"Resources": {"Provider": provider(runtime, code),
                          "Greeter": {"Type": "Custom::Greeter", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Provider", "Arn"]}, "Name": name, **more}}},
            "Outputs": {"Greeting": {"Value": {"Fn::GetAtt": ["Greeter", "Greeting"]}}, "Id": {"Value": {"Ref": "Greeter"}}}}


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs18.x"])
@pytest.mark.parametrize("codes", [CFN_RESPONSE, BY_HTTPS], ids=["cfn-response", "https"])
def test_a_provider_makes_changes_and_removes_its_resource(engine, cloudformation, runtime, codes):
    made = create(cloudformation, "greet", greeting(runtime, codes[runtime], "Ada"))
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, made["StackId"])
    assert outputs(made) == {"Greeting": "Hello Ada", "Id": "id-of-Ada"}
    assert cloudformation.describe_stack_resource(StackName="greet", LogicalResourceId="Greeter")["StackResourceDetail"]["PhysicalResourceId"] == "id-of-Ada"
    updated = update(cloudformation, "greet", greeting(runtime, codes[runtime], "Grace"))
    assert updated["StackStatus"] == "UPDATE_COMPLETE", events(cloudformation, made["StackId"])
    assert outputs(updated) == {"Greeting": "Hello Grace", "Id": "id-of-Grace"}
    # Another id: the old one was deleted.
    assert ("Greeter", "DELETE_COMPLETE", "") in events(cloudformation, made["StackId"])
    assert delete(cloudformation, "greet")["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(engine) == EMPTY


def test_a_provider_that_says_no_rolls_back(engine, cloudformation):
    made = create(cloudformation, "bad", greeting("python3.12", CFN_RESPONSE["python3.12"], "bad"))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(text for name, status, text in events(cloudformation, made["StackId"]) if (name, status) == ("Greeter", "CREATE_FAILED"))
    assert reason.startswith("Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log Stream: ")
    delete(cloudformation, "bad")
    assert inventory(engine) == EMPTY


def test_a_provider_that_breaks_ends_the_wait(engine, cloudformation):
    made = create(cloudformation, "broken", greeting("python3.12", "def handler(event, context):\n    raise KeyError('region')\n", "x"))
    assert made["StackStatus"] in ("ROLLBACK_FAILED", "ROLLBACK_COMPLETE")
    reason = next(text for name, status, text in events(cloudformation, made["StackId"]) if (name, status) == ("Greeter", "CREATE_FAILED"))
    assert "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [" in reason
    assert reason.endswith("The function ended with KeyError: 'region'")
    # It can't delete either; what is left is given up.
    if made["StackStatus"] == "ROLLBACK_FAILED":
        delete(cloudformation, "broken")
        cloudformation.delete_stack(StackName="broken", RetainResources=["Greeter"])
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=made["StackId"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert inventory(engine) == EMPTY


def put(engine, key, text):
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key=key, Body=text if isinstance(text, str) else json.dumps(text))
    return f"https://templates.s3.us-east-1.amazonaws.com/{key}"


def test_nested_stacks_are_made_changed_and_removed_with_their_parent(engine, cloudformation):
    topic = {"Parameters": {"Label": {"Type": "String"}, "Names": {"Type": "CommaDelimitedList"}},
             "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Label"}}}},
             "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}, "Second": {"Value": {"Fn::Select": [1, {"Ref": "Names"}]}}}}
    inner = put(engine, "topic.json", topic)
    middle = put(engine, "middle.json", {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack",
                                                                 "Properties": {"TemplateURL": inner, "Parameters": {"Label": "deep", "Names": ["a", "b"]}}}},
                                         "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}}}})

    def parent(label):
        return {"Resources": {"Middle": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": middle}},
                              "Own": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": inner, "Parameters": {"Label": label, "Names": "x,y"}}}},
                "Outputs": {"Deep": {"Value": {"Fn::GetAtt": ["Middle", "Outputs.Arn"]}}, "Own": {"Value": {"Fn::GetAtt": ["Own", "Outputs.Arn"]}},
                            "Second": {"Value": {"Fn::GetAtt": ["Own", "Outputs.Second"]}}}}

    made = create(cloudformation, "parent", parent("first"))
    assert made["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, made["StackId"])
    sns = engine.client("sns")

    def label(key, stack):
        return sns.get_topic_attributes(TopicArn=outputs(stack)[key])["Attributes"]["DisplayName"]

    assert (label("Deep", made), label("Own", made), outputs(made)["Second"]) == ("deep", "first", "y")
    child = cloudformation.describe_stack_resource(StackName="parent", LogicalResourceId="Middle")["StackResourceDetail"]["PhysicalResourceId"]
    grandchild = cloudformation.describe_stack_resource(StackName=child, LogicalResourceId="Inner")["StackResourceDetail"]["PhysicalResourceId"]
    tree = [cloudformation.describe_stacks(StackName=id)["Stacks"][0] for id in (child, grandchild)]
    assert [(one["ParentId"], one["RootId"]) for one in tree] == [(made["StackId"], made["StackId"]), (child, made["StackId"])]
    updated = update(cloudformation, "parent", parent("second"))
    assert (updated["StackStatus"], label("Own", updated)) == ("UPDATE_COMPLETE", "second")
    assert delete(cloudformation, "parent")["StackStatus"] == "DELETE_COMPLETE"
    assert [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]] == []
    assert inventory(engine) == EMPTY


def test_a_nested_template_is_checked_with_its_parents(engine, cloudformation):
    url = put(engine, "wrong.json", {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"Colour": "red"}}}})
    body = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    with pytest.raises(ClientError) as error:
        create(cloudformation, "parent", body)
    assert message_of(error).startswith("Embedded stack Nested: Properties validation failed for resource T")
    missing = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url + "x"}}}}
    with pytest.raises(ClientError) as error:
        create(cloudformation, "parent", missing)
    assert "Embedded stack Nested" in message_of(error)


def test_a_nested_stack_that_fails_takes_its_parent_back(engine, cloudformation):
    engine.create("taken", {"index.py": "def handler(event, context): pass\n"})
    url = put(engine, "taken.json", {"Resources": {"Taken": provider("python3.12", "def handler(event, context): pass\n", FunctionName="taken")}})
    made = create(cloudformation, "parent", {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}})
    assert made["StackStatus"] == "ROLLBACK_COMPLETE", events(cloudformation, made["StackId"])
    reason = next(text for name, status, text in events(cloudformation, made["StackId"]) if (name, status) == ("Nested", "CREATE_FAILED"))
    assert reason.startswith("Embedded stack arn:aws:cloudformation:us-east-1:000000000000:stack/parent-Nested-")
    assert "was not successfully created: The following resource(s) failed: [Taken]." in reason
    delete(cloudformation, "parent")
    assert [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]] == []
    engine.client("lambda").delete_function(FunctionName="taken")
    assert inventory(engine) == EMPTY


def test_a_stack_that_is_being_made_can_be_deleted(engine, cloudformation):
    silent = greeting("python3.12", "def handler(event, context):\n"
                      "    if event['RequestType'] == 'Delete':\n"
                      "        import cfnresponse\n"
                      "        cfnresponse.send(event, context, 'SUCCESS', {}, event['PhysicalResourceId'])\n", "x")
    stack = cloudformation.create_stack(StackName="waits", TemplateBody=json.dumps(silent), Capabilities=CAPABILITIES)["StackId"]
    cloudformation.delete_stack(StackName="waits")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert inventory(engine) == EMPTY


def test_what_is_included_is_deployed(engine, cloudformation):
    put(engine, "properties.yaml", "DisplayName: included\n")
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": "included", "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://templates/properties.yaml"}}}}}}
    with pytest.raises(ClientError) as error:
        cloudformation.create_stack(StackName="includes", TemplateBody=json.dumps(body))
    assert "CAPABILITY_AUTO_EXPAND" in message_of(error)
    made = create(cloudformation, "includes", body)
    assert made["StackStatus"] == "CREATE_COMPLETE"
    topic = engine.client("sns").get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:000000000000:included")["Attributes"]
    assert topic["DisplayName"] == "included"
    processed = cloudformation.get_template(StackName="includes", TemplateStage="Processed")["TemplateBody"]
    assert processed["Resources"]["Topic"]["Properties"] == {"TopicName": "included", "DisplayName": "included"}
    assert cloudformation.get_template(StackName="includes")["TemplateBody"] == body
    delete(cloudformation, "includes")


def test_the_processed_template_is_the_one_that_was_deployed(cloudformation):
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "Old"}},
        "Resources": {"Fn::ForEach::Topics": ["Name", {"Ref": "Names"}, {"Topic${Name}": {"Type": "AWS::SNS::Topic"}}]},
    }
    made = create(cloudformation, "extended", body, Parameters=[{"ParameterKey": "Names", "ParameterValue": "New,Newer"}])
    assert made["StackStatus"] == "CREATE_COMPLETE"
    there = {resource["LogicalResourceId"] for resource in cloudformation.describe_stack_resources(StackName="extended")["StackResources"]}
    processed = cloudformation.get_template(StackName="extended", TemplateStage="Processed")["TemplateBody"]
    assert set(processed["Resources"]) == there == {"TopicNew", "TopicNewer"}
    delete(cloudformation, "extended")


def test_a_processed_template_has_what_functions_of_known_values_give(cloudformation):
    """As recorded on AWS, where AWS::LanguageExtensions makes it."""
    known = {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, {"Fn::Sub": "${AWS::Region}"}, {"Fn::Length": {"Ref": "Names"}}]]}
    later = {"Fn::Sub": ["${own} ${T.TopicName}", {"own": {"Fn::Sub": "${Word}"}}]}
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a,b,c"}, "Word": {"Type": "String", "Default": "word"},
                       "Secret": {"Type": "String", "Default": "hush", "NoEcho": True}},
        "Resources": {
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": known}},
            "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ToJsonString": {"b": ["x"], "a": 1}}}},
            "Q": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": later}}},
        "Outputs": {"Many": {"Value": {"Fn::Length": ["a", {"Ref": "T"}]}}, "Named": {"Value": {"Ref": "T"}}, "Hidden": {"Value": {"Fn::Sub": "${Secret}"}}},
    }
    made = create(cloudformation, "carried", body, Parameters=[{"ParameterKey": "Names", "ParameterValue": "d,e"}])
    assert made["StackStatus"] == "CREATE_COMPLETE"
    for name in ("carried", made["StackId"]):
        processed = cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
        assert processed["Resources"]["T"]["Properties"] == {"TopicName": "carried-us-east-1-2"}
        assert processed["Resources"]["P"]["Properties"]["Value"] == '{"a":1,"b":["x"]}'
        assert processed["Resources"]["Q"]["Properties"]["Value"] == {"Fn::Sub": ["${own} ${T.TopicName}", {"own": "word"}]}
        assert processed["Outputs"] == {"Many": {"Value": 2}, "Named": {"Value": {"Ref": "T"}},
                                        "Hidden": {"Value": {"Fn::Sub": "${Secret}"}}}
    delete(cloudformation, "carried")


def test_secrets_are_refused_where_aws_refuses_them(engine, cloudformation):
    ssm = engine.client("ssm")
    ssm.put_parameter(Name="/app/secret", Value="hush", Type="SecureString")

    def refusal(value, **more):
        with pytest.raises(ClientError) as error:
            create(cloudformation, "secret", {**more, "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}}})
        return message_of(error)

    assert refusal("{{resolve:ssm:/app/secret:1}}") == "Non-secure ssm prefix was used for secure parameter /app/secret"
    assert refusal("{{resolve:ssm-secure:/app/secret:1}}") == "SSM Secure reference is not supported in: [AWS::SNS::Topic/Properties/DisplayName]"
    assert refusal({"Ref": "P"}, Parameters={"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/secret"}}) == \
        "Parameters [/app/secret] referenced by template have types not supported by CloudFormation."
    ssm.delete_parameter(Name="/app/secret")


STUBBORN = ("import cfnresponse\n"
            "def handler(event, context):\n"
            "    status = cfnresponse.FAILED if event['RequestType'] == 'Delete' else cfnresponse.SUCCESS\n"
            "    cfnresponse.send(event, context, status, {}, 'seed')\n")


def test_a_stack_is_deleted_without_what_cannot_be(engine, cloudformation):
    body = {"Resources": {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Timeout": 60, "Code": {"ZipFile": STUBBORN}}},
        "Seed": {"Type": "Custom::Seed", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}},
        "Topic": {"Type": "AWS::SNS::Topic"}}}

    def delete_so(way):
        # This botocore knows no DeletionMode.
        return engine.http("POST", "/", f"Action=DeleteStack&Version=2010-05-15&StackName=stubborn&{way}", {"Content-Type": "application/x-www-form-urlencoded"})

    for way in ("RetainResources.member.1=Seed", "DeletionMode=FORCE_DELETE_STACK"):
        assert create(cloudformation, "stubborn", body)["StackStatus"] == "CREATE_COMPLETE"
        status, _, text = delete_so(way)
        assert status == 400 and b"only when its deletion has failed" in text
        assert delete(cloudformation, "stubborn")["StackStatus"] == "DELETE_FAILED"
        stack = cloudformation.describe_stacks(StackName="stubborn")["Stacks"][0]["StackId"]
        assert delete_so(way)[0] == 200
        assert settled(cloudformation, stack)["StackStatus"] == "DELETE_COMPLETE"
        assert ("Seed", "DELETE_SKIPPED", "") in events(cloudformation, stack)
        assert inventory(engine) == EMPTY
    create(cloudformation, "stubborn", body)
    failed = engine.cli("destroy", "stubborn", "--yes", check=False)
    assert failed.returncode == 1 and "--retain LOGICALID" in failed.stderr
    done = engine.cli("destroy", "stubborn", "--yes", "--retain", "Seed", check=False)
    assert done.returncode == 0, done.stderr
    create(cloudformation, "stubborn", body)
    done = engine.cli("destroy", "stubborn", "--yes", "--retain", "Seed", check=False)
    assert done.returncode == 0, done.stderr
    assert inventory(engine) == EMPTY
