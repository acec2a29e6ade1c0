"""Workloads that run for real, on an engine whose metric minutes last a second, and as simulations of the same requests.

What the simulation gets: the settings, the times at which requests were sent, how long invocations and Init phases took,
and the share of the events that failed. What is compared: cold starts, throttles, the 95th percentile of Init and
duration, provisioned concurrency on average over the time, and cost.
"""

import collections
import dataclasses
import datetime
import json
import random
import threading
import time

from harness import wait_for

SPEED = 60
IDLE_S = 600 / SPEED
GB_SECOND, PROVISIONED_SECOND, PROVISIONED_GB, REQUEST = 0.0000166667, 0.0000097222, 0.0000041667, 0.2e-6
MEMORY = 1024
CODE = {"index.py": """import os, time
time.sleep(0.2)

def handler(event, context):
    time.sleep(event.get("ms", 100) / 1000 * float(os.environ.get("SLOWER", "1")))
    if event.get("fail"):
        raise ValueError("as the event says")
"""}


@dataclasses.dataclass
class Workload:
    """`rate`: pieces of traffic: seconds, requests a second at its beginning and at its end; `burst`: seconds between them,
    requests. `provisioned`: for the alias live. `target`, `tracking`, `step`, `schedule`: what scales it."""
    title: str
    rate: tuple
    burst: tuple | None = None
    ms: int = 100
    reserved: int | None = None
    provisioned: int | None = None
    alias: bool = False
    weight: float = 0
    event: bool = False
    fail_share: float = 0
    target: tuple | None = None
    tracking: float | None = None
    step: int | None = None
    schedule: list = dataclasses.field(default_factory=list)
    drain: int = 0  # s without requests at the end that count


# It begins slowly: what a busy machine makes of forty cold starts at once is chance.
WARM = (6, 1, 30)
WORKLOADS = [
    Workload("steady", (WARM, (14, 30, 30))),
    Workload("burst", (WARM, (14, 5, 5)), burst=(5, 15)),
    Workload("ramp", ((16, 1, 50),)),
    Workload("throttled", (WARM, (14, 40, 40)), ms=150, reserved=4),
    Workload("provisioned with spillover", ((12, 25, 40),), ms=120, provisioned=4),
    Workload("target tracking", (WARM, (24, 30, 30)), ms=150, provisioned=2, target=(2, 12), tracking=0.6),
    Workload("step", (WARM, (14, 30, 30)), ms=150, provisioned=2, target=(2, 12), step=3),
    Workload("schedule", (WARM, (18, 20, 20)), ms=120, provisioned=2, target=(2, 12), schedule=[(8, 6), (16, 3)]),
    Workload("asynchronous with errors", ((6, 2, 20), (6, 20, 20)), ms=80, event=True, fail_share=0.2, drain=8),
    Workload("weighted alias", (WARM, (14, 30, 30)), ms=80, alias=True, weight=0.25),
]


def seconds_of(load):
    return sum(piece[0] for piece in load.rate)


def times_of(load):
    """When requests come: at random, at the rate of the moment."""
    chance, out, start = random.Random(11), [], 0.0
    for seconds, first, last in load.rate:
        most, at = max(first, last), start
        while (at := at + chance.expovariate(most)) < start + seconds:
            if chance.random() < (first + (last - first) * (at - start) / seconds) / most:
                out.append(at)
        start += seconds
    if load.burst:
        every, size = load.burst
        for number in range(1, int(start // every)):
            out += [number * every + chance.uniform(0, 0.2) for _ in range(size)]
    return sorted(out)


def create(engine, name, load):
    client = engine.client("lambda")
    engine.create(name, CODE, MemorySize=MEMORY, Timeout=20, Publish=True)
    wait_for(lambda: client.get_function_configuration(FunctionName=name)["State"] == "Active", what="Active")
    if load.weight:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {"SLOWER": "4"}})
        wait_for(lambda: client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful", what="the update")
        client.publish_version(FunctionName=name)
    if uses_alias(load):
        routing = {"RoutingConfig": {"AdditionalVersionWeights": {"2": load.weight}}} if load.weight else {}
        client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", **routing)
    if load.reserved is not None:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=load.reserved)
    if load.provisioned:
        client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=load.provisioned)
        wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")["Status"] == "READY", what="READY")


def uses_alias(load):
    return load.alias or load.provisioned


def resource(name):
    return {"ServiceNamespace": "lambda", "ResourceId": f"function:{name}:live", "ScalableDimension": "lambda:function:ProvisionedConcurrency"}


