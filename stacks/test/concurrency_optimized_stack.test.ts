import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { ConcurrencyOptimizedStack } from '../lib/concurrency_optimized_stack';
import { app, only } from './support';

const template = Template.fromStack(new ConcurrencyOptimizedStack(app(), 'S'));
const [topicId, topic] = only(template, 'AWS::SNS::Topic');

// Timeout in seconds; limit: concurrent executions; duration: milliseconds.
const PRIORITIES = [
  { name: 'Critical', memory: 512, timeout: 30, reserved: 50, stop: '25', limit: 40, duration: 24_000 },
  { name: 'Standard', memory: 256, timeout: 60, reserved: 20, stop: '55', limit: 16, duration: 48_000 },
  { name: 'Batch', memory: 1024, timeout: 900, reserved: undefined, stop: '900', limit: 100, duration: 720_000 },
];

test('three functions, nine alarms, one topic', () => {
  assert.equal(topic.TopicName, 'lambda-concurrency-alerts');
  template.resourceCountIs('AWS::Lambda::Function', 3);
  template.resourceCountIs('AWS::CloudWatch::Alarm', 9);
});

for (const { name, memory, timeout, reserved, stop, limit, duration } of PRIORITIES) {
  const [functionId, handler] = only(template, 'AWS::Lambda::Function', name);
  const dimensions = [{ Name: 'FunctionName', Value: { Ref: functionId } }];

  // What all alarms share; returns the alarm for the rest.
  const alarm = (prefix: string, alarmName: string, periods: number, threshold: number) => {
    const [, properties] = only(template, 'AWS::CloudWatch::Alarm', prefix);
    assert.equal(properties.AlarmName, alarmName);
    assert.equal(properties.EvaluationPeriods, periods);
    assert.equal(properties.DatapointsToAlarm, undefined);
    assert.equal(properties.Threshold, threshold);
    assert.equal(properties.ComparisonOperator, 'GreaterThanThreshold');
    assert.equal(properties.Unit, undefined);
    assert.deepEqual(properties.AlarmActions, [{ Ref: topicId }]);
    return properties;
  };

  test(`${name}: the function`, () => {
    assert.equal(handler.Runtime, 'provided.al2023');
    assert.equal(handler.Handler, 'bootstrap');
    assert.equal(handler.MemorySize, memory);
    assert.equal(handler.Timeout, timeout);
    assert.equal(handler.ReservedConcurrentExecutions, reserved);
    assert.deepEqual(handler.Environment.Variables, {
      PRIORITY_LEVEL: name.toUpperCase(),
      MAX_PROCESSING_TIME: stop,
    });
  });

  test(`${name}: concurrent executions above ${limit} in two minutes`, () => {
    const found = alarm(`${name}ConcurrentExecutions`, `${name}-high-concurrency`, 2, limit);
    assert.equal(found.Namespace, 'AWS/Lambda');
    assert.equal(found.MetricName, 'ConcurrentExecutions');
    assert.deepEqual(found.Dimensions, dimensions);
    assert.equal(found.Statistic, 'Maximum');
    assert.equal(found.Period, 60);
  });

  test(`${name}: errors above 5 % of the invocations in two times five minutes`, () => {
    const found = alarm(`${name}ErrorRate`, `${name}-high-error-rate`, 2, 5);
    const [expression, ...inputs] = found.Metrics;
    assert.equal(expression.Expression, 'errors / invocations * 100');
    assert.equal(expression.ReturnData, true);
    const sum = (MetricName: string) => ({
      Metric: { Namespace: 'AWS/Lambda', MetricName, Dimensions: dimensions },
      Period: 300,
      Stat: 'Sum',
    });
    assert.deepEqual(inputs, [
      { Id: 'errors', MetricStat: sum('Errors'), ReturnData: false },
      { Id: 'invocations', MetricStat: sum('Invocations'), ReturnData: false },
    ]);
  });

  test(`${name}: average duration above ${duration} ms in three times five minutes`, () => {
    const found = alarm(`${name}Duration`, `${name}-long-duration`, 3, duration);
    assert.equal(found.Threshold, 0.8 * timeout * 1000);
    assert.equal(found.Namespace, 'AWS/Lambda');
    assert.equal(found.MetricName, 'Duration');
    assert.deepEqual(found.Dimensions, dimensions);
    assert.equal(found.Statistic, 'Average');
    assert.equal(found.Period, 300);
  });

  test(`${name}: an output with the function's name`, () => {
    template.hasOutput(`${name}FunctionName`, { Value: { Ref: functionId } });
  });
}
