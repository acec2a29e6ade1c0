"""kiln simulate: settings and a traffic, and what the engine's rules make of them."""

import json
import math
import random

import pytest
from pages import check_page

STEADY = ("--rate", "10/s", "--duration", "exponential:1s", "--init", "0ms", "--timeout", "900", "--warm-up", "5m")


def simulate(kiln, *arguments):
    return json.loads(kiln.cli("simulate", "--json", *arguments).stdout)


def mean(document, figure):
    return document["figures"][figure]["mean"]


def erlang_b(load, servers):
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def write(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def test_a_reserve_blocks_as_erlang_says(kiln):
    answer = simulate(kiln, *STEADY, "--reserved", "10", "--for", "5h", "--seeds", "4")
    share = answer["figures"]["throttleShare"]
    assert share["mean"] == pytest.approx(erlang_b(10, 10), abs=3 * share["halfWidth"] + 0.001)
    assert answer["seeds"] == 4 and 0 < share["halfWidth"] < 0.01 and share["least"] < share["mean"] < share["most"]
    assert set(answer["throttlesByReason"]) == {"ReservedFunctionConcurrentInvocationLimitExceeded"}
    # Little's law: so many are at work, on average.
    assert mean(answer, "busy") == pytest.approx(10 * (1 - erlang_b(10, 10)), rel=0.03)


def test_a_sweep_without_a_goal_says_that_the_cheapest_throttles(kiln):
    command = ["simulate", "--rate", "20/s", "--duration", "1s", "--for", "1m", "--seeds", "1", "--sweep", "reserved=1..3"]
    note = "no goal is set, and the cheapest throttles; --throttled-below 0.1% sets one"
    assert note in kiln.cli(*command).stdout
    assert note not in kiln.cli(*command, "--throttled-below", "0.1%", check=False).stdout


def test_the_cheapest_reserve_that_keeps_a_goal(kiln):
    answer = simulate(kiln, *STEADY, "--for", "3h", "--seeds", "3", "--sweep", "reserved=12..22:2", "--throttled-below", "1%")
    assert [point["values"]["reserved"] for point in answer["points"]] == [12, 14, 16, 18, 20, 22]
    fewest = next(n for n in range(12, 23, 2) if erlang_b(10, n) <= 0.01)
    assert answer["best"] == {"reserved": fewest}
    for point in answer["points"]:
        share = point["figures"]["throttleShare"]
        assert share["mean"] == pytest.approx(erlang_b(10, int(point["values"]["reserved"])), abs=0.01)
    none = kiln.cli("simulate", *STEADY, "--for", "30m", "--sweep", "reserved=1,2", "--throttled-below", "1%", check=False)
    assert none.returncode == 1 and "no combination" in none.stdout


def test_what_provisioned_concurrency_costs(kiln):
    hours = 730
    answer = simulate(kiln, "--rate", "2/s", "--duration", "100ms", "--memory", "1024", "--provisioned", "4", "--for", f"{hours}h", "--seeds", "1",
                      "--platform", "kiln")
    requests = mean(answer, "requests")
    assert requests == pytest.approx(2 * 3600 * hours, rel=0.01)
    capacity = 4 * hours * 3600 * 0.0000041667
    duration = requests * 0.1 * 0.0000097222
    assert answer["monthlyCost"]["provisioned capacity"] == pytest.approx(capacity, rel=0.001)
    assert mean(answer, "monthlyCost") == pytest.approx(capacity + duration + requests * 0.2e-6, rel=0.01)
    assert mean(answer, "provisioned") == pytest.approx(4) and mean(answer, "coldShare") < 0.01


SHOP = {
    "start": "2026-01-05T00:00:00Z",
    "length": "2h",
    "platform": "kiln",
    "account": {"concurrency": 500},
    "functions": [
        {"name": "orders", "memory": 512, "timeout": 10, "reserved": 60, "versions": {"1": {}}, "aliases": {"live": "1"}, "provisioned": {"live": 5},
         "duration": "lognormal:80ms,p99=400ms", "init": 300, "errors": "2%",
         "traffic": [{"rate": "hourly:" + ",".join(["60/s"] + ["300/s"] * 23), "qualifier": "live"}, {"rate": "1/m", "async": True, "qualifier": "live"}]},
        {"name": "bills", "duration": {"quantiles": {"0": 100, "0.5": 200, "0.99": 900}}, "init": [250, 300, 350],
         "traffic": {"counts": [60, 0, 120], "step": "40m"}},
    ],
    "alarms": [{"AlarmName": "busy", "Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions", "Statistic": "Maximum", "Period": 60,
                "EvaluationPeriods": 3, "Threshold": 20, "ComparisonOperator": "GreaterThanThreshold", "Dimensions": [{"Name": "FunctionName", "Value": "orders"}]}],
    "scalableTargets": [{"ResourceId": "function:orders:live", "MinCapacity": 5, "MaxCapacity": 50}],
    "scalingPolicies": [{"PolicyName": "keep", "ResourceId": "function:orders:live", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 0.6, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}}],
    "scheduledActions": [{"ScheduledActionName": "later", "ResourceId": "function:orders:live", "Schedule": "at(2026-01-05T01:50:00)",
                          "ScalableTargetAction": {"MinCapacity": 45}}],
    "changes": [{"at": "1h55m", "function": "bills", "reserved": 0}],
}


