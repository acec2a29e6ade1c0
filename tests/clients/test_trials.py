"""Requests that are tried only, with X-Kiln-Effects: none, as a stack's plan sends them: each says whether it would be
done, and does nothing."""

import pytest
from botocore.exceptions import ClientError

from doubles import Receiver
from harness import code_of, message_of

TRUST = '{"Version": "2012-10-17", "Statement": []}'
ALARM = dict(MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
             ComparisonOperator="GreaterThanThreshold")


def on_trial(kiln, service):
    client = kiln.client(service)
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("X-Kiln-Effects", "none"))
    return client


def outcome(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    if code_of(error) == "NothingKept":
        assert message_of(error) == "The request is valid. Nothing was changed."
    return code_of(error)


@pytest.mark.parametrize("service, operation, arguments, undo", [
    ("sns", "create_topic", dict(Name="trial"),
     ("delete_topic", dict(TopicArn="arn:aws:sns:us-east-1:000000000000:trial"))),
    ("cloudwatch", "put_metric_alarm", dict(AlarmName="trial", **ALARM), ("delete_alarms", dict(AlarmNames=["trial"]))),
    ("logs", "put_retention_policy", dict(logGroupName="/trial", retentionInDays=7),
     ("delete_retention_policy", dict(logGroupName="/trial"))),
    ("ssm", "put_parameter", dict(Name="/trial", Value="v", Type="String", Overwrite=True),
     ("delete_parameter", dict(Name="/trial"))),
])
def test_a_request_that_would_be_done_says_so_whether_or_not_there_is_something_to_do(
        kiln, service, operation, arguments, undo):
    logs = kiln.client("logs")
    logs.create_log_group(logGroupName="/trial")
    try:
        tried = getattr(on_trial(kiln, service), operation)
        assert outcome(tried, **arguments) == "NothingKept"
        getattr(kiln.client(service), operation)(**arguments)
        assert outcome(tried, **arguments) == "NothingKept"
        getattr(kiln.client(service), undo[0])(**undo[1])
    finally:
        logs.delete_log_group(logGroupName="/trial")


@pytest.mark.parametrize("units, said", [(900, "NothingKept"), (901, "InvalidParameterValueException"), (0, "NothingKept")])
def test_a_reserve_is_tried_before_there_is_its_function(kiln, units, said):
    tried = on_trial(kiln, "lambda").put_function_concurrency
    assert outcome(tried, FunctionName="no-such-function", ReservedConcurrentExecutions=units) == said


@pytest.mark.parametrize("service, operation, arguments", [
    ("sns", "delete_topic", dict(TopicArn="arn:aws:sns:us-east-1:000000000000:trial")),
    ("iam", "create_policy", dict(PolicyName="trial", PolicyDocument=TRUST)),  # no plan tries it
    ("lambda", "list_functions", {}),
])
def test_other_operations_are_not_tried(kiln, service, operation, arguments):
    with pytest.raises(ClientError) as error:
        getattr(on_trial(kiln, service), operation)(**arguments)
    assert "can't be tried without effect" in message_of(error)


def test_nobody_is_asked_to_confirm_a_subscription_that_is_tried(kiln, name):
    sns, receiver = kiln.client("sns"), Receiver()
    topic = sns.create_topic(Name=name)["TopicArn"]
    wanted = dict(TopicArn=topic, Protocol="http", Endpoint=receiver.url + "/hook")
    tried = on_trial(kiln, "sns").subscribe
    assert outcome(tried, **wanted) == "NothingKept"
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    sns.subscribe(**wanted)
    assert receiver.next()[1] == "/hook"
    # It waits for its confirmation: a real request would ask once more.
    assert outcome(tried, **wanted) == "NothingKept"
    sns.subscribe(**{**wanted, "Endpoint": receiver.url + "/last"})
    assert receiver.next()[1] == "/last"
    sns.delete_topic(TopicArn=topic)
