"""kiln cost: what ran, a template under a traffic, and the change of one."""

import json
import re

import pytest
from harness import wait_for
from pages import check_page

GB_SECOND, REQUEST = 0.0000166667, 0.20 / 1e6
LINE = "2026-01-21T11:{minute:02d}:00.000000+00:00 2026/01/21/[$LATEST]8a REPORT RequestId: {id}\tDuration: {ms:.2f} ms\tBilled Duration: {billed} ms\tMemory Size: {memory} MB\tMax Memory Used: 36 MB\t{rest}\n"

TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: "x"}
      Handler: index.handler
      Runtime: python3.12
      Role: !GetAtt Role.Arn
      MemorySize: %(memory)s
      Architectures: [%(architecture)s]
      EphemeralStorage: {Size: 1536}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: AWS/Lambda, MetricName: Errors, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: GreaterThanThreshold, Dimensions: [{Name: FunctionName, Value: !Ref Orders}]}
"""
TRAFFIC = {"functions": {"Orders": {"invocationsPerMonth": 10_000_000, "durationMs": {"512": 100, "1024": 60}}}}


def write_lines(folder):
    path = folder / "lines"
    path.write_text("something else\n"
                    + LINE.format(minute=0, id="a", ms=99.5, billed=300, memory=1024, rest="Init Duration: 200.00 ms\t")
                    + LINE.format(minute=30, id="b", ms=699.5, billed=700, memory=1024, rest=""))
    return str(path)


def cost(kiln, *arguments):
    return json.loads(kiln.cli("cost", "--json", *arguments).stdout)


def item(bill, name, function=None):
    (region,) = bill["regions"]
    (line,) = [one for one in region["lines"] if one["item"] == name and function in (None, one["function"])]
    return line


def test_exported_lines_as_they_ran_and_for_a_month(kiln, tmp_path):
    lines = write_lines(tmp_path)
    bill = cost(kiln, "--lines", lines, "--function", "orders", "--as-is")
    assert item(bill, "requests")["amount"] == 2 and item(bill, "duration")["amount"] == pytest.approx(1.0)  # Init is billed
    assert bill["total"] == pytest.approx(GB_SECOND + 2 * REQUEST)
    assert bill["functions"] == {"orders": pytest.approx(bill["total"])}
    # Half an hour lies between the two: 1,460 of them are a month.
    month = cost(kiln, "--lines", lines)
    assert month["total"] == pytest.approx(1460 * bill["total"])
    assert cost(kiln, "--lines", lines, "--window", "1h")["total"] == pytest.approx(730 * bill["total"])


def test_the_answer_of_filter_log_events(kiln, tmp_path):
    report = LINE.format(minute=0, id="a", ms=10, billed=10, memory=512, rest="").split("8a ")[1]
    path = tmp_path / "events.json"
    path.write_text(json.dumps({"events": [{"timestamp": 1769000000000, "message": report}, {"timestamp": 1769003600000, "message": report}]}))
    assert item(cost(kiln, "--lines", str(path)), "requests")["amount"] == pytest.approx(2 * 730)


def test_what_ran_in_an_engine_and_in_its_data_folder(own_kiln, name):
    engine = own_kiln()
    engine.create_echo(name, MemorySize=1024, EphemeralStorage={"Size": 1536}, Architectures=["x86_64"])
    for _ in range(20):
        engine.invoke(name)
    billed = sum(int(re.search(r"Billed Duration: (\d+)", event["message"])[1])
                 for event in engine.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT")["events"])
    bill = cost(engine, "--as-is")
    assert item(bill, "requests", name)["amount"] == 20
    assert item(bill, "duration", name)["amount"] == pytest.approx(billed / 1000)
    assert item(bill, "ephemeralStorage", name)["amount"] == pytest.approx(billed / 1000)  # 1,024 MB beyond the free 512
    files = cost(engine, "--as-is", "--data-dir", str(engine.data_dir))
    assert item(files, "duration", name)["amount"] == pytest.approx(billed / 1000)
    assert item(files, "logIngestion", name)["amount"] > 0


def test_provisioned_concurrency_and_alarms_of_an_engine(own_kiln, name):
    engine = own_kiln()
    client = engine.client("lambda")
    engine.create_echo(name, MemorySize=512, Publish=True)
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=4)
    wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")["Status"] == "READY", what="READY")
    engine.client("cloudwatch").put_metric_alarm(AlarmName="a", Namespace="AWS/Lambda", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    engine.invoke(name, Qualifier="1")
    bill = cost(engine, "--window", "1h")
    assert item(bill, "provisionedCapacity", name)["amount"] == pytest.approx(4 * 0.5 * 730 * 3600)
    assert item(bill, "alarms")["cost"] == pytest.approx(0.10)


def templates(folder, **changed):
    (folder / "traffic.json").write_text(json.dumps(TRAFFIC))
    paths = []
    for title, values in (("old", {}), ("new", changed)):
        path = folder / f"{title}.yaml"
        path.write_text(TEMPLATE % {"memory": 512, "architecture": "x86_64", **values})
        paths.append(str(path))
    return paths, str(folder / "traffic.json")


def month_of(memory, ms, price=GB_SECOND):
    return 1e7 * (memory / 1024 * ms / 1000 * price + REQUEST + ms / 1000 * 0.0000000309) + 0.10  # 1 GB of /tmp beyond; an alarm


def test_a_template_under_a_traffic(kiln, tmp_path):
    (old, _), traffic = templates(tmp_path)
    bill = cost(kiln, old, "--traffic", traffic)
    assert bill["total"] == pytest.approx(month_of(512, 100))
    assert bill["functions"]["(alarms)"] == pytest.approx(0.10)
    free = cost(kiln, old, "--traffic", traffic, "--free-tier")
    assert free["total"] == pytest.approx(month_of(512, 100) - 400_000 * GB_SECOND - 1e6 * REQUEST - 0.10)


def test_the_change_of_a_template_and_its_limit(kiln, tmp_path):
    paths, traffic = templates(tmp_path, memory=1024)
    before, after = month_of(512, 100), month_of(1024, 60)
    change = cost(kiln, "--diff", *paths, "--traffic", traffic)
    assert change["before"] == pytest.approx(before) and change["after"] == pytest.approx(after)
    assert change["functions"][0]["function"] == "Orders" and change["change"] == pytest.approx(after - before)
    more = after - before
    for limit, code in ((f"{more + 0.01:.2f}", 0), (f"{more - 0.01:.2f}", 1), ("100%", 0), ("1%", 1), ("0", 1)):
        done = kiln.cli("cost", "--diff", *paths, "--traffic", traffic, "--limit", limit, check=False)
        assert done.returncode == code, (limit, done.stdout, done.stderr)
        assert code == 0 or "above the limit" in done.stderr
    back = kiln.cli("cost", "--diff", *reversed(paths), "--traffic", traffic, "--limit", "0", check=False)
    assert back.returncode == 0, "cheaper is never above a limit"


def test_arm_is_a_fifth_cheaper(kiln, tmp_path):
    paths, traffic = templates(tmp_path, architecture="arm64")
    change = cost(kiln, "--diff", *paths, "--traffic", traffic)
    assert change["after"] == pytest.approx(month_of(512, 100, price=0.0000133334))


def test_a_duration_that_the_traffic_lacks(kiln, tmp_path):
    paths, traffic = templates(tmp_path, memory=256)
    done = kiln.cli("cost", "--diff", *paths, "--traffic", traffic, check=False)
    assert done.returncode == 2 and "no duration of 'Orders' for 256 MB" in done.stderr


def test_prices_of_a_file_and_of_other_regions(kiln, tmp_path):
    lines = write_lines(tmp_path)
    shown = json.loads(kiln.cli("cost", "--show-prices").stdout)
    shown["x86_64"]["duration"] = 1.0
    own = tmp_path / "own.json"
    own.write_text(json.dumps(shown))
    assert cost(kiln, "--lines", lines, "--as-is", "--prices", str(own))["total"] == pytest.approx(1 + 2 * REQUEST)
    offer = tmp_path / "offer.json"
    offer.write_text(json.dumps({
        "offerCode": "AWSLambda", "publicationDate": "2026-11-01T00:00:00Z",
        "products": {"A": {"attributes": {"regionCode": "eu-west-1", "usagetype": "EU-Lambda-GB-Second"}}},
        "terms": {"OnDemand": {"A": {"T": {"priceDimensions": {"1": {"endRange": "Inf", "pricePerUnit": {"USD": "2.0"}}}}}}}}))
    bill = cost(kiln, "--lines", lines, "--as-is", "--region", "eu-west-1", "--prices", str(offer))
    assert bill["total"] == pytest.approx(2.0)
    assert bill["complete"] is False, "the file has no price of requests"
    text = kiln.cli("cost", "--lines", lines, "--as-is", "--region", "eu-west-1", "--prices", str(offer)).stdout
    assert "there is no price for: requests (x86_64) in eu-west-1" in text


def test_old_prices_and_unknown_regions_are_said(kiln, tmp_path):
    lines = write_lines(tmp_path)
    old = kiln.cli("cost", "--lines", lines, "--as-is", "--region", "eu-west-1")
    assert re.search(r"the prices of eu-west-1 are from \d{4}-\d\d-\d\d, \d+ days ago", old.stderr)
    unknown = kiln.cli("cost", "--lines", lines, "--as-is", "--region", "xx-west-9", check=False)
    assert unknown.returncode == 2 and "no prices of the Region 'xx-west-9'" in unknown.stderr


@pytest.mark.parametrize("arguments, why", [
    (["--prices", "/etc/hostname"], "prices"),
    (["--prices", "/nowhere"], "can't read '/nowhere'"),
    (["--lines", "/etc/hostname"], "no REPORT line"),
    (["--data-dir", "/etc"], "no data folder of Kiln"),
    (["--traffic", "x"], "--traffic goes with a template; write `kiln cost PATH --traffic x`"),
    (["--limit", "5"], "--limit goes with --diff"),
    (["/etc/hostname", "--traffic", "/etc/hostname"], "no JSON"),
    (["/etc/hostname"], "--traffic FILE"),
    (["/nowhere"], "there is no file or folder '/nowhere'"),
    (["--window", "7"], "not a duration"),
])
def test_wrong_arguments(kiln, tmp_path, arguments, why):
    if "--lines" not in arguments and "--data-dir" not in arguments and arguments[0] in ("--prices", "--window"):
        arguments = [*arguments, "--lines", write_lines(tmp_path)]
    done = kiln.cli("cost", *arguments, check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr


@pytest.mark.alone
def test_the_pages(kiln, tmp_path, browser):
    bill, change = tmp_path / "bill.html", tmp_path / "change.html"
    kiln.cli("cost", "--lines", write_lines(tmp_path), "--function", "orders", "--as-is", "--html", str(bill))
    text = bill.read_text()
    assert "<h1>What it costs</h1>" in text and "What ran: $0.00001707" in text and "orders" in text and "AWS Price List" in text
    check_page(browser, bill, charts=2)
    paths, traffic = templates(tmp_path, memory=1024)
    kiln.cli("cost", "--diff", *paths, "--traffic", traffic, "--html", str(change))
    text = change.read_text()
    assert "<h1>What the change costs</h1>" in text and f"${month_of(512, 100):.2f} before" in text and f"${month_of(1024, 60):.2f} after" in text
    check_page(browser, change, charts=1)
    unwritable = kiln.cli("cost", "--lines", write_lines(tmp_path), "--html", "/no/such/folder/x.html", check=False)
    assert unwritable.returncode == 2 and "can't write '/no/such/folder/x.html'" in unwritable.stderr


def test_functions_whose_lines_are_in_a_log_group_of_their_own(own_kiln, name):
    engine = own_kiln()
    runs = {"mine" + name: 2, "other" + name: 3, "plain" + name: 1}
    for each, times in runs.items():
        engine.create_echo(each)
        if not each.startswith("plain"):
            # Debian's boto3 is older than LoggingConfig: sent as it would be.
            engine.http("PUT", f"/2015-03-31/functions/{each}/configuration", json.dumps({"LoggingConfig": {"LogGroup": "/shared"}}))
            engine.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=each)
        for _ in range(times):
            engine.cli("invoke", each, "{}")
    bill = wait_for(lambda: (lambda got: got if len(got["functions"]) == 3 and item(got, "requests", "other" + name)["amount"] == 3 else None)(cost(engine, "--as-is")), what="all lines")
    files = cost(engine, "--as-is", "--data-dir", str(engine.data_dir))
    for seen in (bill, files):
        assert {each: item(seen, "requests", each)["amount"] for each in runs} == runs
    assert all(item(files, "logIngestion", each)["amount"] > 0 for each in runs)
    # Their durations are known, too: simulated and advised of as they ran.
    simulated = engine.cli("simulate", "other" + name)
    assert "no Init time" not in simulated.stdout + simulated.stderr
    assert "REPORT" not in json.loads(engine.cli("advise", "other" + name, "--json", check=False).stdout)["functions"][0].get("why", "")
