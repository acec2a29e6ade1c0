"""Application Auto Scaling: policies that move provisioned concurrency, on an engine whose minutes last a second."""

import json

import pytest
from botocore.exceptions import ClientError

from harness import Kiln, code_of, message_of, wait_for
from test_alarms import load

BUSY = "import time\ndef handler(event, context):\n    time.sleep(event.get('ms', 20) / 1000)\n"
DIMENSION = "lambda:function:ProvisionedConcurrency"


@pytest.fixture(scope="module")
def fast():
    engine = Kiln(args=["--speed", "60"])
    yield engine
    engine.stop()


def alias_of(kiln, name, code=BUSY):
    api = kiln.client("lambda")
    kiln.create(name, {"index.py": code}, Timeout=30)
    wait_for(lambda: api.get_function(FunctionName=name)["Configuration"]["State"] == "Active")
    api.create_alias(FunctionName=name, Name="live", FunctionVersion=api.publish_version(FunctionName=name)["Version"])
    return f"function:{name}:live"


def provisioned(kiln, name):
    try:
        config = kiln.client("lambda").get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    except ClientError:
        return 0, 0
    return config["RequestedProvisionedConcurrentExecutions"], config.get("AvailableProvisionedConcurrentExecutions", 0)


def function_status(kiln, name):
    return next(f for f in json.loads(kiln.http("GET", "/_kiln/status")[2])["functions"] if f["name"] == name)


def target(kiln, resource, least, most):
    kiln.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="lambda", ResourceId=resource, ScalableDimension=DIMENSION, MinCapacity=least, MaxCapacity=most
    )


def tracking(kiln, resource, value=0.7):
    return kiln.client("application-autoscaling").put_scaling_policy(
        PolicyName="utilization", ServiceNamespace="lambda", ResourceId=resource, ScalableDimension=DIMENSION, PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": value, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
        },
    )


def causes_of(kiln, resource):
    """Of the changes that succeeded, the last first."""
    answer = kiln.client("application-autoscaling").describe_scaling_activities(ServiceNamespace="lambda", ResourceId=resource)
    return [activity["Cause"] for activity in answer["ScalingActivities"] if activity["StatusCode"] == "Successful"]


@pytest.mark.slow
def test_target_tracking_follows_the_load_and_comes_down_only_as_on_aws(fast, name):
    scaling, cloudwatch = fast.client("application-autoscaling"), fast.client("cloudwatch")
    resource = alias_of(fast, name)
    fast.client("lambda").put_provisioned_concurrency_config(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1)
    wait_for(lambda: provisioned(fast, name) == (1, 1))
    target(fast, resource, 1, 10)
    made = tracking(fast, resource)
    assert made["PolicyARN"].startswith("arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:") and made["PolicyARN"].endswith(f":resource/lambda/{resource}:policyName/utilization")
    high, low = sorted(alarm["AlarmName"] for alarm in made["Alarms"])
    assert high.startswith(f"TargetTracking-{resource}-AlarmHigh-") and low.startswith(f"TargetTracking-{resource}-AlarmLow-")
    alarms = {a["AlarmName"]: a for a in cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]}
    assert (alarms[high]["Threshold"], alarms[high]["EvaluationPeriods"], alarms[high]["ComparisonOperator"]) == (0.7, 3, "GreaterThanThreshold")
    assert (round(alarms[low]["Threshold"], 6), alarms[low]["EvaluationPeriods"], alarms[low]["ComparisonOperator"]) == (0.63, 15, "LessThanThreshold")

    def lacks_data(alarm):
        return cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"

    # Four at once: three long invocations, and short ones beside them, which are nearly all of the samples (one is taken when
    # an invocation starts), so that a busy machine's pauses between invocations can't lower the utilization to the low
    # alarm's 63 %. Capacity grows until four are at most 70 % of it, and cold starts stop. Then the idle trap: without
    # invocations there is no metric; both alarms lack data, the low one twelve minutes after the high one, and the capacity
    # stays.
    with load(fast, name, {"ms": 5000}, threads=3, Qualifier="live"), load(fast, name, {"ms": 300}, Qualifier="live"):
        wait_for(lambda: provisioned(fast, name)[1] >= 5, seconds=60, what="provisioned concurrency has grown")
        settled = wait_for(lambda: settles(fast, name), seconds=60, what="capacity stays")
        before = function_status(fast, name)
        wait_for(lambda: function_status(fast, name)["invocations"] > before["invocations"] + 25, seconds=60)
        assert function_status(fast, name)["coldStarts"] == before["coldStarts"]
    assert 5 <= settled <= 10
    wait_for(lambda: lacks_data(low) and lacks_data(high), seconds=60, what="both alarms lack data")
    settled = provisioned(fast, name)[0]
    assert settled > 3
    grown = causes_of(fast, resource)

    # A light load is data again: after fifteen low minutes it comes down, never below what one at once needs.
    with load(fast, name, {"ms": 150}, Qualifier="live"):
        wait_for(lambda: provisioned(fast, name)[0] < settled, seconds=60, what="provisioned concurrency has shrunk")
    assert provisioned(fast, name)[0] >= 1
    # The change is listed when it is done; another one may follow before the load ends.
    causes = wait_for(lambda: len(listed := causes_of(fast, resource)) > len(grown) and listed, what="the change is listed")
    assert causes[-len(grown) - 1] == f"monitor alarm {low} in state ALARM triggered policy utilization"
    assert f"monitor alarm {high} in state ALARM triggered policy utilization" == causes[-1]
    scaling.deregister_scalable_target(ServiceNamespace="lambda", ResourceId=resource, ScalableDimension=DIMENSION)
    assert cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"] == []


