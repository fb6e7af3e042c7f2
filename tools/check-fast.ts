// `npm run check:fast`: runs the checks that take seconds, two at a time. Prints which failed, and how long each
// took.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const SCRIPTS = ['lint', 'typecheck', 'dead', 'format:check', 'test:unit'];

let failures = 0;
const queue = SCRIPTS.values();

async function work(): Promise<void> {
  for (const script of queue) {
    const startedAtMs = performance.now();
    const child = spawn('npm', ['run', '-s', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    const [code] = (await once(child, 'close')) as [number | null];
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${script} ${seconds} s\n`);
    if (code === 0) continue;
    failures++;
    process.stdout.write(Buffer.concat(pieces));
  }
}

await Promise.all([work(), work()]);
process.exitCode = failures === 0 ? 0 : 1;