def documents(name, load, start):
    """Targets, policies, actions and alarms, in the words of the APIs."""
    targets, policies, actions, alarms = [], [], [], []
    if load.target:
        targets.append({**resource(name), "MinCapacity": load.target[0], "MaxCapacity": load.target[1]})
    if load.tracking:
        policies.append({**resource(name), "PolicyName": "keep", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": load.tracking, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}})
    if load.step:
        policies.append({**resource(name), "PolicyName": "more", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity", "Cooldown": 120, "MetricAggregationType": "Maximum",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": load.step}]}})
        alarms.append({"AlarmName": f"{name}-spills", "Namespace": "AWS/Lambda", "MetricName": "ProvisionedConcurrencySpilloverInvocations", "Statistic": "Sum",
                       "Period": 60, "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
                       "Dimensions": [{"Name": "FunctionName", "Value": name}, {"Name": "Resource", "Value": f"{name}:live"}]})
    for number, (minute, units) in enumerate(load.schedule):
        at = start + datetime.timedelta(minutes=minute)
        actions.append({**resource(name), "ScheduledActionName": f"at-{number}", "Schedule": f"at({at:%Y-%m-%dT%H:%M:%S})",
                        "ScalableTargetAction": {"MinCapacity": units, "MaxCapacity": units}})
    return targets, policies, actions, alarms


def put_control(engine, control):
    targets, policies, actions, alarms = control
    scaling, cloudwatch = engine.client("application-autoscaling"), engine.client("cloudwatch")
    for target in targets:
        scaling.register_scalable_target(**target)
    for policy in policies:
        policy["PolicyARN"] = scaling.put_scaling_policy(**policy)["PolicyARN"]
    for action in actions:
        scaling.put_scheduled_action(**action)
    for alarm in alarms:
        alarm["AlarmActions"] = [policy["PolicyARN"] for policy in policies]
        cloudwatch.put_metric_alarm(**alarm)


class Provisioned(threading.Thread):
    """What is provisioned, twenty times a second."""

    def __init__(self, engine, name):
        super().__init__(daemon=True)
        self.client, self.name, self.samples, self.done = engine.client("lambda"), name, [], threading.Event()

    def run(self):
        while not self.done.is_set():
            configs = self.client.list_provisioned_concurrency_configs(FunctionName=self.name)["ProvisionedConcurrencyConfigs"]
            self.samples.append((time.monotonic(), sum(one["RequestedProvisionedConcurrentExecutions"] for one in configs)))
            self.done.wait(0.05)

    def mean(self, start, end):
        """Each value holds until the next sample."""
        area = 0.0
        for (at, value), (until, _) in zip(self.samples, self.samples[1:] + [(end, 0)]):
            area += value * max(0.0, min(until, end) - max(at, start))
        return area / (end - start)


def metric_now(engine):
    return datetime.datetime.fromtimestamp(json.loads(engine.http("GET", "/_kiln/status")[2])["metricTime"], datetime.timezone.utc)


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def reports(engine, name):
    """Of each invocation: when, duration, init, billed (in ms), stream, request id."""
    out = []
    pages = engine.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}", filterPattern='"REPORT RequestId"')
    for page in pages:
        for event in page["events"]:
            fields = dict(part.split(": ", 1) for part in event["message"].strip().split("\t") if ": " in part)
            number = lambda key: float(fields[key].split()[0])  # noqa: E731
            out.append((event["timestamp"], number("Duration"), number("Init Duration") if "Init Duration" in fields else None, number("Billed Duration"),
                        event["logStreamName"], fields["REPORT RequestId"]))
    return out


def failed_share(lines):
    """The load draws which events fail, and these fail at every try: of all request ids, those that were tried again."""
    tries = collections.Counter(line[5] for line in lines)
    return sum(count > 1 for count in tries.values()) / max(1, len(tries))


