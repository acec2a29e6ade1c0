"""The CDK's own command line against Kiln: no bootstrap, deploy, diff, deploy again, destroy."""

import json
import subprocess

from harness import ROOT
from stacks import EMPTY, inventory


def test_cdk_deploys_compares_and_destroys(own_kiln, assembly, tmp_path):
    engine = own_kiln()
    home = tmp_path / "home"
    home.mkdir()
    environment = {**engine.environment(), "HOME": str(home), "AWS_REGION": "us-east-1", "CDK_DISABLE_CLI_TELEMETRY": "1", "CI": "true"}

    def cdk(*arguments):
        done = subprocess.run([ROOT / "stacks" / "node_modules" / ".bin" / "cdk", *arguments, "--app", str(assembly.folder)], cwd=ROOT / "stacks", env=environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    outputs = tmp_path / "outputs.json"
    cdk("deploy", "--all", "--require-approval", "never", "--concurrency", "2", "--outputs-file", str(outputs))
    made = json.loads(outputs.read_text())
    there = inventory(engine)
    assert sorted(there["functions"]) == sorted(value for stack in made.values() for key, value in stack.items() if key.endswith("FunctionName"))
    assert there["functions"][made["PerformanceOptimizedStack"]["FunctionName"]]["aliases"] == {"PROD": ("1", None, ("READY", 5))}
    assert len(there["alarms"]) == 10
    answer = engine.invoke(made["ConcurrencyOptimizedStack"]["CriticalFunctionName"], {"request_id": "r", "user_id": "u", "amount": 1})
    assert answer["Body"]["statusCode"] == 200

    assert "Number of stacks with differences: 0" in cdk("diff", "--all")
    again = cdk("deploy", "--all", "--require-approval", "never")
    assert again.count("(no changes)") == 2
    cdk("destroy", "--all", "--force", "--concurrency", "2")
    assert inventory(engine) == EMPTY
