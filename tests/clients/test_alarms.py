"""Metrics, alarms and what they set off, on an engine whose minutes last a second."""

import contextlib
import json
import threading
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError

from doubles import Subscriber
from harness import Kiln, code_of, message_of, wait_for

FAILING = "def handler(event, context):\n    if event.get('fail'):\n        raise ValueError('as asked')\n"


@pytest.fixture(scope="module")
def fast():
    engine = Kiln(args=["--speed", "60"])
    yield engine
    engine.stop()


@contextlib.contextmanager
def load(kiln, name, payload, threads=1, **more):
    """Invokes without a pause until the block ends."""
    stop = threading.Event()

    def run():
        client = kiln.client("lambda")
        while not stop.is_set():
            try:
                kiln.invoke(name, payload, client=client, **more)
            except ClientError:
                pass

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def error_rate_alarm(name, topic, **more):
    def metric(id, metric):
        return {
            "Id": id, "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": [{"Name": "FunctionName", "Value": name}]},
                "Period": 60, "Stat": "Sum",
            },
        }

    return {
        "AlarmName": name + "-errors", "AlarmDescription": "too many errors", "EvaluationPeriods": 1, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [topic], "OKActions": [topic], "TreatMissingData": "notBreaching",
        "Metrics": [metric("errors", "Errors"), metric("invocations", "Invocations"),
                    {"Id": "rate", "Expression": "errors / invocations * 100", "Label": "error rate", "ReturnData": True}],
        **more,
    }


def test_an_error_rate_alarm_goes_to_alarm_and_back_and_an_http_subscriber_is_told(fast, name):
    subscriber = Subscriber()
    cloudwatch, sns = fast.client("cloudwatch"), fast.client("sns")
    fast.create(name, {"index.py": FAILING})
    topic = sns.create_topic(Name=name + "-topic")["TopicArn"]
    subscriber.subscribe(sns, topic)
    cloudwatch.put_metric_alarm(**error_rate_alarm(name, topic))
    before = cloudwatch.describe_alarms(AlarmNames=[name + "-errors"])["MetricAlarms"][0]
    seen = []
    for payload, states in [({}, ("INSUFFICIENT_DATA", "OK")), ({"fail": True}, ("OK", "ALARM")), ({}, ("ALARM", "OK"))]:
        with load(fast, name, payload):
            headers, envelope = subscriber.message()
        assert headers["x-amz-sns-message-type"] == envelope["Type"] == "Notification" and envelope["TopicArn"] == topic
        message = json.loads(envelope["Message"])
        assert (message["OldStateValue"], message["NewStateValue"]) == states
        assert envelope["Subject"] == f'{states[1]}: "{name}-errors" in US East (N. Virginia)'
        assert message["AlarmArn"] == before["AlarmArn"] and message["AWSAccountId"] == "000000000000" and message["Region"] == "US East (N. Virginia)"
        assert message["AlarmDescription"] == "too many errors" and message["AlarmActions"] == [topic]
        assert message["NewStateReason"].startswith("Threshold Crossed: ")
        trigger = message["Trigger"]
        assert trigger["ComparisonOperator"] == "GreaterThanThreshold" and trigger["Threshold"] == 5 and "MetricName" not in trigger
        assert {m["Id"]: m["ReturnData"] for m in trigger["Metrics"]} == {"errors": False, "invocations": False, "rate": True}
        seen.append(states[1])
    history = cloudwatch.describe_alarm_history(AlarmName=name + "-errors", HistoryItemType="StateUpdate", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    changes = [json.loads(item["HistoryData"]) for item in history]
    assert [change["newState"]["stateValue"] for change in changes] == seen
    # The engine may evaluate the alarm before anybody can describe it, so its history tells how it began.
    assert changes[0]["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert changes[0]["oldState"]["stateReason"] == "Unchecked: Initial alarm creation"
    actions = cloudwatch.describe_alarm_history(AlarmName=name + "-errors", HistoryItemType="Action")["AlarmHistoryItems"]
    assert len(actions) == 3 and all("Successfully executed action " + topic in item["HistorySummary"] for item in actions)
    cloudwatch.delete_alarms(AlarmNames=[name + "-errors"])
    subscriber.close()


def test_an_alarm_invokes_a_function(fast, name):
    cloudwatch = fast.client("cloudwatch")
    fast.create(name, {"index.py": "import json\ndef handler(event, context):\n    print('ALARMED ' + json.dumps(event))\n"})
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    cloudwatch.put_metric_alarm(AlarmName=name, Namespace="N", MetricName="m", Statistic="Maximum", Period=60, EvaluationPeriods=1,
                                Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=[arn])
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")

    def told():
        try:
            events = fast.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="ALARMED")["events"]
        except ClientError:
            return None
        return [json.loads(event["message"].split("ALARMED ", 1)[1]) for event in events]

    event = wait_for(told)[0]
    assert event["source"] == "aws.cloudwatch" and event["alarmData"]["alarmName"] == name
    assert event["alarmData"]["state"]["value"] == "ALARM" and event["alarmData"]["state"]["reason"] == "by hand"
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_percentiles_are_read_back(kiln, name):
    cloudwatch = kiln.client("cloudwatch")
    now = int(time.time()) // 60 * 60
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "latency", "Timestamp": now, "Values": [1.0, 2.0, 3.0], "Counts": [1.0, 1.0, 1.0]}])
    points = cloudwatch.get_metric_statistics(Namespace=name, MetricName="latency", StartTime=now, EndTime=now + 60, Period=60,
                                              ExtendedStatistics=["p10", "p100"])["Datapoints"]
    assert [sorted(point["ExtendedStatistics"]) for point in points] == [["p10", "p100"]]
    assert points[0]["ExtendedStatistics"]["p100"] == pytest.approx(3.0, rel=0.02)


