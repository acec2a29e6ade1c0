import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { PerformanceOptimizedStack } from '../lib/performance_optimized_stack';
import { app, only } from './support';

const stack = new PerformanceOptimizedStack(app(), 'S');
const template = Template.fromStack(stack);
const [functionId, optimized] = only(template, 'AWS::Lambda::Function');
const [versionId, version] = only(template, 'AWS::Lambda::Version');
const [aliasId, alias] = only(template, 'AWS::Lambda::Alias');
const [targetId, target] = only(template, 'AWS::ApplicationAutoScaling::ScalableTarget');

test('the function: runtime, size, time limit, environment', () => {
  assert.equal(optimized.Runtime, 'provided.al2023');
  assert.equal(optimized.Handler, 'bootstrap');
  assert.equal(optimized.MemorySize, 1024);
  assert.equal(optimized.Timeout, 30);
  assert.deepEqual(optimized.Environment.Variables, {
    LOG_LEVEL: 'INFO',
    MAX_RETRY_ATTEMPTS: '3',
    CACHE_TTL: '300',
  });
});

test('the reserve is above the most that may be provisioned', () => {
  assert.equal(optimized.ReservedConcurrentExecutions, 60);
  assert.ok(target.MaxCapacity < optimized.ReservedConcurrentExecutions);
});

test('alias PROD: the version, with provisioned concurrency 5', () => {
  assert.deepEqual(version.FunctionName, { Ref: functionId });
  assert.equal(alias.Name, 'PROD');
  assert.deepEqual(alias.FunctionName, { Ref: functionId });
  assert.deepEqual(alias.FunctionVersion, { 'Fn::GetAtt': [versionId, 'Version'] });
  assert.deepEqual(alias.ProvisionedConcurrencyConfig, { ProvisionedConcurrentExecutions: 5 });
});

test('a change of the function makes a new version', () => {
  const changed = new PerformanceOptimizedStack(app(), 'S');
  (changed.node.findChild('OptimizedFunction').node.defaultChild as any).memorySize = 2048;
  assert.notEqual(only(Template.fromStack(changed), 'AWS::Lambda::Version')[0], versionId);
});

test('the scalable target: 5 to 50 on the alias, which is made first', () => {
  assert.equal(target.ServiceNamespace, 'lambda');
  assert.equal(target.ScalableDimension, 'lambda:function:ProvisionedConcurrency');
  assert.equal(target.MinCapacity, 5);
  assert.equal(target.MaxCapacity, 50);
  assert.deepEqual(target.ResourceId, { 'Fn::Join': ['', ['function:', { Ref: functionId }, ':PROD']] });
  template.hasResource('AWS::ApplicationAutoScaling::ScalableTarget', { DependsOn: [aliasId] });
});

test("scaling uses AWS's own role: the function's is the only one made", () => {
  assert.match(
    JSON.stringify(target.RoleARN),
    /:role\/aws-service-role\/lambda\.application-autoscaling\.amazonaws\.com\/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"/,
  );
  template.resourceCountIs('AWS::IAM::Role', 1);
});

test('target tracking at 0.7 of provisioned utilisation: in after 2 minutes, out after 1', () => {
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
    PolicyType: 'TargetTrackingScaling',
    ScalingTargetId: { Ref: targetId },
    TargetTrackingScalingPolicyConfiguration: {
      PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' },
      TargetValue: 0.7,
      ScaleInCooldown: 120,
      ScaleOutCooldown: 60,
    },
  });
});

test('step scaling by invocations per minute: +2 from 10, +5 from 50, +10 from 100', () => {
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
    PolicyType: 'StepScaling',
    ScalingTargetId: { Ref: targetId },
    StepScalingPolicyConfiguration: {
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 40, ScalingAdjustment: 2 },
        { MetricIntervalLowerBound: 40, MetricIntervalUpperBound: 90, ScalingAdjustment: 5 },
        { MetricIntervalLowerBound: 90, MetricIntervalUpperBound: Match.absent(), ScalingAdjustment: 10 },
      ],
    },
  });
  const policies = template.findResources('AWS::ApplicationAutoScaling::ScalingPolicy', {
    Properties: { PolicyType: 'StepScaling' },
  });
  // The one alarm; below 10 nothing happens, so there is none for that.
  const [, alarm] = only(template, 'AWS::CloudWatch::Alarm');
  assert.deepEqual(alarm.AlarmActions, Object.keys(policies).map((id) => ({ Ref: id })));
  assert.equal(alarm.Namespace, 'AWS/Lambda');
  assert.equal(alarm.MetricName, 'Invocations');
  assert.deepEqual(alarm.Dimensions, [{ Name: 'FunctionName', Value: { Ref: functionId } }]);
  assert.equal(alarm.Statistic, 'Sum');
  assert.equal(alarm.Unit, undefined);
  assert.equal(alarm.Period, 60);
  assert.equal(alarm.EvaluationPeriods, 1);
  assert.equal(alarm.Threshold, 10);
  assert.equal(alarm.ComparisonOperator, 'GreaterThanOrEqualToThreshold');
});

test('step scaling warns of AWS, and stepScaling: false leaves it out', () => {
  const warning = Match.stringLikeRegexp('step scaling as unavailable for Lambda.*stepScaling=false');
  Annotations.fromStack(stack).hasWarning('/S', warning);

  const without = new PerformanceOptimizedStack(app(), 'S', { stepScaling: false });
  Annotations.fromStack(without).hasNoWarning('/S', warning);
  const rest = Template.fromStack(without);
  rest.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  const [, policy] = only(rest, 'AWS::ApplicationAutoScaling::ScalingPolicy');
  assert.equal(policy.PolicyType, 'TargetTrackingScaling');
});

test('outputs: the names to invoke', () => {
  template.hasOutput('FunctionName', { Value: { Ref: functionId } });
  template.hasOutput('AliasArn', { Value: { Ref: aliasId } });
});
