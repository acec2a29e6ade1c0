"""Templates as other people write them: each deployed, its effect seen through the services' APIs, and taken down again."""

import http.client
import json
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, message_of, wait_for, zip_of
from stacks import EMPTY, TEMPLATES, create, delete, events, inventory, outputs, update


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    kiln = Kiln(data_dir=tmp_path_factory.mktemp("templates") / "data")
    yield kiln
    kiln.stop()


class Deployed:
    """A stack of a template in tests/data/templates; leaves nothing behind."""

    def __init__(self, kiln, file, name=None, region="us-east-1", **parameters):
        self.kiln, self.file, self.name = kiln, file, name or file.split(".")[0].replace("_", "-")
        self.cloudformation = kiln.client("cloudformation", region)
        self.parameters = self.given(parameters)

    @staticmethod
    def given(parameters):
        return [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()]

    def __enter__(self):
        stack = create(self.cloudformation, self.name, (TEMPLATES / self.file).read_text(), Parameters=self.parameters)
        assert stack["StackStatus"] == "CREATE_COMPLETE", events(self.cloudformation, stack["StackId"])
        self.outputs, self.id = outputs(stack), stack["StackId"]
        return self

    def update(self, **parameters):
        stack = update(self.cloudformation, self.name, Parameters=self.given(parameters))
        assert stack["StackStatus"] == "UPDATE_COMPLETE", events(self.cloudformation, stack["StackId"])
        self.outputs = outputs(stack)

    def __exit__(self, *problem):
        gone = delete(self.cloudformation, self.name)
        if problem[0] is None:
            assert gone["StackStatus"] == "DELETE_COMPLETE", events(self.cloudformation, gone["StackId"])


