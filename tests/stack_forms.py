"""A stack of every type in three forms, and all that the services say of what is in it."""

import json
import re

from harness import zip_of
from stacks import inventory

ROLE = "arn:aws:iam::000000000000:role/any"
VOLATILE = {"ResponseMetadata", "RevisionId", "LastModified", "CodeSize", "Version", "CreationTime", "ScheduledActionARN", "ScalableTargetARN", "PolicyARN", "Alarms"}


def form(number, *values):
    """The value of this form of the stack; the first may be left out, and then is none."""
    return (None, *values)[number] if len(values) == 2 else values[number]


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def resource(kind, needs=None, **properties):
    out = {"Type": kind, "Properties": {key: value for key, value in properties.items() if value is not None}}
    return {**out, "DependsOn": needs} if needs else out


def stack(n):
    """Three forms: 0 has what is required, 1 everything there is, 2 everything with other values or without."""
    function, topic, alias = {"Ref": "F"}, {"Ref": "T"}, {"Ref": "A"}
    dead = {"Ref": "Dead"}
    return {"Resources": {
        "Dead": resource("AWS::SNS::Topic", TopicName="dead"),
        "Layer": resource("AWS::Lambda::LayerVersion", LayerName="layer", Content={"S3Bucket": "layers", "S3Key": "layer.zip"}),
        "F": resource(
            "AWS::Lambda::Function", FunctionName="f", Runtime="python3.12", Handler=form(n, "index.handler", "index.handler", "index.other"), Role=form(n, ROLE, ROLE, ROLE + "2"),
            Code={"ZipFile": f"def handler(event, context):\n    return {n}\nother = handler\n"}, DeadLetterConfig=form(n, {"TargetArn": dead}, None), Description=form(n, "one", "two"),
            Environment=form(n, {"Variables": {"AA": "1", "BB": "2"}}, {"Variables": {"AA": "3"}}), EphemeralStorage=form(n, {"Size": 1024}, {"Size": 600}), Layers=form(n, [{"Ref": "Layer"}], None),
            LoggingConfig=form(n, {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}, {"LogFormat": "Text", "LogGroup": "/aws/lambda/another"}), MemorySize=form(n, 256, "512"),
            ReservedConcurrentExecutions=form(n, 10, "20"), Tags=form(n, tags(a="1", b="2"), tags(b="3", c="4")), Timeout=form(n, 10, 20), TracingConfig=form(n, {"Mode": "Active"}, {"Mode": "PassThrough"})),
        f"V{n}": resource("AWS::Lambda::Version", FunctionName=function, Description=form(n, "a", "b")),
        "A": resource("AWS::Lambda::Alias", FunctionName=function, FunctionVersion={"Fn::GetAtt": [f"V{n}", "Version"]}, Name="live", Description=form(n, "a", "b"),
                      ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": form(n, 1, 2, 3)}),
        "U": resource("AWS::Lambda::Url", "A", TargetFunctionArn=function, Qualifier="live", AuthType=form(n, "NONE", "NONE", "AWS_IAM"),
                      Cors=form(n, {"AllowOrigins": ["*"], "MaxAge": 10}, {"AllowOrigins": ["https://a.example"], "AllowCredentials": "true"})),
        "P": resource("AWS::Lambda::Permission", FunctionName=form(n, function, alias, function), Action="lambda:InvokeFunction",
                      Principal=form(n, "sns.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"), SourceArn=form(n, topic, None)),
        "E": resource("AWS::Lambda::EventInvokeConfig", FunctionName=function, Qualifier="$LATEST", MaximumRetryAttempts=form(n, 1, 0, 2), MaximumEventAgeInSeconds=form(n, 100, 200),
                      DestinationConfig=form(n, {"OnFailure": {"Destination": dead}}, {"OnSuccess": {"Destination": dead}})),
        "T": resource("AWS::SNS::Topic", TopicName="t", DisplayName=form(n, "a", "b"), KmsMasterKeyId=form(n, "key", None), SignatureVersion=form(n, "2", "1"), TracingConfig=form(n, "Active", None),
                      Tags=form(n, tags(a="1"), tags(c="4")), Subscription=form(n, [{"Protocol": "email", "Endpoint": "a@b.example"}], [{"Protocol": "email", "Endpoint": "c@b.example"}])),
        "Policy": resource("AWS::SNS::TopicPolicy", Topics=[topic], PolicyDocument={"Version": "2012-10-17", "Statement": [
            {"Sid": f"s{n}", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}]}),
        "S": resource("AWS::SNS::Subscription", TopicArn=topic, Protocol="lambda", Endpoint={"Fn::GetAtt": ["F", "Arn"]}, FilterPolicy=form(n, {"a": ["b"]}, {"c": [{"numeric": [">", 1]}]}),
                      FilterPolicyScope=form(n, "MessageBody", "MessageAttributes")),
        "Http": resource("AWS::SNS::Subscription", TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/", RawMessageDelivery=form(n, True, "false"),
                         DeliveryPolicy=form(n, {"healthyRetryPolicy": {"numRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 2}}, None)),
        "Alarm": resource(
            "AWS::CloudWatch::Alarm", AlarmName="alarm", Namespace="N", MetricName=form(n, "m", "m", "n"), Statistic=form(n, "Sum", None, "Average"), ExtendedStatistic=form(n, None, "p90", None),
            Period=form(n, 60, 120, 60), EvaluationPeriods=form(n, 1, 3, 4), DatapointsToAlarm=form(n, 2, 3), Threshold=form(n, 1, "2", 3.5), ComparisonOperator="GreaterThanThreshold",
            TreatMissingData=form(n, "breaching", "ignore"), AlarmActions=form(n, [topic], None), OKActions=form(n, None, [topic]), InsufficientDataActions=form(n, [topic], None),
            AlarmDescription=form(n, "a", "b"), Dimensions=form(n, [{"Name": "a", "Value": "b"}], [{"Name": "c", "Value": "d"}]), Unit=form(n, "Count", None), ActionsEnabled=form(n, False, True),
            EvaluateLowSampleCountPercentile=form(n, "ignore", None), Tags=form(n, tags(a="1", b="2"), tags(b="3", c="4"))),
        "Math": resource("AWS::CloudWatch::Alarm", AlarmName="math", EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", Metrics=[
            {"Id": "e", "Expression": form(n, "a*2", "a*3", "a*4")},
            {"Id": "a", "ReturnData": False, "MetricStat": {"Stat": form(n, "Sum", "p50", "Average"), "Period": 60, "Metric": {"Namespace": "N", "MetricName": "m"}}}]),
        "Composite": resource("AWS::CloudWatch::CompositeAlarm", AlarmName="composite", AlarmRule={"Fn::Sub": form(n, 'ALARM("${Alarm.Arn}")', "ALARM(${Alarm}) OR OK(${Math})", "NOT ALARM(${Math})")},
                              AlarmActions=form(n, [topic], None), ActionsEnabled=form(n, False, None), AlarmDescription=form(n, "a", "b"), Tags=form(n, tags(a="1"), tags(b="3"))),
        "D": resource("AWS::CloudWatch::Dashboard", DashboardName="d", DashboardBody=json.dumps({"widgets": [{"type": "text", "properties": {"markdown": f"# {n}"}}]})),
        "Target": resource(
            "AWS::ApplicationAutoScaling::ScalableTarget", "A", ServiceNamespace="lambda", ScalableDimension="lambda:function:ProvisionedConcurrency", ResourceId="function:f:live",
            MinCapacity=form(n, 1, 2, 3), MaxCapacity=form(n, 4, 5, "6"),
            ScheduledActions=form(n, [{"ScheduledActionName": "one", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}},
                                      {"ScheduledActionName": "two", "Schedule": "cron(0 8 * * ? *)", "Timezone": "Europe/Paris", "StartTime": "2090-01-01T00:00:00Z",
                                       "ScalableTargetAction": {"MaxCapacity": "5"}}],
                                  [{"ScheduledActionName": "two", "Schedule": "at(2090-01-01T00:00:00)", "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 4}}]),
            SuspendedState=form(n, {"DynamicScalingInSuspended": True}, {"ScheduledScalingSuspended": "true"})),
        "Steps": resource("AWS::ApplicationAutoScaling::ScalingPolicy", PolicyName="steps", PolicyType="StepScaling", ScalingTargetId={"Ref": "Target"}, StepScalingPolicyConfiguration=resource(
            "", AdjustmentType=form(n, "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"), Cooldown=form(n, 10, 20), MinAdjustmentMagnitude=form(n, 1, None),
            MetricAggregationType=form(n, "Maximum", "Minimum"), StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": n + 1}])["Properties"]),
        "Tracking": resource("AWS::ApplicationAutoScaling::ScalingPolicy", PolicyName="tracking", PolicyType="TargetTrackingScaling", ScalingTargetId={"Ref": "Target"},
                             TargetTrackingScalingPolicyConfiguration=resource(
                                 "", TargetValue=form(n, 0.5, 0.6, "0.7"), PredefinedMetricSpecification={"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
                                 ScaleInCooldown=form(n, 10, 20), ScaleOutCooldown=form(n, 30, 40), DisableScaleIn=form(n, True, False))["Properties"]),
        "Group": resource("AWS::Logs::LogGroup", LogGroupName="group", RetentionInDays=form(n, 7, "30"), Tags=form(n, tags(a="1", b="2"), tags(b="3", c="4"))),
    }}


def with_a_failure(template):
    """The same with a resource that can't be made, after all others."""
    last = resource("AWS::Lambda::Function", list(template["Resources"]), FunctionName="last", Runtime="python3.12", Handler="index.handler", Role=ROLE, Code={"S3Bucket": "nowhere", "S3Key": "x"})
    return {"Resources": {**template["Resources"], "Last": last}}


def lasting(document):
    return {key: value for key, value in document.items() if key not in VOLATILE}


PENDING = "PendingConfirmation"
# Whom the forms ask for a confirmation. As on AWS, a subscription that waits for it can't be ended, so it may outlive an update.
ASKED = (set(), {"a@b.example"}, {"c@b.example"})


def asked(kiln):
    """The addresses that have been asked for a confirmation."""
    return {one["Endpoint"] for one in kiln.client("sns").list_subscriptions()["Subscriptions"] if one["SubscriptionArn"] == PENDING}


def tags_of_users(function):
    """Those of the stack name its id, which is another each time."""
    return {key: value for key, value in function["Tags"].items() if not key.startswith("aws:")}


def details(kiln):
    """All that the services say of what is in the stack, without times and numbers that count up."""
    lambda_, sns, cloudwatch, scaling, logs = (kiln.client(name) for name in ("lambda", "sns", "cloudwatch", "application-autoscaling", "logs"))

    def policy(**which):
        try:
            statements = json.loads(lambda_.get_policy(FunctionName="f", **which)["Policy"])["Statement"]
        except lambda_.exceptions.ResourceNotFoundException:
            return []
        return [{**statement, "Sid": ""} for statement in statements]

    def subscription(listed):
        found = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
        neutral = {"FilterPolicy": "{}", "FilterPolicyScope": "MessageAttributes"}
        return {key: value for key, value in found.items() if key != "SubscriptionArn" and neutral.get(key) != value}

    def topic(arn):
        found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        for counted in ("SubscriptionsDeleted", "SubscriptionsPending"):  # what happened on the way
            found.pop(counted)
        neutral = {"KmsMasterKeyId": "", "SignatureVersion": "1", "TracingConfig": "PassThrough"}
        return {key: value for key, value in found.items() if neutral.get(key) != value}, sns.list_tags_for_resource(ResourceArn=arn)["Tags"]

    def alarm(found):
        kept = {key: value for key, value in found.items() if "State" not in key and "Timestamp" not in key}
        return kept, sorted(cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"], key=str)

    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = {
        "function": [lasting(lambda_.get_function_configuration(FunctionName="f")), tags_of_users(lambda_.get_function(FunctionName="f")), policy(), policy(Qualifier="live"),
                     len(lambda_.list_versions_by_function(FunctionName="f")["Versions"])],
        "description of the version": lambda_.get_function_configuration(FunctionName="f", Qualifier="live")["Description"],
        "alias": lambda_.get_alias(FunctionName="f", Name="live").get("Description"),
        "urls": [(one["AuthType"], one.get("Cors"), one["FunctionArn"]) for one in lambda_.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]],
        "event invoke": [lasting(one) for one in lambda_.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]],
        "topics": [topic(one["TopicArn"]) for one in sns.list_topics()["Topics"]],
        "subscriptions": sorted((subscription(one) for one in sns.list_subscriptions()["Subscriptions"] if one["SubscriptionArn"] != PENDING), key=str),
        "alarms": [alarm(one) for one in [*alarms["MetricAlarms"], *alarms["CompositeAlarms"]] if not one["AlarmName"].startswith("TargetTracking-")],
        "dashboard": cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"],
        "targets": [lasting(one) for one in scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]],
        "actions": [lasting(one) for one in scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]],
        "policies": [lasting(one) for one in scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]],
        "group": logs.list_tags_log_group(logGroupName="group")["tags"],
        "inventory": inventory(kiln),
    }
    found["inventory"]["subscriptions"] = [one for one in found["inventory"]["subscriptions"] if one[2] not in asked(kiln)]
    for alias in found["inventory"]["functions"].values():
        alias["versions"] = len(alias["versions"])
        alias["aliases"] = {name: rest[1:] for name, rest in alias["aliases"].items()}
    # The numbers of layer versions count up.
    return json.loads(re.sub(r"layer:layer:\d+", "layer:layer:N", json.dumps(found, default=str)))


def prepared(kiln):
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="layers")
    s3.put_object(Bucket="layers", Key="layer.zip", Body=zip_of({"a.txt": "a"}))
    return kiln
