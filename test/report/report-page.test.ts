import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { renderReports } from '../../src/report/render-reports.ts';
import { openBrowser, skipWithoutBrowser } from './browser.ts';
import { runComparison, runRound } from './real-records.ts';

describe('the report in a real browser', { skip: skipWithoutBrowser }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-report-'));
  const urls = new Map<string, string>();
  let browser: Browser;

  before(async () => {
    browser = await openBrowser();
    const records = {
      comparison: await runComparison(),
      hostile: await runRound({
        wrongAnswers: true,
        command: `spillway bench --origin '"><script>document.title="owned"</script><img src=x onerror=alert(1)>\u202e\u001b[2J'`,
      }),
    };
    for (const [name, record] of Object.entries(records)) {
      const file = join(directory, `${name}.html`);
      writeFileSync(file, renderReports(record)['report.html']);
      urls.set(name, pathToFileURL(file).href);
    }
  });
  after(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  /** Opens a page, and gives what it asked for and complained of. */
  async function open(name: string, options: BrowserContextOptions) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(urls.get(name) as string, { waitUntil: 'load' });
    return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [400, 1600]) {
      test(`it renders ${colorScheme} at ${width} px without a complaint or a request`, async () => {
        await using opened = await open('comparison', { colorScheme, viewport: { width, height: 900 } });
        const { page, complaints, requests } = opened;
        assert.match(await page.locator('.verdict').innerText(), /40 trials in\s[\d.]+\sm?s/);
        assert.match(
          await page.locator('.proof').innerText(),
          /Proof holds[^]*240 planned = 240 answered once/,
        );
        const figures = (await page.evaluate(
          `[...document.querySelectorAll('figure > svg')].map((svg) => { const { width, height } = svg.getBoundingClientRect(); return [width, height]; })`,
        )) as [number, number][];
        assert.equal(figures.length, 4 + 3);
        for (const [drawnWidth, drawnHeight] of figures) assert.ok(drawnWidth > 300 && drawnHeight > 90);
        assert.ok(
          (await numberOf(page, 'document.documentElement.scrollWidth')) <= width,
          'no sideways scrolling',
        );
        const [paper, ink] = await colours(page);
        assert.ok(colorScheme === 'light' ? paper > 0.9 && ink < 0.1 : paper < 0.1 && ink > 0.7);
        assert.deepEqual(complaints, []);
        assert.deepEqual(requests, [urls.get('comparison')]);
      });
    }

    test(`every text of it stands out from its background, ${colorScheme}`, async () => {
      await using opened = await open('comparison', { colorScheme });
      for (const selector of [
        '.kicker',
        '.proof strong',
        'thead th',
        'td',
        'figcaption p',
        'svg .tick',
        '.note',
      ]) {
        const contrast = await contrastOf(opened.page, selector);
        assert.ok(contrast >= 4.5, `${selector} has a contrast of ${contrast.toFixed(2)}`);
      }
      for (let series = 0; series < 8; series++) {
        const contrast = await contrastOf(opened.page, `.s${series}`, 3);
        assert.ok(contrast >= 3, `series ${series} has a contrast of ${contrast.toFixed(2)}`);
      }
    });
  }

  test('every worker and every replica of the server has its lane, the replicas below', async () => {
    await using opened = await open('comparison', { viewport: { width: 1600, height: 900 } });
    const [workers, replicas] = (await opened.page.evaluate(
      `['s3', 's4'].map((series) => [...document.querySelectorAll('#trace-0 path.busy.' + series)].map((path) => { const { width, bottom } = path.getBoundingClientRect(); return { width, bottom }; }))`,
    )) as { width: number; bottom: number }[][];
    assert.deepEqual([workers?.length, replicas?.length], [2, 1]);
    for (const { width } of [...(workers ?? []), ...(replicas ?? [])]) assert.ok(width > 10, String(width));
    const lowest = Math.max(...(workers ?? []).map(({ bottom }) => bottom));
    assert.ok((replicas?.[0]?.bottom ?? 0) > lowest + 10);
    assert.match(await opened.page.locator('#trace-0').innerText(), /server replica’s event loop busy/);
  });

  test('its policy refuses every script, style and request that is put into it', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await using opened = await open('comparison', {});
      const found = await opened.page.evaluate(`(async () => {
        const blocked = [];
        document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        const style = document.createElement('style');
        style.textContent = 'body { background: rgb(1, 2, 3) }';
        document.head.append(script, style);
        const image = document.createElement('img');
        image.src = '${origin}/image';
        document.body.append(image);
        const fetched = await fetch('${origin}/fetch').then(() => 'fetched', () => 'refused');
        await new Promise((resolve) => setTimeout(resolve));
        return { ran: window.ran ?? false, fetched, blocked: [...new Set(blocked)].sort(), paper: getComputedStyle(document.body).backgroundColor };
      })()`);
      assert.deepEqual(found, {
        ran: false,
        fetched: 'refused',
        blocked: ['connect-src', 'img-src', 'script-src-elem', 'style-src-elem'],
        paper: 'rgb(255, 255, 255)',
      });
      assert.equal(asked, 0);
    } finally {
      server.close();
    }
  });

  test('its tables and figures are whole without script', async () => {
    await using opened = await open('comparison', { javaScriptEnabled: false });
    const { page } = opened;
    const table = page.getByRole('table', { name: 'Strategies' });
    const row = table.getByRole('row', { name: /^optimized/ });
    assert.match(await row.innerText(), /optimized\s+780\s+40\s+[\d.]+ m?s/);
    assert.match(
      await page.getByRole('img', { name: 'Every round' }).innerHTML(),
      /multicore, round 2: [\d.]+ m?s/,
    );
    await page.getByText('Order of the rounds', { exact: true }).click();
    assert.ok(await page.getByRole('table', { name: 'Rounds in the order they were run' }).isVisible());
  });

  test('every figure and table has a name, and no id stands twice', async () => {
    await using opened = await open('comparison', {});
    const found = await opened.page.evaluate(`({
      ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      tables: [...document.querySelectorAll('table')].map((table) => table.caption?.textContent ?? ''),
      figures: [...document.querySelectorAll('figure > svg')].map((svg) =>
        svg.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id)?.textContent ?? '')),
    })`);
    const { ids, tables, figures } = found as { ids: string[]; tables: string[]; figures: string[][] };
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(tables.length >= 8 && tables.every((caption) => caption !== ''));
    assert.ok(figures.every((names) => names.length === 2 && names.every((name) => name !== '')));
  });

  test('what a user or a server wrote is shown and never obeyed', async () => {
    await using opened = await open('hostile', {});
    const { page, complaints, requests } = opened;
    assert.equal(await page.locator('script, img, iframe, object, a').count(), 0);
    assert.match(await page.title(), /^multicore/);
    const command = await page.locator('pre').innerText();
    assert.ok(command.includes('<script>') && command.includes('\\u{202e}\\u{1b}[2J'));
    assert.match(await page.locator('.proof').innerText(), /Proof broken/);
    assert.match(await page.getByRole('table', { name: /^Failures/ }).innerText(), /wrong-answer/);
    assert.deepEqual(complaints, []);
    assert.equal(requests.length, 1);
  });
});

async function numberOf(page: Page, expression: string): Promise<number> {
  return (await page.evaluate(expression)) as number;
}

/** Relative luminance, as WCAG 2 defines it. */
const LUMINANCE = `(colour) => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => { const s = part / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}`;

async function colours(page: Page): Promise<readonly [paper: number, ink: number]> {
  const expression = `(() => { const of = ${LUMINANCE}; const style = getComputedStyle(document.body); return [of(style.backgroundColor), of(style.color)]; })()`;
  return (await page.evaluate(expression)) as [number, number];
}

/** Between the first such element and the page; text of an SVG has its colour as fill. */
async function contrastOf(page: Page, selector: string, absent = 0): Promise<number> {
  return numberOf(
    page,
    `(() => {
      const of = ${LUMINANCE};
      const found = document.querySelector('${selector}');
      if (found === null) return ${absent};
      const style = getComputedStyle(found);
      const isText = found instanceof SVGTextElement;
      const [dark, light] = [of(isText ? style.fill : style.color), of(getComputedStyle(document.body).backgroundColor)].sort();
      return (light + 0.05) / (dark + 0.05);
    })()`,
  );
}
