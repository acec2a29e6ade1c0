// One workload at three priorities, each with its share of the concurrency, and alarms that tell a topic.
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Function } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { packaged } from './packages';

interface Priority {
  readonly name: 'Critical' | 'Standard' | 'Batch';
  readonly memorySize: number; // MiB
  readonly timeout: Duration;
  /** None: the function shares what the account has unreserved. */
  readonly reserved?: number;
  /** Seconds after which the function stops by itself. */
  readonly maxProcessingTime: number;
}

const PRIORITIES: readonly Priority[] = [
  { name: 'Critical', memorySize: 512, timeout: Duration.seconds(30), reserved: 50, maxProcessingTime: 25 },
  { name: 'Standard', memorySize: 256, timeout: Duration.seconds(60), reserved: 20, maxProcessingTime: 55 },
  { name: 'Batch', memorySize: 1024, timeout: Duration.minutes(15), maxProcessingTime: 900 },
];
const UNRESERVED_LIMIT = 100; // concurrent executions

export class ConcurrencyOptimizedStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const topic = new Topic(this, 'ConcurrencyAlerts', { topicName: 'lambda-concurrency-alerts' });
    new CfnOutput(this, 'AlertTopicArn', { value: topic.topicArn });
    for (const priority of PRIORITIES) {
      const handler = new Function(this, `${priority.name}Function`, {
        ...packaged(this, `${priority.name.toLowerCase()}_handler`),
        memorySize: priority.memorySize,
        timeout: priority.timeout,
        reservedConcurrentExecutions: priority.reserved,
        environment: {
          PRIORITY_LEVEL: priority.name.toUpperCase(),
          MAX_PROCESSING_TIME: String(priority.maxProcessingTime),
        },
      });
      for (const alarm of this.alarms(priority, handler)) alarm.addAlarmAction(new SnsAction(topic));
      new CfnOutput(this, `${priority.name}FunctionName`, { value: handler.functionName });
    }
  }

  private alarms({ name, reserved, timeout }: Priority, handler: Function): Alarm[] {
    const minute = Duration.minutes(1);
    const fiveMinutes = Duration.minutes(5);
    const limit = reserved === undefined ? UNRESERVED_LIMIT : reserved * 0.8;
    const above = ComparisonOperator.GREATER_THAN_THRESHOLD;
    return [
      new Alarm(this, `${name}ConcurrentExecutionsAlarm`, {
        alarmName: `${name}-high-concurrency`,
        alarmDescription: `${name} function: more than ${limit} concurrent executions`,
        metric: handler.metric('ConcurrentExecutions', { period: minute, statistic: Stats.MAXIMUM }),
        threshold: limit,
        evaluationPeriods: 2,
        comparisonOperator: above,
      }),
      new Alarm(this, `${name}ErrorRateAlarm`, {
        alarmName: `${name}-high-error-rate`,
        alarmDescription: `${name} function: more than 5 % of the invocations fail`,
        metric: new MathExpression({
          expression: 'errors / invocations * 100',
          usingMetrics: { errors: handler.metricErrors(), invocations: handler.metricInvocations() },
          period: fiveMinutes,
        }),
        threshold: 5,
        evaluationPeriods: 2,
        comparisonOperator: above,
      }),
      new Alarm(this, `${name}DurationAlarm`, {
        alarmName: `${name}-long-duration`,
        alarmDescription: `${name} function: runs for more than 80 % of its timeout on average`,
        metric: handler.metricDuration({ period: fiveMinutes, statistic: Stats.AVERAGE }),
        threshold: 0.8 * timeout.toMilliseconds(),
        evaluationPeriods: 3,
        comparisonOperator: above,
      }),
    ];
  }
}
