"""kiln lint over the command line: cloud assemblies of the CDK, SARIF, REPORT lines of a real engine."""

import json
import os
import re
import shutil
import subprocess

import pytest

from harness import BINARY, ROOT

DATA = ROOT / "tests" / "data" / "lint"
RULE_IDS = re.findall(r"^### ([a-z-]+) \(", (ROOT / "docs" / "lint.md").read_text(), re.M)

# The SARIF 2.1.0 schema's part for what is written: which members are required, their types, and that no others may be there.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string"},
        "runs": {"type": "array", "items": {
            "type": "object",
            "required": ["tool"],
            "properties": {
                "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "rules": {
                        "type": "array", "items": {
                            "type": "object",
                            "required": ["id"],
                            "properties": {
                                "id": {"type": "string"},
                                "shortDescription": TEXT,
                                "fullDescription": TEXT,
                                "defaultConfiguration": {"type": "object", "properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
                            },
                        },
                    }},
                }}},
                "results": {"type": "array", "items": {
                    "type": "object",
                    "required": ["message"],
                    "properties": {
                        "ruleId": {"type": "string"},
                        "ruleIndex": {"type": "integer", "minimum": 0},
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": TEXT,
                        "locations": {"type": "array", "items": {"type": "object", "properties": {
                            "physicalLocation": {"type": "object", "required": ["artifactLocation"], "properties": {
                                "artifactLocation": {"type": "object", "properties": {"uri": {"type": "string"}}},
                                "region": {"type": "object", "required": ["startLine"], "properties": {
                                    "startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}}},
                            }},
                            "logicalLocations": {"type": "array", "items": {"type": "object", "properties": {
                                "name": {"type": "string"}, "fullyQualifiedName": {"type": "string"}, "kind": {"type": "string"}}}},
                        }}},
                    },
                }},
            },
        }},
    },
}


TYPES = {"object": dict, "array": list, "string": str, "integer": int}


def check(value, schema, at="$"):
    """The keywords of JSON Schema that SARIF above uses."""
    if "type" in schema:
        assert type(value) is TYPES[schema["type"]], at
    assert value == schema.get("const", value) and value in schema.get("enum", [value]), at
    if "minimum" in schema:
        assert value >= schema["minimum"], at
    for name in schema.get("required", ()):
        assert name in value, f"{at}.{name}"
    for name, member in value.items() if "properties" in schema else ():
        assert name in schema["properties"], f"{at}.{name}: SARIF has no such property"
        check(member, schema["properties"][name], f"{at}.{name}")
    if "items" in schema:
        for index, item in enumerate(value):
            check(item, schema["items"], f"{at}[{index}]")


def lint(*args, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("KILN_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION")}
    return subprocess.run([str(BINARY), "lint", *map(str, args)], env={**environment, **variables}, capture_output=True, text=True, timeout=60)


def findings(*args):
    return json.loads(lint(*args, "--json").stdout)["findings"]


def test_a_template_with_every_conflict():
    """Each rule that needs nothing but a template has its example in one file, and finds it there."""
    found = set()
    for account in ("1005", "1002", "1000"):  # what is left unreserved: 4, 1, less than nothing
        done = lint(DATA / "conflicts.yaml", "--account-concurrency", account)
        assert done.returncode == 1, done.stderr
        found |= set(re.findall(r"\[([a-z-]+)\]$", done.stdout, re.M))
    assert found == set(RULE_IDS) - {"memory-too-small", "memory-mostly-unused"}
    first = done.stdout.splitlines()[0]
    assert re.match(rf"{re.escape(str(DATA / 'conflicts.yaml'))}:\d+:\d+: (error|warning|info): \w+: .+ \[[a-z-]+\]$", first)
    assert re.search(r"^\d+ errors, \d+ warnings, \d+ infos in 1 stack$", done.stdout, re.M)


def test_a_template_without_conflicts_is_silent():
    done = lint(DATA / "calm.json")
    assert (done.returncode, done.stdout) == (0, "0 errors, 0 warnings, 0 infos in 1 stack\n"), done.stderr


def test_sarif_is_what_its_schema_asks_for():
    done = lint(DATA / "conflicts.yaml", "--format", "sarif")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    check(document, SARIF)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == RULE_IDS, "docs/lint.md and the program have the same rules in the same order"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1


