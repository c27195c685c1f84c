// The page of the control plane in a headless Chromium, by keyboard alone.
//
// `LP_EMULATOR_CONTROL` says where it is; `CHROMIUM` which browser, where it is not one of those on the PATH; with
// `SCREENSHOTS=FOLDER` pictures are left there. The emulator is reset, before and after.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { chromium } from 'playwright-core';

const url = `${process.env.LP_EMULATOR_CONTROL.replace(/\/$/, '')}/`;
const pictures = process.env.SCREENSHOTS;
const onPath = (name) => process.env.PATH.split(path.delimiter).map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
const executablePath = process.env.CHROMIUM
  ?? ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map(onPath).find((file) => file);
if (!executablePath) {
  console.log('skipped no chromium is on the PATH');
  process.exit(77);
}
const at = (place) => new URL(place, url).href;
const ask = async (method, place, body) => {
  const response = await fetch(at(place), {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${place}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
};

await ask('POST', '/reset');
const emulator = await ask('GET', '/emulator');
// A client of the emulator. A path goes out as it is, angle brackets included.
const request = (method, place, body = '') => new Promise((done) => {
  const { hostname, port } = new URL(emulator.domain_api);
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
  const sent = https.request({ hostname, port, method, path: place, headers, ca: emulator.ca_pem, agent: false }, (reply) => {
    reply.resume();
    reply.on('close', () => done(reply.statusCode));
  });
  sent.on('error', () => done(null));
  sent.end(body);
});
const JWKS = '/sentinel/well-known/jwks';
const CANARY = '<img/src=x/onerror=window.canary=1>';
const PATH = `/"onmouseover='window.canary=1'{{canary}}/javascript:window.canary=1`;

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
console.log(`client Chromium ${browser.version()}`);
const steps = [];
const step = async (name, work) => {
  try {
    await work();
    steps.push(name);
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`FAILED  ${name}\n${error.stack}`);
    process.exitCode = 1;
  }
};
const picture = async (page, name, options = {}) => {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), ...options });
};

try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (sent) => { if (!sent.url().startsWith(url) && !sent.url().startsWith('data:')) complaints.push(sent.url()); });
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();

  // What has the focus, as somebody hears it who does not see it.
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.textContent.trim();
    return { name: element.getAttribute('aria-label') || label || element.textContent.trim(), outline: getComputedStyle(element).outlineStyle };
  });
  // Tab, and nothing else, until the thing of this name has the focus.
  const tabTo = async (name, key = 'Tab') => {
    for (let count = 0; count < 80; count += 1) {
      await page.keyboard.press(key);
      const { name: found, outline } = await focused();
      if (found.startsWith(name)) {
        assert.notEqual(outline, 'none', `${name} shows that it has the focus`);
        return;
      }
    }
    throw new Error(`Tab does not lead to ${name}`);
  };

  await step('it is empty before the first request, and says so', async () => {
    await page.getByText('No request yet').waitFor();
    await page.getByText('None: all is well.').waitFor();
    await picture(page, 'empty');
  });
  await step('the first Tab leads to a link past the controls', async () => {
    await page.keyboard.press('Tab');
    assert.equal((await focused()).name, 'Skip to the requests');
  });
  await step('everything that can be worked has a name', async () => {
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, a')]
      .filter((element) => !(element.getAttribute('aria-label') || element.labels?.[0]?.textContent.trim() || element.textContent.trim()))
      .map((element) => element.outerHTML));
    assert.deepEqual(nameless, []);
  });
  await step('by keyboard: a rotation adds a key', async () => {
    await tabTo('Rotate');
    await page.keyboard.press('Enter');
    await page.locator('#keys li').nth(2).waitFor();
    assert.equal((await ask('GET', '/keys')).keys.length, 3);
    assert.equal((await focused()).name, 'Rotate', 'the focus stays');
  });
  await step('by keyboard: a fault is set, for two requests', async () => {
    await tabTo('Endpoint');
    await page.keyboard.type('key');
    await tabTo('Fault');
    await page.keyboard.type('404');
    await tabTo('Times');
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');
    await page.locator('#faults').getByText('2 more').waitFor();
    const { faults } = await ask('GET', '/faults');
    assert.deepEqual(faults, [{ endpoint: 'keys', fault: { status: 404, error_body: 'oauth' }, times: 2 }]);
  });
  await step('a request shows as it arrives, with its outcome, and is spoken of', async () => {
    assert.equal(await request('GET', JWKS), 404);
    const row = page.locator('#rows tr').first();
    await row.getByText('404').waitFor();
    assert.match(await row.textContent(), /key set.*404.*GET \/sentinel\/well-known\/jwks.*fault: status/);
    await page.locator('#faults').getByText('1 more').waitFor();
    await page.waitForFunction(() => document.getElementById('spoken').textContent === 'key set: 404, fault');
  });
  await step('by keyboard: the faults are cleared', async () => {
    await tabTo('Clear all', 'Shift+Tab');
    await page.keyboard.press('Space');
    await page.getByText('None: all is well.').waitFor();
    assert.equal(await request('GET', JWKS), 200);
    await page.locator('#rows tr').first().getByText('200').waitFor();
  });
  await step('by keyboard: the clock moves on by an hour', async () => {
    await tabTo('+ 1 h');
    await page.keyboard.press('Enter');
    await page.waitForFunction(async () => (await (await fetch('/clock')).json()).offset_seconds === 3600);
    await page.waitForFunction(() => [...document.querySelectorAll('#keys small')].some((age) => age.textContent.includes('1 h old')));
  });
  await step('by keyboard: an application is installed, and its secret shown once', async () => {
    await tabTo('Name');
    await page.keyboard.type(CANARY);
    await page.keyboard.press('Enter');
    await page.getByText('Shown once.').waitFor();
    const secret = await page.locator('#credentials code').nth(1).textContent();
    assert.equal(secret.length, 26);
    const { applications } = await ask('GET', '/applications');
    assert.equal(applications.at(-1).client_name, CANARY);
    assert.ok(!JSON.stringify(applications).includes(secret));
    await tabTo('Hide', 'Shift+Tab');
    await page.keyboard.press('Enter');
    assert.ok(!(await page.content()).includes(secret));
  });
  await step('what clients send is shown as text and nothing more', async () => {
    await ask('POST', `/applications?client_id=canary-1`, { client_name: CANARY, description: CANARY, scope: "<b>'x'" });
    await ask('POST', '/faults', { endpoint: 'token', fault: { body: CANARY } });
    // The server takes no path with an angle bracket, but quotation marks and braces.
    await request('GET', PATH);
    await request('POST', '/sentinel/api/v2/account/1/app/token', `client_id=${encodeURIComponent(CANARY)}`);
    await page.locator('#rows').getByText(`GET ${PATH}`).first().waitFor();
    await page.locator('#applications').getByText(CANARY).nth(1).waitFor();
    await page.locator('#faults').getByText('img').waitFor();
    assert.equal(await page.evaluate(() => window.canary), undefined);
    assert.equal(await page.locator('img').count(), 0);
  });
  await step('no script but its own runs', async () => {
    const refused = await page.evaluate(() => {
      try {
        const script = document.createElement('script');
        script.text = 'window.canary = 2';
        document.body.append(script);
      } catch { /* Trusted Types refuse it before the policy does. */ }
      return window.canary === undefined;
    });
    assert.ok(refused);
    complaints.length = 0;
  });
  await step('with hundreds of requests the list stays bounded, and works', async () => {
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => request('GET', index % 4 ? JWKS : `/api/account/12345678/service/sentinel/baseURI.json?version=1.0`)));
    }
    await page.waitForFunction(() => /^60\d, the last 500 shown$/.test(document.getElementById('requests-count').textContent));
    assert.equal(await page.locator('#rows tr').count(), 500);
    await page.selectOption('#filter', 'domain_api');
    assert.ok(await page.locator('#rows tr:visible').count() < 200);
    await page.selectOption('#filter', '');
  });
  await step('it looks right crowded, dark and narrow, without scrolling sideways', async () => {
    for (const name of ['token', 'api', 'domain_api']) {
      await ask('POST', '/faults', { endpoint: name, fault: { status: 429, retry_after: 7 }, times: 3 });
    }
    await request('POST', '/sentinel/api/v2/account/12345678/app/token', `client_id=${emulator.client_id}`);
    await page.evaluate(() => document.getElementById('said').replaceChildren());
    await page.evaluate(() => window.scrollTo(0, 0));
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const [name, width, height] of [['wide', 1280, 860], ['middle', 820, 1000], ['narrow', 360, 780]]) {
        await page.setViewportSize({ width, height });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide`);
        await picture(page, `${colorScheme}-${name}`, { fullPage: name !== 'wide' });
      }
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  });
  await step('a reset is shown', async () => {
    await page.locator('#reset').focus();
    await page.keyboard.press('Enter');
    await page.getByText('No request yet').waitFor();
    await page.getByText('None: all is well.').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#applications li').length === 1);
  });
  await step('nothing was complained of, and nothing loaded from elsewhere', async () => {
    assert.deepEqual(complaints, []);
  });
  await step('whatever came while the connection was lost is shown, once', async () => {
    // A gate before the plane, which can be shut.
    const { hostname, port, host } = new URL(url);
    const gate = http.createServer((incoming, outgoing) => {
      const headers = { ...incoming.headers, host };
      const onward = http.request({ hostname, port, method: incoming.method, path: incoming.url, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode, reply.headers);
        reply.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    const open = (at) => new Promise((done) => { gate.listen(at, '127.0.0.1', done); });
    await open(0);
    const { port: behind } = gate.address();
    await ask('DELETE', '/requests');
    const other = await context.newPage();
    const rows = (count) => other.waitForFunction((wanted) => document.querySelectorAll('#rows tr').length === wanted, count);
    await other.goto(`http://127.0.0.1:${behind}/`);
    await other.getByText('live', { exact: true }).waitFor();
    await request('GET', JWKS);
    await rows(1);
    gate.close();
    gate.closeAllConnections();
    await other.getByText('not connected').waitFor();
    await request('GET', JWKS);
    await open(behind);
    await other.getByText('live', { exact: true }).waitFor();
    await rows(2);
    await request('GET', JWKS);
    await rows(3);
    assert.equal(await other.locator('#requests-count').textContent(), '3');
    await other.close();
    gate.close();
    gate.closeAllConnections();
  });
  await step('another page cannot get at it', async () => {
    // Served by nobody: the browser sends the origin of a page made of nothing, which is `null`.
    const other = await context.newPage();
    await other.goto('data:text/html,<p>elsewhere');
    const reached = await other.evaluate(async (place) => {
      try { return (await fetch(`${place}keys/rotate`, { method: 'POST', mode: 'no-cors' })).type; } catch { return 'refused'; }
    }, url);
    const { keys } = await ask('GET', '/keys');
    assert.equal(keys.length, 2, `the request was ${reached}`);
  });
} finally {
  await browser.close();
  await ask('POST', '/reset');
}
console.log(`seen ${steps.length} steps passed`);
