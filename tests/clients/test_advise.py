"""kiln advise: badly set functions are advised, the advice is applied, and what comes of it is measured."""

import json
import os
import re
import subprocess

import pytest
from harness import BINARY, wait_for
from pages import check_page
from signatures import KEY, SECRET, SignatureProxy

# Sleeps for as long as the event says; its Init phase takes a while.
CODE = {"index.py": "import time\ntime.sleep(0.15)\n\ndef handler(event, context):\n    time.sleep(event.get('ms', 100) / 1000)\n    return 1\n"}


def advise(kiln, target, *arguments):
    return json.loads(kiln.cli("advise", target, "--json", *arguments).stdout)


def load(kiln, target, rate, seconds, ms):
    done = kiln.cli("load", target, "--rate", rate, "--for", f"{seconds}s", "--payload", json.dumps({"ms": ms}), "--json", "--seed", "3")
    kinds = json.loads(done.stdout)["kinds"]
    return {kind: value["count"] for kind, value in kinds.items()}


def of_kind(document, kind):
    (function,) = document["functions"]
    found = [advice for advice in function["advice"] if advice["kind"] == kind]
    assert found, function["advice"] or function
    return found[0]


def share(counts, part):
    all_of_them = sum(counts.values())
    return sum(count for kind, count in counts.items() if kind.startswith(part)) / all_of_them


def create(kiln, name, **more):
    kiln.create(name, CODE, **{"MemorySize": 1024, "Timeout": 10, **more})


@pytest.mark.alone
def test_a_reserve_that_throttles_is_advised_applied_and_measured(own_kiln, name):
    engine = own_kiln(args=["--speed", "30"])
    create(engine, name)
    engine.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    before = load(engine, name, "40/s", 8, 100)  # four at work, on average
    advice = of_kind(advise(engine, name), "reserved")
    measured = share(before, "throttled")
    assert advice["now"]["throttleShare"]["mean"] == pytest.approx(measured, abs=0.1) and measured > 0.2
    assert advice["then"]["throttleShare"]["mean"] <= 0.001
    assert "concurrency_controller" in advice["simpleRules"]
    units = advice["setting"]["reserved"]
    assert advice["commands"] == [f"kiln aws --region us-east-1 lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions {units}"]
    assert advice["template"] == f"ReservedConcurrentExecutions: {units}\n" and not advice["applied"]
    assert engine.client("lambda").get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 2, "advice alone changes nothing"
    applied = of_kind(advise(engine, name, "--apply", "--only", "reserved"), "reserved")
    assert applied["applied"]
    assert engine.client("lambda").get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == applied["setting"]["reserved"]
    after = load(engine, name, "40/s", 8, 100)
    assert share(after, "throttled") == pytest.approx(applied["then"]["throttleShare"]["mean"], abs=0.1)


def test_idle_provisioned_concurrency_is_taken_away(own_kiln, name):
    engine = own_kiln(args=["--speed", "30"])
    create(engine, name, Publish=True)
    client = engine.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=20)
    wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")["Status"] == "READY", what="READY")
    load(engine, f"{name}:live", "5/s", 6, 50)
    document = advise(engine, name)
    assert document["functions"][0]["qualifier"] == "live"
    advice = of_kind(document, "provisioned")
    assert advice["setting"]["provisioned"] < 14 and advice["then"]["monthlyCost"]["mean"] < 0.7 * advice["now"]["monthlyCost"]["mean"]
    # Metric time has gone on since, so the second advice may differ from the first.
    applied = of_kind(advise(engine, name, "--apply", "--only", "provisioned"), "provisioned")
    assert applied["applied"] and applied["setting"]["provisioned"] < 14
    units = {one["FunctionArn"].rsplit(":", 1)[1]: one["RequestedProvisionedConcurrentExecutions"] for one in
             client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]}
    assert units.get("live", 0) == applied["setting"]["provisioned"]


@pytest.mark.alone
def test_cold_bursts_are_provisioned_for_and_measured(own_kiln, name):
    # Idle environments end after two seconds, so each burst starts cold.
    engine = own_kiln(args=["--speed", "30", "--idle-lifetime", "1m"])
    create(engine, name, Publish=True)
    client = engine.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    before = load(engine, f"{name}:live", "bursts:3 every 4s", 13, 300)
    advice = of_kind(advise(engine, name, "--apply", "--only", "provisioned"), "provisioned")
    assert advice["now"]["coldShare"]["mean"] == pytest.approx(share(before, "cold"), abs=0.15) and share(before, "cold") > 0.8
    assert advice["applied"] and advice["setting"]["qualifier"] == "live"
    wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")["Status"] == "READY", what="READY")
    after = load(engine, f"{name}:live", "bursts:3 every 4s", 9, 300)
    assert share(after, "cold") == pytest.approx(advice["then"]["coldShare"]["mean"], abs=0.1)


