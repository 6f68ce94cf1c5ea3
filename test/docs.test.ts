import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderTable } from '../bench/report/table.ts';
import {
  errorsTable,
  replaceSection,
  resultsSection,
  typesSection,
  variablesTable,
} from '../scripts/docs-tables.mjs';
import { describeEnvironment, VARIABLE_NAMES } from '../src/config/environment.ts';
import { loadSettings } from '../src/config/load-settings.ts';
import { CATALOGUE } from '../src/errors.ts';
import { typeMaps } from '../src/formats/dump/type-maps.ts';
import { parseModel } from '../src/pipelines/transform/parse-model.ts';
import { toModel } from '../src/pipelines/transform/to-model.ts';
import { SAMPLE } from './bench/results-sample.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-docs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function pages(): Promise<string[]> {
  const inDocs = await readdir('docs', { recursive: true });
  const all = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inDocs.map((name) => `docs/${name}`)];
  return all.filter((name) => name.endsWith('.md'));
}

/** Read from the sources: every fault that is given to a record there. */
async function rejectCodes(): Promise<string[]> {
  const inCopy = await readdir('src/pipelines/copy', { recursive: true });
  const copying = inCopy.filter((name) => name.endsWith('.ts')).map((name) => `src/pipelines/copy/${name}`);
  const sources = await Promise.all(
    [...copying, 'src/formats/delimited/parse-record.ts'].map((name) => readFile(name, 'utf8')),
  );
  const codes = sources.flatMap((source) => [...source.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)]);
  return [...new Set(codes.map(([, code]) => code ?? ''))].sort();
}

