"""Templates of many people's shapes: deployed, their effect looked at through the other APIs, removed without a trace."""

import http.client
import json
import urllib.parse

import pytest

from harness import wait_for, zip_of
from stacks import EMPTY, TEMPLATES, create, delete, events, inventory, outputs


@pytest.fixture
def deploy(own_kiln):
    """Deploys templates by file name; at the end all are removed, the last first, and nothing may be left."""
    engine = own_kiln()
    cloudformation = engine.client("cloudformation")
    names = []

    def run(file, name="s", **parameters):
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        stack = create(cloudformation, name, (TEMPLATES / file).read_text(), Parameters=given)
        assert stack["StackStatus"] == "CREATE_COMPLETE", events(cloudformation, stack["StackId"])
        names.append(name)
        return outputs(stack)

    run.engine = engine
    yield run
    for name in reversed(names):
        assert delete(cloudformation, name)["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(engine) == EMPTY


def logged(engine, function, text):
    """Whether a line of the function's log has the text; waits for it."""
    logs = engine.client("logs")

    def look():
        try:
            return logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern=f'"{text}"')["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
    return wait_for(look, what=f"'{text}' in the log of {function}")


def get(engine, url):
    """Over the address of the engine: not every resolver knows names below localhost."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=30)
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Host": parts.netloc})
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_a_function_with_a_url(deploy):
    made = deploy("function_url.yaml", Greeting="good")
    assert get(deploy.engine, made["Address"] + "?name=Ada") == (200, "good Ada")
    assert list(inventory(deploy.engine)["log groups"].values()) == [14]


def test_a_topic_that_invokes_a_function(deploy):
    made = deploy("topic_to_function.json")
    assert made["TopicArn"].endswith(made["TopicName"])
    deploy.engine.client("sns").publish(TopicArn=made["TopicArn"], Message="a parcel")
    assert logged(deploy.engine, made["WorkerName"], "got a parcel")
    policy = deploy.engine.client("sns").get_topic_attributes(TopicArn=made["TopicArn"])["Attributes"]["Policy"]
    assert json.loads(policy)["Statement"][0]["Sid"] == "publishers"


def test_alarms_one_over_the_others_and_a_dashboard(deploy):
    made = deploy("alarms_and_dashboard.yaml", FunctionName="shop")
    there = inventory(deploy.engine)
    assert there["composite"] == {"s-either": f'ALARM("{made["ErrorRate"]}") OR ALARM("{made["Slow"]}")'}
    board = json.loads(deploy.engine.client("cloudwatch").get_dashboard(DashboardName="s-board")["DashboardBody"])
    assert board["widgets"][0]["properties"]["metrics"] == [["AWS/Lambda", "Invocations", "FunctionName", "shop"]]
    assert there["subscriptions"][0][1:] == ("email", "ops@example.com")
    # The composite alarm follows its children.
    cloudwatch = deploy.engine.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=made["Slow"], StateValue="ALARM", StateReason="a test")
    wait_for(lambda: cloudwatch.describe_alarms(AlarmNames=["s-either"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]["StateValue"] == "ALARM", what="the composite alarm")


def test_provisioned_concurrency_with_a_calendar(deploy):
    made = deploy("provisioned_scaling.yaml", Least="2")
    there = inventory(deploy.engine)
    assert there["targets"] == [(f"function:{made['Name']}:live", 2, 4)]
    assert there["functions"][made["Name"]]["aliases"]["live"][2] == ("READY", 2)
    assert deploy.engine.invoke(made["Name"], Qualifier="live")["Body"] == "provisioned-concurrency"
    actions = deploy.engine.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]
    assert {one["ScheduledActionName"]: one.get("Timezone") for one in actions} == {"morning": "Europe/Berlin", "evening": None}


def test_step_scaling_written_out(deploy):
    deploy("step_scaling.json")
    there = inventory(deploy.engine)
    assert there["policies"] == [("in", "StepScaling"), ("out", "StepScaling")]
    scaling = deploy.engine.client("application-autoscaling")
    arns = {one["PolicyName"]: one["PolicyARN"] for one in scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]}
    assert sorted(actions for _, actions in there["alarms"].values()) == sorted([[arns["in"]], [arns["out"]]])


def test_functions_the_short_way(deploy):
    made = deploy("serverless.yaml", Stage="prod")
    engine = deploy.engine
    assert json.loads(json.dumps(engine.invoke(made["Api"], Qualifier="live")["Body"]))["body"] == "carts prod"
    configuration = engine.client("lambda").get_function_configuration(FunctionName=made["Api"])
    assert (configuration["MemorySize"], configuration["Timeout"]) == (192, 7)
    assert engine.client("lambda").get_function_configuration(FunctionName=made["Consumer"])["MemorySize"] == 256
    tags = engine.client("lambda").list_tags(Resource=made["Consumer"])["Tags"]
    assert tags["team"] == "shop"
    assert get(engine, made["Url"]) == (200, "carts prod")
    engine.client("sns").publish(TopicArn=made["Inbox"], Message="one")
    assert logged(engine, made["Consumer"].rsplit(":", 1)[1], "consumed one")


@pytest.mark.parametrize("parameters, memory, reserved, account, alarm", [
    ({}, 128, None, "dev-000000000000", False),
    ({"Stage": "test"}, 256, None, "staging", False),
    ({"Stage": "test", "Alert": "x"}, 256, None, "staging", True),
    ({"Stage": "prod"}, 1024, 20, "live", True),
])
def test_one_template_for_all_stages(deploy, parameters, memory, reserved, account, alarm):
    made = deploy("stages_and_regions.yaml", **parameters)
    assert made["Name"] == f"s-{parameters.get('Stage', 'dev')}"
    function = inventory(deploy.engine)["functions"][made["Name"]]
    assert (function["configuration"]["MemorySize"], function["reserved"]) == (memory, reserved)
    assert ("AlarmName" in made) == alarm
    assert deploy.engine.invoke(made["Name"])["Body"] == {"ACCOUNT": account, "ZONES": "a/b/c", "SECOND": "b", "PLACE": "elsewhere", "ENCODED": "cGxhaW4="}


def test_exports_and_imports(deploy):
    base = deploy("exports.yaml", name="base")
    made = deploy("imports.json", name="user", Base="base")
    assert deploy.engine.invoke(made["Name"])["Body"] == [base["Events"], base["Audit"]]


def test_destinations_of_asynchronous_events(deploy):
    made = deploy("destinations.yaml")
    engine = deploy.engine
    for divisor in (1, 0):
        engine.invoke(made["Worker"], {"divisor": divisor}, InvocationType="Event")
    assert logged(engine, made["Recorder"], "recorded Success")
    assert logged(engine, made["Listener"], "failed RetriesExhausted")


def test_a_layer_from_a_bucket(deploy):
    s3 = deploy.engine.client("s3")
    s3.create_bucket(Bucket="libraries")
    s3.put_object(Bucket="libraries", Key="v1/library.zip", Body=zip_of({"python/library.py": "def answer():\n    return 42\n"}))
    made = deploy("layered.yaml", Bucket="libraries", Key="v1/library.zip")
    assert deploy.engine.invoke(made["User"])["Body"] == 42
    assert made["RoleArn"].startswith("arn:aws:iam::000000000000:role/s-Role-")