def test_a_timeout_that_ends_invocations_is_raised_with_a_new_version_for_the_alias(own_kiln, name):
    engine = own_kiln(args=["--speed", "30"])
    create(engine, name, Publish=True, Timeout=1)
    client = engine.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for ms in (300, 400, 500, 600, 700, 800, 900, 1500, 2500):
        engine.invoke(f"{name}:live", {"ms": ms})
    advice = of_kind(advise(engine, name), "timeout")
    assert advice["setting"]["timeout"] > 1 and "were ended after 1 s" in advice["reason"]
    seconds = of_kind(advise(engine, name, "--apply", "--only", "timeout"), "timeout")["setting"]["timeout"]
    live = client.get_function_configuration(FunctionName=name, Qualifier="live")
    assert live["Version"] == "2" and live["Timeout"] == seconds
    assert "FunctionError" not in engine.invoke(f"{name}:live", {"ms": 1500})


def test_memory_follows_the_sizes_that_it_ran_with(own_kiln, name):
    engine = own_kiln(args=["--speed", "30"])
    create(engine, name, MemorySize=2048)
    client = engine.client("lambda")
    # Long enough, and with CPU enough, that a busy machine makes neither size a tenth slower than the other.
    for memory in (1024, 2048):
        client.update_function_configuration(FunctionName=name, MemorySize=memory)
        wait_for(lambda: client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful", what="the update")
        for _ in range(26):
            engine.invoke(name, {"ms": 250})
    # It sleeps as long with half the memory.
    advice = of_kind(advise(engine, name), "memory")
    assert advice["setting"]["memory"] == 1024
    assert advice["then"]["monthlyCost"]["mean"] < 0.7 * advice["now"]["monthlyCost"]["mean"]
    optimizer = engine.client("compute-optimizer")
    (found,) = optimizer.get_lambda_function_recommendations()["lambdaFunctionRecommendations"]
    assert found["finding"] == "NotOptimized" and found["findingReasonCodes"] == ["MemoryOverprovisioned"]
    assert found["currentMemorySize"] == 2048 and found["numberOfInvocations"] == 52
    (option,) = found["memorySizeRecommendationOptions"]
    assert option["memorySize"] == 1024 and option["rank"] == 1
    saved = option["savingsOpportunity"]
    now, then = advice["now"]["monthlyCost"]["mean"], advice["then"]["monthlyCost"]["mean"]
    assert saved["savingsOpportunityPercentage"] == pytest.approx((now - then) / now * 100, abs=2)
    assert {metric["name"] for metric in found["utilizationMetrics"]} == {"Duration", "Memory"}
    advise(engine, name, "--apply", "--only", "memory")
    assert client.get_function_configuration(FunctionName=name)["MemorySize"] == 1024
    (found,) = optimizer.get_lambda_function_recommendations(functionArns=[found["functionArn"]])["lambdaFunctionRecommendations"]
    assert found["finding"] == "Optimized" and found["memorySizeRecommendationOptions"] == []
    filtered = optimizer.get_lambda_function_recommendations(filters=[{"name": "Finding", "values": ["NotOptimized"]}])
    assert filtered["lambdaFunctionRecommendations"] == []
    with pytest.raises(optimizer.exceptions.InvalidParameterValueException):
        optimizer.get_lambda_function_recommendations(filters=[{"name": "Colour", "values": ["red"]}])


def test_too_few_invocations_are_unavailable_for_the_optimizer(own_kiln, name):
    engine = own_kiln()
    engine.create_echo(name)
    optimizer = engine.client("compute-optimizer")
    (found,) = optimizer.get_lambda_function_recommendations()["lambdaFunctionRecommendations"]
    assert (found["finding"], found["findingReasonCodes"]) == ("Unavailable", ["InsufficientData"])
    for _ in range(50):
        engine.invoke(name)
    (found,) = optimizer.get_lambda_function_recommendations()["lambdaFunctionRecommendations"]
    assert (found["finding"], found["findingReasonCodes"]) == ("Unavailable", ["Inconclusive"])
    answer = json.loads(engine.aws("compute-optimizer", "get-lambda-function-recommendations", "--max-results", "1").stdout)
    assert len(answer["lambdaFunctionRecommendations"]) == 1


def test_recommendations_go_on_behind_a_function_that_is_gone(own_kiln):
    engine = own_kiln()
    optimizer, client = engine.client("compute-optimizer"), engine.client("lambda")
    for function in "abc":
        engine.create_echo(function)
    seen, token = [], {}
    while True:
        page = optimizer.get_lambda_function_recommendations(maxResults=1, **token)
        (found,) = page["lambdaFunctionRecommendations"]
        seen.append(found["functionArn"].split(":")[6])
        client.delete_function(FunctionName=seen[-1])
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == ["a", "b", "c"]
    with pytest.raises(optimizer.exceptions.InvalidParameterValueException):
        optimizer.get_lambda_function_recommendations(nextToken="1")


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: %(name)s-one, Runtime: python3.12, Handler: index.handler, InlineCode: "def handler(e, c):\\n    return 1", Timeout: 60}
  Two:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: %(name)s-two, Runtime: python3.12, Handler: index.handler, InlineCode: "def handler(e, c):\\n    return 1"}
