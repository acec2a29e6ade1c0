"""kiln deploy, stacks and destroy, as a user runs them."""

import json
import signal
import subprocess

import pytest

from harness import BINARY, wait_for
from stacks import EMPTY, inventory

CODE = "import os\ndef handler(event, context):\n    return [context.function_version, os.environ.get('STAGE')]\n"


@pytest.fixture
def engine(own_kiln):
    return own_kiln()


@pytest.fixture
def project(tmp_path):
    """A template with a folder of code beside it."""
    folder = tmp_path / "orders"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "index.py").write_text(CODE)
    (folder / "template.yaml").write_text("""
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}}
  F:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: ./code
      Environment: {Variables: {STAGE: !Ref Stage}}
Outputs: {Arn: {Value: !GetAtt F.Arn}}
""")
    return folder


def test_a_cloud_assembly(engine, assembly):
    plan = engine.cli("deploy", str(assembly.folder), "--plan")
    assert "PerformanceOptimizedStack: 8 to create" in plan.stdout and "ConcurrencyOptimizedStack: 16 to create" in plan.stdout
    assert engine.client("cloudformation").describe_stacks()["Stacks"] == []
    assert inventory(engine) == EMPTY
    done = engine.cli("deploy", str(assembly.folder), "--yes", "--json")
    made = json.loads(done.stdout)
    assert set(made) == {"PerformanceOptimizedStack", "ConcurrencyOptimizedStack"}
    assert "CREATE_COMPLETE" in done.stderr
    assert made["PerformanceOptimizedStack"]["FunctionName"] in inventory(engine)["functions"]
    again = engine.cli("deploy", str(assembly.folder), "--yes")
    assert "PerformanceOptimizedStack: no changes" in again.stdout and "ConcurrencyOptimizedStack: no changes" in again.stdout
    listed = {one["name"]: one for one in json.loads(engine.cli("stacks", "--json").stdout)}
    assert {one["status"] for one in listed.values()} == {"CREATE_COMPLETE"}
    assert listed["PerformanceOptimizedStack"]["outputs"] == made["PerformanceOptimizedStack"]
    engine.cli("destroy", str(assembly.folder), "--yes")
    assert inventory(engine) == EMPTY
    assert "no stacks" in engine.cli("stacks").stderr


def test_a_template_with_local_code(engine, project):
    first = engine.cli("deploy", str(project), "--yes", "--parameter", "Stage=prod", "--tag", "team=a")
    assert "2 to create, 0 to update" in first.stdout and "Arn = arn:aws:lambda" in first.stdout
    assert engine.invoke("orders")["Body"] == ["$LATEST", "prod"]
    assert engine.client("lambda").list_tags(Resource="arn:aws:lambda:us-east-1:000000000000:function:orders")["Tags"].items() >= {"team": "a"}.items()
    # A parameter that isn't given keeps its value; code that hasn't changed is no change.
    assert "orders: no changes" in engine.cli("deploy", str(project), "--yes", "--tag", "team=a").stdout
    (project / "code" / "index.py").write_text(CODE.replace("context.function_version", "'new'"))
    changed = engine.cli("deploy", str(project), "--yes", "--tag", "team=a")
    assert "~ update  F AWS::Lambda::Function" in changed.stdout and "- Code:" in changed.stdout and "+ Code:" in changed.stdout
    assert engine.invoke("orders")["Body"] == ["new", "prod"]
    engine.cli("destroy", "orders", "--yes")
    assert inventory(engine) == EMPTY


def test_a_file_alone_is_packed_as_a_folder_of_it(engine, project):
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("Code: ./code", "Code: code/index.py"))
    engine.cli("deploy", str(project), "--yes")
    assert engine.invoke("orders")["Body"] == ["$LATEST", "dev"]


def test_folders_can_run_in_place(engine, project):
    engine.cli("deploy", str(project), "--yes", "--hot-reload")
    assert engine.invoke("orders")["Body"] == ["$LATEST", "dev"]
    (project / "code" / "index.py").write_text(CODE.replace("context.function_version", "'edited'"))
    wait_for(lambda: engine.invoke("orders")["Body"] == ["edited", "dev"], what="the edited code")


