import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';
import { messageOf } from '../../src/errors.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function load(sources: string, env: Record<string, string> = {}) {
  await writeFile(join(cwd, 'sluice.config.ts'), `export default { sources: ${sources} };`);
  return loadSettings({ env, cwd });
}

it('a source has its URL from .env or the environment, and shows it nowhere', async () => {
  await writeFile(join(cwd, '.env'), 'SOURCE_SHOP_URL=mysql://me:secret@host/db\n');
  const settings = await load(
    "[{ name: 'Shop', tables: ['a*', { name: 'q', query: 'select 1' }] }, { name: 'b_2' }]",
  );
  expect(settings.sources).toMatchObject([
    { name: 'Shop', variable: 'SOURCE_SHOP_URL' },
    { name: 'b_2', variable: 'SOURCE_B_2_URL', url: null },
  ]);
  expect(settings.sources[0]?.url?.reveal()).toBe('mysql://me:secret@host/db');
  expect(inspect(settings, { depth: 9 }) + JSON.stringify(settings)).not.toContain('secret');
  const { sources } = await load("[{ name: 'shop' }]", { SOURCE_SHOP_URL: 'postgres://host/db' });
  expect(sources[0]?.url?.reveal()).toBe('postgres://host/db');
});

it('a URL in .env that is of no source is refused, its password masked', async () => {
  await writeFile(join(cwd, '.env'), 'SOURCE_SHPO_URL=mysql://me:secret@host/db\n');
  const message = await load("[{ name: 'shop' }]").catch(messageOf);
  expect(message).toContain('SOURCE_SHPO_URL=mysql://me:***@host/db is not valid');
  expect(message).toContain('its sources need SOURCE_SHOP_URL');
});

it('a source that is not written rightly is refused with the place', async () => {
  const sources = `[
    'shop', { url: 'x' }, { name: 'two words' }, { name: 'a', tables: 'b' }, { name: 'A' },
    { name: 'c', schema: '', tables: ['', { query: 1, where: 'x' }] },
  ]`;
  const message = String(await load(sources).catch(messageOf));
  for (const problem of [
    'sources[0] must be an object',
    'sources[1].url is not an option; allowed are name, schema, tables',
    'sources[1].name must be 1 to 31 letters, digits and _, beginning with a letter',
    'sources[2].name must be',
    'sources[3].tables must be an array',
    'sources[4].name and sources[3].name are the same',
    'sources[5].schema must be a text',
    'sources[5].tables[0] must be a name or a glob',
    'sources[5].tables[1].where is not an option; allowed are name, query, dataset',
    'sources[5].tables[1].name must be a text',
    'sources[5].tables[1].query must be a text',
  ])
    expect(message).toContain(problem);
});