def lines(kiln, group, text):
    """What a function has printed with this text in it; waits for the first of it."""
    logs = kiln.client("logs")

    def look():
        try:
            found = logs.filter_log_events(logGroupName=group, filterPattern=f'"{text}"')["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return [one["message"].rstrip("\n") for one in found]
    return wait_for(look, what=f"a line with {text!r} in {group}")


def test_a_service_by_region_and_stage(engine):
    with Deployed(engine, "regional_service.json") as stack:
        service = stack.outputs["Service"]
        assert stack.outputs == {"Service": "regional-service-service"}
        names = ["LEVEL", "HOSTS", "SECOND", "ZONE", "SUBNET", "SHORT", "NUMBER", "FLAG"]
        answer = engine.invoke(service, {name: None for name in names})["Body"]
        role = engine.client("lambda").get_function_configuration(FunctionName=service)["Role"]
        assert answer == {"LEVEL": "DEBUG", "HOSTS": "dev-a.example dev-b.example", "SECOND": "beta", "ZONE": "us-east-1a", "SUBNET": "10.1.2.0/24",
                          "SHORT": role.rsplit(":", 1)[1], "NUMBER": "42", "FLAG": "true", "memory": "128"}
        assert role.startswith("arn:aws:iam::000000000000:role/service/regional-service-ServiceRole-")
        there = engine.client("lambda").get_function(FunctionName=service)
        assert there["Configuration"]["Description"] == "DEBUG in us-east-1, literally ${Level}"
        assert (there["Configuration"]["Timeout"], there["Tags"].pop("stage")) == (7, "dev")
        assert {key.removeprefix("aws:cloudformation:"): value for key, value in there["Tags"].items()} == {
            "stack-name": stack.name, "stack-id": stack.id, "logical-id": "Service"}
        assert inventory(engine)["topics"] == []

        stack.update(Stage="prod", Reserve=12)
        assert inventory(engine)["functions"][service]["reserved"] == 12
        assert engine.invoke(service, {"LEVEL": None, "HOSTS": None})["Body"] == {"LEVEL": "WARNING", "HOSTS": "a.example b.example c.example", "memory": "512"}
        attributes = engine.client("sns").get_topic_attributes(TopicArn=stack.outputs["Audit"])["Attributes"]
        assert attributes["DisplayName"] == "audit of regional-service-service"

        stack.update(Stage="test")
        assert inventory(engine)["functions"][service]["reserved"] is None
        assert (inventory(engine)["topics"], "Audit" in stack.outputs) == ([], False)
        with Deployed(engine, "regional_service.json", region="eu-west-1") as other:
            answer = engine.invoke(other.outputs["Service"], {"ZONE": None}, client=engine.client("lambda", "eu-west-1"))["Body"]
            assert answer == {"ZONE": "eu-west-1a", "memory": "256"}
        with pytest.raises(ClientError) as error:
            create(engine.client("cloudformation", "ap-south-1"), "nowhere", (TEMPLATES / "regional_service.json").read_text())
        assert "ap-south-1" in message_of(error)
    assert inventory(engine) == EMPTY


def test_a_topic_with_filtering_readers(engine):
    sns = engine.client("sns")
    with Deployed(engine, "topic_fanout.yaml") as stack:
        topic, large, any_reader = (stack.outputs[key] for key in ("Topic", "LargeReader", "AnyReader"))

        def publish(text, amount, state):
            sns.publish(TopicArn=topic, Message=json.dumps({"order": {"state": state}, "text": text}),
                        MessageAttributes={"amount": {"DataType": "Number", "StringValue": str(amount)}, "kind": {"DataType": "String", "StringValue": "order"}})

        publish("message-1", 5, "draft")
        publish("message-2", 5, "paid")
        publish("message-3", 5000, "draft")
        publish("message-4", 1000, "paid")
        for reader, read in ((large, [3, 4]), (any_reader, [2, 4])):
            for number in read:
                lines(engine, f"/aws/lambda/{reader}", f"message-{number}")
            seen = sorted(line.split("message-")[1][0] for line in lines(engine, f"/aws/lambda/{reader}", "message-"))
            assert seen == [str(number) for number in read]
        policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        assert policy["Statement"][0]["Resource"] == topic
        assert len(inventory(engine)["subscriptions"]) == 2
    assert inventory(engine) == EMPTY


def test_a_service_that_imports_what_a_platform_exports(engine):
    with Deployed(engine, "platform_exports.yaml", "platform") as platform:
        with Deployed(engine, "service_imports.yaml", "shop", Platform="platform") as shop:
            answer = engine.invoke(shop.outputs["Service"], {"who": "Ada"})
            assert answer["Body"] == {"alerts": platform.outputs["AlertsArn"], "region": "us-east-1"}
            assert engine.client("lambda").get_function_configuration(FunctionName=shop.outputs["Service"])["Timeout"] == 5
            assert "asked by Ada" in lines(engine, "/platform/platform", "asked by")[0]
            assert [actions for _, actions in inventory(engine)["alarms"].values()] == [[platform.outputs["AlertsArn"]]]
            cloudformation = engine.client("cloudformation")
            exports = {one["Name"]: one["Value"] for one in cloudformation.list_exports()["Exports"]}
            assert exports == {"platform-alerts": platform.outputs["AlertsArn"], "platform-limits": "3,5,8", "platform-log-group": "/platform/platform"}
            assert cloudformation.list_imports(ExportName="platform-limits")["Imports"] == ["shop"]
            with pytest.raises(ClientError) as error:
                cloudformation.delete_stack(StackName="platform")
            assert "is in use by shop" in message_of(error)
    assert inventory(engine) == EMPTY


def test_an_asynchronous_worker_with_destinations(engine):
    with Deployed(engine, "async_destinations.yaml") as stack:
        for event in ({"id": "one", "fails": False}, {"id": "two", "fails": True}):
            assert engine.invoke(stack.outputs["Worker"], event, InvocationType="Event")["StatusCode"] == 202
        assert "booked made one" in lines(engine, f"/aws/lambda/{stack.outputs['Bookkeeper']}", "booked")[0]
        assert "buried two RetriesExhausted" in lines(engine, f"/aws/lambda/{stack.outputs['Undertaker']}", "buried")[0]
    assert inventory(engine) == EMPTY


def test_a_function_with_a_url(engine):
    ssm = engine.client("ssm")
    ssm.put_parameter(Name="/site/greeting", Value="Good day", Type="String")
    with Deployed(engine, "public_url.yaml") as stack:
        host = urllib.parse.urlsplit(stack.outputs["Url"]).netloc
        status, headers, body = engine.http("GET", "/?name=Ada", headers={"Host": host, "Origin": "https://shop.example"})
        assert (status, body) == (200, b"Good day, Ada")
        assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
        # The parameter's value is looked up again by each deployment.
        ssm.put_parameter(Name="/site/greeting", Value="Hello", Type="String", Overwrite=True)
        stack.update(Origin="*")
        status, headers, body = engine.http("GET", "/?name=Ada", headers={"Host": host, "Origin": "https://other.example"})
        # The alias stays on the version that was published with the old value.
        assert (status, body) == (200, b"Good day, Ada")
        assert headers["Access-Control-Allow-Origin"] in ("*", "https://other.example")
        assert engine.client("lambda").get_function_configuration(FunctionName=stack.cloudformation.describe_stack_resource(
            StackName="public-url", LogicalResourceId="Site")["StackResourceDetail"]["PhysicalResourceId"])["Environment"]["Variables"] == {"GREETING": "Hello"}
    assert engine.http("GET", "/", headers={"Host": host})[0] in (403, 404)
    assert inventory(engine) == EMPTY


def test_functions_that_share_a_layer(engine):
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="layers/1.zip", Body=zip_of({"prices.txt": "11", "python/prices.py": "PRICE = 11\n"}))
    s3.put_object(Bucket="artifacts", Key="layers/2.zip", Body=zip_of({"prices.txt": "22", "python/prices.py": "PRICE = 22\n"}))
    s3.put_object(Bucket="artifacts", Key="code.zip", Body=zip_of({"app.py": "import prices\ndef handler(event, context):\n    return prices.PRICE\n"}))
    with Deployed(engine, "shared_layer.yaml", Bucket="artifacts", LayerKey="layers/1.zip", CodeKey="code.zip") as stack:
        functions = [stack.outputs["FromPython"], stack.outputs["FromNode"]]
        assert [engine.invoke(name)["Body"] for name in functions] == [11, 11]
        first = stack.outputs["Layer"]
        stack.update(Bucket="artifacts", LayerKey="layers/2.zip", CodeKey="code.zip")
        assert [engine.invoke(name)["Body"] for name in functions] == [22, 22]
        assert stack.outputs["Layer"] == first[:-1] + "2"
        layers = engine.client("lambda").list_layer_versions(LayerName="shared-layer-shared")["LayerVersions"]
        assert [one["Version"] for one in layers] == [2]
    assert inventory(engine) == EMPTY