def test_wrong_usage_and_unreadable_templates_are_2(tmp_path):
    assert lint(tmp_path / "nothing").returncode == 2
    assert lint(tmp_path).returncode == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Role: !Ref Nobody}\n")
    done = lint(bad)
    assert done.returncode == 2 and re.search(rf"{re.escape(str(bad))}:4:\d+: .*Nobody", done.stderr), done.stderr


@pytest.fixture(scope="module")
def cdk_out(tmp_path_factory):
    """The project's own stacks, synthesised with empty packages, and their app changed by a test."""
    stacks = ROOT / "stacks"
    if not (stacks / "node_modules" / ".bin" / "cdk").exists():
        pytest.skip("the CDK is not installed; ./setup.sh does it")
    folder = tmp_path_factory.mktemp("stacks")
    for item in ("app.ts", "cdk.json", "package.json", "tsconfig.json", "lib"):
        copy = shutil.copytree if (stacks / item).is_dir() else shutil.copy
        copy(stacks / item, folder / item)
    (folder / "node_modules").symlink_to(stacks / "node_modules")
    packages = folder / "packages"
    packages.mkdir()
    for name in ("optimized_cold_start", "critical_handler", "standard_handler", "batch_handler"):
        (packages / f"{name}.zip").write_bytes(b"PK\5\6" + bytes(18))

    def synth(replacements=()):
        for file, old, new in replacements:
            source = folder / "lib" / file
            text = (stacks / "lib" / file).read_text()
            assert old in text
            source.write_text(text.replace(old, new))
        environment = {**os.environ, "KILN_FUNCTIONS": str(packages)}
        for command in (["npx", "tsc"], ["npx", "cdk", "synth", "--quiet"]):
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
        return folder / "cdk.out"

    return synth


def test_the_projects_own_stacks_and_the_mistakes_they_avoid(cdk_out):
    ours = findings(cdk_out())
    assert [f["rule"] for f in ours if f["severity"] != "info"] == ["step-scaling-unsupported"]
    assert {f["rule"] for f in ours if f["severity"] == "info"} == {"scaling-idle-trap", "error-rate-without-traffic"}
    assert all(f["construct"] and f["line"] > 1 for f in ours)
    wrong = findings(cdk_out([
        ("performance_optimized_stack.ts", "const RESERVED = 60", "const RESERVED = 20"),
        ("concurrency_optimized_stack.ts", "0.8 * timeout.toMilliseconds()", "0.8 * timeout.toSeconds()"),
    ]))
    rules = [f["rule"] for f in wrong]
    assert rules.count("scaling-above-reserved") == 1 and rules.count("duration-alarm-unit") == 3


def test_memory_from_the_report_lines_of_a_real_engine(own_kiln, tmp_path):
    kiln = own_kiln()
    hungry = "block = bytearray(90 << 20)\ndef handler(event, context):\n    return len(block)\n"
    kiln.create("hungry", {"index.py": hungry}, MemorySize=512)
    kiln.client("lambda").get_waiter("function_active_v2").wait(FunctionName="hungry")
    kiln.invoke("hungry")
    template = tmp_path / "template.yaml"
    template.write_text("""Parameters:
  Memory: {Type: Number, Default: 128}
Resources:
  Hungry:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: hungry, Runtime: python3.12, Handler: index.handler, Role: r, Code: {ZipFile: x}, MemorySize: !Ref Memory}
""")
    logs = kiln.client("logs")
    report = next(e["message"] for e in logs.filter_log_events(logGroupName="/aws/lambda/hungry", filterPattern="REPORT")["events"])
    used = int(re.search(r"Max Memory Used: (\d+) MB", report)[1])
    for where in (["--endpoint", kiln.url], ["--data-dir", str(kiln.data_dir)]):
        for memory, severity in ((used, "error"), (used + 5, "warning"), (used * 2, None)):
            found = findings(template, "--parameter", f"Memory={memory}", *where)
            assert [f["severity"] for f in found] == ([severity] if severity else []), (where, memory, used, found)
    by_environment = lint(template, "--parameter", f"Memory={used}", KILN_ENDPOINT=kiln.url)
    assert by_environment.returncode == 1 and f"one used {used} MB" in by_environment.stdout
    assert kiln.invoke("hungry")["Body"] == 90 << 20  # the engine was not disturbed


def test_nothing_at_the_endpoint_is_3():
    done = lint(DATA / "calm.json", "--endpoint", "http://127.0.0.1:9")
    assert done.returncode == 3 and "http://127.0.0.1:9" in done.stderr
