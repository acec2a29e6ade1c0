"""A4 as plain Python: metrics of a function through boto3, and what they say."""
import datetime
import json
import os

import boto3

settings = {"endpoint_url": os.environ.get("AWS_ENDPOINT_URL"), "region_name": os.environ["AWS_REGION"]}
cloudwatch = boto3.client("cloudwatch", **settings)
functions = boto3.client("lambda", **settings)


def read(name, metric, statistic, minutes):
    end = datetime.datetime.now(datetime.timezone.utc)
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}],
        StartTime=end - datetime.timedelta(minutes=minutes), EndTime=end + datetime.timedelta(minutes=1), Period=60, Statistics=[statistic])["Datapoints"]
    return [point[statistic] for point in points]


def handler(event, context):
    if event["action"] != "analyze_performance":
        return {"statusCode": 400, "body": json.dumps({"error": "Unknown action"})}
    name, minutes = event["function_name"], event.get("period_minutes", 5)
    concurrent = max(read(name, "ConcurrentExecutions", "Maximum", minutes), default=0)
    invocations, errors, throttles = (sum(read(name, metric, "Sum", minutes)) for metric in ("Invocations", "Errors", "Throttles"))
    durations = read(name, "Duration", "Average", minutes)
    reserved = functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    alerts = []
    if reserved and concurrent / reserved > 0.9:
        alerts.append("utilization above 90 %")
    if invocations and errors / invocations > 0.05:
        alerts.append("error rate above 5 %")
    if throttles:
        alerts.append("throttled")
    return {"statusCode": 200, "body": json.dumps({"status": "critical" if alerts else "good", "alerts": alerts, "metrics": {
        "concurrent_executions": concurrent, "invocations_per_minute": invocations / minutes,
        "error_rate": errors / invocations * 100 if invocations else 0, "average_duration": sum(durations) / len(durations) if durations else 0,
        "throttles": throttles}})}
