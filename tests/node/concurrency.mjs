// Reserved and provisioned concurrency through the AWS SDK for JavaScript v3: of five at once with two reserved, three
// are throttled; of five at once with three provisioned, two spill over; the metrics say so.
//
//   node concurrency.mjs KILN_URL       prints "ok" at its end; exits 1 with what went wrong
import assert from "node:assert/strict";
import net from "node:net";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateAliasCommand, CreateFunctionCommand, DeleteFunctionConcurrencyCommand, GetProvisionedConcurrencyConfigCommand, InvokeCommand, LambdaClient,
  PublishVersionCommand, PutFunctionConcurrencyCommand, PutProvisionedConcurrencyConfigCommand, waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { role, settings, until, zipOf } from "./common.mjs";

const FunctionName = "js-concurrency";
const lambda = new LambdaClient(settings);
const cloudwatch = new CloudWatchClient(settings);

// Invocations wait at the gate until it opens.
const waiting = [];
const gate = net.createServer((line) => waiting.push(line));
await new Promise((resolve) => gate.listen(0, "127.0.0.1", resolve));
const open = () => waiting.splice(0).forEach((line) => line.destroy());

const source = `
const net = require("node:net");
exports.handler = ({ port }) => new Promise((resolve, reject) => {
  const line = net.connect(port, "127.0.0.1");
  line.on("error", reject);
  line.on("close", () => resolve(process.env.AWS_LAMBDA_INITIALIZATION_TYPE));
  line.resume();
});
`;
const invoke = async (Qualifier) => {
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier, Payload: JSON.stringify({ port: gate.address().port }) }));
  assert.equal(answer.FunctionError, undefined);
  return JSON.parse(Buffer.from(answer.Payload).toString());
};

// The sums of metrics over all there is.
async function sums(names, Resource) {
  const Dimensions = [{ Name: "FunctionName", Value: FunctionName }, ...(Resource ? [{ Name: "Resource", Value: Resource }] : [])];
  const data = await cloudwatch.send(new GetMetricDataCommand({
    StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 86_400_000),
    MetricDataQueries: names.map((MetricName, i) => ({
      Id: `m${i}`, MetricStat: { Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions }, Period: 3600, Stat: "Sum" },
    })),
  }));
  return data.MetricDataResults.map((result) => result.Values.reduce((a, b) => a + b, 0));
}

try {
  await lambda.send(new CreateFunctionCommand({
    FunctionName, Runtime: "nodejs20.x", Handler: "index.handler", Role: role, Timeout: 60, Code: { ZipFile: zipOf("index.js", source) },
  }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName });

  // Two reserved, five at once.
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 2 }));
  const refused = [];
  const reserved = Array.from({ length: 5 }, () => invoke().catch((error) => refused.push(error)));
  await until("two at the gate, three throttled", () => waiting.length === 2 && refused.length === 3);
  open();
  const types = (await Promise.all(reserved)).filter((value) => typeof value === "string");
  assert.deepEqual(types, ["on-demand", "on-demand"]);
  for (const error of refused) {
    assert.equal(error.name, "TooManyRequestsException");
    assert.equal(error.message, "Rate Exceeded.");
    assert.equal(error.Reason, "ReservedFunctionConcurrentInvocationLimitExceeded");
    assert.equal(error.$metadata.httpStatusCode, 429);
  }
  assert.deepEqual(await sums(["Invocations", "Throttles", "Errors"]), [2, 3, 0]);
  await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));

  // Three provisioned, five at once.
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: Version }));
  const put = await lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "live", ProvisionedConcurrentExecutions: 3 }));
  assert.deepEqual([put.$metadata.httpStatusCode, put.Status], [202, "IN_PROGRESS"]);
  const ready = await until("provisioned concurrency", async () => {
    const config = await lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "live" }));
    return config.Status !== "IN_PROGRESS" && config;
  });
  assert.deepEqual([ready.Status, ready.AllocatedProvisionedConcurrentExecutions, ready.AvailableProvisionedConcurrentExecutions], ["READY", 3, 3]);
  const provisioned = Array.from({ length: 5 }, () => invoke("live"));
  await until("five at the gate", () => waiting.length === 5);
  open();
  assert.deepEqual((await Promise.all(provisioned)).sort(), ["on-demand", "on-demand", ...Array(3).fill("provisioned-concurrency")]);
  const metrics = ["ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations", "Invocations"];
  assert.deepEqual(await sums(metrics, `${FunctionName}:live`), [3, 2, 5]);
  console.log("ok");
} finally {
  open();
  gate.close();
}
