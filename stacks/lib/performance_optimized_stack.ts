// A function without cold starts: provisioned concurrency on the alias PROD, which follows the load.
import { Annotations, ArnFormat, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  PredefinedMetric,
  ScalableTarget,
  ServiceNamespace,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Alias, Function } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { packaged } from './packages';

const MIN_PROVISIONED = 5;
const MAX_PROVISIONED = 50;
// Provisioned concurrency comes out of the reserve, so the reserve has room for all of it and ten more.
const RESERVED = 60;

export interface PerformanceOptimizedStackProps extends StackProps {
  /** Step scaling by invocations per minute, beside target tracking. Default: true. */
  readonly stepScaling?: boolean;
}

export class PerformanceOptimizedStack extends Stack {
  constructor(scope: Construct, id: string, props: PerformanceOptimizedStackProps = {}) {
    super(scope, id, props);

    const optimized = new Function(this, 'OptimizedFunction', {
      ...packaged(this, 'optimized_cold_start'),
      memorySize: 1024,
      timeout: Duration.seconds(30),
      environment: { LOG_LEVEL: 'INFO', MAX_RETRY_ATTEMPTS: '3', CACHE_TTL: '300' },
      reservedConcurrentExecutions: RESERVED,
    });
    const alias = new Alias(this, 'ProdAlias', {
      aliasName: 'PROD',
      version: optimized.currentVersion,
      provisionedConcurrentExecutions: MIN_PROVISIONED,
    });

    // AWS makes this role itself, and uses it whatever the target names; without it the CDK would add one of its own.
    const serviceLinkedRole = this.formatArn({
      service: 'iam',
      region: '',
      resource: 'role/aws-service-role/lambda.application-autoscaling.amazonaws.com',
      resourceName: 'AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const target = new ScalableTarget(this, 'ScalableTarget', {
      serviceNamespace: ServiceNamespace.LAMBDA,
      scalableDimension: 'lambda:function:ProvisionedConcurrency',
      resourceId: `function:${optimized.functionName}:${alias.aliasName}`,
      minCapacity: MIN_PROVISIONED,
      maxCapacity: MAX_PROVISIONED,
      role: Role.fromRoleArn(this, 'ScalingRole', serviceLinkedRole),
    });
    target.node.addDependency(alias); // the name in resourceId is a text, which says nothing about order
    target.scaleToTrackMetric('ProvisionedConcurrencyTracking', {
      predefinedMetric: PredefinedMetric.LAMBDA_PROVISIONED_CONCURRENCY_UTILIZATION,
      targetValue: 0.7,
      scaleInCooldown: Duration.minutes(2),
      scaleOutCooldown: Duration.minutes(1),
    });
    if (props.stepScaling ?? true) {
      target.scaleOnMetric('InvocationRateScaling', {
        metric: optimized.metricInvocations({ period: Duration.minutes(1) }),
        scalingSteps: [
          { upper: 10, change: 0 },
          { lower: 10, upper: 50, change: +2 },
          { lower: 50, upper: 100, change: +5 },
          { lower: 100, change: +10 },
        ],
      });
      Annotations.of(this).addWarningV2(
        'kiln:stepScalingOfLambda',
        'AWS documents step scaling as unavailable for Lambda; deploy to AWS with -c stepScaling=false',
      );
    }

    new CfnOutput(this, 'FunctionName', { value: optimized.functionName });
    new CfnOutput(this, 'AliasArn', { value: alias.functionArn });
  }
}