def test_a_scenario_of_functions_alarms_scaling_and_changes(kiln, tmp_path):
    answer = simulate(kiln, "--scenario", write(tmp_path / "shop.json", SHOP), "--seeds", "2")
    orders, bills = answer["functions"]
    assert [orders["name"], bills["name"]] == ["orders", "bills"]
    assert mean(orders, "requests") == pytest.approx(3600 * 360 + 120, rel=0.01)
    # An event that fails is tried again, up to two times.
    assert mean(orders, "errors") / mean(orders, "invocations") == pytest.approx(0.02, rel=0.1)
    assert mean(bills, "requests") == 180 and mean(bills, "p50Ms") == pytest.approx(200, rel=0.2)
    slices = orders["slices"]
    assert answer["sliceSeconds"] == 60 and len(slices["requests"]) == 120 and sum(slices["requests"]) == pytest.approx(mean(orders, "requests"), rel=0.01)
    # The load grows fivefold after an hour: some 31 at work, and at most 0.6 of what is provisioned.
    assert max(slices["provisioned"][:60]) <= 20 and slices["provisioned"][109] >= 30
    assert slices["provisioned"][112] >= 45 and slices["reserved"][0] == 60
    (alarm, *_) = [one for one in answer["alarms"] if one["alarm"] == "busy" and one["to"] == "ALARM"]
    assert "2026-01-05T01:03" <= alarm["at"] <= "2026-01-05T01:06"
    assert any("monitor alarm" in one["cause"] for one in answer["scalingActivities"]) and any("later" in one["cause"] for one in answer["scalingActivities"])
    assert bills["slices"]["reserved"][110] is None and bills["slices"]["reserved"][119] == 0
    text = kiln.cli("simulate", "--scenario", str(tmp_path / "shop.json"), "--seeds", "1").stdout
    assert "busy: INSUFFICIENT_DATA to" in text or "busy: OK to ALARM" in text
    assert "all together" in text


def test_the_same_seed_says_the_same_with_any_threads(kiln):
    arguments = [*STEADY, "--for", "1h", "--seeds", "3", "--seed", "7"]
    first, second = (simulate(kiln, *arguments, "--threads", threads) for threads in ("1", "3"))
    assert first["figures"] == second["figures"]
    assert simulate(kiln, *arguments[:-1], "8")["figures"] != first["figures"]


def test_times_and_counts_of_a_file(kiln, tmp_path):
    random.seed(1)
    times = sorted(random.uniform(0, 600) for _ in range(3000))
    trace = write(tmp_path / "times.csv", "time,duration_ms\n" + "".join(f"{at:.6f},{random.expovariate(1 / 800):.3f}\n" for at in times))
    answer = simulate(kiln, "--replay", trace, "--reserved", "4", "--seeds", "4")
    assert mean(answer, "requests") == 3000 and answer["seconds"] == pytest.approx(times[-1], abs=1)
    assert mean(answer, "throttleShare") == pytest.approx(erlang_b(5 * 0.8, 4), abs=0.04)
    counts = write(tmp_path / "counts.csv", "minute,count\n0,600\n1,0\n3,60\n")
    done = kiln.cli("simulate", "--replay", counts, "--duration", "50ms", "--seeds", "1", "--json")
    answer = json.loads(done.stdout)
    assert mean(answer, "requests") == 660 and answer["functions"][0]["slices"]["requests"] == [600, 0, 0, 60]
    assert "1 steps of 60 s have no line" in " ".join(answer["notes"])


