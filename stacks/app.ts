// The CDK app. Context or environment KILN_FUNCTIONS: the folder with the functions' packages, NAME.zip.
// Context stepScaling=false leaves out the policy that AWS does not document for Lambda.
import { App } from 'aws-cdk-lib';
import { ConcurrencyOptimizedStack } from './lib/concurrency_optimized_stack';
import { PerformanceOptimizedStack } from './lib/performance_optimized_stack';

const app = new App();
new PerformanceOptimizedStack(app, 'PerformanceOptimizedStack', {
  stepScaling: String(app.node.tryGetContext('stepScaling')) !== 'false',
});
new ConcurrencyOptimizedStack(app, 'ConcurrencyOptimizedStack');
