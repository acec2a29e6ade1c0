"""Reserved and provisioned concurrency, throttles, asynchronous invocations: driven with boto3."""

import concurrent.futures
import itertools
import json
import time

import pytest
from botocore.exceptions import ClientError

from doubles import GATED, Gate, Receiver
from harness import Kiln, code_of, message_of, wait_for


@pytest.fixture
def gate():
    it = Gate()
    yield it
    it.close()


@pytest.fixture
def gated(kiln, name):
    kiln.create(name, {"index.py": GATED}, Timeout=60)
    wait_for(lambda: kiln.client("lambda").get_function(FunctionName=name)["Configuration"]["State"] == "Active")
    return name


def at_once(kiln, name, count, payload, **more):
    """Invocations in parallel: the pool and the futures."""
    pool = concurrent.futures.ThreadPoolExecutor(count)

    def call():
        try:
            return kiln.invoke(name, payload, **more)["Body"]
        except ClientError as error:
            return error

    return pool, [pool.submit(call) for _ in range(count)]


def sums(kiln, metric, name, resource=None, dimensions=None):
    """The metric's Sum over all minutes there are."""
    now = time.time()
    dimensions = dimensions or [{"Name": "FunctionName", "Value": name}] + ([{"Name": "Resource", "Value": resource}] if resource else [])
    points = kiln.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=dimensions, StartTime=now - 3600, EndTime=now + 3600, Period=60, Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_of_five_at_once_with_two_reserved_exactly_three_are_throttled(kiln, gated, gate):
    api = kiln.client("lambda")
    assert api.put_function_concurrency(FunctionName=gated, ReservedConcurrentExecutions=2)["ReservedConcurrentExecutions"] == 2
    pool, calls = at_once(kiln, gated, 5, {"gate": gate.port})
    with pool:
        gate.hold(2)
        throttled = [call.result() for call in itertools.islice(concurrent.futures.as_completed(calls, timeout=60), 3)]
        assert all(isinstance(error, ClientError) for error in throttled)
        gate.open()
    results = [call.result() for call in calls]
    assert results.count("on-demand") == 2
    for error in throttled:
        assert error.response["Error"]["Code"] == "TooManyRequestsException" and error.response["Error"]["Message"] == "Rate Exceeded."
        assert error.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (sums(kiln, "Invocations", gated), sums(kiln, "Throttles", gated), sums(kiln, "Errors", gated)) == (2, 3, 0)
    api.delete_function_concurrency(FunctionName=gated)
    assert "ReservedConcurrentExecutions" not in api.get_function_concurrency(FunctionName=gated)


def test_reserved_zero_stops_a_function_and_events_for_it_go_to_the_destination_at_once(kiln, gated, name):
    api = kiln.client("lambda")
    kiln.create(name + "-ends", {"index.py": "import json\ndef handler(event, context):\n    print('ENDED ' + json.dumps(event))\n"})
    api.put_function_event_invoke_config(
        FunctionName=gated, DestinationConfig={"OnFailure": {"Destination": f"arn:aws:lambda:us-east-1:000000000000:function:{name}-ends"}}
    )
    api.put_function_concurrency(FunctionName=gated, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as error:
        kiln.invoke(gated)
    assert code_of(error) == "TooManyRequestsException"
    assert kiln.invoke(gated, {"a": 1}, InvocationType="Event")["StatusCode"] == 202
    record = wait_for(lambda: ended(kiln, name + "-ends"))[0]
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency" and record["requestContext"]["approximateInvokeCount"] == 0
    assert record["requestPayload"] == {"a": 1} and "responseContext" not in record and "responsePayload" not in record


def ended(kiln, name):
    """The events that the function `name` printed."""
    try:
        events = kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="ENDED")["events"]
    except ClientError:
        return []
    return [json.loads(event["message"].split("ENDED ", 1)[1]) for event in events]


def provision(kiln, name, units, qualifier="live"):
    api = kiln.client("lambda")
    version = api.publish_version(FunctionName=name)["Version"]
    api.create_alias(FunctionName=name, Name=qualifier, FunctionVersion=version)
    put = api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=units)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202 and put["Status"] == "IN_PROGRESS"
    return wait_for(lambda: ready(api, name, qualifier), what="provisioned concurrency is there")


def ready(api, name, qualifier):
    config = api.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    return config if config["Status"] != "IN_PROGRESS" else None


