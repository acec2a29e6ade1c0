"""--json is JSON on stdout for every command that has it, with one way of naming: documents that AWS's APIs answer keep AWS's
names and types, and Kiln's own are in camelCase. The commands are those of the parser, so that a new one can't be left out."""

import json
import re
import subprocess

import pytest

from harness import BINARY, Kiln, wait_for

PYTHON = "import time\ndef lambda_handler(event, context):\n    time.sleep(event.get('seconds', 0))\n    return {'hello': event.get('name', 'world')}\n"
TEMPLATE = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}}}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: in-stack, Code: {ZipFile: "def handler(e, c): return 1"}, Handler: index.handler, Runtime: python3.12, Role: !GetAtt Role.Arn}
Outputs: {TheArn: {Value: !GetAtt Fn.Arn}}
"""
AWS, KILN = re.compile(r"[A-Z][A-Za-z0-9]*"), re.compile(r"[a-z][A-Za-z0-9]*")
# Members whose own members are named by users: functions, stacks, reasons, variables.
MAPS = {"Variables", "functions", "reasons", "throttlesByReason", "outputs", "parameters", "AdditionalVersionWeights"}
# What the API itself has as texts of digits or truth.
TEXTS = {"Version", "FunctionVersion", "ExecutedVersion", "version", "codeVersion"}

# In this order. `top`: whether the outermost names are users' (of stacks), or variables'.
CASES = [
    ("create", ["create", "hello", "./hello"], AWS),
    ("invoke", ["invoke", "hello"], AWS),
    ("invoke", ["invoke", "hello", "--async"], AWS),
    ("list", ["list"], AWS),
    ("logs", ["logs", "hello"], KILN),
    ("top", ["top", "--once"], KILN),
    ("ps", ["ps"], KILN),
    ("files", ["files", "hello"], KILN),
    ("publish", ["publish", "hello"], AWS),
    ("alias set", ["alias", "set", "hello", "live", "1"], AWS),
    ("alias list", ["alias", "list", "hello"], AWS),
    ("reserve", ["reserve", "hello", "20"], AWS),
    ("reserve", ["reserve", "hello", "none"], AWS),
    ("provision", ["provision", "hello:live", "1", "--wait"], AWS),
    ("scale", ["scale", "hello:live", "--min", "1", "--max", "2", "--target", "0.7"], {"target", "policies", "activities"}),
    ("alarm set", ["alarm", "set", "errors", "--function", "hello", "--above", "0"], AWS),
    ("alarm state", ["alarm", "state", "errors", "ALARM"], AWS),
    ("alarm list", ["alarm", "list"], AWS),
    ("alarm history", ["alarm", "history", "errors"], AWS),
    ("url", ["url", "hello"], AWS),
    ("layer publish", ["layer", "publish", "deps", "./hello"], AWS),
    ("layer list", ["layer", "list"], AWS),
    ("event", ["event"], KILN),
    ("deploy", ["deploy", "template.yaml", "--stack-name", "shop", "--plan"], {"shop"}),
    ("deploy", ["deploy", "template.yaml", "--stack-name", "shop", "--yes"], {"shop"}),
    ("stacks", ["stacks"], KILN),
    ("lint", ["lint", "template.yaml"], KILN),
    ("cost", ["cost", "--as-is"], KILN),
    ("load", ["load", "hello", "--rate", "20/s", "--for", "200ms"], KILN),
    ("tune", ["tune", "hello", "--sizes", "128", "--num", "3"], KILN),
    ("simulate", ["simulate", "--rate", "5/s", "--duration", "20ms", "--for", "1m", "--seeds", "2"], KILN),
    ("advise", ["advise", "hello"], KILN),
    ("doctor", ["doctor"], KILN),
    ("env", ["env"], re.compile(r"(AWS|KILN)(_[A-Z]+)+")),
    ("version", ["version"], KILN),
    ("profile", ["profile", "hello", "--payload", '{"seconds": 0.5}', "-n", "3"], KILN),
    ("debug", ["debug", "hello", "--no-launch-file"], KILN),
    ("debug", ["debug", "hello", "--stop"], KILN),
    ("destroy", ["destroy", "shop", "--yes"], KILN),
    ("layer delete", ["layer", "delete", "deps", "1", "--yes"], KILN),
    ("url", ["url", "hello", "--delete"], KILN),
    ("alarm delete", ["alarm", "delete", "errors"], KILN),
    ("provision", ["provision", "hello:live", "0"], AWS),
    ("alias delete", ["alias", "delete", "hello", "live"], KILN),
    ("delete", ["delete", "hello", "--yes"], KILN),
]


def commands_with_json():
    text = subprocess.run([str(BINARY), "reference", "markdown"], capture_output=True, text=True, check=True).stdout
    parts = re.split(r"^#{2,4} kiln (.+)$", text, flags=re.M)
    return {name.strip() for name, body in zip(parts[1::2], parts[2::2]) if "`--json" in body.split("\n#")[0]}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Of each case: its name, the style, and the documents that it printed."""
    folder = tmp_path_factory.mktemp("json")
    (folder / "hello").mkdir()
    (folder / "hello" / "lambda_function.py").write_text(PYTHON)
    (folder / "template.yaml").write_text(TEMPLATE)
    engine = Kiln()
    out = []
    for name, words, style in CASES:
        if name == "advise":
            wait_for(lambda: "REPORT" in engine.cli("logs", "hello").stdout, what="a REPORT line")
        done = subprocess.run([str(BINARY), *words, "--json"], cwd=folder, env=engine.environment(), capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        out.append((name, words, style, done))
    yield out
    engine.stop()


def documents(done):
    try:
        return [json.loads(done.stdout)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in done.stdout.splitlines()]  # of logs: a document a line


def wrong_names(value, style, path=""):
    if isinstance(value, list):
        for item in value:
            yield from wrong_names(item, style, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            if not style.fullmatch(name):
                yield f"{path}.{name}"
            if name == "Payload":
                continue  # the function's own answer
            if name in MAPS and isinstance(member, dict):
                for inner in member.values():
                    yield from wrong_names(inner, style, f"{path}.{name}.*")
            else:
                yield from wrong_names(member, style, f"{path}.{name}")
    elif isinstance(value, str) and path.rsplit(".", 1)[-1] not in TEXTS and re.fullmatch(r"true|false|-?\d+(\.\d+)?", value):
        yield f"{path} is the text {value!r}"


def test_every_command_prints_json_with_its_style_of_names(answers):
    problems = []
    for _, words, style, done in answers:
        line = " ".join(words)
        if done.returncode != 0:
            problems.append(f"{line}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
            continue
        try:
            found = documents(done)
        except json.JSONDecodeError:
            problems.append(f"{line}: no JSON: {done.stdout[:200]!r}")
            continue
        assert found, line
        for document in found:
            if isinstance(style, set):  # Kiln's own outside, AWS's inside, or users' names
                assert set(document) == style, line
                inner = [list(one.values()) if words[0] == "deploy" and "--plan" not in words and isinstance(one, dict) else one for one in document.values()]
                problems += [f"{line}: {name}" for name in wrong_names(inner, AWS)]
            else:
                problems += [f"{line}: {name}" for name in wrong_names(document, style)]
    assert not problems, "\n".join(problems)


def test_what_was_deleted_is_a_list(answers):
    deleted = {name: documents(done)[0] for name, words, _, done in answers if name.endswith("delete") or name == "destroy" or "--delete" in words}
    assert deleted == {
        "destroy": {"deleted": ["shop"]}, "layer delete": {"deleted": ["deps:1"]}, "url": {"deleted": ["hello"]},
        "alarm delete": {"deleted": ["errors"]}, "alias delete": {"deleted": ["hello:live"]}, "delete": {"deleted": ["hello"]},
    }


def test_alarms_have_the_types_of_the_api(answers):
    for name in ("alarm set", "alarm list"):
        (document,) = [documents(done)[0] for case, _, _, done in answers if case == name]
        (alarm,) = [one for one in (document if isinstance(document, list) else [document]) if one["AlarmName"] == "errors"]
        assert (alarm["ActionsEnabled"], alarm["EvaluationPeriods"], alarm["Threshold"], alarm["Period"]) == (True, 1, 0.0, 60)
        assert alarm["AlarmActions"] == [] and isinstance(alarm["StateUpdatedTimestamp"], float)
        assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "hello"}]


def test_no_command_is_left_out():
    assert commands_with_json() == {name for name, _, _ in CASES}