def test_alarms_of_every_form(engine):
    cloudwatch = engine.client("cloudwatch")
    with Deployed(engine, "service_alarms.yaml") as stack:
        alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        by_kind = {bool(one.get("Metrics")): one for one in alarms["MetricAlarms"] if one["AlarmName"] != stack.outputs["Maintenance"]}
        assert [one["Id"] for one in by_kind[True]["Metrics"]] == ["rate", "errors", "invocations"]
        assert (by_kind[True]["AlarmDescription"], by_kind[True]["DatapointsToAlarm"]) == (f"More than 5 % of {stack.outputs['Service']} fail", 2)
        slow = by_kind[False]
        assert (slow["ExtendedStatistic"], slow["Threshold"], slow["Period"], slow["Unit"]) == ("p99", 2500.5, 300, "Milliseconds")
        assert [one["AlarmName"] for one in alarms["CompositeAlarms"]] == ["service-alarms-unwell"]
        cloudwatch.set_alarm_state(AlarmName=stack.outputs["Slow"], StateValue="ALARM", StateReason="as asked")
        called = lines(engine, f"/aws/lambda/{stack.outputs['OnCall']}", "unwell ALARM")
        assert "called by service-alarms-unwell ALARM" in called[0]
        # During maintenance nobody is unwell.
        cloudwatch.set_alarm_state(AlarmName=stack.outputs["Maintenance"], StateValue="ALARM", StateReason="as asked")
        lines(engine, f"/aws/lambda/{stack.outputs['OnCall']}", "unwell OK")
    assert inventory(engine) == EMPTY