def test_nobody_to_ask_is_wrong_usage_and_leaves_nothing(engine, project):
    done = engine.cli("deploy", str(project), check=False)
    assert done.returncode == 2 and "--yes" in done.stderr
    assert engine.client("cloudformation").list_stacks(StackStatusFilter=["REVIEW_IN_PROGRESS"])["StackSummaries"] == []


def test_destroy_names_what_would_go(engine, project):
    engine.cli("deploy", str(project), "--yes")
    done = engine.cli("destroy", "orders", check=False)
    resources = engine.client("cloudformation").list_stack_resources(StackName="orders")["StackResourceSummaries"]
    named = ", ".join(each["LogicalResourceId"] for each in resources[:6])
    assert done.returncode == 2
    assert done.stderr.startswith(f"kiln: nobody is there to ask whether to destroy orders ({len(resources)} resource")
    assert f": {named})" in done.stderr.replace(" and 1 more", "") and "; --yes does it without asking\n" in done.stderr
    engine.cli("destroy", "orders", "--yes")


@pytest.mark.parametrize("broken, message", [
    (("Code: ./code", "Code: ./missing"), "template.yaml:12:13: Code is './missing', but there is no file or folder"),
    (("!GetAtt Role.Arn", "!GetAtt Rule.Arn"), "template.yaml:11:13: Template error: instance of Fn::GetAtt references undefined resource Rule"),
    (("Type: AWS::Lambda::Function", "Type: AWS::Lambda::Funktion"), "Unrecognized resource types: [AWS::Lambda::Funktion (F, line 6)]. Did you mean AWS::Lambda::Function?"),
    (("Type: AWS::Lambda::Function", "Type: AWS::Serverless::Function"), "need the line 'Transform: AWS::Serverless-2016-10-31' at the top of the template"),
    (("Handler: index.handler", "Handlr: index.handler"), "extraneous key [Handlr] is not permitted; did you mean Handler?"),
    (("Handler: index.handler", "Handler: [index.handler]"), "Handler"),
    (("{Stage: {Type: String, Default: dev}}", "{Stage: {Type: String}}"), "Parameters: [Stage] must have values"),
])
def test_templates_that_are_refused(engine, project, broken, message):
    path = project / "template.yaml"
    path.write_text(path.read_text().replace(*broken))
    done = engine.cli("deploy", str(project), "--yes", check=False)
    assert done.returncode in (1, 2) and message in done.stderr, done.stderr
    assert inventory(engine) == EMPTY


def test_what_fails_is_said_rolled_back_and_deployed_anew(engine, project):
    path = project / "template.yaml"
    good = path.read_text()
    path.write_text(good.replace("Runtime: python3.12", "Runtime: python2.7"))
    done = engine.cli("deploy", str(project), "--yes", check=False)
    assert done.returncode == 1
    assert "template.yaml:" in done.stderr and "Runtime python2.7 is not here" in done.stderr  # in the plan: nothing was begun
    assert inventory(engine) == EMPTY
    path.write_text(good.replace("Handler: index.handler", "Handler: index.handler\n      Timeout: 901"))
    done = engine.cli("deploy", str(project), "--yes", check=False)
    assert done.returncode == 1
    assert "template.yaml:" in done.stderr and "Value '901' at 'timeout'" in done.stderr  # as well
    assert inventory(engine) == EMPTY
    path.write_text(good.replace("Handler: index.handler", "Handler: index.handler\n      ReservedConcurrentExecutions: 5000"))
    done = engine.cli("deploy", str(project), "--yes", check=False)
    assert done.returncode == 1
    assert "template.yaml:" in done.stderr and "100 stay for functions without a reserve" in done.stderr  # as well
    assert inventory(engine) == EMPTY
    # A plan doesn't count what other functions reserve: these may be updated meanwhile.
    engine.create("holder", {"index.py": "def handler(event, context): pass\n"})
    engine.client("lambda").put_function_concurrency(FunctionName="holder", ReservedConcurrentExecutions=500)
    path.write_text(path.read_text().replace("5000", "500"))
    done = engine.cli("deploy", str(project), "--yes", check=False)
    assert done.returncode == 1
    assert "orders is in ROLLBACK_COMPLETE: F: " in done.stderr and "UnreservedConcurrentExecution" in done.stderr
    engine.client("lambda").delete_function(FunctionName="holder")
    assert inventory(engine) == EMPTY
    path.write_text(good)
    again = engine.cli("deploy", str(project), "--yes")
    assert "removing what is left of it" in again.stdout
    assert engine.invoke("orders")["Body"] == ["$LATEST", "dev"]