def test_metrics_of_ones_own_are_read_back_by_both_calls(kiln, name):
    cloudwatch = kiln.client("cloudwatch")
    now = int(time.time()) // 60 * 60 - 600
    data = [{"MetricName": "latency", "Unit": "Milliseconds", "Timestamp": now + 60 * minute, "Values": [1.0, 3.0], "Counts": [3.0, 1.0],
             "Dimensions": [{"Name": "Service", "Value": "a"}]} for minute in (2, 0, 1)]
    cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    points = cloudwatch.get_metric_statistics(Namespace=name, MetricName="latency", Dimensions=[{"Name": "Service", "Value": "a"}], StartTime=now,
                                              EndTime=now + 180, Period=60, Statistics=["SampleCount", "Sum", "Minimum", "Maximum", "Average"])["Datapoints"]
    assert sorted(int(p["Timestamp"].timestamp()) for p in points) == [now, now + 60, now + 120]
    assert all((p["SampleCount"], p["Sum"], p["Minimum"], p["Maximum"], p["Average"], p["Unit"]) == (4, 6, 1, 3, 1.5, "Milliseconds") for p in points)
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": name, "MetricName": "latency", "Dimensions": [{"Name": "Service", "Value": "a"}]}, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 / PERIOD(m1)", "Label": "per second"},
    ]
    results = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=now, EndTime=now + 180, ScanBy="TimestampAscending")["MetricDataResults"]
    assert [(r["Id"], r["Label"], r["Values"]) for r in results] == [("e1", "per second", [0.1, 0.1, 0.1])]
    listed = cloudwatch.list_metrics(Namespace=name)["Metrics"]
    assert [(m["MetricName"], m["Dimensions"]) for m in listed] == [("latency", [{"Name": "Service", "Value": "a"}])]
    elsewhere = kiln.client("cloudwatch", region="eu-west-1").list_metrics(Namespace=name)["Metrics"]
    assert elsewhere == []


