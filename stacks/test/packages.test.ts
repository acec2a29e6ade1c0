import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { packaged } from '../lib/packages';
import { app, only, packages } from './support';

test('a package that is not there is named, with the next step', () => {
  const folder = packages([]);
  assert.throws(() => packaged(new Stack(app(folder)), 'critical_handler'), (error: Error) => {
    assert.ok(error.message.startsWith(join(folder, 'critical_handler.zip')), error.message);
    assert.match(error.message, /--target function_critical_handler_package.*KILN_FUNCTIONS/);
    return true;
  });
});

test('context names the folder before the environment does', (t) => {
  const before = process.env.KILN_FUNCTIONS;
  t.after(() => {
    if (before === undefined) delete process.env.KILN_FUNCTIONS;
    else process.env.KILN_FUNCTIONS = before;
  });
  const folder = packages(['from_environment']);
  process.env.KILN_FUNCTIONS = folder;
  const stack = new Stack(new App({ outdir: join(folder, 'cdk.out') }));
  assert.equal(packaged(stack, 'from_environment').runtime, Runtime.PROVIDED_AL2023);
  const scope = new Stack(app(packages(['from_context'])));
  assert.equal(packaged(scope, 'from_context').handler, 'bootstrap');
  assert.throws(() => packaged(scope, 'from_environment'), /does not exist/);
});

test('the code is an asset whose key is the hash of the package', () => {
  const keys = ['a', 'b', 'a'].map((name) => {
    const stack = new Stack(app(packages(['a', 'b'])));
    new Function(stack, 'F', packaged(stack, name));
    return only(Template.fromStack(stack), 'AWS::Lambda::Function')[1].Code.S3Key as string;
  });
  assert.match(keys[0]!, /^[0-9a-f]{64}\.zip$/);
  assert.notEqual(keys[0], keys[1]);
  assert.equal(keys[0], keys[2]);
});
