"""The control loop by the AWS CLI alone: limits, provisioned concurrency, an alarm with a subscriber, target tracking."""

import concurrent.futures
import contextlib
import itertools
import json
import threading
import time

import pytest

from doubles import GATED, Gate, Receiver
from harness import ROLE, Kiln, wait_for, zip_of
from test_alarms import load as steady_load
from test_scaling import causes_of

DIMENSION = "lambda:function:ProvisionedConcurrency"


@pytest.fixture(scope="module")
def fast():
    engine = Kiln(args=["--speed", "60"])
    yield engine
    engine.stop()


@pytest.fixture
def gate():
    it = Gate()
    yield it
    it.close()


def aws(kiln, *words):
    out = kiln.aws(*words).stdout
    return json.loads(out) if out.strip() else None


def create(kiln, name, code, tmp_path):
    package = tmp_path / f"{name}.zip"
    package.write_bytes(zip_of({"index.py": code}))
    aws(kiln, "lambda", "create-function", "--function-name", name, "--runtime", "python3.12", "--handler", "index.handler", "--role", ROLE, "--timeout", "60", "--zip-file", f"fileb://{package}")
    kiln.aws("lambda", "wait", "function-active-v2", "--function-name", name)


def alias_of(kiln, name):
    version = aws(kiln, "lambda", "publish-version", "--function-name", name)["Version"]
    aws(kiln, "lambda", "create-alias", "--function-name", name, "--name", "live", "--function-version", version)


def provisioned(kiln, name):
    return aws(kiln, "lambda", "get-provisioned-concurrency-config", "--function-name", name, "--qualifier", "live")


