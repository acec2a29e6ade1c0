"""Stacks in tests: deployed and waited for, and what is in an engine at all, to compare before and after."""

import json
import pathlib
import subprocess
import urllib.parse

from harness import ROOT, wait_for

TEMPLATES = ROOT / "tests" / "data" / "templates"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def settled(cloudformation, stack):
    """The stack when nothing is in progress any more."""
    def look():
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found
    return wait_for(look, 120, f"the end of a deployment of {stack}")


def create(cloudformation, name, template, **more):
    body = template if isinstance(template, str) else json.dumps(template)
    stack = cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES, **more)["StackId"]
    return settled(cloudformation, stack)


def update(cloudformation, name, template=None, **more):
    source = {"UsePreviousTemplate": True} if template is None else {"TemplateBody": template if isinstance(template, str) else json.dumps(template)}
    cloudformation.update_stack(StackName=name, Capabilities=CAPABILITIES, **source, **more)
    return settled(cloudformation, name)


def delete(cloudformation, name):
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=name)
    return settled(cloudformation, stack)


def outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def events(cloudformation, stack):
    """(logical id, status, reason), oldest first."""
    found = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack).build_full_result()["StackEvents"]
    return [(event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", "")) for event in reversed(found)]


def inventory(kiln):
    """Everything that stacks can make, by service. Two engines with the same in them give the same."""
    functions, layers = kiln.client("lambda"), []
    out = {"functions": {}}
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        aliases = {}
        for alias in functions.list_aliases(FunctionName=name)["Aliases"]:
            provisioned = None
            if any(one["FunctionArn"] == alias["AliasArn"] for one in functions.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]):
                config = functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier=alias["Name"])
                provisioned = (config["Status"], config["RequestedProvisionedConcurrentExecutions"])
            aliases[alias["Name"]] = (alias["FunctionVersion"], alias.get("RoutingConfig"), provisioned)
        out["functions"][name] = {
            "configuration": {key: function.get(key) for key in ("Runtime", "Handler", "MemorySize", "Timeout", "Environment", "CodeSha256", "Layers")},
            "reserved": functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
            "versions": sorted(version["Version"] for version in functions.list_versions_by_function(FunctionName=name)["Versions"]),
            "aliases": aliases,
            "urls": [(url["AuthType"], url["FunctionArn"]) for url in functions.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]],
            "events": [(one["FunctionArn"], one.get("MaximumRetryAttempts")) for one in functions.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]],
        }
    for layer in functions.list_layers()["Layers"]:
        layers.append((layer["LayerName"], layer["LatestMatchingVersion"]["Version"]))
    out["layers"] = layers
    sns = kiln.client("sns")
    out["topics"] = sorted(topic["TopicArn"] for topic in sns.get_paginator("list_topics").paginate().build_full_result()["Topics"])
    out["subscriptions"] = sorted((one["TopicArn"], one["Protocol"], one["Endpoint"]) for one in sns.list_subscriptions()["Subscriptions"])
    cloudwatch = kiln.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    out["alarms"] = {one["AlarmName"]: (one["Threshold"], one["AlarmActions"]) for one in alarms["MetricAlarms"] if not one["AlarmName"].startswith("TargetTracking-")}
    out["composite"] = {one["AlarmName"]: one["AlarmRule"] for one in alarms["CompositeAlarms"]}
    out["dashboards"] = sorted(one["DashboardName"] for one in cloudwatch.list_dashboards()["DashboardEntries"])
    scaling = kiln.client("application-autoscaling")
    out["targets"] = [(one["ResourceId"], one["MinCapacity"], one["MaxCapacity"]) for one in scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]]
    out["policies"] = sorted((one["PolicyName"], one["PolicyType"]) for one in scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"])
    # Groups that functions' own lines have made are nobody's resource.
    groups = kiln.client("logs").describe_log_groups()["logGroups"]
    out["log groups"] = {one["logGroupName"]: one.get("retentionInDays") for one in groups if "retentionInDays" in one or not one["logGroupName"].startswith("/aws/lambda/")}
    return out


EMPTY = {"functions": {}, "layers": [], "topics": [], "subscriptions": [], "alarms": {}, "composite": {}, "dashboards": [], "targets": [], "policies": [], "log groups": {}}


class CloudAssembly:
    """What the CDK makes of the two stacks; synthesised once."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        done = subprocess.run(["npm", "run", "--silent", "synth", "--", "--output", str(folder)], cwd=ROOT / "stacks", capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr

    def template(self, stack):
        return json.loads((self.folder / f"{stack}.template.json").read_text())

    def publish(self, kiln, stack):
        """As the CDK does: every file of the asset manifest into its bucket. The template's URL."""
        s3 = kiln.client("s3")
        manifest = json.loads((self.folder / f"{stack}.assets.json").read_text())
        url = None
        for asset in manifest["files"].values():
            for to in asset["destinations"].values():
                bucket, key = (text.replace("${AWS::AccountId}", "000000000000").replace("${AWS::Region}", "us-east-1") for text in (to["bucketName"], to["objectKey"]))
                s3.put_object(Bucket=bucket, Key=key, Body=(self.folder / asset["source"]["path"]).read_bytes())
                if asset["source"]["path"] == f"{stack}.template.json":
                    url = f"https://s3.us-east-1.amazonaws.com/{bucket}/{urllib.parse.quote(key)}"
        return url