def test_of_five_at_once_with_three_provisioned_two_spill_over(kiln, gated, gate):
    config = provision(kiln, gated, 3)
    assert (config["Status"], config["AllocatedProvisionedConcurrentExecutions"], config["AvailableProvisionedConcurrentExecutions"]) == ("READY", 3, 3)
    pool, calls = at_once(kiln, gated, 5, {"gate": gate.port}, Qualifier="live")
    with pool:
        gate.hold(5)
        gate.open()
    results = [call.result() for call in calls]
    assert sorted(results) == ["on-demand"] * 2 + ["provisioned-concurrency"] * 3
    resource = f"{gated}:live"
    assert sums(kiln, "ProvisionedConcurrencyInvocations", gated, resource) == 3
    assert sums(kiln, "ProvisionedConcurrencySpilloverInvocations", gated, resource) == 2
    assert sums(kiln, "Invocations", gated, resource) == 5
    messages = [event["message"] for event in kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{gated}", filterPattern="INIT_REPORT")["events"]]
    assert len(messages) == 3


def test_provisioned_concurrency_moves_with_its_alias_and_is_refilled_after_a_crash(kiln, name):
    api = kiln.client("lambda")
    code = "import os\ndef handler(event, context):\n    if event.get('crash'):\n        os._exit(3)\n    return [os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], context.function_version]\n"
    kiln.create(name, {"index.py": code})
    provision(kiln, name, 2)
    assert kiln.invoke(name, Qualifier="live")["Body"] == ["provisioned-concurrency", "1"]
    assert kiln.invoke(name, {"crash": True}, Qualifier="live")["FunctionError"] == "Unhandled"
    wait_for(lambda: api.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")["AvailableProvisionedConcurrentExecutions"] == 2)
    assert kiln.invoke(name, Qualifier="live")["Body"] == ["provisioned-concurrency", "1"]
    api.update_function_configuration(FunctionName=name, Description="another")
    wait_for(lambda: api.get_function(FunctionName=name)["Configuration"]["LastUpdateStatus"] == "Successful")
    assert api.publish_version(FunctionName=name)["Version"] == "2"
    api.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    wait_for(lambda: kiln.invoke(name, Qualifier="live")["Body"] == ["provisioned-concurrency", "2"])
    assert kiln.invoke(name, Qualifier="1")["Body"] == ["on-demand", "1"]


GATED_INIT = """
import os
import socket

with socket.create_connection(("127.0.0.1", int(os.environ["GATE"]))) as line:
    line.recv(1)

def handler(event, context):
    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
"""


def test_a_decrease_while_environments_start_is_ready_with_those_that_are(kiln, name, gate):
    """Two of four have started when two are wanted: nothing is left to wait for."""
    api = kiln.client("lambda")
    kiln.create(name, {"index.py": GATED_INIT}, Environment={"Variables": {"GATE": str(gate.port)}})
    version = api.publish_version(FunctionName=name)["Version"]
    api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=4)
    gate.hold(4)
    started = [gate.waiting.pop(), gate.waiting.pop()]
    for line in started:
        line.close()
    wait_for(lambda: len(init_reports(kiln, name)) == 2, what="two environments have started")
    config = api.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
    assert (config["Status"], config["AvailableProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2)
    config = wait_for(lambda: ready(api, name, version), what="the smaller allocation is ready")
    assert (config["Status"], config["AvailableProvisionedConcurrentExecutions"]) == ("READY", 2)
    assert kiln.invoke(name, Qualifier=version)["Body"] == "provisioned-concurrency"
    gate.open()


def init_reports(kiln, name):
    try:
        return kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="INIT_REPORT")["events"]
    except ClientError:
        return []


def test_provisioned_concurrency_whose_init_fails_says_so(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, {"index.py": "raise RuntimeError('no start')\n"})
    version = api.publish_version(FunctionName=name)["Version"]
    api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    config = wait_for(lambda: ready(api, name, version))
    assert (config["Status"], config["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    assert (config.get("AllocatedProvisionedConcurrentExecutions"), config.get("AvailableProvisionedConcurrentExecutions")) == (0, 0)
    # Configured again, it is tried again, though with the same number.
    api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    wait_for(lambda: len(init_reports(kiln, name)) == 2, what="a second Init phase")
    wait_for(lambda: ready(api, name, version)["Status"] == "FAILED" if ready(api, name, version) else None)


def test_environments_that_end_again_and_again_are_replaced_with_pauses(kiln, name):
    """A runtime that asks for an event and ends: its environments are not restarted as fast as the machine can."""
    api = kiln.client("lambda")
    code = "#!/usr/bin/python3\nimport os, socket\nhost, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\nline = socket.create_connection((host, int(port)))\n" \
           "line.sendall(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\nimport select\nselect.select([line], [], [], 0.02)\n"
    kiln.create(name, {"bootstrap": (code, 0o755)}, runtime="provided.al2023", handler="x")
    version = api.publish_version(FunctionName=name)["Version"]
    began = time.monotonic()
    api.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    seen = []

    def replaced():
        seen.append(len(init_reports(kiln, name)))
        # On a busy machine one may be seen at work after it asked: it is frozen then, and ends with the next event.
        if len(seen) % 10 == 0 and len(set(seen[-10:])) == 1:
            kiln.invoke(name, Qualifier=version)
        return seen[-1] >= 15

    wait_for(replaced, seconds=90, what="environments are replaced")
    # The first, eleven at once after it, three a second apart of which ten seconds may give back one.
    assert time.monotonic() - began > 2
    api.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=version)


def test_events_are_retried_and_their_end_is_told(name):
    """Retries after one and two virtual minutes; a dead-letter queue of another server; a destination on success."""
    queue = Receiver(lambda *_: (200, {}, b'{"MessageId":"m"}'))
    kiln = Kiln(args=["--speed", "120", "--forward", f"sqs={queue.url}"])
    try:
        api = kiln.client("lambda")
        kiln.create("ends", {"index.py": "import json\ndef handler(event, context):\n    print('ENDED ' + json.dumps(event))\n"})
        code = "def handler(event, context):\n    print('TRY')\n    if event.get('fail'):\n        raise ValueError('as asked')\n    return 'done'\n"
        kiln.create(name, {"index.py": code}, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"})
        ends = "arn:aws:lambda:us-east-1:000000000000:function:ends"
        api.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": ends}, "OnFailure": {"Destination": ends}})
        assert kiln.invoke(name, {"n": 1}, InvocationType="Event")["StatusCode"] == 202
        success = wait_for(lambda: ended(kiln, "ends"))[0]
        assert success["requestContext"]["condition"] == "Success" and success["responsePayload"] == "done"
        assert success["requestContext"]["functionArn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST"
        answer = kiln.invoke(name, {"fail": True}, InvocationType="Event")
        failure = wait_for(lambda: [r for r in ended(kiln, "ends") if r["requestContext"]["condition"] != "Success"])[0]
        assert failure["requestContext"]["condition"] == "RetriesExhausted" and failure["requestContext"]["approximateInvokeCount"] == 3
        assert failure["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
        assert failure["responsePayload"]["errorMessage"] == "as asked" and failure["responseContext"]["functionError"] == "Unhandled"
        _, _, headers, body = queue.next()
        assert headers["X-Amz-Target"] == "AmazonSQS.SendMessage"
        message = json.loads(body)
        assert json.loads(message["MessageBody"]) == {"fail": True} and message["QueueUrl"] == queue.url + "/000000000000/dead"
        assert message["MessageAttributes"]["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}
        assert message["MessageAttributes"]["RequestID"]["StringValue"] == answer["ResponseMetadata"]["RequestId"]
        tries = kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="TRY")["events"]
        assert len(tries) == 4
    finally:
        kiln.stop()
        queue.close()


def test_a_target_that_is_gone_is_a_failed_delivery(kiln, name):
    """A destination, a subscriber, an alarm's action: functions that were deleted after they were named."""
    api, cloudwatch, sns = kiln.client("lambda"), kiln.client("cloudwatch"), kiln.client("sns")
    code = {"index.py": "def handler(event, context):\n    return 1\n"}
    kiln.create(name, code)
    kiln.create(name + "-gone", code)
    gone = f"arn:aws:lambda:us-east-1:000000000000:function:{name}-gone"
    api.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": gone}})
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=gone)
    cloudwatch.put_metric_alarm(AlarmName=name, Namespace="N", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                                ComparisonOperator="GreaterThanThreshold", AlarmActions=[gone])
    api.delete_function(FunctionName=name + "-gone")
    kiln.invoke(name, {}, InvocationType="Event")
    wait_for(lambda: sums(kiln, "DestinationDeliveryFailures", name) == 1, what="the destination's failure is counted")
    sns.publish(TopicArn=topic, Message="m")
    listed = wait_for(lambda: [m["MetricName"] for m in cloudwatch.list_metrics(Namespace="AWS/SNS", Dimensions=[{"Name": "TopicName", "Value": name}])["Metrics"]
                               if m["MetricName"].startswith("NumberOfNotifications")])
    assert listed == ["NumberOfNotificationsFailed"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    action = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"][0]
    assert action["HistorySummary"].startswith(f"Failed to execute action {gone}. Received error: ") and "Function not found" in action["HistorySummary"]
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_reserving_leaves_the_minimum_unreserved(own_kiln, name):
    text = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
    kiln = own_kiln()
    api = kiln.client("lambda")
    kiln.create_echo(name)
    with pytest.raises(ClientError) as error:
        api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901)
    assert code_of(error) == "InvalidParameterValueException" and message_of(error) == text
    assert api.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000
    api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=900)
    assert api.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
