// One story through the AWS SDK for JavaScript v3, whose CloudWatch client speaks CBOR: a function, its metrics, an
// error-rate alarm that goes from OK to ALARM, a topic whose HTTP subscriber is told, log events.
//
//   node story.mjs KILN_URL       prints "ok" at its end; exits 1 with what went wrong
import assert from "node:assert/strict";
import http from "node:http";
import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from "@aws-sdk/client-application-auto-scaling";
import {
  CloudWatchClient, DeleteAlarmsCommand, DescribeAlarmsCommand, GetMetricDataCommand, GetMetricStatisticsCommand, ListMetricsCommand,
  PutDashboardCommand, GetDashboardCommand, PutMetricAlarmCommand, PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand, GetLogEventsCommand, PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateFunctionCommand, GetAccountSettingsCommand, InvokeCommand, LambdaClient, PutFunctionConcurrencyCommand, waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { ConfirmSubscriptionCommand, CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { role, settings, until, zipOf } from "./common.mjs";

const lambda = new LambdaClient(settings);
const cloudwatch = new CloudWatchClient(settings);
const sns = new SNSClient(settings);
const logs = new CloudWatchLogsClient(settings);

// A subscriber: messages in the order of their arrival.
const messages = [];
const receiver = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    messages.push(JSON.parse(Buffer.concat(chunks)));
    response.end();
  });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));

