"""Layers: from publishing to what functions find in /opt, over kills and deletions, with boto3 and the AWS CLI."""

import io
import json
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

from harness import code_of, message_of, zip_of

LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:"

# Answers the result of the Python expression that it is sent.
EVALUATE = {"index.py": "import os, sys\ndef handler(event, context):\n    return eval(event)\n"}
SHELL = """#!/bin/sh
while true; do
  id=$(curl -s -D - -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" \\
    | tr -d '\\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  curl -s -o /dev/null -d "\\"$0 WHICH\\"" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""


def publish(kiln, name, files, **more):
    return kiln.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(files)}, **more)["LayerVersionArn"]


def folders_of_code(kiln):
    return {path.name for path in (kiln.data_dir / "code").iterdir()}


def test_life_of_a_layer(kiln, name):
    api = kiln.client("lambda")
    package = zip_of({"python/x.py": "x = 1"})
    published = api.publish_layer_version(
        LayerName=name, Description="d", LicenseInfo="MIT", Content={"ZipFile": package},
        CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64"],
    )
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert published["LayerVersionArn"] == f"{LAYER}{name}:1" and published["Content"]["CodeSize"] == len(package)
    for got in [
        api.get_layer_version(LayerName=name, VersionNumber=1),
        api.get_layer_version(LayerName=f"{LAYER}{name}", VersionNumber=1),
        api.get_layer_version_by_arn(Arn=f"{LAYER}{name}:1"),
    ]:
        assert {k: v for k, v in got.items() if k != "ResponseMetadata"} == {k: v for k, v in published.items() if k != "ResponseMetadata"}
    with urllib.request.urlopen(published["Content"]["Location"]) as answer:
        assert answer.read() == package
    assert api.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of({"a": "b"})})["Version"] == 2
    assert [v["Version"] for v in api.list_layer_versions(LayerName=name)["LayerVersions"]] == [2, 1]
    listed = [layer for page in api.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 1}) for layer in page["Layers"]]
    assert [layer["LatestMatchingVersion"]["Version"] for layer in listed if layer["LayerName"] == name] == [2]
    api.delete_layer_version(LayerName=name, VersionNumber=2)
    api.delete_layer_version(LayerName=name, VersionNumber=1)
    with pytest.raises(ClientError) as error:
        api.get_layer_version(LayerName=name, VersionNumber=1)
    assert code_of(error) == "ResourceNotFoundException"
    assert api.publish_layer_version(LayerName=name, Content={"ZipFile": package})["Version"] == 3


def test_permissions_of_a_version(kiln, name):
    api = kiln.client("lambda")
    publish(kiln, name, {"a": "b"})
    version = {"LayerName": name, "VersionNumber": 1}
    added = api.add_layer_version_permission(**version, StatementId="all", Action="lambda:GetLayerVersion", Principal="*")
    policy = api.get_layer_version_policy(**version)
    assert policy["RevisionId"] == added["RevisionId"]
    assert json.loads(policy["Policy"])["Statement"] == [json.loads(added["Statement"])]
    api.remove_layer_version_permission(**version, StatementId="all")
    with pytest.raises(ClientError) as error:
        api.get_layer_version_policy(**version)
    assert code_of(error) == "ResourceNotFoundException"


def test_the_aws_cli_publishes_a_layer_and_a_function_uses_it(kiln, name, tmp_path):
    (tmp_path / "layer.zip").write_bytes(zip_of({"python/greet.py": "word = 'hello'"}))
    arn = json.loads(kiln.aws(
        "lambda", "publish-layer-version", "--layer-name", name, "--zip-file", f"fileb://{tmp_path}/layer.zip",
        "--compatible-runtimes", "python3.12", "python3.11").stdout)["LayerVersionArn"]
    kiln.create(name, {"index.py": "import greet\ndef handler(event, context):\n    return greet.word\n"})
    done = kiln.aws("lambda", "update-function-configuration", "--function-name", name, "--layers", arn)
    assert json.loads(done.stdout)["Layers"][0]["Arn"] == arn
    kiln.aws("lambda", "wait", "function-updated", "--function-name", name)
    assert kiln.invoke(name)["Body"] == "hello"
    listed = json.loads(kiln.aws("lambda", "list-layers", "--compatible-runtime", "python3.11").stdout)["Layers"]
    assert name in [layer["LayerName"] for layer in listed]


def test_later_layers_lie_over_earlier_ones_and_the_function_over_all(kiln, name):
    first = publish(kiln, f"{name}-a", {"python/one.py": "x = 'a'", "python/two.py": "x = 'a'", "only-a": "", "dir/a": ""})
    second = publish(kiln, f"{name}-b", {"python/two.py": "x = 'b'", "python/three.py": "x = 'b'", "dir/b": ""})
    code = {"index.py": "import one, two, three\ndef handler(event, context):\n    return one.x + two.x + three.x\n", "three.py": "x = 'f'"}
    kiln.create(name, code, Layers=[first, second])
    assert kiln.invoke(name)["Body"] == "abf"
    kiln.client("lambda").update_function_configuration(FunctionName=name, Layers=[second, first])
    assert kiln.invoke(name)["Body"] == "aaf"
    kiln.create(f"{name}-e", EVALUATE, Layers=[first, second])
    assert kiln.invoke(f"{name}-e", "sorted(os.listdir('/opt')) + sorted(os.listdir('/opt/dir'))")["Body"] == ["dir", "only-a", "python", "a", "b"]
    kiln.client("lambda").update_function_configuration(FunctionName=f"{name}-e", Layers=[])
    assert kiln.invoke(f"{name}-e", "os.listdir('/opt')")["Body"] == []


def test_opt_is_read_only_and_searched_whatever_pythonpath_says(kiln, name):
    layer = publish(kiln, name, {
        "python/lib/python3.12/site-packages/deep.py": "x = 'site'", "python/deep.py": "x = 'python'", "bin/tool": "#!/bin/sh\necho tool\n",
    })
    kiln.create(name, EVALUATE, Layers=[layer], Environment={"Variables": {"PYTHONPATH": "/var/task/lib"}})
    assert kiln.invoke(name, "__import__('deep').x")["Body"] == "site", "as on AWS, site-packages come first"
    assert kiln.invoke(name, "__import__('subprocess').run('tool', capture_output=True, text=True).stdout")["Body"] == "tool\n"
    for change in ["open('/opt/new', 'w')", "os.unlink('/opt/bin/tool')", "os.chmod('/opt/bin/tool', 0o777)", "open('/opt/bin/tool', 'w')"]:
        assert kiln.invoke(name, change)["Body"]["errorType"] in ("OSError", "PermissionError"), change
    assert kiln.invoke(name, "os.path.exists('/opt/bin/tool')")["Body"] is True


def test_node_finds_modules_of_layers(kiln, name):
    layer = publish(kiln, name, {
        "nodejs/node_modules/plain/index.js": "module.exports = 'plain'", "nodejs/node20/node_modules/own/index.js": "module.exports = 'own'",
    })
    code = {"index.js": "exports.handler = async () => require('plain') + ' ' + require('own')"}
    kiln.create(name, code, runtime="nodejs20.x", Layers=[layer])
    assert kiln.invoke(name)["Body"] == "plain own"


def test_es_modules_find_modules_of_layers_above_the_package(kiln, name):
    layer = publish(kiln, name, {"nodejs/node_modules/plain/index.js": "module.exports = 'plain'"})
    code = {"index.mjs": "import plain from 'plain'; import fs from 'fs';\n"
                         "export const handler = async () => [plain, ...['/var/node_modules', '/node_modules'].map((f) => fs.readlinkSync(f))];"}
    kiln.create(name, code, runtime="nodejs20.x", Layers=[layer])
    # Without hooks, whose thread costs a cold start 40 ms.
    assert kiln.invoke(name)["Body"] == ["plain", "/opt/nodejs/node_modules", "/var/runtime/node_modules"]


def test_a_layer_may_bring_the_bootstrap(kiln, name):
    layer = publish(kiln, name, {"bootstrap": (SHELL.replace("WHICH", "layer"), 0o755)})
    kiln.create(name, {"other": "x"}, runtime="provided.al2023", handler="x", Layers=[layer])
    assert kiln.invoke(name)["Body"] == "/opt/bootstrap layer"
    kiln.create(f"{name}-own", {"bootstrap": (SHELL.replace("WHICH", "own"), 0o755)}, runtime="provided.al2023", handler="x", Layers=[layer])
    assert kiln.invoke(f"{name}-own")["Body"] == "/var/task/bootstrap own", "the function's own goes first"


def test_layers_survive_kill_9_and_deletion_serves_on(own_kiln):
    kiln = own_kiln()
    a = publish(kiln, "a", {"python/a.py": "x = 'a'"})
    b = publish(kiln, "b", {"python/b.py": "x = 'b'"})
    code = {"index.py": "import a\ndef handler(event, context):\n    try:\n        import b\n    except ImportError:\n        return a.x\n    return a.x + b.x\n"}
    kiln.create("one", code, Layers=[a])
    kiln.create("two", code, Layers=[a, b])
    api = kiln.client("lambda")
    api.publish_version(FunctionName="two")
    api.add_layer_version_permission(LayerName="b", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="*")
    api.delete_layer_version(LayerName="a", VersionNumber=1)
    kiln.kill()

    again = own_kiln()
    api = again.client("lambda")
    assert again.invoke("one")["Body"] == "a"
    assert again.invoke("two:1")["Body"] == "ab"
    assert [layer["Arn"] for layer in api.get_function_configuration(FunctionName="two")["Layers"]] == [a, b]
    assert [layer["LayerName"] for layer in api.list_layers()["Layers"]] == ["b"]
    assert '"Sid":"s"' in api.get_layer_version_policy(LayerName="b", VersionNumber=1)["Policy"]
    with pytest.raises(ClientError) as error:
        again.create("three", code, Layers=[a])
    assert message_of(error) == f"Layer version {a} does not exist."
    assert publish(again, "a", {"x": "y"}) == f"{LAYER}a:2", "numbers are not used again"


def test_code_of_layers_that_nobody_uses_goes(own_kiln):
    kiln = own_kiln()
    a, b = publish(kiln, "a", {"a": "1"}), publish(kiln, "b", {"b": "1"})
    kiln.create("f", EVALUATE, Layers=[a, b])
    assert len(folders_of_code(kiln)) == 7, "three packages with their zips, and the folder of both layers"
    api = kiln.client("lambda")
    api.delete_layer_version(LayerName="a", VersionNumber=1)
    api.delete_layer_version(LayerName="b", VersionNumber=1)
    kiln.stop()
    kiln = own_kiln()
    assert len(folders_of_code(kiln)) == 3, "the function's package with its zip, and the folder of both layers"
    assert kiln.invoke("f", "sorted(os.listdir('/opt'))")["Body"] == ["a", "b"]
    kiln.client("lambda").delete_function(FunctionName="f")
    kiln.stop()
    assert not folders_of_code(own_kiln())


def test_functions_are_refused_layers_beyond_the_limits(kiln, name):
    arns = [publish(kiln, f"{name}-{i}", {"a": str(i)}) for i in range(6)]
    kiln.create(name, EVALUATE, Layers=arns[:5])
    api = kiln.client("lambda")
    for layers, text in [
        (arns, "Cannot reference more than 5 layers."),
        ([arns[0], arns[0]], "Two different versions of the same layer are not allowed"),
        ([f"{arns[0][:-1]}2"], f"Layer version {arns[0][:-1]}2 does not exist."),
        ([arns[0].replace("us-east-1", "eu-west-1")], "Layers are not in the same region as the function."),
        (["x"], "at 'layers' failed to satisfy constraint"),
    ]:
        with pytest.raises(ClientError) as error:
            api.update_function_configuration(FunctionName=name, Layers=layers)
        assert text in message_of(error)
    assert kiln.invoke(name, "open('/opt/a').read()")["Body"] == "4"


def test_250_mib_with_layers_and_one_byte_more(kiln, name):
    """Zeros: 250 MiB of them are a package of 250 KiB."""
    code = {"index.py": "def handler(event, context):\n    return 1\n"}
    left = 262_144_000 - len(code["index.py"])

    def zeros(size):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", bytes(size))
        return out.getvalue()

    api = kiln.client("lambda")
    arns = [api.publish_layer_version(LayerName=name, Content={"ZipFile": zeros(size)})["LayerVersionArn"] for size in (left, left + 1)]
    with pytest.raises(ClientError) as error:
        kiln.create(name, code, Layers=[arns[1]])
    assert message_of(error) == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes."
    )
    kiln.create(name, code, Layers=[arns[0]])
    assert kiln.invoke(name)["Body"] == 1
    api.delete_function(FunctionName=name)
    for number in (1, 2):
        api.delete_layer_version(LayerName=name, VersionNumber=number)


@pytest.mark.parametrize("files", [{"../x": "y"}, {"/x": "y"}])
def test_hostile_packages_are_refused(kiln, name, files):
    with pytest.raises(ClientError) as error:
        publish(kiln, name, files)
    assert code_of(error) == "InvalidParameterValueException"
    assert kiln.client("lambda").list_layer_versions(LayerName=name)["LayerVersions"] == []


def test_links_of_one_layer_do_not_lead_the_next_one_out(kiln, name, tmp_path):
    """A link where the next layer has a folder gives way to it: nothing is written where it leads."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("lib")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "other")
        archive.writestr("other/kept", "k")
    api = kiln.client("lambda")
    linked = api.publish_layer_version(LayerName=f"{name}-a", Content={"ZipFile": out.getvalue()})["LayerVersionArn"]
    real = publish(kiln, f"{name}-b", {"lib/x": "y"})
    kiln.create(name, EVALUATE, Layers=[linked, real])
    assert kiln.invoke(name, "[os.path.islink('/opt/lib'), os.listdir('/opt/lib'), os.listdir('/opt/other')]")["Body"] == [False, ["x"], ["kept"]]