def test_an_export_that_another_stack_has_is_refused_in_the_plan(engine, tmp_path):
    path = tmp_path / "exports.yaml"
    path.write_text("Resources:\n  T: {Type: AWS::SNS::Topic}\nOutputs:\n  O: {Value: !Ref T, Export: {Name: taken}}\n")
    engine.cli("deploy", str(path), "--yes", "--stack-name", "first")
    refused = engine.cli("deploy", str(path), "--yes", "--stack-name", "second", check=False)
    assert refused.returncode == 1 and "Export with name taken is already exported by stack first" in refused.stderr
    assert "CREATE_IN_PROGRESS" not in refused.stdout
    engine.cli("destroy", "first", "--yes")
    engine.cli("deploy", str(path), "--yes", "--stack-name", "second")
    engine.cli("destroy", "second", "--yes")
    assert inventory(engine) == EMPTY


def test_unsupported_types_are_left_out_when_asked(engine, project):
    path = project / "template.yaml"
    path.write_text(path.read_text().replace("Outputs:", "  Q: {Type: AWS::SQS::Queue}\n  B: {Type: AWS::DynamoDB::Table, DependsOn: Q}\nOutputs:").replace("STAGE: !Ref Stage", "STAGE: !GetAtt Q.Arn"))
    refused = engine.cli("deploy", str(project), "--yes", check=False)
    assert refused.returncode == 1 and "AWS::SQS::Queue (Q, line 14)" in refused.stderr and "AWS::DynamoDB::Table (B, line 15)" in refused.stderr
    assert inventory(engine) == EMPTY
    path.write_text(path.read_text().replace("Outputs: {", 'Outputs: {Queue: {Value: !Sub "https://sqs.us-east-1.amazonaws.com/${Q}"}, '))
    done = engine.cli("deploy", str(project), "--yes", "--skip-unsupported").stdout
    # An address at which nothing answers is not one to print.
    assert "\nQueue: nothing, since Q was left out; `kiln url NAME` gives a function a URL\n" in done and "https://sqs" not in done
    assert "Queue: nothing, since Q was left out" in engine.cli("stacks", "orders").stdout
    assert json.loads(engine.cli("stacks", "orders", "--json").stdout)["outputs"]["Queue"].endswith("/skipped-Q"), "as every tool gets it"
    assert engine.invoke("orders")["Body"] == ["$LATEST", "arn:aws:skipped:::Q"]
    engine.cli("destroy", "orders", "--yes")
    assert inventory(engine) == EMPTY


def test_a_server_that_leaves_out_does_so_for_every_tool(own_kiln):
    engine = own_kiln(args=("--skip-unsupported",))
    formation = engine.client("cloudformation")
    formation.create_stack(StackName="orders", Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"], TemplateBody="""
Transform: AWS::Serverless-2016-10-31
Resources:
  Q: {Type: AWS::SQS::Queue}
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return 1"
      Handler: index.handler
      Runtime: python3.12
      VpcConfig: {SubnetIds: [subnet-0123456789abcdef0], SecurityGroupIds: [sg-0123456789abcdef0]}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Q.Arn}
      Events: {Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}
Outputs: {Name: {Value: !Ref F}}
""")
    wait_for(lambda: formation.describe_stacks(StackName="orders")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    reasons = {one["LogicalResourceId"]: one.get("ResourceStatusReason", "") for one in formation.describe_stack_resources(StackName="orders")["StackResources"]}
    assert reasons["Q"] == "Left out: stacks of Kiln can't hold AWS::SQS::Queue"
    assert reasons["FHourly"] == "Left out: stacks of Kiln can't hold AWS::Events::Rule"
    assert "VpcConfig" in reasons["F"] and "DeadLetterConfig (of Q.Arn)" in reasons["F"]
    shown = {line.split()[0]: line for line in engine.cli("stacks", "orders").stdout.splitlines() if line.strip()}
    assert shown["Q"].endswith("  left out         -") and "CREATE_COMPLETE" in shown["F"], shown
    name = formation.describe_stacks(StackName="orders")["Stacks"][0]["Outputs"][0]["OutputValue"]
    assert engine.invoke(name)["Body"] == 1


def test_ctrl_c_leaves_the_deployment_to_itself(own_kiln, project):
    engine = own_kiln(args=("--provisioning-delay", "3s"))
    path = project / "template.yaml"
    path.write_text(path.read_text().replace("Outputs:", """  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}
  A: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, FunctionVersion: !GetAtt V.Version, Name: live, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}}}
