"""docs/compatibility.md names every operation of Lambda's newest API, and every member and value of the requests to those
that are there, and of their answers: what AWS adds is implemented, refused or harmless, and never just overlooked."""

import re

import pytest

from harness import ROOT

SDK = ROOT / "tests" / "node" / "node_modules" / "@aws-sdk" / "client-lambda"
TYPES = SDK / "dist-types"


@pytest.fixture(scope="module")
def model():
    if not TYPES.is_dir():
        pytest.skip("no @aws-sdk/client-lambda: `npm ci` in tests/node brings it")
    return {
        "operations": {path.name.removesuffix("Command.d.ts"): path.read_text() for path in (TYPES / "commands").glob("*Command.d.ts")},
        "structures": structures((TYPES / "models" / "models_0.d.ts").read_text()),
        "enums": enums((TYPES / "models" / "enums.d.ts").read_text()),
    }


@pytest.fixture(scope="module")
def chapter():
    text = (ROOT / "docs" / "compatibility.md").read_text()
    return text[text.index("\n## Lambda\n"):text.index("\n## CloudWatch\n")]


def structures(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    bodies = re.findall(r"export interface (\w+)(?: extends \w+)? \{\n(.*?)^\}", text, re.S | re.M)
    return {name: dict(re.findall(r"^\s+(\w+)\??: (.+);$", body, re.M)) for name, body in bodies}


def enums(text):
    bodies = re.findall(r"export declare const (\w+): \{(.*?)\};", text, re.S)
    return {name: re.findall(r': "([^"]+)"', body) for name, body in bodies}


def rows(chapter):
    """Operation to same, differs or absent."""
    listed = re.findall(r"^\| (\w+(?:, \w+)*) \| (same|differs|absent) \|", chapter, re.M)
    return {name: how for names, how in listed for name in names.split(", ")}


def named(chapter, of="requests"):
    section = chapter[chapter.index(f"### Members and values of {of}"):]
    return set(re.findall(r"`([^`]+)`", section[:section.index("\n### ", 4)]))


def words_of(name, model, seen):
    """Members of the structure and of those within it, and the values of their enums."""
    if name in seen:
        return
    seen.add(name)
    for member, kind in model["structures"].get(name, {}).items():
        yield member
        for word in re.findall(r"\w+", kind):
            yield from model["enums"].get(word, [])
            yield from words_of(word, model, seen)


def asked(model, chapter):
    """What requests to the operations that are there may say: the word, and an operation that says it."""
    found = {}
    how = rows(chapter)
    for operation, text in model["operations"].items():
        if how.get(operation) in ("same", "differs"):
            request = re.search(r"interface \w+CommandInput extends (\w+)", text).group(1)
            for word in words_of(request, model, set()):
                found.setdefault(word, operation)
    return found


def answered(model, chapter):
    """What answers of the operations that are there may say beyond what requests do."""
    found = {}
    how = rows(chapter)
    for operation, text in model["operations"].items():
        if how.get(operation) in ("same", "differs"):
            # Invoke's answer has its Payload in another type.
            answer = re.search(r"CommandOutputType = Omit<(\w+)|interface \w+CommandOutput extends (\w+)", text)
            for word in words_of(answer[1] or answer[2], model, set()):
                found.setdefault(word, operation)
    return {word: operation for word, operation in found.items() if word not in asked(model, chapter)}


def test_every_operation_is_named(model, chapter):
    assert len(model["operations"]) > 80, "the SDK's files have another form now"
    assert set(model["operations"]) - set(rows(chapter)) == set()


def test_no_operation_is_named_that_lambda_does_not_have(model, chapter):
    assert set(re.findall(r"^\| ((?:\w+, )*\w+) \| (?:same|differs|absent) \|", chapter.split("\n### ")[0], re.M)) != set()
    operations = {name for name in rows(chapter.split("\n### ")[0])}
    assert operations - set(model["operations"]) == set()


def test_every_member_and_value_of_requests_is_named(model, chapter):
    found = asked(model, chapter)
    assert {"FunctionName", "Variables", "python3.12", "PassThrough"} <= set(found), "the SDK's files have another form now"
    missing = {word: operation for word, operation in found.items() if word not in named(chapter)}
    assert missing == {}, "new in Lambda's API: name them in docs/compatibility.md, and act on them, refuse them, or say why not"


def test_nothing_is_named_that_requests_do_not_have(model, chapter):
    assert named(chapter) - set(asked(model, chapter)) == set()


def test_every_member_and_value_of_answers_is_named(model, chapter):
    found = answered(model, chapter)
    assert {"FunctionArn", "LogResult", "READY", "LastUpdateStatus"} <= set(found), "the SDK's files have another form now"
    missing = {word: operation for word, operation in found.items() if word not in named(chapter, "answers")}
    assert missing == {}, "new in Lambda's API: name them in docs/compatibility.md, and give them, or say why not"
    assert named(chapter, "answers") - set(found) == set()