def settles(kiln, name):
    """The capacity, when the alarm that would raise it is OK."""
    states = [a["StateValue"] for a in kiln.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"TargetTracking-function:{name}:live-AlarmHigh")["MetricAlarms"]]
    wanted, there = provisioned(kiln, name)
    return there if states == ["OK"] and wanted == there else None


def test_step_scaling_runs_with_a_warning_and_is_refused_when_strict(name):
    policy = dict(
        PolicyName="steps", ServiceNamespace="lambda", ResourceId=f"function:{name}:live", ScalableDimension=DIMENSION, PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity", "Cooldown": 60,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 40, "ScalingAdjustment": 2}, {"MetricIntervalLowerBound": 40, "ScalingAdjustment": 5}],
        },
    )
    strict = Kiln(args=["--strict-aws"])
    try:
        target(strict, alias_of(strict, name), 0, 10)
        with pytest.raises(ClientError) as error:
            strict.client("application-autoscaling").put_scaling_policy(**policy)
        assert code_of(error) == "ValidationException" and "StepScaling" in message_of(error)
        assert strict.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"] == []
    finally:
        strict.stop()
    kiln = Kiln(args=["--speed", "60"])
    try:
        target(kiln, alias_of(kiln, name), 0, 10)
        arn = kiln.client("application-autoscaling").put_scaling_policy(**policy)["PolicyARN"]
        wait_for(lambda: "is of type StepScaling, which AWS does not support for Lambda" in kiln.stderr(), what="the warning")
        cloudwatch = kiln.client("cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName="busy", Namespace="Mine", MetricName="load", Statistic="Maximum", Period=60, EvaluationPeriods=1, Threshold=10,
                                    ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[arn])

        def scaled():
            cloudwatch.put_metric_data(Namespace="Mine", MetricData=[{"MetricName": "load", "Value": 60}])
            return provisioned(kiln, name)[0]

        assert wait_for(scaled) == 5  # 50 above the threshold: the second step
    finally:
        kiln.stop()


def test_scheduled_actions(fast, name):
    scaling = fast.client("application-autoscaling")
    resource = alias_of(fast, name)
    target(fast, resource, 0, 10)
    scaling.put_scheduled_action(ServiceNamespace="lambda", ScheduledActionName="morning", ResourceId=resource, ScalableDimension=DIMENSION,
                                 Schedule="rate(1 minute)", ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 6})
    wait_for(lambda: provisioned(fast, name) == (3, 3))
    described = scaling.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[resource])["ScalableTargets"][0]
    assert (described["MinCapacity"], described["MaxCapacity"]) == (3, 6)
    # The action may have come again since.
    wait_for(lambda: "minimum capacity was set to 3" in causes_of(fast, resource), what="the activity")
    scaling.delete_scheduled_action(ServiceNamespace="lambda", ScheduledActionName="morning", ResourceId=resource, ScalableDimension=DIMENSION)


def test_what_lambda_refuses_is_a_failed_activity(fast, name):
    resource = alias_of(fast, name)
    fast.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    target(fast, resource, 3, 10)
    activity = wait_for(lambda: fast.client("application-autoscaling").describe_scaling_activities(ServiceNamespace="lambda", ResourceId=resource)["ScalingActivities"])[0]
    assert activity["StatusCode"] == "Failed" and "reservedConcurrentExecution" in activity["StatusMessage"]


def test_scaling_survives_a_kill(own_kiln, name):
    kiln = own_kiln()
    resource = alias_of(kiln, name)
    target(kiln, resource, 1, 4)
    tracking(kiln, resource)
    kiln.kill()
    scaling = own_kiln().client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"][0]["MaxCapacity"] == 4
    policy = scaling.describe_scaling_policies(ServiceNamespace="lambda", ResourceId=resource)["ScalingPolicies"][0]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 0.7 and len(policy["Alarms"]) == 2


@pytest.mark.parametrize("resource, least, most", [
    ("function:{}:$LATEST", 0, 1), ("function:{}:nope", 0, 1), ("function:nope:live", 0, 1), ("function:{}:live", 5, 4), ("function:{}:live", -1, 4), ("table/x", 0, 1),
])
def test_bad_targets_are_refused(kiln, name, resource, least, most):
    alias_of(kiln, name)
    with pytest.raises(ClientError) as error:
        target(kiln, resource.format(name), least, most)
    assert code_of(error) in ("ValidationException", "ObjectNotFoundException")
    assert kiln.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[resource.format(name)])["ScalableTargets"] == []


@pytest.mark.parametrize("steps", [
    [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 2}],
    [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 5, "ScalingAdjustment": 2}],
    [],
])
def test_bad_steps_are_refused(kiln, name, steps):
    target(kiln, alias_of(kiln, name), 0, 5)
    scaling = kiln.client("application-autoscaling")
    with pytest.raises(ClientError) as error:
        scaling.put_scaling_policy(PolicyName="p", ServiceNamespace="lambda", ResourceId=f"function:{name}:live", ScalableDimension=DIMENSION, PolicyType="StepScaling",
                                   StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps})
    assert code_of(error) == "ValidationException"
    assert scaling.describe_scaling_policies(ServiceNamespace="lambda", ResourceId=f"function:{name}:live")["ScalingPolicies"] == []


def test_a_policy_needs_its_target(kiln, name):
    with pytest.raises(ClientError) as error:
        tracking(kiln, alias_of(kiln, name))
    assert code_of(error) == "ObjectNotFoundException"
