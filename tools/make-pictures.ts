// Makes the pictures of the README: the real program, typed into a real terminal (tmux) and drawn as an animated
// SVG, and the report it wrote, photographed by a browser. Run `npm run pictures`, or with `-- bodies.svg` only one
// of them. Needs tmux and Chromium.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from '../src/server/cluster.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'docs/pictures');
const CHROMIUM = '/usr/bin/chromium';
const COLUMNS = 110;
const ROWS = 24;
const FRAME_MS = 150;
/** How long the last frame stands before the picture plays again. */
const LAST_FRAME_MS = 6000;
const RECORDING_DEADLINE_MS = 60_000;
const CELL_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const PADDING = 16;

interface Frame {
  readonly atMs: number;
  readonly lines: readonly string[];
}

/** Types `command` into a shell and looks at its screen until the shell asks for the next one. */
async function record(command: string, directory: string): Promise<Frame[]> {
  const socket = `spillway-pictures-${process.pid}`;
  const tmux = (...args: readonly string[]) =>
    execFileSync('tmux', ['-L', socket, ...args], { cwd: directory, encoding: 'utf8' });
  const shell = `env PS1='$ ' PATH='${join(directory, 'bin')}:${process.env['PATH']}' bash --norc --noprofile`;
  const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
  tmux('-f', '/dev/null', 'new-session', '-d', ...size, shell);
  try {
    // Where the scratch directory lies says nothing to a reader.
    const screen = () => tmux('capture-pane', '-p').replaceAll(`${directory}/`, '').trimEnd().split('\n');
    const startedMs = Date.now();
    const isDue = () => Date.now() - startedMs > RECORDING_DEADLINE_MS;
    while (screen().at(-1) !== '$' && !isDue()) await sleep(20);
    tmux('send-keys', '-l', command);
    const frames: Frame[] = [];
    const take = () => {
      const lines = screen();
      const text = lines.join('\n');
      if (text !== frames.at(-1)?.lines.join('\n')) frames.push({ atMs: Date.now() - firstMs, lines });
      return lines;
    };
    const firstMs = Date.now();
    take();
    await sleep(600);
    tmux('send-keys', 'Enter');
    while (take().length < 3 || frames.at(-1)?.lines.at(-1) !== '$') {
      if (isDue()) throw new Error(`expected the prompt again, found ${screen().join('\n')}`);
      await sleep(FRAME_MS);
    }
    return frames;
  } finally {
    tmux('kill-server');
  }
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One group a frame, of which the style shows one at a time; where nothing moves, the last. */
function drawFrames(frames: readonly Frame[], title: string): string {
  const last = frames.at(-1) as Frame;
  const totalMs = last.atMs + LAST_FRAME_MS;
  const width = Math.ceil(COLUMNS * CELL_WIDTH + 2 * PADDING);
  const height = Math.max(...frames.map(({ lines }) => lines.length)) * LINE_HEIGHT + 2 * PADDING;
  const rules = frames.slice(0, -1).map(({ atMs }, at) => {
    const from = ((atMs / totalMs) * 100).toFixed(2);
    const to = (((frames[at + 1] as Frame).atMs / totalMs) * 100).toFixed(2);
    return `@keyframes f${at}{0%,${from}%{opacity:0}${from}%,${to}%{opacity:1}${to}%,100%{opacity:0}}`;
  });
  const lastFrom = ((last.atMs / totalMs) * 100).toFixed(2);
  rules.push(`@keyframes f${frames.length - 1}{0%,${lastFrom}%{opacity:0}${lastFrom}%,100%{opacity:1}}`);
  const groups = frames.map(({ lines }, at) => {
    const rows = lines.map(
      (line, row) => `<tspan x="${PADDING}" y="${PADDING + 13 + row * LINE_HEIGHT}">${escaped(line)}</tspan>`,
    );
    const initial = at === frames.length - 1 ? '' : ' opacity="0"';
    return `<g class="f" style="animation-name:f${at}"${initial}><text xml:space="preserve">${rows.join('')}</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d6deeb}@media(prefers-reduced-motion:no-preference){.f{animation:${(totalMs / 1000).toFixed(2)}s step-end infinite}}${rules.join('')}</style>
<rect width="100%" height="100%" rx="8" fill="#10161f"/>
${groups.join('\n')}
</svg>
`;
}

/** What a reader of a report meets first, and its figures further below. */
async function photograph(report: string, top: string, figures: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 720 }, colorScheme: 'light' });
    await page.goto(pathToFileURL(report).href);
    await page.screenshot({ path: top });
    const heading = await page.locator('figure#latency').boundingBox();
    if (heading === null) throw new Error('expected the figure of latencies in the report, found none');
    const clip = { x: 0, y: heading.y - 12, width: 1000, height: 430 };
    await page.screenshot({ path: figures, fullPage: true, clip });
  } finally {
    await browser.close();
  }
}

/** Three large files and a thousand small ones, with their list in `directory`. */
async function serveFiles(directory: string): Promise<Server> {
  const large = [
    ['survey-2024.tar', 300e6],
    ['survey-2025.tar', 180e6],
    ['survey-2026.tar', 90e6],
  ] as const;
  const sizes = new Map<string, number>(large.map(([name, bytes]) => [`/${name}`, bytes]));
  for (let tile = 0; tile < 1000; tile++)
    sizes.set(`/tiles/${String(tile).padStart(4, '0')}.png`, 6000 + ((tile * 7919) % 9000));
  const piece = Buffer.alloc(1024 * 1024);
  const server = createServer((request, response) => {
    let left = sizes.get(request.url ?? '') ?? 0;
    response.writeHead(left === 0 ? 404 : 200, { 'content-length': left, etag: `"${left}"` });
    const send = (): void => {
      const bytes = piece.subarray(0, left);
      left -= bytes.length;
      if (left === 0) response.end(bytes);
      else response.write(bytes, () => void setImmediate(send));
    };
    send();
  });
  server.listen(8000, '127.0.0.1');
  await once(server, 'listening');
  const urls = [...sizes.keys()].map((path) => `http://127.0.0.1:8000${path}\n`);
  writeFileSync(join(directory, 'files.txt'), urls.join(''));
  return server;
}

/** The program under its own name, as an installed one has it. */
function installName(directory: string): void {
  mkdirSync(join(directory, 'bin'));
  const program = join(directory, 'bin/spillway');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}' "$@"\n`, {
    mode: 0o755,
  });
}

for (const needed of [CHROMIUM, join(ROOT, 'dist/cli/main.js')]) {
  if (!existsSync(needed))
    throw new Error(`expected ${needed}, found none; apt-get install chromium, npm run build`);
}
const directory = mkdtempSync(join(tmpdir(), 'spillway-pictures-'));
try {
  installName(directory);
  mkdirSync(OUT, { recursive: true });
  const wanted = process.argv.slice(2);
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  const draw = async (name: string, command: string) => {
    if (!isWanted(name)) return;
    const frames = await record(command, directory);
    writeFileSync(join(OUT, name), drawFrames(frames, command));
  };
  await draw('bench.svg', 'spillway bench --trials 10000');
  const files = await serveFiles(directory);
  try {
    await draw('bodies.svg', 'spillway fetch files.txt --to files --max-bytes-per-sec 60mb');
  } finally {
    files.closeAllConnections();
    files.close();
  }
  const server = await startServer({ delayMs: 300, port: 8000, items: 10_000 });
  try {
    await draw(
      'fetch.svg',
      "spillway fetch 'http://127.0.0.1:8000/{0..9999}' --to pages && spillway verify pages",
    );
  } finally {
    await server.close();
  }
  if (isWanted('report.png')) {
    execFileSync(
      join(directory, 'bin/spillway'),
      [
        'bench',
        '--trials',
        '1000',
        '--strategy',
        'async,optimized,multicore,pipelined',
        '--rounds',
        '3',
        '--seed',
        '1',
        '--report',
        'compared',
      ],
      { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await photograph(
      join(directory, 'compared/report.html'),
      join(OUT, 'report.png'),
      join(OUT, 'report-figures.png'),
    );
  }
  for (const name of ['bench.svg', 'bodies.svg', 'fetch.svg', 'report.png', 'report-figures.png']) {
    const { length } = readFileSync(join(OUT, name));
    process.stdout.write(`docs/pictures/${name}: ${length} bytes\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
