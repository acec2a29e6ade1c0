"""The members.cc of each service, and docs/compatibility.md, against the newest models of AWS's APIs: an operation that is
called "same" takes every member that AWS's takes, and nothing is listed that AWS doesn't have."""

import re

import pytest

from harness import ROOT
from test_operations_named import structures

SDKS = ROOT / "tests" / "node" / "node_modules" / "@aws-sdk"
# Folder in src/services, the SDK's client, the chapter of docs/compatibility.md.
SERVICES = [
    ("cloudwatch", "client-cloudwatch", "CloudWatch"),
    ("logs", "client-cloudwatch-logs", "CloudWatch Logs"),
    ("sns", "client-sns", "SNS"),
    ("autoscaling", "client-application-auto-scaling", "Application Auto Scaling"),
    ("ssm", "client-ssm", "SSM"),
    ("sts", "client-sts", "STS"),
]


def inputs(client):
    """Operation to its members, and theirs by path: {"PutMetricData": {"Namespace", "MetricData", "MetricData.Unit"}}."""
    types = SDKS / client / "dist-types"
    if not types.is_dir():
        pytest.skip(f"no @aws-sdk/{client}: `npm ci` in tests/node brings it")
    shapes = {}
    for path in (types / "models").glob("models_*.d.ts"):
        shapes.update(structures(path.read_text()))
    found = {}
    for path in (types / "commands").glob("*Command.d.ts"):
        request = re.search(r"interface \w+CommandInput extends (?:Omit<)?(\w+)", path.read_text())
        found[path.name.removesuffix("Command.d.ts")] = set(members(shapes, request.group(1) if request else "", ()))
    return found


def members(shapes, name, within):
    if name in within:
        return
    for member, kind in shapes.get(name, {}).items():
        yield member
        for word in re.findall(r"\w+", kind):
            for inner in members(shapes, word, (*within, name)):
                yield f"{member}.{inner}"


def listed(folder):
    """The same of members.cc. A member with a brace names what is in it, one without stands for all of it."""
    text = (ROOT / "src" / "services" / folder / "members.cc").read_text()
    shared = {name: literal(value) for name, value in re.findall(r'constexpr[^=\n]*?(k\w+)\s*=\s*((?:\s*"[^"]*")+);', text)}
    macros = {name: literal(value) for name, value in re.findall(r'#define (\w+)((?:[ \\\n]*"[^"]*")+)', text)}
    out = {}
    for operation, value in re.findall(r'\{\s*"(\w+)",\s*((?:"[^"]*"|\w+|\s)+)\}', text):
        whole = "".join(part[1:-1] if part.startswith('"') else {**shared, **macros}[part] for part in re.findall(r'"[^"]*"|\w+', value))
        out[operation] = paths(whole)
    return out


def literal(text):
    return "".join(re.findall(r'"([^"]*)"', text))


def paths(text):
    found, within = set(), []
    for name, brace in re.findall(r"([\w.]+)~?|([{}])", text):
        if brace == "{":
            within.append(last)
        elif brace == "}":
            within.pop()
        else:
            last = name
            found.add(".".join([*within, name]))
    return found


def rows(chapter):
    text = (ROOT / "docs" / "compatibility.md").read_text()
    section = text[text.index(f"\n## {chapter}\n"):]
    section = section[:section.index("\n## ", 4)]
    return {name: how for names, how in re.findall(r"^\| (\w+(?:, \w+)*) \| (same|differs) \|", section, re.M) for name in names.split(", ")}


@pytest.mark.parametrize("folder, client, chapter", SERVICES, ids=[s[0] for s in SERVICES])
def test_members_are_those_of_the_newest_api(folder, client, chapter):
    model, known, how = inputs(client), listed(folder), rows(chapter)
    assert len(known) >= 3 and len(model) > 8, "the files have another form now"
    assert set(known) - set(model) == set(), "no operation of AWS's"
    assert set(how) - {"all"} <= set(known) | {""}, "docs/compatibility.md names what is not there"
    assert set(known) - set(how) == set(), "docs/compatibility.md does not name it"
    unknown = {operation: sorted(known[operation] - model[operation]) for operation in known}
    assert {o: m for o, m in unknown.items() if m} == {}, "AWS has no such members"
    # A member that stands for all that is in it needs nothing listed below it.
    open_ended = {o: {m for m in known[o] if not any(k.startswith(m + ".") for k in known[o])} for o in known}
    missing = {o: sorted(m for m in model[o] - known[o] if not any(m.startswith(k + ".") for k in open_ended[o]))
               for o, says in how.items() if says == "same"}
    assert {o: m for o, m in missing.items() if m} == {}, "new in AWS's API, and refused here: such an operation differs"