"""


@pytest.mark.alone
def test_a_stack_a_patch_and_a_page(own_kiln, name, tmp_path, browser):
    engine = own_kiln(args=["--speed", "30"])
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE % {"name": name})
    engine.cli("deploy", str(template), "--stack-name", f"{name}-stack", "--yes")
    for _ in range(10):
        engine.invoke(f"{name}-one")
    page = tmp_path / "advice.html"
    text = engine.cli("advise", f"{name}-stack", "--patch", "--html", str(page)).stdout
    assert re.search(rf"{name}-one: one piece of advice .*Timeout: 3\n", text, re.S), text
    assert f"{name}-two: no advice: nothing called the function" in text
    check_page(browser, page, charts=0)
    document = advise(engine, f"{name}-stack")
    assert [function["function"] for function in document["functions"]] == [f"{name}-one", f"{name}-two"]


def test_a_function_on_aws_by_the_same_apis_with_signatures(own_kiln, name):
    engine = own_kiln(args=["--speed", "30"])
    create(engine, name, Timeout=60)
    for _ in range(5):
        engine.invoke(name, {"ms": 10})
    proxy = SignatureProxy(engine)
    try:
        environment = {**engine.environment(), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        command = [str(BINARY), "advise", name, "--aws", "--endpoint", proxy.url, "--apply", "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert proxy.checked > 10 and proxy.wrong == []
        advice = of_kind(json.loads(done.stdout), "timeout")
        assert advice["commands"][0].startswith(f"aws --endpoint-url {proxy.url} --region us-east-1 lambda update-function-configuration ")
        assert engine.client("lambda").get_function_configuration(FunctionName=name)["Timeout"] == advice["setting"]["timeout"]
        del environment["AWS_SECRET_ACCESS_KEY"]
        missing = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert missing.returncode == 2 and "AWS_SECRET_ACCESS_KEY" in missing.stderr
    finally:
        proxy.stop()


def test_a_command_that_is_copied_changes_what_was_asked_about(own_kiln, name):
    """Not AWS, and not another Region."""
    engine = own_kiln(args=["--speed", "30"])
    options = ["--region", "eu-west-1", "--endpoint", engine.url]
    client = engine.client("lambda", region="eu-west-1")
    create(engine, name, client=client, Timeout=60)
    for _ in range(5):
        client.invoke(FunctionName=name, Payload=b'{"ms": 10}')
    advised = subprocess.run([str(BINARY), "advise", name, *options, "--only", "timeout"], capture_output=True, text=True, timeout=120)
    command = next(line.strip() for line in advised.stdout.splitlines() if line.startswith("     "))
    assert command.startswith("kiln aws "), advised.stdout
    # In another terminal, without the variables.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KILN_", "AWS_"))}
    environment["PATH"] = f"{BINARY.parent}:{environment['PATH']}"
    subprocess.run(["bash", "-ec", command], check=True, env=environment, capture_output=True, timeout=120)
    assert client.get_function_configuration(FunctionName=name)["Timeout"] < 60


def test_nothing_to_go_by(kiln, name):
    kiln.create_echo(name)
    idle = kiln.cli("advise", name, check=False)
    assert idle.returncode == 1 and "nothing called the function" in idle.stdout
    nobody = kiln.cli("advise", "nobody", check=False)
    assert nobody.returncode == 1 and "no function and no stack 'nobody'" in nobody.stderr


@pytest.mark.parametrize("arguments, why", [
    (["--since", "7"], "not a duration"),
    (["--cold-below", "2"], "'2' is no share"),
    (["--p99-below", "fast"], "not a duration"),
    (["--only", "colour"], "--only is 'colour'; it must be memory"),
    (["--tune", "/etc/hostname"], "no sizes that survived"),
    (["--prices", "/nowhere"], "can't read '/nowhere'"),
    (["--seeds", "0"], "--seeds"),
])
def test_wrong_arguments(kiln, name, arguments, why):
    kiln.create_echo(name)
    done = kiln.cli("advise", name, *arguments, check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr
