#!/usr/bin/env node
// The program's entry point. The guard comes before anything else is loaded: a Node.js that is too old would fail on the
// syntax of the rest with a message that says nothing.

import module from 'node:module';
import { explainOldNode } from './node-version.ts';

const tooOld = explainOldNode(process.versions.node);
if (tooOld === null) {
  // What was compiled once is not compiled again: a third of the time that help takes.
  module.enableCompileCache?.();
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv.slice(2));
} else {
  process.stderr.write(`${tooOld}\n`);
  process.exitCode = 2;
}