def test_dashboards_and_log_groups(engine):
    cloudwatch, logs = engine.client("cloudwatch"), engine.client("logs")
    with Deployed(engine, "dashboards.yaml", Retention=30) as stack:
        overview = json.loads(cloudwatch.get_dashboard(DashboardName="dashboards-overview")["DashboardBody"])
        assert overview["widgets"][0]["properties"]["markdown"] == "# orders and returns"
        assert overview["widgets"][1]["properties"]["metrics"][0][-1] == "orders"
        assert overview["widgets"][2]["properties"]["query"].startswith("SOURCE '/audit/dashboards'")
        numbers = json.loads(cloudwatch.get_dashboard(DashboardName=stack.outputs["Numbers"])["DashboardBody"])
        assert numbers["widgets"][0]["properties"]["metrics"] == [["Site", "Services", {"value": 2}]]
        assert inventory(engine)["log groups"] == {"/audit/dashboards": 30, stack.outputs["Scratch"]: None}
        assert logs.list_tags_log_group(logGroupName="/audit/dashboards")["tags"] == {"kept-for": "30 days"}
        stack.update(Retention=1, Services="orders,returns,refunds")
        overview = json.loads(cloudwatch.get_dashboard(DashboardName="dashboards-overview")["DashboardBody"])
        assert overview["widgets"][0]["properties"]["markdown"] == "# orders and returns and refunds"
        assert inventory(engine)["log groups"]["/audit/dashboards"] == 1
        assert logs.list_tags_log_group(logGroupName="/audit/dashboards")["tags"] == {"kept-for": "1 days"}
    assert inventory(engine) == EMPTY


def test_steps_of_provisioned_concurrency(engine):
    scaling, lambda_ = engine.client("application-autoscaling"), engine.client("lambda")
    with Deployed(engine, "step_scaling.yaml") as stack:
        function = stack.outputs["Function"]
        there = inventory(engine)
        assert there["functions"][function]["aliases"] == {"live": ("1", None, ("READY", 1))}
        assert there["targets"] == [(f"function:{function}:live", 1, 6)]
        policy = scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"][0]
        assert policy["PolicyARN"] == stack.outputs["Policy"]
        assert [(one.get("MetricIntervalUpperBound"), one["ScalingAdjustment"]) for one in policy["StepScalingPolicyConfiguration"]["StepAdjustments"]] == [(10.0, 1), (None, 3)]
        action = scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"][0]
        assert (action["Timezone"], action["ScalableTargetAction"]) == ("Europe/Berlin", {"MinCapacity": 4, "MaxCapacity": 6})
        assert inventory(engine)["alarms"][stack.outputs["Busy"]] == (5, [policy["PolicyARN"]])
        assert engine.invoke(function, Qualifier="live")["Body"] == "1"

        # What scaling has set meanwhile stays when the stack is deployed again with something else changed.
        lambda_.put_provisioned_concurrency_config(FunctionName=function, Qualifier="live", ProvisionedConcurrentExecutions=4)
        changed = (TEMPLATES / "step_scaling.yaml").read_text().replace("MaxCapacity: !FindInMap [Capacity, Provisioned, Most]", "MaxCapacity: 5")
        assert update(stack.cloudformation, stack.name, changed)["StackStatus"] == "UPDATE_COMPLETE"
        assert inventory(engine)["targets"] == [(f"function:{function}:live", 1, 5)]
        assert lambda_.get_provisioned_concurrency_config(FunctionName=function, Qualifier="live")["RequestedProvisionedConcurrentExecutions"] == 4
    assert inventory(engine) == EMPTY