def test_traces_of_azure_and_access_logs(kiln, tmp_path):
    minutes = ",".join(str(minute) for minute in range(1, 1441))
    rows = "".join(f"o,a,f{i},http," + ",".join(str(i + 1) for _ in range(1440)) + "\n" for i in range(3))
    day = write(tmp_path / "day.csv", f"HashOwner,HashApp,HashFunction,Trigger,{minutes}\n" + rows)
    shares = (0, 1, 25, 50, 75, 99, 100)
    durations = write(tmp_path / "durations.csv", "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum," + ",".join(f"percentile_Average_{s}" for s in shares) + "\n"
                      + "".join(f"o,a,f{i},120,10,80,400,80,80,100,110,130,300,400\n" for i in range(3)))
    answer = simulate(kiln, "--replay", day, "--azure-durations", durations, "--seeds", "1")
    assert mean(answer, "requests") == 1440 * 6 and len(answer["functions"]) == 3
    assert answer["functions"][0]["figures"]["p50Ms"]["mean"] == pytest.approx(110, rel=0.1)
    few = simulate(kiln, "--replay", day, "--azure-durations", durations, "--seeds", "1", "--top", "1")
    assert mean(few, "requests") == 1440 * 3 and "3 functions are in the trace" in few["notes"][0]
    azure = write(tmp_path / "2021.csv", "app,func,end_timestamp,duration\n" + "".join(f"a,f,{i + 1},0.25\n" for i in range(100)))
    assert mean(simulate(kiln, "--replay", azure, "--seeds", "1"), "p50Ms") == pytest.approx(250, rel=0.01)
    log = write(tmp_path / "access.log", "".join(
        f'10.0.0.1 - - [05/Jan/2026:00:{i // 60:02d}:{i % 60:02d} +0000] "GET / HTTP/1.1" 200 12\n' for i in range(600)))
    answer = simulate(kiln, "--replay", log, "--duration", "100ms", "--seeds", "1")
    assert mean(answer, "requests") == 600 and answer["start"].startswith("2026-01-05T00:00")


def test_what_tune_measured_by_memory_size(kiln, tmp_path):
    sizes = write(tmp_path / "sizes.json", {"sizes": [
        {"power": memory, "p50": ms, "p95": ms, "p99": ms, "initMs": 100, "survives": True} for memory, ms in ((128, 800), (256, 400), (512, 390))]})
    answer = simulate(kiln, "--rate", "20/s", "--tune", sizes, "--memory", "128", "--for", "1h", "--seeds", "1", "--sweep", "memory=128,256,512")
    costs = [mean(point, "monthlyCost") for point in answer["points"]]
    assert costs[1] == pytest.approx(costs[0], rel=0.1) and costs[2] == pytest.approx(2 * costs[1], rel=0.1)
    assert mean(answer["points"][1], "p50Ms") == pytest.approx(400, rel=0.05)


@pytest.mark.alone
def test_a_function_of_the_engine_with_the_traffic_that_it_had(own_kiln, name):
    engine = own_kiln()
    engine.create(name, {"index.py": "import time\n\ndef handler(event, context):\n    time.sleep(0.05)\n"}, MemorySize=512, Timeout=5)
    engine.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    for _ in range(25):
        engine.invoke(name)
    answer = json.loads(engine.cli("simulate", name, "--json", "--seeds", "1", "--platform", "kiln").stdout)
    # They came one after the other; durations are drawn anew, so that a few may overlap.
    assert mean(answer, "requests") == 25 and 1 <= mean(answer, "coldStarts") <= 3 and mean(answer, "throttles") == 0
    assert 50 <= mean(answer, "p50Ms") < 200
    assert answer["functions"][0]["slices"]["reserved"][0] == 3
    # Other settings and other traffic, with the times that were seen.
    busy = json.loads(engine.cli("simulate", name, "--json", "--seeds", "1", "--reserved", "1", "--rate", "40/s", "--for", "10m").stdout)
    assert mean(busy, "requests") == pytest.approx(24_000, rel=0.05) and mean(busy, "throttleShare") > 0.5
    never = engine.cli("simulate", "nobody", check=False)
    assert never.returncode == 1 and "nobody" in never.stderr and "kiln list" in never.stderr
    engine.create_echo(name + "-idle")
    idle = engine.cli("simulate", name + "-idle", check=False)
    assert idle.returncode == 1 and "nothing called" in idle.stderr


