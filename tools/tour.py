"""A minute of mixed load on the two stacks, then what it did: the second half of ./run.

Expects both stacks deployed on the Kiln at --endpoint, and concurrency_controller as a function of its own. Prints per
function what CloudWatch, Application Auto Scaling and concurrency_controller say. Exits 1 when an invocation fails in
a way that the load does not ask for.
"""
import argparse
import collections
import datetime
import http.client
import json
import re
import subprocess
import sys
import textwrap
import threading
import time
import urllib.parse

import boto3
from botocore.config import Config

DAY = 86_400
USER = {"name": "Ada", "email": "ada@example.com", "phone": "+15551234567"}
ORDER = {"user_id": "u1", "items": [{"sku": "a", "quantity": 2, "price": 1.25}], "amount": 2.5, "name": "ada", "email": "Ada@Example.com"}


def validate(number):
    return {"action": "validate_user", "data": {**USER, "name": f"Ada {number}"}}


def pay(number):
    return {"request_id": f"tour-{time.time_ns()}", "user_id": "u1", "amount": 2.5}


def store(number):
    return {"request_id": f"tour-{time.time_ns()}", "order": ORDER}


def batch(number):
    return {"Records": [{"messageId": f"m{number}-{i}", "body": json.dumps(ORDER)} for i in range(50)]}


# One kind of caller: so many connections, each so many calls a second, in this part of the
# minute.
Load = collections.namedtuple("Load", "title output qualifier event connections rate begins ends")
LOADS = (
    Load("optimized_cold_start:PROD, steady", "FunctionName", "PROD", validate, 2, 20, 0.0, 1.0),
    Load("optimized_cold_start:PROD, rush", "FunctionName", "PROD", validate, 12, 30, 0.25, 0.75),
    Load("critical_handler", "CriticalFunctionName", None, pay, 2, 20, 0.0, 1.0),
    Load("standard_handler, steady", "StandardFunctionName", None, store, 2, 10, 0.0, 1.0),
    Load("standard_handler, rush", "StandardFunctionName", None, store, 32, 8, 0.35, 0.7),
    Load("batch_handler", "BatchFunctionName", None, batch, 1, 2, 0.0, 1.0),
)


class Failure(Exception):
    """What went wrong, for the user."""