@pytest.mark.parametrize("file, warned", [
    ("prices.py", True), ("src/python/prices.py", True), ("python/prices.py", False), ("nodejs/node_modules/x/index.js", False),
    ("lib/libx.so", False), ("bin/x", False), ("extensions/agent.py", False), ("wrapper", False), ("certs/root.pem", False),
])
def test_a_layer_where_no_function_looks_is_noticed(kiln, name, tmp_path, file, warned):
    path = tmp_path / "layer" / file
    path.parent.mkdir(parents=True)
    path.write_text("x")
    done = kiln.cli("layer", "publish", name, str(tmp_path / "layer"))
    assert done.stdout.startswith("published arn:")
    assert ("has no folder python, nodejs, bin, lib, or extensions, where functions look" in done.stderr) == warned, done.stderr


def test_a_function_gets_a_layer_by_name_and_version(kiln, name, tmp_path):
    publish(kiln, name, {"python/price.py": "VALUE = 1\n"})
    publish(kiln, name, {"python/price.py": "VALUE = 2\n"})
    (tmp_path / "lambda_function.py").write_text("import price\ndef lambda_handler(event, context):\n    return price.VALUE\n")
    kiln.cli("create", name, str(tmp_path), "--layer", f"{name}:1")
    assert kiln.invoke(name)["Body"] == 1
    kiln.cli("create", name, str(tmp_path), "--update", "--layer", f"{name}:2")
    assert kiln.invoke(name)["Body"] == 2
    assert [each["Arn"] for each in kiln.client("lambda").get_function_configuration(FunctionName=name)["Layers"]] == [f"{LAYER}{name}:2"]