@pytest.mark.alone
def test_the_pages(kiln, tmp_path, browser):
    page = tmp_path / "shop.html"
    kiln.cli("simulate", "--scenario", write(tmp_path / "shop.json", SHOP), "--seeds", "2", "--html", str(page))
    assert "<h1>" in page.read_text() and "Alarms and scaling" in page.read_text()
    check_page(browser, page, charts=4)
    sweep = tmp_path / "sweep.html"
    kiln.cli("simulate", *STEADY, "--for", "20m", "--provisioned", "5", "--sweep", "reserved=10..20", "provisioned=0,5", "--html", str(sweep))
    check_page(browser, sweep, charts=4)


@pytest.mark.parametrize("content, why", [
    ("time\n1\n0.5\n", "line 3: the time 0.5 is before the one above"),
    ("time\n-1\n", "line 2: the time -1 is negative"),
    ("time\nsoon\n", "'soon' is no time"),
    ("time\n1e300\n", "too far away"),
    ("minute,count\n0,5\n0,6\n", "not after the one above"),
    ("minute,count\n0,-5\n", "'-5' is no count"),
    ("what,else\n1,2\n", "header of no known trace"),
    ("", "empty"),
    ("time,duration_ms\n1,-3\n", "'-3' is no duration"),
    ("time\n", "no request"),
])
def test_traces_that_are_none(kiln, tmp_path, content, why):
    done = kiln.cli("simulate", "--replay", write(tmp_path / "trace.csv", content), "--duration", "1ms", check=False)
    assert done.returncode == 2 and why in done.stderr and "trace.csv" in done.stderr, done.stderr