class Tour:
    def __init__(self, kiln, endpoint, seconds):
        self.kiln, self.endpoint, self.seconds = kiln, endpoint, seconds
        self.url = urllib.parse.urlsplit(endpoint)
        self.outputs = {}
        for stack in json.loads(self.command("stacks", "--json")):
            self.outputs.update(stack["outputs"])
        self.lock = threading.Lock()
        self.answers = collections.defaultdict(collections.Counter)
        self.failures = []

    def command(self, *arguments):
        done = subprocess.run([self.kiln, *arguments, "--endpoint", self.endpoint], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return done.stdout

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x",
                            config=Config(retries={"total_max_attempts": 1}))

    # The load.

    def call_until_end(self, load, started):
        end = started + load.ends * self.seconds
        path = f"/2015-03-31/functions/{self.outputs[load.output]}/invocations"
        if load.qualifier:
            path += f"?Qualifier={load.qualifier}"
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        time.sleep(max(0.0, started + load.begins * self.seconds - time.monotonic()))
        number, due = 0, time.monotonic()
        while time.monotonic() < end:
            connection.request("POST", path, json.dumps(load.event(number)), {"Content-Type": "application/json"})
            response = connection.getresponse()
            body = response.read().decode()
            kind = "throttled" if response.status == 429 else "ok" if response.status == 200 else "failed"
            if kind == "ok" and (response.getheader("X-Amz-Function-Error") or json.loads(body).get("statusCode", 200) >= 500):
                kind = "failed"
            with self.lock:
                self.answers[load.title][kind] += 1
                if kind == "failed":
                    self.failures.append(f"{load.title}: {response.status} {body[:200]}")
            number += 1
            if load.rate:
                due += 1 / load.rate
                time.sleep(max(0.0, due - time.monotonic()))

    def run_load(self, loads=LOADS):
        started = time.monotonic()
        callers = [threading.Thread(target=self.call_until_end, args=(load, started), daemon=True)
                   for load in loads for _ in range(load.connections)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        if self.failures:
            raise Failure(f"{len(self.failures)} invocations failed; the first: {self.failures[0]}")

    # The report.

    def statistic(self, cloudwatch, metric, statistic, **dimensions):
        """Over the whole run; None without data. A run over midnight counts the fuller day."""
        now = datetime.datetime.now(datetime.timezone.utc)
        percentile = statistic.startswith("p")
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Period=DAY, StartTime=now - datetime.timedelta(days=1), EndTime=now + datetime.timedelta(days=2),
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            **({"ExtendedStatistics": [statistic]} if percentile else {"Statistics": [statistic, "SampleCount"]}))["Datapoints"]
        if not points:
            return None
        if statistic == "Sum":
            return sum(point["Sum"] for point in points)
        newest = max(points, key=lambda point: point["Timestamp"])
        return newest["ExtendedStatistics"][statistic] if percentile else max(point[statistic] for point in points)

    def report_functions(self, status):
        cloudwatch = self.client("cloudwatch")
        rows = []
        for function in status["functions"]:
            name = function["name"]
            if name not in self.outputs.values():
                continue
            alias = f"{name}:PROD" if name == self.outputs["FunctionName"] else None
            used = alias and self.statistic(cloudwatch, "ProvisionedConcurrencyUtilization", "Maximum", FunctionName=name, Resource=alias)
            spilled = alias and self.statistic(cloudwatch, "ProvisionedConcurrencySpilloverInvocations", "Sum", FunctionName=name, Resource=alias)
            provisioned = f"{function['provisionedReady']}" if alias else "-"
            rows.append([name, function["invocations"], function["coldStarts"],
                         *(f"{self.statistic(cloudwatch, 'Duration', p, FunctionName=name) or 0:.2f}" for p in ("p50", "p99")),
                         function["throttles"], provisioned, "-" if used is None else f"{used:.0%}", "-" if spilled is None else f"{spilled:.0f}"])
        heading("Functions")
        print_table(["FUNCTION", "INVOKED", "COLD", "P50 MS", "P99 MS", "THROTTLED", "PROVISIONED", "USED", "SPILLED"], rows)
        print("COLD: cold starts; USED: the most of PROVISIONED in a minute; SPILLED: beyond it")

    def report_alarms(self):
        rows = []
        for item in self.client("cloudwatch").describe_alarm_history(HistoryItemType="StateUpdate", ScanBy="TimestampAscending", MaxRecords=100)["AlarmHistoryItems"]:
            data = json.loads(item["HistoryData"])
            state = data["newState"]["stateValue"]
            if state == "ALARM" or data["oldState"]["stateValue"] == "ALARM":
                rows.append([clock(item["Timestamp"]), state, item["AlarmName"]])
        heading("Alarms that fired (by the virtual clock)")
        print_table(["TIME", "STATE", "ALARM"], rows) if rows else print("none")

    def report_scaling(self):
        activities = self.client("application-autoscaling").describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"]
        heading("Scaling activities (by the virtual clock)")
        rows = [[clock(one["StartTime"]), one["StatusCode"], one["Description"].rstrip(".").replace("Setting desired concurrency ", ""),
                 one["Cause"].split(" in state")[0].replace("monitor alarm ", "")]
                for one in reversed(activities)]
        print_table(["TIME", "STATUS", "PROVISION", "ALARM"], rows) if rows else print("none")

    def report_advice(self, status):
        heading("What concurrency_controller advises")
        client = self.client("lambda")
        for output in ("FunctionName", "CriticalFunctionName", "StandardFunctionName", "BatchFunctionName"):
            name = self.outputs[output]
            answer = client.invoke(FunctionName="concurrency_controller",
                                   Payload=json.dumps({"action": "optimize_concurrency", "function_name": name,
                                                       "period_minutes": 30, "end_time": status["metricTime"]}))
            document = json.loads(answer["Payload"].read())
            body = json.loads(document["body"])
            if document["statusCode"] != 200:
                raise Failure(f"concurrency_controller: {body}")
            print(f"{short(name)}: {body['analysis']['performance_status']}")
            for line in body["optimization"]["recommendations"]:
                print(f"  {line['action']}: {line['current']} -> {line['suggested']}, {line['reason']}")

    def report_tuning(self):
        heading("Which memory size? (kiln tune, a copy of concurrency_controller)")
        print(self.command("tune", "concurrency_controller", "--payload", json.dumps({"action": "health_check"}),
                           "--sizes", "128,256,512,1024", "--num", "20", "--apply").rstrip())

    def report_cost(self):
        heading(f"What {self.seconds:.0f} seconds like these would cost a month (kiln cost)")
        bill = json.loads(self.command("cost", "--json", "--window", f"{max(self.seconds, 1):.0f}s"))
        items = collections.defaultdict(lambda: collections.defaultdict(float))
        for region in bill["regions"]:
            for line in region["lines"]:
                items[line["function"]][line["item"]] += line["cost"] or 0
        names = sorted({item for lines in items.values() for item in lines})
        print_table(["FUNCTION", *names, "TOTAL"],
                    [[function, *(f"{lines[item]:.2f}" if item in lines else "-" for item in names), f"{sum(lines.values()):.2f}"]
                     for function, lines in items.items()])
        print(f"USD {bill['total']:,.2f} a month on AWS, without the free tier")

    def report_applied_advice(self):
        """The first advice that changes throttles or cold starts is set, and the same callers call again."""
        heading("One advice, applied and verified (kiln advise)")
        for output in ("StandardFunctionName", "FunctionName", "CriticalFunctionName", "BatchFunctionName"):
            name = self.outputs[output]
            (function,) = json.loads(self.command("advise", name, "--json"))["functions"]
            useful = [advice for advice in function["advice"] if advice["kind"] == "reserved" and advice["simulated"]]
            if useful:
                return self.verify_advice(name, output, useful[0])
        print("no function throttles more than one in a thousand: nothing to change")

    def verify_advice(self, name, output, advice):
        before, then = (advice[when]["throttleShare"]["mean"] for when in ("now", "then"))
        for sentence in f"{short(name)}: {advice['title']}. {advice['reason']}", f"  {advice['confidence']} confidence ({advice['confidenceReason']})":
            print(textwrap.fill(sentence, 80, subsequent_indent="  "))
        self.command("advise", name, "--apply", "--only", advice["kind"])
        loads = [load for load in LOADS if load.output == output]
        seconds, self.seconds = self.seconds, max(4.0, self.seconds / 3)
        with self.lock:
            for load in loads:
                self.answers.pop(load.title, None)
        self.run_load(loads)
        self.seconds = seconds
        counts = [self.answers[load.title] for load in loads]
        throttled, ran = sum(kinds["throttled"] for kinds in counts), sum(kinds["ok"] for kinds in counts)
        measured = throttled / max(1, throttled + ran)
        print(f"  throttled: {before:.1%} before, {then:.1%} predicted, {measured:.1%} measured with it")
        if before > 0.01 and measured >= before:
            raise Failure(f"{name} is throttled as much as before the advice: {measured:.1%}")

    def report_load(self):
        heading("Load")
        rows = [[title, kinds["ok"], kinds["throttled"]] for title, kinds in self.answers.items()]
        print_table(["CALLERS", "OK", "THROTTLED"], rows)

    def report(self):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        connection.request("GET", "/_kiln/status")
        status = json.loads(connection.getresponse().read())
        self.report_load()
        self.report_functions(status)
        self.report_alarms()
        self.report_scaling()
        self.report_advice(status)
        self.report_cost()
        self.report_tuning()
        self.report_applied_advice()


def clock(when):
    return when.astimezone(datetime.timezone.utc).strftime("%H:%M:%S")


def heading(text):
    print(f"\n== {text}")


def short(name):
    """The logical id in a name that CloudFormation made up, and a target tracking's alarm without its UUID: so that a table
    fits into 80 columns."""
    name = re.sub(r"\w+Stack-(\w+?)(?:Function)?[0-9A-F]{8}-[0-9A-Z]{12,13}", r"\1", name)
    return re.sub(r"^TargetTracking-function:(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", r"\1", name)


def print_table(titles, rows):
    cells = [[short(str(cell)) for cell in row] for row in [titles, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kiln", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--seconds", type=float, default=60, help="of load")
    arguments = parser.parse_args()
    try:
        tour = Tour(arguments.kiln, arguments.endpoint, arguments.seconds)
        tour.run_load()
        tour.report()
    except (Failure, OSError, http.client.HTTPException) as error:
        print(f"tour: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