describe('docs', () => {
  it('docs/errors.md has the catalogue as it is (npm run docs brings it up to date)', async () => {
    const text = await readFile('docs/errors.md', 'utf8');
    expect(text).toBe(replaceSection(text, 'errors', errorsTable(CATALOGUE)));
  });

  it('docs/configuration.md has the variables as they are (npm run docs brings it up to date)', async () => {
    const text = await readFile('docs/configuration.md', 'utf8');
    expect(text).toBe(replaceSection(text, 'variables', variablesTable(describeEnvironment())));
  });

  it('docs/dumps.md has the type maps as they are (npm run docs brings it up to date)', async () => {
    const text = await readFile('docs/dumps.md', 'utf8');
    expect(text).toBe(replaceSection(text, 'types', typesSection(typeMaps().values())));
  });

  it('a table that is out of date is noticed', () => {
    const table = errorsTable({ A: { kind: 'terminal', message: 'a | b', remedy: '<c>' } });
    expect(table).toContain('| `A` | terminal | a \\| b | &lt;c> |');
    expect(replaceSection('x <!-- t -->old<!-- /t --> y', 't', 'new')).toBe(
      'x <!-- t -->\nnew\n<!-- /t --> y',
    );
    expect(() => replaceSection('no markers', 't', 'new')).toThrow(/markers/);
  });

  it('docs/performance.md has the results as they are (npm run docs brings it up to date)', async () => {
    const text = await readFile('docs/performance.md', 'utf8');
    const file = 'bench/results.json';
    const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : null;
    expect(text).toBe(replaceSection(text, 'results', resultsSection(results, renderTable)));
  });

  it('a section of results names machine and versions', () => {
    const section = resultsSection(SAMPLE, renderTable);
    expect(section).toContain('- A & B <fast>, 2 cores shared by client and server, 8 GiB; Linux');
    expect(section).toContain('- node: v20.20.2');
    expect(section).toContain(renderTable(SAMPLE));
  });

  it('docs/errors.md explains every code that a reject can have', async () => {
    const text = await readFile('docs/errors.md', 'utf8');
    const documented = [...(text.split('## Reject codes')[1] ?? '').matchAll(/^\| `([A-Z_]+)` \|/gm)];
    expect(documented.map(([, code]) => code).sort()).toEqual(await rejectCodes());
  });

  it('the examples in docs/configuration.md are valid', async () => {
    const text = await readFile('docs/configuration.md', 'utf8');
    const loaded = [];
    for (const [at, [, example = '']] of [...text.matchAll(/```ts\n([\s\S]*?)```/g)].entries()) {
      const configPath = join(folder, `example-${at}.config.ts`);
      await writeFile(configPath, example);
      loaded.push((await loadSettings({ env: {}, cwd: folder, configPath })).datasets);
    }
    expect(loaded).toMatchObject([
      [{ name: 'orders', columns: { id: 'bigint' }, ragged: 'pad' }],
      [
        { name: 'prices', disposition: 'replace' },
        { name: 'bookings', redelivery: { changed: 'hold' } },
      ],
      [
        { name: 'payments', complete: { marker: true, checksum: 'required' } },
        { name: 'stock', complete: { control: { field: 'record_count' } } },
      ],
      [{ name: 'countries', contract: { newColumn: 'freeze', typeChange: 'freeze' } }],
    ]);
  });

  it.each(['docs/warehouse.md', 'docs/checks.md'])('the models in %s are valid', async (page) => {
    const text = await readFile(page, 'utf8');
    const models = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ''], at) => {
      const read = parseModel(`${at}.sql`, `model_${at}`, sql.replace(/^ {2}/gm, ''));
      // One of base data is a table by default.
      const materialized = read.materialized ?? (read.key.length > 0 ? 'table' : null);
      return toModel({ ...read, materialized });
    });
    expect(models.length).toBeGreaterThan(0);
  });

  it('the example in docs/warehouse.md is valid', async () => {
    const text = await readFile('docs/warehouse.md', 'utf8');
    const configPath = join(folder, 'warehouse.config.ts');
    await writeFile(configPath, /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
    const { base } = await loadSettings({ env: {}, cwd: folder, configPath });
    expect(base).toMatchObject([{ name: 'countries', key: ['code'] }]);
  });

  it('the examples in docs/checks.md are valid', async () => {
    const text = await readFile('docs/checks.md', 'utf8');
    const counts: (number | undefined)[] = [];
    for (const [at, [, example = '']] of [...text.matchAll(/```ts\n([\s\S]*?)```/g)].entries()) {
      const configPath = join(folder, `checks-${at}.config.ts`);
      await writeFile(configPath, example);
      const { datasets } = await loadSettings({ env: {}, cwd: folder, configPath });
      counts.push(datasets[0]?.checks?.length);
    }
    expect(counts).toEqual([7, 1]);
  });

  it('examples/sluice.config.ts is valid, and its patterns match the example files', async () => {
    const { datasets } = await loadSettings({
      env: {},
      cwd: folder,
      configPath: join(process.cwd(), 'examples/sluice.config.ts'),
    });
    expect(datasets.map(({ name }) => name)).toEqual(['orders', 'countries']);
    const match = datasets[0]?.match as RegExp;
    expect(match.exec('orders_eu_2026-11-21.csv')?.groups).toMatchObject({ label: 'eu', date: '2026-11-21' });
  });

  it('.env.example is valid with every line uncommented', async () => {
    const text = await readFile('.env.example', 'utf8');
    const uncommented = text.replace(/^#(?=[A-Z])/gm, '');
    await writeFile(join(folder, '.env'), uncommented);
    const settings = await loadSettings({ env: {}, cwd: folder });
    expect(settings).toMatchObject({ settleMs: 2000, cleanup: 'archive', stagingSchema: 'staging' });
  });

  it('docker-compose.yml sets variables that exist', async () => {
    const text = await readFile('docker-compose.yml', 'utf8');
    const app = text.slice(text.indexOf('\n  app:'), text.indexOf('\n  db:'));
    const names = [...app.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name]) => name);
    expect(names).toContain('DATABASE_URL');
    expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(names));
  });

  it('links between pages lead somewhere', async () => {
    const broken: string[] = [];
    for (const page of await pages()) {
      const text = await readFile(page, 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(join(dirname(page), target))) broken.push(`${page} -> ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
