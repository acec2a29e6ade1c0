"""CloudWatch Logs through boto3 and the AWS CLI: groups, streams, events, patterns, retention, and following a log."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from harness import code_of, message_of

PRINTER = "def handler(event, context): print(event['say']); return event['say']"
ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"
DAY = 24 * 3600 * 1000


def now():
    return int(time.time() * 1000)


@pytest.fixture
def logs(kiln):
    return kiln.client("logs")


@pytest.fixture
def group(logs, name):
    """A group with a stream s; gone after the test."""
    logs.create_log_group(logGroupName=f"/test/{name}")
    logs.create_log_stream(logGroupName=f"/test/{name}", logStreamName="s")
    yield f"/test/{name}"
    try:
        logs.delete_log_group(logGroupName=f"/test/{name}")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException"


def put(logs, group, *messages, stream="s", at=None):
    at = at or now()
    events = [{"timestamp": at + i, "message": message} for i, message in enumerate(messages)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def found(logs, group, pattern="", **more):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=pattern, **more)
    return [event["message"] for page in pages for event in page["events"]]


def test_events_come_back_as_they_were_put(logs, group):
    messages = ["plain", "Traceback:\n  File \"x\"\n\nValueError: \\n\n", "größer 日本 🙂", json.dumps({"a": "b\nc"}), "\t\r\n"]
    at = now()
    answer = put(logs, group, *messages, at=at)
    assert answer["nextSequenceToken"] and "rejectedLogEventsInfo" not in answer
    events = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)["events"]
    assert [e["message"] for e in events] == messages
    assert [e["timestamp"] for e in events] == [at + i for i in range(len(messages))]
    assert all(at - 1000 < e["ingestionTime"] < at + 60_000 for e in events)
    by_arn = logs.get_log_events(logGroupIdentifier=ARN + group, logStreamName="s", startFromHead=True)["events"]
    assert by_arn == events
    assert found(logs, group) == messages


def test_get_log_events_pages_both_ways_and_ends_with_the_same_token(logs, group):
    put(logs, group, *[str(i) for i in range(25)], at=now() - 1000)
    there, token = [], None
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, limit=10, **({"nextToken": token} if token else {}))
        there += [e["message"] for e in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert there == [str(i) for i in range(25)]
    put(logs, group, "late")
    page = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=token)
    assert [e["message"] for e in page["events"]] == ["late"]
    page = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=page["nextBackwardToken"], limit=2)
    assert [e["message"] for e in page["events"]] == ["23", "24"]


def test_filter_patterns_and_pages(logs, group):
    put(logs, group, *[json.dumps({"level": "ERROR" if i % 3 == 0 else "INFO", "n": i, "list": [i]}) for i in range(30)], "GET /index.html 404 17")
    assert len(found(logs, group, '{ $.level = "ERR*" && $.n > 3 || $.list[0] = 1 }', PaginationConfig={"PageSize": 3})) == 9
    assert found(logs, group, "[method, path = *.html, status = 4*, bytes > 16]") == ["GET /index.html 404 17"]
    assert found(logs, group, "?nothing ?%40[0-9]%") == ["GET /index.html 404 17"]
    assert len(found(logs, group, "INFO -GET")) == 20
    answer = logs.filter_log_events(logGroupName=group, limit=5, interleaved=True)
    assert answer["searchedLogStreams"] == [] and len({e["eventId"] for e in answer["events"]}) == 5
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName=group, filterPattern="{ $.level = }")
    assert code_of(error) == "InvalidParameterException" and message_of(error).startswith("Invalid filter pattern")


def test_a_functions_group_is_a_group_like_others(kiln, logs, name):
    kiln.create(name, {"index.py": PRINTER})
    kiln.invoke(name, {"say": "of the function"})
    group = f"/aws/lambda/{name}"
    assert "of the function\n" in found(logs, group)
    described = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert described["arn"] == f"{ARN}{group}:*"
    assert described["storedBytes"] > 0 and now() - described["creationTime"] < 60_000 and "retentionInDays" not in described
    stream = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"][0]
    assert "[$LATEST]" in stream["logStreamName"] and stream["firstEventTimestamp"] <= stream["lastEventTimestamp"]
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName=group)
    assert code_of(error) == "ResourceAlreadyExistsException"
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePattern=name.upper())["logGroups"][0]["retentionInDays"] == 7
    logs.delete_log_group(logGroupName=group)
    # The environment lives on; what it writes next makes the group anew.
    kiln.invoke(name, {"say": "again"})
    assert [m for m in found(logs, group) if m in ("of the function\n", "again\n")] == ["again\n"]


def test_retention_hides_what_is_old(logs, group):
    put(logs, group, "old", at=now() - 3 * DAY - 60_000)
    put(logs, group, "recent", at=now() - 3 * DAY + 60_000)
    assert found(logs, group) == ["old", "recent"]
    logs.put_retention_policy(logGroupName=group, retentionInDays=3)
    assert found(logs, group) == ["recent"]
    answer = put(logs, group, "old again", at=now() - 3 * DAY - 60_000)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    logs.delete_retention_policy(logGroupName=group)
    assert found(logs, group) == ["old", "recent"]
    with pytest.raises(ClientError) as error:
        logs.put_retention_policy(logGroupName=group, retentionInDays=2)
    assert code_of(error) == "InvalidParameterException" and "[1, 3, 5, 7, 14," in message_of(error)


def test_errors(logs, group):
    cases = [
        ("create_log_group", dict(logGroupName=group), "ResourceAlreadyExistsException", "The specified log group already exists"),
        ("create_log_stream", dict(logGroupName=group, logStreamName="s"), "ResourceAlreadyExistsException", "The specified log stream already exists"),
        ("delete_log_group", dict(logGroupName="/no"), "ResourceNotFoundException", "The specified log group does not exist."),
        ("delete_log_stream", dict(logGroupName=group, logStreamName="no"), "ResourceNotFoundException", "The specified log stream does not exist."),
        ("get_log_events", dict(logGroupName=group, logStreamName="no"), "ResourceNotFoundException", "The specified log stream does not exist."),
        ("filter_log_events", dict(logGroupName="/no"), "ResourceNotFoundException", "The specified log group does not exist."),
        ("put_retention_policy", dict(logGroupName="/no", retentionInDays=1), "ResourceNotFoundException", "The specified log group does not exist."),
        ("list_tags_for_resource", dict(resourceArn=ARN + "/no"), "ResourceNotFoundException", "The specified resource does not exist."),
        ("create_log_group", dict(logGroupName="a b"), "InvalidParameterException", None),
        ("describe_log_streams", dict(logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="x"), "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."),
        ("put_log_events", dict(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now(), "message": "a"}, {"timestamp": now() - 9999, "message": "b"}]),
         "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."),
    ]
    for operation, arguments, code, message in cases:
        with pytest.raises(ClientError) as error:
            getattr(logs, operation)(**arguments)
        assert code_of(error) == code and message in (None, message_of(error)), operation


def test_typed_errors_of_boto3(logs, group):
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName="/no", logStreamName="s")


def test_a_batch_of_a_mebibyte(logs, group):
    put(logs, group, *["\\" * (1024 - 26)] * 1024)
    assert sum(len(m) for m in found(logs, group)) == 1024 * 998
    with pytest.raises(ClientError) as error:
        put(logs, group, *["x" * (1024 - 25)] * 1024)
    assert message_of(error) == "Upload too large: 1049600 bytes exceeds limit of 1048576"


def test_what_was_answered_outlives_a_kill(own_kiln):
    first = own_kiln()
    logs = first.client("logs")
    logs.create_log_group(logGroupName="g", tags={"team": "a"})
    logs.put_retention_policy(logGroupName="g", retentionInDays=14)
    logs.tag_resource(resourceArn=ARN + "g", tags={"stage": "test"})
    logs.create_log_stream(logGroupName="g", logStreamName="empty")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    put(logs, "g", "line\nbreak")
    logs.create_log_group(logGroupName="gone")
    logs.delete_log_group(logGroupName="gone")
    before = logs.describe_log_groups()["logGroups"]
    first.kill()
    logs = own_kiln().client("logs")
    assert logs.describe_log_groups()["logGroups"] == before
    assert before[0]["retentionInDays"] == 14
    assert logs.list_tags_for_resource(resourceArn=ARN + "g")["tags"] == {"team": "a", "stage": "test"}
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName="g")["logStreams"]] == ["empty", "s"]
    assert found(logs, "g") == ["line\nbreak"]


def test_tags(logs, group):
    logs.tag_resource(resourceArn=ARN + group, tags={"a": "1", "b": "2"})
    logs.untag_resource(resourceArn=ARN + group, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=ARN + group)["tags"] == {"b": "2"}
    logs.tag_log_group(logGroupName=group, tags={"c": "3"})
    logs.untag_log_group(logGroupName=group, tags=["b"])
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"c": "3"}


def test_the_command_line(kiln, name):
    group = f"/cli/{name}"
    kiln.aws("logs", "create-log-group", "--log-group-name", group, "--tags", "team=a")
    kiln.aws("logs", "create-log-stream", "--log-group-name", group, "--log-stream-name", "s")
    kiln.aws("logs", "put-log-events", "--log-group-name", group, "--log-stream-name", "s", "--log-events", f"timestamp={now()},message=hello")
    events = json.loads(kiln.aws("logs", "filter-log-events", "--log-group-name", group).stdout)["events"]
    assert [e["message"] for e in events] == ["hello"]
    kiln.aws("logs", "put-retention-policy", "--log-group-name", group, "--retention-in-days", "30")
    described = json.loads(kiln.aws("logs", "describe-log-groups", "--log-group-name-prefix", group).stdout)["logGroups"]
    assert described[0]["retentionInDays"] == 30
    kiln.aws("logs", "delete-log-group", "--log-group-name", group)
    failed = kiln.aws("logs", "delete-log-group", "--log-group-name", group, check=False)
    assert "(ResourceNotFoundException) when calling the DeleteLogGroup operation: The specified log group does not exist." in failed.stderr


def test_the_command_line_follows_a_log(kiln, logs, name):
    kiln.create(name, {"index.py": PRINTER})
    group = f"/aws/lambda/{name}"
    kiln.invoke(name, {"say": "before it ran"})
    command = ["/usr/bin/aws", "--endpoint-url", kiln.url, "logs", "tail", group, "--follow", "--format", "short"]
    environment = {**kiln.environment(), "PYTHONUNBUFFERED": "1"}
    tail = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        seen = []

        def read_until(text):
            for line in tail.stdout:
                seen.append(line.rstrip("\n"))
                if seen[-1].endswith(text):
                    return
            raise AssertionError(f"aws logs tail ended: {tail.stderr.read()}")

        read_until("before it ran")
        logs.create_log_stream(logGroupName=group, logStreamName="by-hand")
        put(logs, group, "put while it ran", stream="by-hand")
        read_until("put while it ran")
        kiln.invoke(name, {"say": "written by the function"})
        read_until("written by the function")
        for text in ("before it ran", "put while it ran", "written by the function"):
            assert sum(line.endswith(text) for line in seen) == 1, seen
    finally:
        tail.kill()
        tail.wait(10)
        tail.stdout.close()
        tail.stderr.close()


EMF = ('{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"%s","Dimensions":[["service"],[]],'
       '"Metrics":[{"Name":"time","Unit":"Milliseconds"}]}]},"service":"orders","time":[10,30]}')


def test_embedded_metrics_of_a_function_and_of_put_log_events(kiln, name):
    """What functions print in the embedded metric format, and what clients put into a stream, become metrics."""
    kiln.create(name, {"index.py": "import time\ndef handler(event, context):\n    print(event % (int(time.time() * 1000), context.function_name))\n"})
    assert kiln.invoke(name, EMF)["Body"] is None
    logs = kiln.client("logs")
    logs.create_log_stream(logGroupName=f"/aws/lambda/{name}", logStreamName="put")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName="put", logEvents=[
        {"timestamp": now, "message": EMF % (now, name)}, {"timestamp": now, "message": "no metric"}, {"timestamp": now, "message": '{"_aws":{}}'}])
    day = dict(StartTime=time.time() - 600, EndTime=time.time() + 600, Period=3600, Statistics=["SampleCount", "Sum", "Maximum"])
    for dimensions in ([{"Name": "service", "Value": "orders"}], []):
        points = kiln.client("cloudwatch").get_metric_statistics(Namespace=name, MetricName="time", Dimensions=dimensions, **day)["Datapoints"]
        assert sum(p["SampleCount"] for p in points) == 4 and sum(p["Sum"] for p in points) == 80
        assert {(p["Maximum"], p["Unit"]) for p in points} == {(30, "Milliseconds")}


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "aWs:x"])
def test_tags_of_aws_are_refused_in_upper_and_lower_case(logs, name, key):
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName=f"/test/{name}", tags={key: "v"})
    assert code_of(error) == "InvalidParameterException"
