// Stacks over stand-ins for the functions' packages, so that nothing needs to be built.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';

const FUNCTIONS = ['optimized_cold_start', 'critical_handler', 'standard_handler', 'batch_handler'];

/** A folder with a package for each name; it goes when the process ends. */
export function packages(names: readonly string[] = FUNCTIONS): string {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-stacks-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of names) writeFileSync(join(folder, `${name}.zip`), name);
  return folder;
}

/** An app that takes its packages from `folder`, and writes what it synthesises beside them. */
export function app(folder: string = packages()): App {
  return new App({ context: { KILN_FUNCTIONS: folder }, outdir: join(folder, 'cdk.out') });
}

/** The logical id and the properties of the only resource of a type whose id begins with `prefix`. */
export function only(template: Template, type: string, prefix = ''): [string, any] {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`${found.length} resources ${type} ${prefix}, expected one: ${found.map(([id]) => id)}`);
  }
  return [first[0], first[1].Properties];
}