def test_metrics_are_found_by_search_and_by_select(kiln, name):
    cloudwatch = kiln.client("cloudwatch")
    now = int(time.time()) // 60 * 60 - 600
    for service, value in (("orders", 3.0), ("billing", 5.0)):
        cloudwatch.put_metric_data(Namespace=name, MetricData=[
            {"MetricName": "PaymentErrors", "Timestamp": now, "Value": value, "Dimensions": [{"Name": "Service", "Value": service}]}])

    def read(expression, **more):
        query = {"Id": "q1", "Expression": expression, "Period": 60, **more}
        results = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=now, EndTime=now + 60)["MetricDataResults"]
        return [(result["Label"], result["Values"]) for result in results]

    search = f"""SEARCH('{{"{name}",Service}} errors NOT nothing', 'Sum', 60)"""
    assert read(search) == [("billing", [5.0]), ("orders", [3.0])]
    assert read(f"SORT({search}, MAX, ASC, 1)", Label="least ${PROP('Dim.Service')}") == [("least orders", [3.0])]
    select = f'SELECT AVG(PaymentErrors) FROM SCHEMA("{name}", Service)'
    assert read(select) == [("q1", [4.0])]
    assert read(select + " GROUP BY Service ORDER BY AVG() ASC LIMIT 1") == [("orders", [3.0])]
    assert read(select + " WHERE Service != 'orders'", Label="rest") == [("rest", [5.0])]


def test_a_suppressor_holds_the_actions_of_a_composite_alarm_back(fast, name):
    fast.create(name, {"index.py": "def handler(event, context):\n    state = event['alarmData']['state']['value']\n    print('told of', state)\n"})
    fast.client("lambda").add_permission(FunctionName=name, StatementId="alarm", Action="lambda:InvokeFunction",
                                         Principal="lambda.alarms.cloudwatch.amazonaws.com")
    cloudwatch = fast.client("cloudwatch")
    for child in ("child", "suppressor"):
        cloudwatch.put_metric_alarm(AlarmName=f"{name}-{child}", Namespace=name, MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
                                    Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    cloudwatch.put_composite_alarm(
        AlarmName=name, AlarmRule=f'ALARM("{name}-child")', AlarmActions=[f"arn:aws:lambda:us-east-1:000000000000:function:{name}"],
        ActionsSuppressor=f"{name}-suppressor", ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60)

    def composite():
        return cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]

    def actions():
        return cloudwatch.describe_alarm_history(AlarmName=name, AlarmTypes=["CompositeAlarm"], HistoryItemType="Action")["AlarmHistoryItems"]

    for child, state in (("suppressor", "ALARM"), ("child", "ALARM")):
        cloudwatch.set_alarm_state(AlarmName=f"{name}-{child}", StateValue=state, StateReason="test")
    held = composite()
    assert (held["StateValue"], held["ActionsSuppressedBy"], held["ActionsSuppressedReason"]) == ("ALARM", "Alarm", "Actions suppressed by Alarm")
    assert (held["ActionsSuppressorWaitPeriod"], held["ActionsSuppressorExtensionPeriod"]) == (60, 60) and actions() == []
    cloudwatch.set_alarm_state(AlarmName=f"{name}-suppressor", StateValue="OK", StateReason="test")
    wait_for(lambda: actions())
    assert "ActionsSuppressedBy" not in composite() and len(actions()) == 1


def alarm(**changes):
    config = {"AlarmName": "bad", "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
              "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold", **changes}
    return {key: value for key, value in config.items() if value is not None}


def math(*expressions):
    metric = {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}, "ReturnData": False}
    return [metric] + [{"Id": id, "Expression": text, "ReturnData": last} for id, text, last in expressions]


@pytest.mark.parametrize("config", [
    alarm(Period=7),
    alarm(Period=60, EvaluationPeriods=1441),
    alarm(Statistic=None, ExtendedStatistic="p101"),
    alarm(DatapointsToAlarm=2),
    alarm(Tags=[{"Key": "AWS:x", "Value": "v"}]),
    alarm(ComparisonOperator="IsRatherLarge"),
    alarm(Dimensions=[{"Name": f"d{i}", "Value": "v"} for i in range(31)]),
    alarm(MetricName=None, Namespace=None, Statistic=None, Period=None, Metrics=math(("e1", "e2 + 1", False), ("e2", "e1 + 1", True))),
    alarm(MetricName=None, Namespace=None, Statistic=None, Period=None, Metrics=math(("e1", "NOSUCH(m1)", True))),
    alarm(MetricName=None, Namespace=None, Statistic=None, Period=None, Metrics=math(("e1", "m1 +", True))),
    alarm(MetricName=None, Namespace=None, Statistic=None, Period=None, Metrics=math(("e1", "m1", True), ("e2", "m1", True))),
])
def test_bad_alarms_are_refused_and_nothing_is_kept(kiln, config):
    cloudwatch = kiln.client("cloudwatch")
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_alarm(**config)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400 and message_of(error)
    assert cloudwatch.describe_alarms(AlarmNames=["bad"])["MetricAlarms"] == []


@pytest.mark.parametrize("call, code", [
    (lambda api: api.get_metric_data(MetricDataQueries=[{"Id": f"m{i}", "Expression": "1"} for i in range(501)], StartTime=0, EndTime=60), None),
    (lambda api: api.get_metric_statistics(Namespace="N", MetricName="m", StartTime=0, EndTime=86460, Period=60, Statistics=["Sum"]), "InvalidParameterCombination"),
    (lambda api: api.get_metric_statistics(Namespace="N", MetricName="m", StartTime=60, EndTime=60, Period=60, Statistics=["Sum"]), "InvalidParameterValue"),
    (lambda api: api.get_metric_statistics(Namespace="N", MetricName="m", StartTime=0, EndTime=600, Period=7, Statistics=["Sum"]), "InvalidParameterValue"),
    (lambda api: api.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": float("nan")}]), "InvalidParameterValue"),
    (lambda api: api.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": f"d{i}", "Value": "v"} for i in range(31)]}]), None),
    (lambda api: api.put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "m", "Value": 1}]), "InvalidParameterValue"),
    (lambda api: api.set_alarm_state(AlarmName="nope", StateValue="OK", StateReason="r"), "ResourceNotFound"),
    (lambda api: api.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(nope"), "ValidationError"),
])
def test_bad_calls_to_cloudwatch_are_refused(kiln, call, code):
    with pytest.raises(ClientError) as error:
        call(kiln.client("cloudwatch"))
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == (404 if code == "ResourceNotFound" else 400)
    assert code is None or code_of(error) == code
    assert kiln.client("cloudwatch").list_metrics(Namespace="N")["Metrics"] == []


def test_prometheus_reads_functions_and_alarms(fast, name):
    fast.create(name, {"index.py": FAILING})
    fast.invoke(name)
    fast.invoke(name, {"fail": True})
    fast.client("cloudwatch").put_metric_alarm(**alarm(AlarmName=name))
    text = urllib.request.urlopen(fast.url + "/metrics").read().decode()
    labels = f'{{region="us-east-1",function="{name}"}}'
    assert f"kiln_function_invocations_total{labels} 2\n" in text and f"kiln_function_errors_total{labels} 1\n" in text
    assert f"kiln_function_cold_starts_total{labels} 1\n" in text
    assert f'kiln_alarm_state{{region="us-east-1",alarm="{name}",state="INSUFFICIENT_DATA"}} 1\n' in text
    top = json.loads(fast.cli("top", "--json").stdout)
    mine = next(f for f in top["functions"] if f["name"] == name)
    assert (mine["invocations"], mine["errors"], mine["coldStarts"], mine["reserved"]) == (2, 1, 1, None) and mine["p99Ms"] > 0
    table = fast.cli("top").stdout
    assert name in table and "INSUFFICIENT_DATA" in table
    fast.client("cloudwatch").delete_alarms(AlarmNames=[name])


def test_metrics_of_a_large_request(kiln, name):
    """More than is read on an event loop: values of one metric, and what is wrong in such a request."""
    cloudwatch = kiln.client("cloudwatch")
    values = [{"MetricName": f"m{n}", "Dimensions": [{"Name": "Which", "Value": "x" * 200}], "Values": [1.0, 2.0, 3.0], "Counts": [1, 1, 2]}
              for n in range(1000)]
    cloudwatch.put_metric_data(Namespace=name, MetricData=values)
    now = time.time()
    found = cloudwatch.get_metric_statistics(Namespace=name, MetricName="m999", Dimensions=values[0]["Dimensions"], StartTime=now - 600,
                                             EndTime=now + 600, Period=1200, Statistics=["SampleCount", "Sum"])["Datapoints"]
    assert sum(point["SampleCount"] for point in found) == 4 and sum(point["Sum"] for point in found) == 9
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_data(Namespace=name, MetricData=[*values, values[0]])
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
