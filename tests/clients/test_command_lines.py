"""The AWS CLI, and Kiln's own."""

import json
import re
import subprocess
import time

from harness import ECHO, ROLE, wait_for, zip_of

PY = {"lambda_function.py": "def lambda_handler(event, context):\n    print('seen', event)\n    return event\n"}


def test_the_aws_cli_creates_waits_invokes_and_reads_logs(kiln, name, tmp_path):
    package = tmp_path / "f.zip"
    package.write_bytes(zip_of(PY))
    made = json.loads(kiln.aws("lambda", "create-function", "--function-name", name, "--runtime", "python3.12", "--handler", "lambda_function.lambda_handler", "--role", ROLE, "--zip-file", f"fileb://{package}").stdout)
    assert made["State"] == "Pending"
    kiln.aws("lambda", "wait", "function-active-v2", "--function-name", name)
    out = tmp_path / "out.json"
    answer = json.loads(kiln.aws("lambda", "invoke", "--function-name", name, "--cli-binary-format", "raw-in-base64-out", "--payload", '{"a": 1}', str(out)).stdout)
    assert answer["StatusCode"] == 200 and json.loads(out.read_text()) == {"a": 1}
    events = json.loads(kiln.aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{name}").stdout)["events"]
    assert any("seen {'a': 1}" in e["message"] for e in events)
    tailed = kiln.aws("logs", "tail", f"/aws/lambda/{name}", "--since", "5m").stdout
    assert "REPORT RequestId" in tailed
    assert json.loads(kiln.aws("sts", "get-caller-identity").stdout)["Account"] == "000000000000"
    wrong = kiln.aws("lambda", "get-function", "--function-name", "nope", check=False)
    assert wrong.returncode != 0 and "ResourceNotFoundException" in wrong.stderr


def test_kilns_own_commands(kiln, name, tmp_path):
    (tmp_path / "lambda_function.py").write_text(PY["lambda_function.py"])
    kiln.cli("create", name, str(tmp_path))
    assert json.loads(kiln.cli("invoke", name, '{"b": 2}').stdout) == {"b": 2}
    (tmp_path / "event.json").write_text('{"from": "file"}')
    assert json.loads(kiln.cli("invoke", name, f"@{tmp_path}/event.json").stdout) == {"from": "file"}
    assert json.loads(kiln.cli("invoke", name, "-", stdin='{"from": "stdin"}').stdout) == {"from": "stdin"}
    assert name in kiln.cli("list").stdout
    assert any(f.get("FunctionName") == name for f in json.loads(kiln.cli("list", "--json").stdout)) or name in kiln.cli("list", "--json").stdout
    assert re.search(r"seen \{'b': 2\}", kiln.cli("logs", name).stdout)
    kiln.cli("delete", name, "--yes")
    gone = kiln.cli("invoke", name, check=False)
    assert gone.returncode == 1 and name in gone.stderr


def test_logs_follow(kiln, name, tmp_path):
    (tmp_path / "lambda_function.py").write_text(PY["lambda_function.py"])
    kiln.cli("create", name, str(tmp_path))
    kiln.cli("invoke", name, '{"first": 1}')
    from harness import BINARY

    follower = subprocess.Popen([str(BINARY), "logs", name, "-f"], env=kiln.environment(), stdout=subprocess.PIPE, text=True)
    try:
        for line in follower.stdout:
            if "'first': 1" in line:
                break
        kiln.cli("invoke", name, '{"second": 2}')
        for line in follower.stdout:
            if "'second': 2" in line:
                break
    finally:
        follower.terminate()
        follower.wait(10)


def test_nothing_listening_is_said(kiln, tmp_path):
    answer = kiln.cli("--endpoint", "http://127.0.0.1:9", "list", check=False)
    if answer.returncode == 2:
        answer = kiln.cli("list", "--endpoint", "http://127.0.0.1:9", check=False)
    assert answer.returncode == 3 and "kiln serve" in answer.stderr


def test_a_provided_function_from_a_folder(kiln, name):
    kiln.cli("create", name, str(ECHO.parent))
    assert kiln.cli("invoke", name, '{"x": [1]}').stdout.strip() == '{"x": [1]}'


def test_the_aws_cli_sets_concurrency_alarms_and_scaling(kiln, name, tmp_path):
    """The whole loop by hand: limits, provisioned concurrency, a target, a policy, an alarm with a topic, metrics."""

    def aws(*words):
        out = kiln.aws(*words).stdout
        return json.loads(out) if out.strip() else None

    kiln.create_echo(name)
    kiln.aws("lambda", "wait", "function-active-v2", "--function-name", name)
    assert aws("lambda", "put-function-concurrency", "--function-name", name, "--reserved-concurrent-executions", "5") == {"ReservedConcurrentExecutions": 5}
    version = aws("lambda", "publish-version", "--function-name", name)["Version"]
    aws("lambda", "create-alias", "--function-name", name, "--name", "live", "--function-version", version)
    target = ["--service-namespace", "lambda", "--resource-id", f"function:{name}:live", "--scalable-dimension", "lambda:function:ProvisionedConcurrency"]
    aws("application-autoscaling", "register-scalable-target", *target, "--min-capacity", "2", "--max-capacity", "4")
    config = wait_for(lambda: (c := aws("lambda", "get-provisioned-concurrency-config", "--function-name", name, "--qualifier", "live"))["Status"] == "READY" and c)
    assert config["AllocatedProvisionedConcurrentExecutions"] == 2
    tracking = '{"TargetValue": 0.7, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}'
    made = aws("application-autoscaling", "put-scaling-policy", *target, "--policy-name", "p", "--policy-type", "TargetTrackingScaling",
               "--target-tracking-scaling-policy-configuration", tracking)
    assert len(made["Alarms"]) == 2
    topic = aws("sns", "create-topic", "--name", name)["TopicArn"]
    kiln.aws("cloudwatch", "put-metric-alarm", "--alarm-name", name, "--namespace", "AWS/Lambda", "--metric-name", "Errors", "--dimensions", f"Name=FunctionName,Value={name}",
             "--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "0", "--comparison-operator", "GreaterThanThreshold", "--alarm-actions", topic)
    kiln.aws("cloudwatch", "set-alarm-state", "--alarm-name", name, "--state-value", "ALARM", "--state-reason", "by hand")
    assert aws("cloudwatch", "describe-alarms", "--alarm-names", name)["MetricAlarms"][0]["StateValue"] == "ALARM"
    kiln.aws("lambda", "invoke", "--function-name", f"{name}:live", "--payload", "{}", "--cli-binary-format", "raw-in-base64-out", str(tmp_path / "out"))
    used = aws("cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", "ProvisionedConcurrencyInvocations",
               "--dimensions", f"Name=FunctionName,Value={name}", f"Name=Resource,Value={name}:live", "--statistics", "Sum", "--period", "3600",
               "--start-time", "2020-01-01T00:00:00Z", "--end-time", "2020-01-02T00:00:00Z")
    assert used["Datapoints"] == []
    now = time.time()
    at = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))  # noqa: E731
    used = aws("cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", "ProvisionedConcurrencyInvocations",
               "--dimensions", f"Name=FunctionName,Value={name}", f"Name=Resource,Value={name}:live", "--statistics", "Sum", "--period", "3600",
               "--start-time", at(now - 3600), "--end-time", at(now + 3600))
    assert [point["Sum"] for point in used["Datapoints"]] == [1]
    refused = kiln.aws("application-autoscaling", "register-scalable-target", "--service-namespace", "lambda", "--resource-id", f"function:{name}:$LATEST",
                       "--scalable-dimension", "lambda:function:ProvisionedConcurrency", "--min-capacity", "1", "--max-capacity", "2", check=False)
    assert refused.returncode != 0 and "ValidationException" in refused.stderr
    aws("application-autoscaling", "deregister-scalable-target", *target)
    kiln.aws("cloudwatch", "delete-alarms", "--alarm-names", name)