@pytest.fixture
def sam_project(tmp_path):
    """The SAM template with the folders of code that it names."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "api.py").write_text(
        "import os, prices\n"
        "def handler(event, context):\n"
        "    return {'price': prices.PRICE, 'level': os.environ['LEVEL'], 'table': os.environ['TABLE'], 'version': context.function_version, 'memory': context.memory_limit_in_mb}\n")
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "prices.py").write_text("PRICE = 7\n")
    (tmp_path / "template.yaml").write_text((TEMPLATES / "sam_orders.yaml").read_text())
    return tmp_path


def test_a_serverless_application(engine, sam_project):
    sns = engine.client("sns")

    def deploy(*more):
        return json.loads(engine.cli("deploy", str(sam_project), "--stack-name", "sam", "--yes", "--json", *more).stdout)["sam"]

    made = deploy()
    assert engine.invoke(made["Api"])["Body"] == {"price": 7, "level": "DEBUG", "table": "orders", "version": "1", "memory": "192"}
    host = urllib.parse.urlsplit(made["ApiUrl"]).netloc
    status, _, body = engine.http("GET", "/", headers={"Host": host})
    assert (status, json.loads(body)["version"]) == (200, "1")
    function = made["Api"].split(":")[6]
    assert inventory(engine)["functions"][function]["aliases"]["live"] == ("1", None, ("READY", 1))
    for kind in ("note", "order"):
        sns.publish(TopicArn=made["Incoming"], Message=f"a-{kind}", MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}})
    assert "worked on a-order in orders INFO" in lines(engine, f"/aws/lambda/{made['Worker']}", "worked on")[0]
    assert engine.client("lambda").list_tags(Resource=made["Api"].rsplit(":", 1)[0])["Tags"]["team"] == "orders"

    # New code is a new version behind the alias; more memory too, since it is part of the version's identity.
    (sam_project / "layer" / "python" / "prices.py").write_text("PRICE = 8\n")
    source = (sam_project / "src" / "api.py").read_text()
    (sam_project / "src" / "api.py").write_text(source + "# changed\n")
    deploy("--parameter", "Memory=256")
    assert engine.invoke(made["Api"])["Body"] == {"price": 8, "level": "DEBUG", "table": "orders", "version": "2", "memory": "256"}
    assert inventory(engine)["functions"][function]["aliases"]["live"] == ("2", None, ("READY", 1))
    engine.cli("destroy", "sam", "--yes")
    assert inventory(engine) == EMPTY


def test_metadata_of_a_resource_is_given_back(engine):
    cloudformation = engine.client("cloudformation")
    template = {
        "Parameters": {"Owner": {"Type": "String", "NoEcho": True}},
        "Resources": {
            "Said": {"Type": "AWS::SNS::Topic", "Metadata": {"owner": {"Ref": "Owner"}, "other": {"Ref": "Silent"}, "list": [1, True]}},
            "Silent": {"Type": "AWS::SNS::Topic"},
        },
    }
    create(cloudformation, "metadata", json.dumps(template), Parameters=[{"ParameterKey": "Owner", "ParameterValue": "me"}])

    def detail(logical_id):
        return cloudformation.describe_stack_resource(StackName="metadata", LogicalResourceId=logical_id)["StackResourceDetail"]
    assert json.loads(detail("Said")["Metadata"]) == {"owner": "me", "other": detail("Silent")["PhysicalResourceId"], "list": [1, True]}
    assert detail("Silent")["Metadata"] == "{}"
    delete(cloudformation, "metadata")