Outputs:"""))
    command = subprocess.Popen([str(BINARY), "deploy", str(project), "--yes"], env=engine.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in command.stdout:
        if "CREATE_IN_PROGRESS" in line and " A " in line:
            break
    command.send_signal(signal.SIGINT)
    assert command.wait(20) == 130
    assert "the deployment goes on" in command.stderr.read()
    wait_for(lambda: json.loads(engine.cli("stacks", "--json").stdout)[0]["status"] == "CREATE_COMPLETE", what="the end of the deployment")
    assert inventory(engine)["functions"]["orders"]["aliases"]["live"][2] == ("READY", 1)


def test_a_handler_that_the_code_lacks_is_named_when_a_stack_is_deployed(engine, project):
    path = project / "template.yaml"
    whole = path.read_text()
    warning = f"kiln: warning: {path}: F: the handler is 'indx.handler', and the code has no indx.py; the code has index.handler\n"
    path.write_text(whole.replace("index.handler", "indx.handler"))
    assert engine.cli("deploy", str(project), "--plan").stderr == warning
    path.write_text("Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.12, Handler: indx.handler}}\n"
                    "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: code/}}}\n")
    assert engine.cli("deploy", str(project), "--plan").stderr == warning
    # A layer may bring it.
    path.write_text(whole.replace("index.handler", "indx.handler").replace("      Code:", "      Layers: [!Ref L]\n      Code:").replace(
        "Outputs:", "  L: {Type: AWS::Lambda::LayerVersion, Properties: {Content: ./code}}\nOutputs:"))
    assert engine.cli("deploy", str(project), "--plan").stderr == ""
    # What the function itself has counts, not Globals.
    path.write_text("Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.12, Handler: indx.handler, CodeUri: code/}}\n"
                    "Resources: {F: {Type: AWS::Serverless::Function, Properties: {InlineCode: 'def handler(e, c): pass'}}}\n")
    assert "the code has no indx.py" not in engine.cli("deploy", str(project), "--plan", check=False).stderr
    path.write_text(whole)
    assert engine.cli("deploy", str(project), "--plan").stderr == ""


def test_destroy_of_a_folder_with_a_cdk_application_takes_it_for_no_name(engine, project):
    engine.cli("deploy", str(project), "--yes", "--stack-name", "shop")
    (project / "shop").mkdir()

    def destroy():
        return subprocess.run([str(BINARY), "destroy", "shop", "--yes"], cwd=project, env=engine.environment(), capture_output=True, text=True)

    for name, text in (("cdk.json", "{}"), ("manifest.json", "no manifest")):
        file = project / "shop" / name
        file.write_text(text)
        refused = destroy()
        assert refused.returncode != 0 and inventory(engine) != EMPTY, (name, refused.stdout, refused.stderr)
        file.unlink()
    assert destroy().returncode == 0
    assert inventory(engine) == EMPTY


def test_a_folder_without_a_template_may_have_the_name_of_a_stack(engine, project):
    engine.cli("deploy", str(project), "--yes", "--stack-name", "shop")
    (project / "shop").mkdir()
    refused = engine.cli("delete", "shop", "--yes", check=False)
    assert refused.returncode == 1 and refused.stderr == "kiln: 'shop' is a stack and no function; `kiln destroy shop` deletes it with its functions\n"
    done = subprocess.run([str(BINARY), "destroy", "shop", "--yes"], cwd=project, env=engine.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert inventory(engine) == EMPTY


def test_functions_are_shown_as_commands_take_them(engine, project):
    path = project / "template.yaml"
    path.write_text(path.read_text().replace("Outputs:", """  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}
  A: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, FunctionVersion: !GetAtt V.Version, Name: live}}
  L: {Type: AWS::Lambda::LayerVersion, Properties: {LayerName: shared, Content: ./code}}