def test_a_trace_of_a_gigabyte_that_is_none(kiln, tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write(b"time\n1\n2\n")
        file.truncate(1 << 30)
    done = kiln.cli("simulate", "--replay", str(path), "--duration", "1ms", check=False)
    assert done.returncode == 2 and "line 4" in done.stderr and "large.csv" in done.stderr


def changed(**members):
    return {**SHOP, **members}


def function(**members):
    return {"length": "1m", "functions": [{"name": "f", "duration": 5, "traffic": "1/s", **members}]}


@pytest.mark.parametrize("scenario, why", [
    ("{", "line 1"),
    ([], "must be an object, not array"),
    (changed(function=[]), "there is no 'function' here; known are account"),
    (function(memmory=128), "functions[0]: there is no 'memmory' here"),
    (function(memory=64), "functions[0].memory: must be a number from 128 to 10240"),
    (function(timeout="never"), "functions[0].timeout"),
    (function(duration="fast"), "functions[0].duration"),
    (function(errors="200%"), "functions[0].errors"),
    (function(traffic="often"), "functions[0].traffic: 'often' is not traffic"),
    (function(traffic={"trace": "nowhere.csv"}), "nowhere.csv"),
    (function(traffic={"times": [2, 1]}), "functions[0].traffic.times[1]: is before the one above"),
    (function(traffic={"rate": "1/s", "qualifier": "live"}), "f has no version or alias 'live'"),
    (function(reserved=950), "the account has 1000, of which 100 stay unreserved"),
    (function(provisioned={"$LATEST": 3}), "$LATEST"),
    (function(aliases={"live": {"version": "1", "weights": {"2": 2}}}), "weights.2: must be a number from 0 to 1"),
    ({"functions": [{"name": "f", "duration": 5, "traffic": "1/s"}]}, "say how long to simulate"),
    ({"length": "1m", "functions": []}, "there is no function to simulate"),
    (changed(alarms=[{"AlarmName": "a"}]), "alarms[0]: the alarm a has no ComparisonOperator"),
    (changed(alarms=[{**SHOP["alarms"][0], "MetricName": "Cost"}]), "the alarm busy watches AWS/Lambda Cost"),
    (changed(alarms=[{**SHOP["alarms"][0], "DatapointsToAlarm": 9}]), "not more DatapointsToAlarm"),
    (changed(scalableTargets=[{"ResourceId": "orders"}]), "must be function:NAME:ALIAS"),
    (changed(scheduledActions=[{**SHOP["scheduledActions"][0], "Schedule": "at(noon)"}]), "noon"),
    (changed(changes=[{"at": "1m", "function": "nobody", "reserved": 1}]), "nobody"),
    (changed(platform="azure"), 'platform: must be "aws", "kiln", or an object'),
])
def test_scenarios_that_cannot_be(kiln, tmp_path, scenario, why):
    done = kiln.cli("simulate", "--scenario", write(tmp_path / "scenario.json", scenario), check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, why", [
    ([], "say what to simulate"),
    (["--rate", "5/s"], "how long does it take?"),
    (["--rate", "5", "--duration", "1ms"], "is not traffic"),
    (["--rate", "5/s", "--duration", "1"], "'1'"),
    (["--rate", "5/s", "--duration", "1ms", "--reserved", "many"], "--reserved is 'many'; it must be a whole number, or none"),
    (["--rate", "5/s", "--duration", "1ms", "--sweep", "cpu=1..2"], "'cpu=1..2' is no sweep"),
    (["--rate", "5/s", "--duration", "1ms", "--sweep", "target=0.5..0.9"], "has no target tracking; --max N and --target PART give it one"),
    (["--rate", "5/s", "--duration", "1ms", "--sweep", "reserved=0..900:1", "provisioned=0..100:1"], "10000 combinations"),
    (["--rate", "5/s", "--duration", "1ms", "--target", "0.7"], "--target and --max go together"),
    (["--rate", "5/s", "--duration", "1ms", "--for", "0s"], "--for must be above 0"),
    (["--rate", "5/s", "--duration", "1ms", "--for", "1m", "--warm-up", "2m"], "the warm-up must end"),
    (["--rate", "5/s", "--duration", "1ms", "--for", "30000d"], "20 years"),
    (["--rate", "5/s", "--duration", "1ms", "--platform", "azure"], "--platform is 'azure'; it must be aws or kiln"),
    (["--rate", "5/s", "--duration", "1ms", "--errors", "many"], "'many' is no share"),
    (["--rate", "5/s", "--duration", "1ms", "--prices", "/nowhere"], "can't read '/nowhere'"),
    (["--rate", "5/s", "--duration", "1ms", "--seeds", "0"], "--seeds"),
    (["--scenario", "/nowhere"], "can't read '/nowhere'"),
    (["--replay", "/nowhere"], "can't read '/nowhere'"),
    (["--rate", "5/s", "--tune", "/etc/hostname"], "no sizes that survived"),
    (["--rate", "5/s", "--reports", "/etc/hostname"], "no REPORT line"),
    (["f", "--scenario", "x"], "not both"),
    (["--rate", "5/s", "--duration", "1ms", "--region", "xx-west-9"], "no prices of the Region 'xx-west-9'"),
])
def test_wrong_arguments(kiln, arguments, why):
    done = kiln.cli("simulate", *arguments, check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr


def test_a_year_of_a_busy_function_takes_minutes(kiln):
    """A day of it in a second or so; a whole year is bench/micro's."""
    answer = simulate(kiln, "--rate", "daily:5/s..95/s@14:00", "--duration", "lognormal:80ms,p99=400ms", "--init", "300ms", "--provisioned", "8",
                      "--for", "7d", "--seeds", "1")
    assert mean(answer, "requests") == pytest.approx(50 * 7 * 86_400, rel=0.02)
    assert answer["simulatedInSeconds"] < 120
    assert not math.isnan(mean(answer, "p99Ms"))
