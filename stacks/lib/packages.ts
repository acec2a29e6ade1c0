// Where the functions' packages are, and what all of them have in common.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Code, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

// From dist/lib, where this runs: what CMake makes in the release build.
const DEFAULT_FOLDER = resolve(__dirname, '../../../build/release/functions');

/** Runtime, handler and code of the function `name`, as CMake's kiln_function() packs it. */
export function packaged(scope: Construct, name: string) {
  const folder: string =
    scope.node.tryGetContext('KILN_FUNCTIONS') ?? process.env.KILN_FUNCTIONS ?? DEFAULT_FOLDER;
  const zip = resolve(join(folder, `${name}.zip`));
  if (!existsSync(zip)) {
    throw new Error(
      `${zip} does not exist: build the function (cmake --build build/release --target function_${name}_package), ` +
        'or name the folder that has it with KILN_FUNCTIONS',
    );
  }
  return { runtime: Runtime.PROVIDED_AL2023, handler: 'bootstrap', code: Code.fromAsset(zip) };
}
