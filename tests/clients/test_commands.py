"""kiln's commands for versions, concurrency, scaling, alarms, URLs, layers and events against a running Kiln: what they do, say and
return, as text and as JSON."""

import json
import os
import re
import shlex
import subprocess

import pytest

from harness import BINARY, wait_for

HELLO = "def lambda_handler(event, context):\n    return event.get('name', 'nobody')\n"


@pytest.fixture
def function(kiln, name, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "lambda_function.py").write_text(HELLO)
    kiln.cli("create", name, str(tmp_path / "code"))
    yield name
    kiln.cli("delete", name, "--yes", check=False)


def says(kiln, *words, code=0):
    done = kiln.cli(*words, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_versions_and_aliases(kiln, function):
    assert says(kiln, "publish", function) == f"published {function}  version 1\n"
    assert json.loads(says(kiln, "publish", function, "--json"))["Version"] == "1", "nothing has changed"
    assert says(kiln, "alias", "set", function, "live", "1") == f"created {function}:live  version 1\n"
    kiln.cli("create", function, "/dev/null", check=False)
    kiln.client("lambda").update_function_configuration(FunctionName=function, Description="two")
    assert says(kiln, "publish", function) == f"published {function}  version 2\n"
    assert says(kiln, "alias", "set", function, "live", "1", "--route", "2=0.25") == f"updated {function}:live  version 1  route 2=0.25\n"
    assert re.search(r"^live +1 +2=0.25$", says(kiln, "alias", "list", function), re.M)
    assert json.loads(says(kiln, "alias", "list", function, "--json"))[0]["Name"] == "live"
    assert says(kiln, "alias", "set", function, "live", "2") == f"updated {function}:live  version 2\n", "the route is gone"
    assert "--route is '2'" in says(kiln, "alias", "set", function, "live", "1", "--route", "2", code=2)
    assert says(kiln, "alias", "delete", function, "live") == f"deleted {function}:live\n"
    assert "no function 'nope'" in says(kiln, "publish", "nope", code=1)
    assert says(kiln, "delete", f"{function}:1") == f"deleted {function}:1\n"
    assert says(kiln, "delete", f"{function}:1", code=1) == f"kiln: '{function}' has no version 1; `kiln publish {function}` publishes one\n"


def test_logs_of_a_version_an_alias_and_an_arn(kiln, function, tmp_path):
    client = kiln.client("lambda")
    for version in ("one", "two"):
        (tmp_path / "code" / "lambda_function.py").write_text(f"def lambda_handler(event, context):\n    print('this is {version}')\n")
        kiln.cli("create", function, str(tmp_path / "code"), "--update", "--publish")
    kiln.cli("alias", "set", function, "live", "2")
    arn = client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    account_arn = arn.split(":", 4)[4]
    for target in (function, f"{function}:1", f"{function}:live", arn, f"{arn}:live", f"{account_arn}:1"):
        assert says(kiln, "invoke", target) == "null\n"

    def versions_logged(target):
        return set(re.findall(r"RequestId: \S+ Version: (\S+)", says(kiln, "logs", target)))

    wait_for(lambda: versions_logged(function) == {"$LATEST", "1", "2"}, what="the lines of all versions")
    assert versions_logged(f"{function}:1") == {"1"}
    assert versions_logged(f"{function}:$LATEST") == {"$LATEST"}
    assert versions_logged(f"{function}:live") == {"2"}
    assert versions_logged(arn) == versions_logged(account_arn) == versions_logged(f"/aws/lambda/{function}") == {"$LATEST", "1", "2"}
    assert versions_logged(f"{arn}:live") == {"2"} and versions_logged(f"{account_arn}:1") == {"1"}
    kiln.cli("alias", "set", function, "live", "2", "--route", "1=0.5")
    assert versions_logged(f"{function}:live") == {"1", "2"}, "both that the alias may run"
    assert re.search(rf"Z {function}:1 START", says(kiln, "logs", f"{function}:1", function))
    line = json.loads(says(kiln, "logs", f"{function}:1", function, "--json").splitlines()[0])
    assert line["functionName"] == function
    assert says(kiln, "logs", f"{function}:7", code=1) == f"kiln: '{function}' has no version 7; `kiln publish {function}` publishes one\n"
    assert f"'{function}' has no alias 'nope'" in says(kiln, "logs", f"{function}:nope", code=1)
    assert "no function 'nope'" in says(kiln, "logs", arn.replace(function, "nope"), code=1)


def test_logs_in_a_log_group_of_ones_own(kiln, function, name):
    client = kiln.client("lambda")
    kiln.create_echo("sharer" + name)
    for each in (function, "sharer" + name):
        # Debian's boto3 is older than LoggingConfig: sent as it would be.
        kiln.http("PUT", f"/2015-03-31/functions/{each}/configuration", json.dumps({"LoggingConfig": {"LogGroup": "/shared"}}))
        client.get_waiter("function_updated_v2").wait(FunctionName=each)
        assert "START RequestId" in kiln.cli("invoke", each, "--tail").stderr
    wait_for(lambda: "REPORT" in says(kiln, "logs", function), what="a line in the shared group")
    assert says(kiln, "logs", function).count("START RequestId") == 1, "and none of the other function's"
    client.delete_function(FunctionName="sharer" + name)


def test_concurrency(kiln, function):
    assert says(kiln, "reserve", function) == f"{function} reserves nothing\n"
    assert says(kiln, "reserve", function, "0") == f"{function} reserves 0: it is stopped\n"
    assert "TooManyRequestsException" in says(kiln, "invoke", function, code=1)
    assert says(kiln, "reserve", function, "20") == f"{function} reserves 20\n"
    assert json.loads(says(kiln, "reserve", function, "--json")) == {"ReservedConcurrentExecutions": 20}
    assert says(kiln, "reserve", function, "none") == f"{function} reserves nothing\n"
    assert "concurrency is 'some'" in says(kiln, "reserve", function, "some", code=2)

    kiln.cli("publish", function)
    kiln.cli("alias", "set", function, "live", "1")
    assert says(kiln, "provision", f"{function}:live") == f"{function}:live provisions nothing\n"
    assert says(kiln, "provision", f"{function}:live", "2", "--wait") == f"{function}:live provisions 2  ready 2  READY\n"
    assert json.loads(says(kiln, "provision", f"{function}:live", "--json"))["Status"] == "READY"
    assert says(kiln, "provision", f"{function}:live", "0") == f"{function}:live provisions nothing\n"
    assert "names no version or alias" in says(kiln, "provision", function, "2", code=2)


def test_scaling(kiln, function):
    kiln.cli("publish", function)
    kiln.cli("alias", "set", function, "live", "1")
    target = f"{function}:live"
    assert f"{target} is not scaled" in says(kiln, "scale", target)
    kiln.cli("provision", target, "1", "--wait")
    out = says(kiln, "scale", target, "--min", "2", "--max", "4", "--target", "0.7")
    assert f"{target} scales from 2 to 4\n  kiln-{function}-live keeps utilization at 0.7\n" in out
    wait_for(lambda: f"{target} provisions 2 " in says(kiln, "provision", target), what="the minimum is provisioned")
    state = json.loads(says(kiln, "scale", target, "--json"))
    assert (state["target"]["MinCapacity"], state["target"]["MaxCapacity"], len(state["policies"])) == (2, 4, 1)
    assert says(kiln, "scale", target, "--off") == f"{target} is not scaled any more; `kiln provision {target}` shows what it keeps\n"
    assert "0.1 to 0.9" in says(kiln, "scale", target, "--target", "70", code=2)
    kiln.cli("provision", target, "0")


def test_alarms(kiln, name):
    # Of a function that never runs: those of other tests have errors.
    kiln.create(name, {"index.py": "def handler(event, context): pass\n"})
    assert says(kiln, "alarm", "set", name, "--function", name, "--metric", "Errors", "--above", "0") == f"set {name}  Sum of Errors above 0 in 1 x 1m\n"
    assert re.search(rf"^{name} +INSUFFICIENT_DATA +Errors ", says(kiln, "alarm", "list"), re.M)
    assert says(kiln, "alarm", "state", name, "ALARM", "--reason", "to see") == f"{name} is in ALARM\n"
    history = says(kiln, "alarm", "history", name)
    assert "ConfigurationUpdate" in history and "Alarm updated from INSUFFICIENT_DATA to ALARM" in history
    assert [a["StateReason"] for a in json.loads(says(kiln, "alarm", "list", "--json")) if a["AlarmName"] == name] == ["to see"]
    assert says(kiln, "alarm", "set", name, "--function", name, code=2) == (
        f"kiln: the alarm '{name}' has no threshold; give --above N or --below N: `kiln alarm set {name} --function {name} --metric Errors --above 0`\n")
    assert "--above 2 and --below 1 are two thresholds" in says(kiln, "alarm", "set", name, "--above", "2", "--below", "1", code=2)
    assert "is '2s'; it must be a number; Duration is in milliseconds: 2000" in says(kiln, "alarm", "set", name, "--above", "2s", code=2)
    assert "give --periods 3 or more" in says(kiln, "alarm", "set", name, "--above", "2", "--datapoints", "3", code=2)
    assert "--above N or --below N" in says(kiln, "alarm", "set", name, "--threshold", "2", code=2)
    assert says(kiln, "alarm", "delete", name) == f"deleted {name}\n"
    assert f"there is no alarm '{name}' in us-east-1" in says(kiln, "alarm", "delete", name, code=1)
    assert f"there are no alarms '{name}', 'x' in us-east-1" in says(kiln, "alarm", "delete", name, "x", code=1)


def test_urls(kiln, function):
    url = says(kiln, "url", function).strip()
    assert re.fullmatch(rf"http://[a-z0-9]+\.lambda-url\.us-east-1\.localhost:{kiln.port}/", url)
    assert says(kiln, "url", function).strip() == url, "there is one already"
    status, _, body = kiln.http("GET", "/", headers={"Host": url.split("/")[2]})
    assert (status, body) == (200, b"nobody") or (status, body) == (200, b'"nobody"')
    assert says(kiln, "url", function, "--delete") == f"{function} has no URL any more\n"
    assert "no function 'nope'" in says(kiln, "url", "nope", code=1)


def test_layers(kiln, function, name, tmp_path):
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "shared.py").write_text("VALUE = 42\n")
    out = says(kiln, "layer", "publish", name, str(tmp_path / "layer"), "--runtime", "python3.12")
    arn = re.fullmatch(rf"published (arn:aws:lambda:us-east-1:\d+:layer:{name}:1)\n", out)[1]
    assert arn in says(kiln, "layer", "list") and arn in says(kiln, "layer", "list", name)
    (tmp_path / "code" / "lambda_function.py").write_text("import shared\ndef lambda_handler(event, context): return shared.VALUE\n")
    kiln.cli("create", function, str(tmp_path / "code"), "--update", "--layer", arn)
    assert says(kiln, "invoke", function) == "42\n"
    assert says(kiln, "layer", "delete", name, "1", "--yes") == f"deleted {name}:1\n"
    assert json.loads(says(kiln, "layer", "list", name, "--json")) == []