def run(engine, name, load, folder):
    """Runs a workload; the figures of the engine, and what the simulation needs to know."""
    create(engine, name, load)
    # At the beginning of a metric minute.
    wait_for(lambda: metric_now(engine).second < 15, what="the beginning of a minute")
    start = metric_now(engine)
    control = documents(name, load, start.replace(second=0))
    put_control(engine, control)
    provisioned = Provisioned(engine, name)
    provisioned.start()
    payloads, replay, saved = folder / f"{name}.json", folder / f"{name}-replay.csv", folder / f"{name}.csv"
    replay.write_text("time\n" + "".join(f"{at:.6f}\n" for at in times_of(load)))
    payloads.write_text(json.dumps([{"payload": {"ms": load.ms}, "weight": round(100 * (1 - load.fail_share))},
                                    *([{"payload": {"ms": load.ms, "fail": True}, "weight": round(100 * load.fail_share)}] if load.fail_share else [])]))
    began = time.monotonic()
    engine.cli("load", f"{name}:live" if uses_alias(load) else name, "--replay", str(replay), "--payloads", str(payloads), "--save", str(saved),
               *(["--event"] if load.event else []))
    rest = began + seconds_of(load) + load.drain - time.monotonic()
    time.sleep(max(0.0, rest))
    ended = time.monotonic()
    provisioned.done.set()
    provisioned.join()
    lines = reports(engine, name)
    cloudwatch = engine.client("cloudwatch")
    total = lambda metric: sum(point["Sum"] for point in cloudwatch.get_metric_statistics(  # noqa: E731
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}], Period=3600, Statistics=["Sum"],
        StartTime=start - datetime.timedelta(hours=2), EndTime=start + datetime.timedelta(hours=6))["Datapoints"])
    spilled = total("ProvisionedConcurrencySpilloverInvocations")
    on_provisioned = (len(lines) - spilled) / max(1, len(lines)) if load.provisioned else 0.0
    billed = sum(line[3] for line in lines) / 1000 * MEMORY / 1024
    mean = provisioned.mean(began, ended)
    cost = (billed * ((1 - on_provisioned) * GB_SECOND + on_provisioned * PROVISIONED_SECOND) + len(lines) * REQUEST
            + mean * (ended - began) * SPEED * MEMORY / 1024 * PROVISIONED_GB)
    figures = {"cold starts": sum(line[2] is not None for line in lines), "throttles": total("Throttles"),
               "p95 ms": percentile([line[1] + (line[2] or 0) for line in lines], 0.95), "provisioned": mean, "cost USD": cost, "invocations": len(lines)}
    return figures, (start, control, saved, lines, ended - began, failed_share(lines))


def scenario(name, load, seen):
    start, (targets, policies, actions, alarms), saved, lines, took, failed = seen
    warm = [line[1] for line in lines if line[2] is None] or [load.ms]
    inits = [line[2] for line in lines if line[2] is not None] or [400]
    function = {"name": name, "memory": MEMORY, "timeout": 20, "versions": {"1": {}}, "aliases": {"live": "1"}, "init": inits, "duration": warm}
    if load.weight:
        of = lambda version: [line[1] for line in lines if f"[{version}]" in line[4]] or [load.ms]  # noqa: E731
        function["versions"] = {"1": {"duration": of("1")}, "2": {"duration": of("2")}}
        function["aliases"] = {"live": {"version": "1", "weights": {"2": load.weight}}}
    if load.reserved is not None:
        function["reserved"] = load.reserved
    if load.provisioned:
        function["provisioned"] = {"live": load.provisioned}
    qualifier = {"qualifier": "live"} if uses_alias(load) else {}
    times = [float(line.split(",", 1)[0]) for line in saved.read_text().splitlines()[1:]]
    # The load begins a second later: what is provisioned is there already.
    lead = 1.0
    traffic = {"times": [at + lead for at in times], **qualifier}
    if load.event:
        traffic.update({"async": True, "errors": failed, "errorsLast": True})
    function["traffic"] = traffic
    begin = start - datetime.timedelta(seconds=lead * SPEED)
    return {"start": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "length": took + lead, "warmUp": lead,
            "platform": {"like": "kiln", "speed": SPEED, "idleLifetime": IDLE_S}, "functions": [function], "scalableTargets": targets,
            "scalingPolicies": policies, "scheduledActions": actions, "alarms": alarms}


def simulate(engine, name, load, seen, folder, seeds=5):
    path = folder / f"{name}-scenario.json"
    path.write_text(json.dumps(scenario(name, load, seen)))
    answer = json.loads(engine.cli("simulate", "--scenario", str(path), "--seeds", str(seeds), "--json").stdout)
    mean = lambda figure: answer["figures"][figure]["mean"]  # noqa: E731
    took = seen[4]
    return {"cold starts": mean("coldStarts"), "throttles": mean("throttles"), "p95 ms": mean("p95Ms"), "provisioned": mean("provisioned"),
            # Of a month again what it was in this time. Alarms are billed by their number.
            "cost USD": (mean("monthlyCost") - answer["monthlyCost"].get("alarms", 0)) * took * SPEED / (730 * 3600), "invocations": mean("invocations")}


def differences(measured, simulated):
    """Relative to the measured value; where that is small, a tenth stands for a few: five cold starts, two throttles."""
    few = {"cold starts": 50, "throttles": 20, "p95 ms": 1, "provisioned": 1, "cost USD": 1e-9, "invocations": 1}
    return {figure: abs(simulated[figure] - measured[figure]) / max(measured[figure], few[figure]) for figure in measured}