Outputs:"""))
    engine.cli("deploy", str(project), "--yes")
    shown = {line.split()[0]: line.split()[-1] for line in engine.cli("stacks", "orders").stdout.splitlines() if line.strip()}
    assert (shown["A"], shown["V"], shown["L"]) == ("orders:live", "orders:1", "shared:1")
    assert engine.cli("invoke", shown["A"]).returncode == 0
    resources = json.loads(engine.cli("stacks", "orders", "--json").stdout)["resources"]
    assert {"orders:live", "orders:1", "shared:1"} <= {one["physicalId"].split("function:")[-1].split("layer:")[-1] for one in resources}
    assert all(one["physicalId"].startswith("arn:") for one in resources if one["logicalId"] in ("A", "V", "L")), "whole for programs"


def test_a_stack_shows_what_is_in_it(engine, project):
    engine.cli("deploy", str(project), "--yes")
    shown = engine.cli("stacks", "orders").stdout
    rows = [line.split() for line in shown.splitlines()]
    assert rows[0] == ["orders", "CREATE_COMPLETE"]
    assert ["F", "AWS::Lambda::Function", "CREATE_COMPLETE", "orders"] in rows
    assert rows[-1] == ["Arn", "=", "arn:aws:lambda:us-east-1:000000000000:function:orders"]
    document = json.loads(engine.cli("stacks", "orders", "--json").stdout)
    assert document["outputs"] == {"Arn": rows[-1][-1]}
    assert {"logicalId": "F", "type": "AWS::Lambda::Function", "status": "CREATE_COMPLETE", "reason": "", "physicalId": "orders"} in document["resources"]
    near = engine.cli("stacks", "order", check=False)
    assert near.stderr == "kiln: there is no stack 'order' in us-east-1; did you mean orders? `kiln stacks` shows those that are there\n"


PARAMETERS_DECIDE = """
Transform: AWS::LanguageExtensions
Parameters: {Stage: {Type: String}, Kept: {Type: String}}
Mappings: {Queues: {live: {Names: [Orders, Returns]}}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !FindInMap [Queues, !Ref Stage, Names]
    - ${Name}Topic: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref Kept}
"""


def test_parameters_decide_what_a_template_becomes(engine, tmp_path):
    template = tmp_path / "topics.yaml"
    template.write_text(PARAMETERS_DECIDE)
    command = ["deploy", str(template), "--yes"]
    missing = engine.cli(*command, "--parameter", "Stage=live", check=False)
    assert missing.returncode == 1 and "Parameters: [Kept] must have values; give each with --parameter NAME=VALUE" in missing.stderr
    wrong = engine.cli(*command, "--parameter", "Stage=live", "--parameter", "Kept=Keep", check=False)
    assert wrong.returncode == 2 and "topics.yaml:9:" in wrong.stderr and "Unrecognized DeletionPolicy Keep of OrdersTopic" in wrong.stderr
    engine.cli(*command, "--parameter", "Stage=live", "--parameter", "Kept=Delete")
    # An update goes by the values that the stack has.
    template.write_text(PARAMETERS_DECIDE + "Outputs: {Arn: {Value: !Ref OrdersTopic}}\n")
    engine.cli(*command)
    assert len(engine.client("sns").list_topics()["Topics"]) == 2
    # What a tool asks before it knows the values is answered as the template is written.
    summary = engine.client("cloudformation").get_template_summary(TemplateBody=PARAMETERS_DECIDE)
    assert [one["ParameterKey"] for one in summary["Parameters"]] == ["Stage", "Kept"]
    lint = engine.cli("lint", str(template), check=False)
    assert lint.returncode != 0 and "parameters without a value: Stage, Kept; give each with --parameter NAME=VALUE" in lint.stderr
    assert engine.cli("lint", str(template), "--parameter", "Stage=live", "--parameter", "Kept=Delete").returncode == 0


def test_parameters_of_an_included_part_keep_their_values(engine, tmp_path):
    (tmp_path / "part.yaml").write_text("Parameters: {Shown: {Type: String, Default: other}}\n")
    template = tmp_path / "template.yaml"
    template.write_text("""
Transform: {Name: AWS::Include, Parameters: {Location: ./part.yaml}}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Shown}}}
Outputs: {Shown: {Value: !Ref Shown}}
""")
    deploy = lambda *more: json.loads(engine.cli("deploy", str(template), "--stack-name", "parts", "--yes", "--json", *more).stdout)
    assert deploy("--parameter", "Shown=x") == {"parts": {"Shown": "x"}}
    template.write_text(template.read_text().replace("T:", "U:"))
    assert deploy() == {"parts": {"Shown": "x"}}