def test_an_asynchronous_event_and_a_sample(kiln, function):
    assert re.fullmatch(r"accepted [0-9a-f-]{36}\n", says(kiln, "invoke", function, "--async"))
    answer = json.loads(says(kiln, "invoke", function, "--async", "--json"))
    assert answer["StatusCode"] == 202 and answer["RequestId"]
    assert says(kiln, "invoke", function, "--event", "sqs") == '"nobody"\n'


def test_environment_variables_come_from_a_file(kiln, name, tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "lambda_function.py").write_text("import os\ndef lambda_handler(event, context): return os.environ['FIRST'] + os.environ['SECOND']\n")
    (tmp_path / "file.env").write_text("FIRST=from file\nSECOND=from file\n")
    kiln.cli("create", name, str(tmp_path / "f"), "--env-file", str(tmp_path / "file.env"), "--env", "SECOND=, from line")
    assert says(kiln, "invoke", name) == '"from file, from line"\n'
    (tmp_path / "file.env").write_text("no variable\n")
    assert "file.env:1: " in says(kiln, "create", name, str(tmp_path / "f"), "--env-file", str(tmp_path / "file.env"), code=2)
    kiln.cli("delete", name, "--yes")


def test_aws_gets_endpoint_and_keys(kiln, function):
    environment = {**os.environ, "KILN_ENDPOINT": kiln.url, "AWS_PROFILE": "somebody", "AWS_ACCESS_KEY_ID": "mine"}
    done = subprocess.run([str(BINARY), "aws", "lambda", "get-function-configuration", "--function-name", function, "--query", "Handler", "--output", "text"],
                          env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "lambda_function.lambda_handler\n"), done.stderr
    missing = subprocess.run([str(BINARY), "aws", "s3", "ls"], env={**environment, "PATH": "/nowhere"}, capture_output=True, text=True, timeout=60)
    assert missing.returncode == 2 and "package awscli" in missing.stderr