# What is asked again and again until it holds is asked without the CLI, which takes a second of a processor each time: it is
# asked once, for what then holds.
def wait_for_provisioned(kiln, name, condition, **more):
    client = kiln.client("lambda")
    wait_for(lambda: condition(client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")), **more)
    config = provisioned(kiln, name)
    assert condition(config), config
    return config


def wait_until_ready(kiln, name, units):
    config = wait_for_provisioned(kiln, name, lambda c: c["Status"] != "IN_PROGRESS", what="provisioned concurrency is there")
    assert (config["Status"], config["AllocatedProvisionedConcurrentExecutions"], config["AvailableProvisionedConcurrentExecutions"]) == ("READY", units, units)


def invoke(kiln, function, payload, out):
    """One process, one attempt."""
    done = kiln.aws("lambda", "invoke", "--function-name", function, "--cli-binary-format", "raw-in-base64-out", "--payload", json.dumps(payload), out,
                    check=False, AWS_MAX_ATTEMPTS="1")
    return json.loads(out.read_text()) if done.returncode == 0 else done.stderr


def at_once(kiln, function, count, payload, tmp_path):
    pool = concurrent.futures.ThreadPoolExecutor(count)
    return pool, [pool.submit(invoke, kiln, function, payload, tmp_path / f"out{i}") for i in range(count)]


@contextlib.contextmanager
def load(kiln, function, payload, threads, tmp_path):
    """Processes without a pause until the block ends."""
    stop = threading.Event()

    def run(i):
        while not stop.is_set():
            invoke(kiln, function, payload, tmp_path / f"load{i}")

    workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def total(kiln, metric, name, resource=None):
    """The metric's Sum over all minutes there are."""
    at = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))  # noqa: E731
    now = time.time()
    dimensions = [f"Name=FunctionName,Value={name}"] + ([f"Name=Resource,Value={resource}"] if resource else [])
    points = aws(kiln, "cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", metric, "--dimensions", *dimensions,
                 "--statistics", "Sum", "--period", "3600", "--start-time", at(now - 3600), "--end-time", at(now + 86400))["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_of_five_at_once_with_two_reserved_exactly_three_are_throttled(kiln, name, gate, tmp_path):
    create(kiln, name, GATED, tmp_path)
    assert aws(kiln, "lambda", "put-function-concurrency", "--function-name", name, "--reserved-concurrent-executions", "2") == {"ReservedConcurrentExecutions": 2}
    pool, calls = at_once(kiln, name, 5, {"gate": gate.port}, tmp_path)
    with pool:
        gate.hold(2)
        throttled = [call.result() for call in itertools.islice(concurrent.futures.as_completed(calls, timeout=60), 3)]
        gate.open()
    assert all("(TooManyRequestsException) when calling the Invoke operation" in text and "Rate Exceeded." in text for text in throttled), throttled
    assert [call.result() for call in calls].count("on-demand") == 2
    assert [total(kiln, metric, name) for metric in ("Invocations", "Throttles", "Errors")] == [2, 3, 0]
    aws(kiln, "lambda", "delete-function-concurrency", "--function-name", name)
    assert aws(kiln, "lambda", "get-function-concurrency", "--function-name", name) in (None, {})


def test_of_five_at_once_with_three_provisioned_two_spill_over(kiln, name, gate, tmp_path):
    create(kiln, name, GATED, tmp_path)
    alias_of(kiln, name)
    put = aws(kiln, "lambda", "put-provisioned-concurrency-config", "--function-name", name, "--qualifier", "live", "--provisioned-concurrent-executions", "3")
    assert put["Status"] == "IN_PROGRESS"
    wait_until_ready(kiln, name, 3)
    pool, calls = at_once(kiln, f"{name}:live", 5, {"gate": gate.port}, tmp_path)
    with pool:
        gate.hold(5)
        gate.open()
    assert sorted(call.result() for call in calls) == ["on-demand"] * 2 + ["provisioned-concurrency"] * 3
    metrics = ("ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations", "Invocations")
    assert [total(kiln, metric, name, f"{name}:live") for metric in metrics] == [3, 2, 5]


@pytest.mark.slow
def test_an_error_rate_alarm_goes_to_alarm_and_back_and_an_http_subscriber_is_told(fast, name, tmp_path):
    create(fast, name, "def handler(event, context):\n    if event.get('fail'):\n        raise ValueError('as asked')\n", tmp_path)
    subscriber = Receiver()
    topic = aws(fast, "sns", "create-topic", "--name", name)["TopicArn"]
    aws(fast, "sns", "subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint", subscriber.url)
    aws(fast, "sns", "confirm-subscription", "--topic-arn", topic, "--token", json.loads(subscriber.next()[3])["Token"])
    metric = lambda id, metric: {  # noqa: E731
        "Id": id, "ReturnData": False,
        "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": [{"Name": "FunctionName", "Value": name}]}, "Period": 60, "Stat": "Sum"},
    }
    metrics = [metric("errors", "Errors"), metric("invocations", "Invocations"), {"Id": "rate", "Expression": "errors / invocations * 100", "ReturnData": True}]
    # A busy machine may start no process within a minute that lasts a second: what is missing says nothing.
    aws(fast, "cloudwatch", "put-metric-alarm", "--alarm-name", name, "--metrics", json.dumps(metrics), "--evaluation-periods", "1", "--threshold", "5",
        "--comparison-operator", "GreaterThanThreshold", "--treat-missing-data", "ignore", "--alarm-actions", topic, "--ok-actions", topic)
    for payload, states in [({}, ("INSUFFICIENT_DATA", "OK")), ({"fail": True}, ("OK", "ALARM")), ({}, ("ALARM", "OK"))]:
        with load(fast, name, payload, 1, tmp_path):
            envelope = json.loads(subscriber.next()[3])
        message = json.loads(envelope["Message"])
        assert (message["OldStateValue"], message["NewStateValue"]) == states
        assert envelope["Subject"] == f'{states[1]}: "{name}" in US East (N. Virginia)' and len(message["Trigger"]["Metrics"]) == 3
    items = aws(fast, "cloudwatch", "describe-alarm-history", "--alarm-name", name, "--history-item-type", "StateUpdate", "--scan-by", "TimestampAscending")["AlarmHistoryItems"]
    assert [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in items] == ["OK", "ALARM", "OK"]
    aws(fast, "cloudwatch", "delete-alarms", "--alarm-names", name)
    subscriber.close()


