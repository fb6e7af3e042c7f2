import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installCommand } from '../../src/model/missing-package.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

test('the command that installs a missing package puts it where the program looks for it', (t) => {
  const root = scratchDirectory(t);
  const project = join(root, 'project');
  const program = join('node_modules', 'spillway', 'dist', 'cli', 'main.js');
  mkdirSync(join(project, 'deep'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{}');
  const command = (file: string, cwd: string) => installCommand(['fastify'], file, cwd);
  assert.equal(command(join(project, program), project), 'npm install fastify');
  assert.equal(command(join(project, program), join(project, 'deep')), 'npm install fastify');
  assert.equal(command(join(project, program), root), `npm install --prefix ${project} fastify`);
  // For all projects: the folder above has no manifest.
  assert.equal(command(join(root, 'lib', program), project), 'npm install --global fastify');
  assert.equal(command(join(root, 'clone', 'src', 'model', 'a.ts'), root), 'npm install fastify');
});