def test_aws_says_that_nothing_answers_and_how_to_start_it(tmp_path):
    (tmp_path / "aws").write_text("#!/bin/sh\nexec echo ran\n")  # the AWS CLI
    (tmp_path / "aws").chmod(0o755)

    def aws(*words, endpoint="http://127.0.0.1:9"):
        environment = {**os.environ, "KILN_ENDPOINT": endpoint, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run([str(BINARY), "aws", *words], env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    code, out, said = aws("lambda", "list-functions")
    assert (code, out) == (3, "") and said.startswith("kiln: nothing answers at http://127.0.0.1:9; start it with `kiln serve --port 9`")
    code, out, said = aws("s3", "ls", endpoint="127.0.0.1:9")
    assert (code, out) == (2, "") and "is not a URL; write it as http://127.0.0.1:9" in said
    # None of these asks a server, or it is another one.
    for words in ([], ["lambda", "help"], ["--version"], ["configure", "list"], ["s3", "ls", "--endpoint-url", "http://127.0.0.1:8"],
                  ["lambda", "create-function", "--generate-cli-skeleton"]):
        assert aws(*words) == (0, "ran\n", ""), words


def test_the_help_of_aws_says_that_it_takes_words_for_the_cli(kiln):
    assert "Usage: kiln aws ARGUMENTS...\n" in says(kiln, "aws", "--help")


def test_the_doctor_says_which_variable_has_no_url(kiln):
    checked = subprocess.run([str(BINARY), "doctor"], env={**os.environ, "KILN_ENDPOINT": "nonsense"}, capture_output=True, text=True, timeout=60)
    line, step = checked.stdout.split("endpoint ", 1)[1].splitlines()[:2]
    assert checked.returncode == 1 and "'nonsense' is not a URL" in line
    assert step.strip() == "→ correct --endpoint, KILN_ENDPOINT, or AWS_ENDPOINT_URL"


def test_destroy_of_nothing_fails(kiln):
    assert "there is no stack 'nothing'" in says(kiln, "destroy", "nothing", "--yes", code=1)


def assert_bash_completes(kiln, script, tmp_path):
    """Names of what is there, and options only where one begins or nothing else goes."""
    kiln.create_echo("shop-a")
    kiln.cli("alarm", "set", "shop-errors", "--function", "shop-a", "--above", "0")

    def completed(*words):
        done = subprocess.run(["bash", "-c", f'PATH="{BINARY.parent}:$PATH"\n{script}\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _kiln; printf "%s\\n" "${{COMPREPLY[@]}}"', "_", *words],
                              env=kiln.environment(), capture_output=True, text=True, timeout=30)
        assert done.stderr == ""
        return done.stdout.split()

    assert "shop-a" in completed("kiln", "invoke", "") and "--tail" not in completed("kiln", "invoke", "")
    assert completed("kiln", "invoke", "shop-") == ["shop-a"]
    assert completed("kiln", "alarm", "delete", "shop") == ["shop-errors"]
    assert completed("kiln", "invoke", "shop-a", "--event", "sq") == ["sqs"] and completed("kiln", "event", "sq") == ["sqs"]
    assert completed("kiln", "completion", "") == ["bash", "zsh", "fish"]
    assert "shop-a" not in completed("kiln", "new", "") + completed("kiln", "create", "")
    assert completed("kiln", "list", "") == ["--help", "--endpoint", "--region", "--json"]
    assert "--help" not in completed("kiln", "") and "layer" in completed("kiln", "")
    # Names of alarms may be anything: they are offered whole, quoted, and never carried out.
    trap = tmp_path / "carried-out"
    hostile = [f"trap$(touch${{IFS}}{trap})", "trap errors"]
    for name in hostile:
        kiln.client("cloudwatch").put_metric_alarm(AlarmName=name, Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1,
                                                   Threshold=1, ComparisonOperator="GreaterThanThreshold")
    offered = completed("kiln", "alarm", "delete", "trap")
    assert not trap.exists()
    assert sorted(shlex.split(" ".join(offered))) == sorted(hostile)
    kiln.client("cloudwatch").delete_alarms(AlarmNames=["shop-errors", *hostile])
    kiln.cli("delete", "shop-a")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_valid(kiln, shell, tmp_path):
    script = says(kiln, "completion", shell)
    if shell == "bash":
        assert_bash_completes(kiln, script, tmp_path)
        completed = subprocess.run(["bash", "-c", script + '\nCOMP_WORDS=(kiln alarm s) COMP_CWORD=2; _kiln; echo "${COMPREPLY[*]}"\n'
                                    'COMP_WORDS=(kiln invoke --t) COMP_CWORD=2; _kiln; echo "${COMPREPLY[*]}"'], capture_output=True, text=True, timeout=30)
        assert completed.stdout == "set state\n--tail\n", completed.stderr
    elif shell == "fish":
        assert "complete -c kiln" in script
    else:
        assert script.startswith("#compdef kiln\n")


def test_manual_pages_are_valid(kiln, tmp_path):
    says(kiln, "reference", "man", str(tmp_path))
    pages = list(tmp_path.glob("*.1"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text()
        assert text.startswith(".TH ") and ".SH SYNOPSIS" in text