try {
  // A function, and its limit.
  const source = "exports.handler = async (event) => { if (event.fail) throw new Error('as asked'); return event; };\n";
  await lambda.send(new CreateFunctionCommand({
    FunctionName: "js-story", Runtime: "nodejs20.x", Handler: "index.handler", Role: role,
    Code: { ZipFile: zipOf("index.js", source) },
  }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName: "js-story" });
  const invoke = async (payload) => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName: "js-story", Payload: JSON.stringify(payload) }));
    return { error: answer.FunctionError, body: JSON.parse(Buffer.from(answer.Payload).toString()) };
  };
  assert.deepEqual(await invoke({ a: 1 }), { error: undefined, body: { a: 1 } });
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: "js-story", ReservedConcurrentExecutions: 0 }));
  await assert.rejects(invoke({}), (error) =>
    error.name === "TooManyRequestsException" && error.Reason === "ReservedFunctionConcurrentInvocationLimitExceeded" &&
    error.$metadata.httpStatusCode === 429);
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: "js-story", ReservedConcurrentExecutions: 10 }));
  const account = await lambda.send(new GetAccountSettingsCommand({}));
  assert.equal(account.AccountLimit.UnreservedConcurrentExecutions, 990);

  // Metrics, in CBOR both ways.
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  await cloudwatch.send(new PutMetricDataCommand({
    Namespace: "Story", MetricData: [{ MetricName: "size", Unit: "Bytes", Timestamp: minute, Values: [1, 2.5], Counts: [2, 2],
                                      Dimensions: [{ Name: "d", Value: "v" }] }],
  }));
  const points = await cloudwatch.send(new GetMetricStatisticsCommand({
    Namespace: "Story", MetricName: "size", Dimensions: [{ Name: "d", Value: "v" }], StartTime: minute,
    EndTime: new Date(minute.getTime() + 60_000), Period: 60, Statistics: ["Sum", "SampleCount"],
  }));
  assert.equal(points.Datapoints.length, 1);
  assert.deepEqual([points.Datapoints[0].Sum, points.Datapoints[0].SampleCount, points.Datapoints[0].Unit], [7, 4, "Bytes"]);
  assert.equal(points.Datapoints[0].Timestamp.getTime(), minute.getTime());
  const data = await cloudwatch.send(new GetMetricDataCommand({
    StartTime: minute, EndTime: new Date(minute.getTime() + 60_000),
    MetricDataQueries: [
      { Id: "m", MetricStat: { Metric: { Namespace: "Story", MetricName: "size", Dimensions: [{ Name: "d", Value: "v" }] }, Period: 60, Stat: "Maximum" }, ReturnData: false },
      { Id: "e", Expression: "m * 2" },
    ],
  }));
  assert.deepEqual(data.MetricDataResults.map((r) => [r.Id, r.Values, r.StatusCode]), [["e", [5], "Complete"]]);
  const listed = await cloudwatch.send(new ListMetricsCommand({ Namespace: "Story" }));
  assert.deepEqual(listed.Metrics.map((m) => m.MetricName), ["size"]);
  await assert.rejects(cloudwatch.send(new PutMetricDataCommand({ Namespace: "Story", MetricData: [{ MetricName: "size", Value: NaN }] })),
    (error) => error.name === "InvalidParameterValueException" && error.$metadata.httpStatusCode === 400);
  await cloudwatch.send(new PutDashboardCommand({ DashboardName: "board", DashboardBody: '{"widgets":[]}' }));
  assert.equal((await cloudwatch.send(new GetDashboardCommand({ DashboardName: "board" }))).DashboardBody, '{"widgets":[]}');

  // A topic with an HTTP subscriber, and the alarm that tells it.
  const topic = (await sns.send(new CreateTopicCommand({ Name: "js-story" }))).TopicArn;
  const endpoint = `http://127.0.0.1:${receiver.address().port}/`;
  await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "http", Endpoint: endpoint }));
  const confirmation = await until("the request to confirm", () => messages.shift());
  await sns.send(new ConfirmSubscriptionCommand({ TopicArn: topic, Token: confirmation.Token }));
  await sns.send(new PublishCommand({ TopicArn: topic, Message: "hello", Subject: "greeting" }));
  assert.equal((await until("the message", () => messages.shift())).Message, "hello");
  const metric = (Id, MetricName) => ({
    Id, ReturnData: false,
    MetricStat: { Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions: [{ Name: "FunctionName", Value: "js-story" }] }, Period: 60, Stat: "Sum" },
  });
  await cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "js-errors", EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: "GreaterThanThreshold", AlarmActions: [topic], OKActions: [topic],
    Metrics: [metric("errors", "Errors"), metric("invocations", "Invocations"), { Id: "rate", Expression: "errors / invocations * 100", ReturnData: true }],
  }));
  for (const [payload, state] of [[{}, "OK"], [{ fail: true }, "ALARM"], [{}, "OK"]]) {
    const told = await until(state, async () => {
      await invoke(payload);
      return messages.shift();
    });
    const message = JSON.parse(told.Message);
    assert.equal(message.NewStateValue, state);
    assert.equal(message.AlarmName, "js-errors");
    assert.equal(message.Trigger.Metrics.length, 3);
  }
  const alarm = (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["js-errors"] }))).MetricAlarms[0];
  assert.equal(alarm.StateValue, "OK");
  assert.ok(alarm.StateUpdatedTimestamp instanceof Date && alarm.Metrics.length === 3);
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ["js-errors"] }));
  await assert.rejects(cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "bad", Namespace: "N", MetricName: "m", Statistic: "Sum", Period: 7, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: "GreaterThanThreshold",
  })), (error) => error.$metadata.httpStatusCode === 400);

  // Log events.
  await logs.send(new CreateLogGroupCommand({ logGroupName: "js/story" }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: "js/story", logStreamName: "one" }));
  const now = Date.now();
  await logs.send(new PutLogEventsCommand({ logGroupName: "js/story", logStreamName: "one", logEvents: [{ timestamp: now, message: "first\nline" }, { timestamp: now + 1, message: "second" }] }));
  const read = await logs.send(new GetLogEventsCommand({ logGroupName: "js/story", logStreamName: "one", startFromHead: true }));
  assert.deepEqual(read.events.map((e) => e.message), ["first\nline", "second"]);
  const filtered = await logs.send(new FilterLogEventsCommand({ logGroupName: "js/story", filterPattern: "second" }));
  assert.deepEqual(filtered.events.map((e) => e.message), ["second"]);

  const scaling = new ApplicationAutoScalingClient(settings);
  assert.deepEqual((await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: "lambda" }))).ScalableTargets, []);
  console.log("ok");
} finally {
  receiver.close();
  receiver.closeAllConnections();
}