@pytest.mark.slow
def test_target_tracking_follows_the_load_and_comes_down_only_as_on_aws(fast, name, tmp_path):
    create(fast, name, "import time\ndef handler(event, context):\n    time.sleep(event['seconds'])\n", tmp_path)
    alias_of(fast, name)
    resource = f"function:{name}:live"
    target = ["--service-namespace", "lambda", "--resource-id", resource, "--scalable-dimension", DIMENSION]
    aws(fast, "application-autoscaling", "register-scalable-target", *target, "--min-capacity", "1", "--max-capacity", "10")
    wait_until_ready(fast, name, 1)
    rule = '{"TargetValue": 0.7, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}'
    made = aws(fast, "application-autoscaling", "put-scaling-policy", *target, "--policy-name", "utilization", "--policy-type", "TargetTrackingScaling",
               "--target-tracking-scaling-policy-configuration", rule)
    high, low = sorted(alarm["AlarmName"] for alarm in made["Alarms"])

    alarms = fast.client("cloudwatch")

    def states():
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]}

    def status():
        return next(f for f in json.loads(fast.http("GET", "/_kiln/status")[2])["functions"] if f["name"] == name)

    # Four at once: capacity rises to what they need, and cold starts stop. (The load itself is not the CLI's: a process for
    # each call is too slow to keep four busy. Three are long, and the short ones beside them are nearly all of the samples,
    # so that a busy machine's pauses between invocations don't lower the utilization.) Idle: both alarms come to lack data,
    # and the capacity stays above its minimum.
    with steady_load(fast, name, {"seconds": 2.5}, threads=3, Qualifier="live"), steady_load(fast, name, {"seconds": 0.3}, Qualifier="live"):
        wait_for_provisioned(fast, name, lambda c: c.get("AvailableProvisionedConcurrentExecutions", 0) >= 5, seconds=90, what="provisioned concurrency has grown")
        wait_for(lambda: states()[high] == "OK", seconds=90, what="enough provisioned concurrency")
        before = status()
        wait_for(lambda: status()["invocations"] >= before["invocations"] + 20, seconds=60, what="more invocations have ended")
        assert status()["coldStarts"] == before["coldStarts"]
    wait_for(lambda: set(states().values()) == {"INSUFFICIENT_DATA"}, seconds=60, what="both alarms lack data")
    lacking = aws(fast, "cloudwatch", "describe-alarms", "--alarm-names", high, low)["MetricAlarms"]
    assert [alarm["StateValue"] for alarm in lacking] == ["INSUFFICIENT_DATA"] * 2
    settled = provisioned(fast, name)["RequestedProvisionedConcurrentExecutions"]
    assert settled > 3
    grown = causes_of(fast, resource)

    # One at a time: after fifteen low minutes it comes down.
    with load(fast, f"{name}:live", {"seconds": 0}, 1, tmp_path):
        wait_for_provisioned(fast, name, lambda c: c["RequestedProvisionedConcurrentExecutions"] < settled, seconds=90, what="provisioned concurrency has shrunk")
    # The change is listed when it is done; another one may follow before the load ends.
    wait_for(lambda: len(causes_of(fast, resource)) > len(grown), what="the change is listed")
    activities = aws(fast, "application-autoscaling", "describe-scaling-activities", "--service-namespace", "lambda", "--resource-id", resource)["ScalingActivities"]
    causes = [activity["Cause"] for activity in activities if activity["StatusCode"] == "Successful"]
    assert causes[-len(grown) - 1] == f"monitor alarm {low} in state ALARM triggered policy utilization"
    assert f"monitor alarm {high} in state ALARM triggered policy utilization" in causes
    aws(fast, "application-autoscaling", "deregister-scalable-target", *target)
    assert aws(fast, "cloudwatch", "describe-alarms", "--alarm-names", high, low)["MetricAlarms"] == []
