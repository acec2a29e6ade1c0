"""Metric filters make metrics of log events, subscription filters hand them to functions: through boto3, over a restart."""

import base64
import datetime
import gzip
import json
import time

import pytest
from botocore.exceptions import ClientError
from harness import code_of, message_of, wait_for

PRINTER = "def handler(event, context): print(event['say']); return event['say']"
KEEPER = """
import json
def handler(event, context):
    print('GOT ' + json.dumps(event))
"""


def now():
    return int(time.time() * 1000)


def put(logs, group, *messages):
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now(), "message": m} for m in messages])


def total(kiln, namespace, metric, statistic="Sum", **dimensions):
    points = kiln.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=metric, Period=3600, Statistics=[statistic],
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        StartTime=datetime.datetime.fromtimestamp(time.time() - 7200), EndTime=datetime.datetime.fromtimestamp(time.time() + 3600))
    return sum(point[statistic] for point in points["Datapoints"])


@pytest.fixture
def logs(kiln):
    return kiln.client("logs")


@pytest.fixture
def group(logs, name):
    logs.create_log_group(logGroupName=f"/test/{name}")
    logs.create_log_stream(logGroupName=f"/test/{name}", logStreamName="s")
    yield f"/test/{name}"
    logs.delete_log_group(logGroupName=f"/test/{name}")


def metric_filter(logs, group, filter_name, pattern, namespace, metric, value, **more):
    logs.put_metric_filter(logGroupName=group, filterName=filter_name, filterPattern=pattern,
                           metricTransformations=[{"metricNamespace": namespace, "metricName": metric, "metricValue": value, **more}])


def test_metric_filters_make_metrics_of_events_that_were_put(kiln, logs, group, name):
    metric_filter(logs, group, "all", "", name, "events", "1", unit="Count")
    metric_filter(logs, group, "slow", "{ $.ms > 100 }", name, "slow", "$.ms", dimensions={"Path": "$.path"})
    put(logs, group, '{"ms": 250, "path": "/a"}', '{"ms": 350.5, "path": "/a"}', '{"ms": 99, "path": "/a"}', "plain")
    assert total(kiln, name, "events") == 4
    assert total(kiln, name, "slow", Path="/a") == 600.5
    assert total(kiln, name, "slow") == 0
    listed = kiln.client("cloudwatch").list_metrics(Namespace=name)["Metrics"]
    assert sorted(m["MetricName"] for m in listed) == ["events", "slow"]
    logs.delete_metric_filter(logGroupName=group, filterName="all")
    put(logs, group, "another")
    assert total(kiln, name, "events") == 4


def test_metric_filters_see_what_functions_print_and_lambdas_own_lines(kiln, logs, name):
    kiln.create(name, {"index.py": PRINTER})
    kiln.invoke(name, {"say": "before"})
    group = f"/aws/lambda/{name}"
    metric_filter(logs, group, "said", "ERROR", name, "errors", "1")
    metric_filter(logs, group, "memory", '[kind = "REPORT", ...]', name, "reports", "1")
    kiln.invoke(name, {"say": "an ERROR"})
    kiln.invoke(name, {"say": "no fault"})
    wait_for(lambda: total(kiln, name, "reports") == 2)
    assert total(kiln, name, "errors") == 1


def test_a_function_gets_the_events_that_match(kiln, logs, group, name):
    kiln.create(name, {"index.py": KEEPER})
    kiln.invoke(name, {})
    arn = kiln.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    logs.put_subscription_filter(logGroupName=group, filterName="test", filterPattern="?one ?two", destinationArn=arn)
    put(logs, group, "one", "nothing of it", "two")

    def events():
        got = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="awslogs")["events"]
        documents = [json.loads(e["message"].split("GOT ", 1)[1])["awslogs"]["data"] for e in got]
        return [json.loads(gzip.decompress(base64.b64decode(d))) for d in documents]

    wait_for(lambda: sum(len(d["logEvents"]) for d in events()) >= 2)
    seen = events()
    assert [e["message"] for d in seen for e in d["logEvents"]] == ["one", "two"]
    assert {(d["messageType"], d["owner"], d["logGroup"], d["logStream"], tuple(d["subscriptionFilters"])) for d in seen} == {
        ("DATA_MESSAGE", "000000000000", group, "s", ("test",))}
    ids = {e["eventId"] for e in logs.filter_log_events(logGroupName=group)["events"]}
    assert {e["id"] for d in seen for e in d["logEvents"]} <= ids


def test_a_function_that_is_not_there_can_not_subscribe(kiln, logs, group, name):
    with pytest.raises(ClientError) as error:
        logs.put_subscription_filter(logGroupName=group, filterName="test", filterPattern="",
                                     destinationArn=f"arn:aws:lambda:us-east-1:000000000000:function:{name}")
    assert code_of(error) == "InvalidParameterException"
    assert message_of(error).startswith("Could not execute the lambda function.")
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []
