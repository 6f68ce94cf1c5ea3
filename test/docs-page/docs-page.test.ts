import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Service } from '../service.ts';

const CONFIG = `import { defineConfig, defineExport } from 'sluice';
export default defineConfig({
  datasets: [{ name: 'orders', match: '*.csv', checks: [{ check: 'not_null', columns: 'price', severity: 'warn' }] }],
  exports: [defineExport({ name: 'large "<b>"', from: 'warehouse.large', after: 'transform', file: 'large.csv' })],
});
`;

const MODEL = `-- @materialized table
-- @description Orders <i>over</i> five
select id, price from {{ staging.orders }} where price > 5`;

const HOSTILE = `<script>alert("x'&")<!--\u202e.csv`;

test('docs tells datasets, models, exports, checks and loads on one page, and every name is only text', async () => {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  await mkdir(join(service.root, 'warehouse'));
  await writeFile(join(service.root, 'warehouse', 'large.sql'), MODEL);
  await service.drop(HOSTILE, 'id,price,"a<b>""\'"\n1,5,x\n2,7,y\n3,,z\n');
  const loaded = await service.run(['once']);
  expect(loaded, loaded.stderr).toMatchObject({ code: 0 });
  await service.query(`comment on table staging.orders is '</td><img src="https://example.org/x">'`);
  await service.query(`comment on column staging.orders.price is 'In "francs" & <u>net</u>'`);

  const ended = await service.run(['docs', '--json']);
  expect(ended).toMatchObject({ code: 0 });
  const file = join(service.exports, 'docs', 'index.html');
  const page = await readFile(file, 'utf8');
  expect(JSON.parse(ended.stdout)).toEqual({ file, bytes: Buffer.byteLength(page), datasets: 1, models: 1 });
  expect(await readdir(join(service.exports, 'docs'))).toEqual(['index.html']);

  expect(page).toContain('<code>staging.orders</code>, 3 rows in 1 version.');
  expect(page).toContain(
    '<td><code>price</code></td><td>bigint</td><td>In &quot;francs&quot; &amp; &lt;u&gt;net&lt;/u&gt;</td>',
  );
  expect(page).toContain('&lt;script&gt;alert(&quot;x&#39;&amp;&quot;)&lt;!--\\u{202e}.csv');
  expect(page).toMatch(/<code>datawarehouse\.large<\/code>, table, reads <code>staging\.orders<\/code>/);
  expect(page).toContain('Orders &lt;i&gt;over&lt;/i&gt; five');
  expect(page).toContain('<span class="status doubtful">warned</span>');
  expect(page).toContain('<title>export large &quot;&lt;b&gt;&quot;</title>');
  expect(page.match(/<path class="line"/g)).toHaveLength(2);
  // Only the page's own elements, and nothing that a browser would fetch or run.
  const elements = new Set(Array.from(page.matchAll(/<([a-z][a-z0-9]*)/g), ([, name]) => name));
  expect([...elements].filter((name) => /^(script|img|i|b|u|link|iframe|object)$/.test(name ?? ''))).toEqual(
    [],
  );
  const references = Array.from(page.matchAll(/\s(?:href|src)="([^"]*)"/g), ([, to]) => to ?? '');
  expect(references.filter((to) => !to.startsWith('#'))).toEqual([]);
  expect(page).not.toMatch(/url\(|@import/);
  const ids = new Set(Array.from(page.matchAll(/\sid="([^"]*)"/g), ([, id]) => id));
  for (const to of references) expect(ids).toContain(to.slice(1));
});

test('docs of a ledger in which nothing is yet says so, where --out says', async () => {
  const service = await Service.create();
  const ended = await service.run(['docs', '--out', 'page/data.html']);
  expect(ended.stdout).toMatch(/^wrote .*\/page\/data\.html: 0 datasets, 0 models, \d+ bytes\n$/);
  const page = await readFile(join(service.root, 'page', 'data.html'), 'utf8');
  expect(page).toContain('No dataset has been loaded yet.');
  expect(page).toContain('There is no model yet.');
  expect(page).not.toMatch(/https?:/);
});
