// Looks at a page in a browser, at two widths, in light and dark: it must not be wider than the
// window, must ask for nothing, and axe-core must find nothing that breaks WCAG 2 A or AA.
// usage: node look.mjs BROWSER PAGE; screenshots go beside the page.
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const [browserPath, page] = process.argv.slice(2);
const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const wrong = [];

async function look(browser, width, scheme, unfolded) {
  const where = `${width} wide, ${scheme}${unfolded ? ', unfolded' : ''}`;
  const tab = await browser.newPage();
  // The policy of the page forbids scripts, the checker's too.
  await tab.setBypassCSP(true);
  await tab.setViewport({ width, height: 900 });
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  tab.on('request', (request) => {
    if (!request.url().startsWith('file:')) wrong.push(`${where}: asks for ${request.url()}`);
  });
  await tab.goto(new URL(page, 'file://'), { waitUntil: 'load' });
  if (unfolded) {
    await tab.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  }
  await tab.screenshot({ fullPage: true, path: page.replace(/html$/, `${width}-${scheme}${unfolded ? '-unfolded' : ''}.png`) });
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) wrong.push(`${where}: the page is ${wide} wide`);
  await tab.evaluate(axe);
  const found = await tab.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), rules);
  for (const { id, help, nodes } of found.violations) {
    wrong.push(`${where}: ${id}, ${help}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} (${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')})`).join('\n    ')}`);
  }
  if (found.passes.length < 10) wrong.push(`${where}: the checker has checked next to nothing`);
  await tab.close();
}

// What the policy is there for: no script of the page runs, even one that got in.
async function inert(browser) {
  const tab = await browser.newPage();
  await tab.goto(new URL(page, 'file://'), { waitUntil: 'load' });
  const ran = await tab.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    return Boolean(window.ran);
  });
  if (ran) wrong.push('the policy lets a script run');
  await tab.close();
}

// The filter without scripts: choosing a kind leaves nothing of another.
async function filtered(browser) {
  const tab = await browser.newPage();
  await tab.goto(new URL(page, 'file://'), { waitUntil: 'load' });
  for (const input of await tab.$$('.filter input:not(#show-all)')) {
    const kind = await input.evaluate((one) => { one.click(); return one.id.replace('show-', ''); });
    const [own, others] = await tab.evaluate((kind) => {
      const shown = [...document.querySelectorAll('.k')].filter((one) => one.checkVisibility());
      const own = shown.filter((one) => one.classList.contains(`is-${kind}`));
      return [own.length, shown.length - own.length];
    }, kind);
    if (own === 0 || others > 0) wrong.push(`filter ${kind}: shows ${own} and ${others} others`);
  }
  await tab.close();
}

const browser = await puppeteer.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
try {
  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark']) {
      await look(browser, width, scheme, false);
      await look(browser, width, scheme, true);
    }
  }
  await inert(browser);
  await filtered(browser);
} finally {
  await browser.close();
}
for (const line of wrong) console.log(line);
process.exit(wrong.length > 0 ? 1 : 0);
