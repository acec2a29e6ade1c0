// Target tracking through the AWS SDK for JavaScript v3, against an engine whose minutes last a second: under a steady
// load provisioned concurrency rises and cold starts stop; idle, it stays; under a light load it comes down.
//
//   node scaling.mjs KILN_URL       prints "ok" at its end; exits 1 with what went wrong
import assert from "node:assert/strict";
import {
  ApplicationAutoScalingClient, DeregisterScalableTargetCommand, DescribeScalingActivitiesCommand, PutScalingPolicyCommand, RegisterScalableTargetCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateAliasCommand, CreateFunctionCommand, GetProvisionedConcurrencyConfigCommand, InvokeCommand, LambdaClient, PublishVersionCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { role, settings, until, zipOf } from "./common.mjs";

const FunctionName = "js-scaling";
const lambda = new LambdaClient(settings);
const cloudwatch = new CloudWatchClient(settings);
const scaling = new ApplicationAutoScalingClient(settings);
const target = { ServiceNamespace: "lambda", ResourceId: `function:${FunctionName}:live`, ScalableDimension: "lambda:function:ProvisionedConcurrency" };

const source = "exports.handler = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms));\n";
const capacity = async () => {
  const config = await lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "live" }));
  return { wanted: config.RequestedProvisionedConcurrentExecutions, there: config.AvailableProvisionedConcurrentExecutions };
};
const states = async (...AlarmNames) =>
  (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames }))).MetricAlarms.map((alarm) => alarm.StateValue);
const status = async () => (await (await fetch(`${settings.endpoint}/_kiln/status`)).json()).functions.find((f) => f.name === FunctionName);

// Invokes without a pause, `threads` at once, until `work` is done.
async function underLoad(threads, ms, work) {
  let stop = false;
  const invokers = Array.from({ length: threads }, async () => {
    while (!stop) await lambda.send(new InvokeCommand({ FunctionName, Qualifier: "live", Payload: JSON.stringify({ ms }) }));
  });
  try {
    return await work();
  } finally {
    stop = true;
    await Promise.all(invokers);
  }
}

await lambda.send(new CreateFunctionCommand({
  FunctionName, Runtime: "nodejs20.x", Handler: "index.handler", Role: role, Timeout: 30, Code: { ZipFile: zipOf("index.js", source) },
}));
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName });
const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
await lambda.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: Version }));
await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 10 }));
await until("the least capacity", async () => (await capacity()).there === 1);
const policy = await scaling.send(new PutScalingPolicyCommand({
  ...target, PolicyName: "utilization", PolicyType: "TargetTrackingScaling",
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 0.7, PredefinedMetricSpecification: { PredefinedMetricType: "LambdaProvisionedConcurrencyUtilization" },
  },
}));
const [high, low] = policy.Alarms.map((alarm) => alarm.AlarmName).sort();
assert.ok(high.startsWith(`TargetTracking-${target.ResourceId}-AlarmHigh-`) && low.startsWith(`TargetTracking-${target.ResourceId}-AlarmLow-`));

// Four at once, each so long that the pauses between two do not lower the utilisation to the low alarm's 63 %: capacity
// grows until four are at most 70 % of it, and cold starts stop.
await underLoad(4, 800, async () => {
  await until("capacity for four", async () => (await capacity()).there >= 5 && (await states(high))[0] === "OK");
  const before = await status();
  await until("twenty more", async () => (await status()).invocations > before.invocations + 20);
  assert.equal((await status()).coldStarts, before.coldStarts);
});

// Idle: no invocations, no metric, no data for the alarms, and the capacity stays.
// (Where the machine was so busy that the last minutes of the load were low ones, they may still lower it a little.)
await until("both alarms lack data", async () => (await states(high, low)).every((state) => state === "INSUFFICIENT_DATA"));
const settled = await capacity();
assert.ok(settled.wanted > 3);

// One at a time: after fifteen low minutes it comes down.
await underLoad(1, 150, () => until("less capacity", async () => (await capacity()).wanted < settled.wanted));
assert.ok((await capacity()).wanted >= 1);
const { ScalingActivities } = await scaling.send(new DescribeScalingActivitiesCommand({ ServiceNamespace: "lambda", ResourceId: target.ResourceId }));
const causes = ScalingActivities.filter((activity) => activity.StatusCode === "Successful").map((activity) => activity.Cause);
assert.equal(causes[0], `monitor alarm ${low} in state ALARM triggered policy utilization`);
assert.ok(causes.includes(`monitor alarm ${high} in state ALARM triggered policy utilization`));
await scaling.send(new DeregisterScalableTargetCommand(target));
assert.deepEqual(await states(high, low), []);
console.log("ok");
