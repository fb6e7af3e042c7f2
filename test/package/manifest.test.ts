import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optional?: boolean; readonly version: string }>>;
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
}

test('a clone gets what is optional for others even where npm runs on a Node that is too old for it', () => {
  const { devDependencies, optionalDependencies } = read('package.json') as Manifest;
  const { packages } = read('package-lock.json') as Lock;
  assert.ok(Object.keys(optionalDependencies).length > 0);
  for (const [name, version] of Object.entries(optionalDependencies)) {
    assert.equal(devDependencies[name], version, `${name} of devDependencies`);
    assert.deepEqual(
      [packages[`node_modules/${name}`]?.version, packages[`node_modules/${name}`]?.optional],
      [version, undefined],
    );
  }
});
