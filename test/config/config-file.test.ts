import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';
import { SluiceError } from '../../src/errors.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-config-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function load(text: string, name = 'sluice.config.ts', options: { configPath?: string } = {}) {
  await writeFile(join(cwd, name), text);
  return loadSettings({ env: {}, cwd, ...options });
}

async function refusalOf(text: string): Promise<string> {
  const error = await load(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof SluiceError)) throw new Error('expected a refusal', { cause: error });
  expect(error.code).toBe('CONFIG_FILE_INVALID');
  expect(error.message).toContain(join(cwd, 'sluice.config.ts'));
  return error.message;
}

function datasetText(text: string): string {
  return `export default { datasets: [${text}] }`;
}

const FULL = `
import { defineConfig, defineDataset, type DatasetConfig } from 'sluice';
const columns: DatasetConfig['columns'] = { id: 'bigint', Placed: 'timestamp', price: 'numeric(12,2)' };
export default defineConfig({
  datasets: [defineDataset({
    name: 'Orders EU', match: /^orders_(?<label>[a-z]+)\\.csv$/gi,
    dialect: { delimiter: ';', quote: null, escape: null, encoding: 'latin1', newline: '\\r\\n', header: false, preambleLines: 2, nullMarker: 'NULL' },
    columns,
    contract: { newColumn: 'evolve', typeChange: 'widen', parent: 'common' },
    disposition: 'append', rejectLimit: '5%',
  })],
});`;

describe('sluice.config', () => {
  it('is loaded as TypeScript wherever it lies, with its import of sluice resolved', async () => {
    const { datasets } = await load(FULL);
    expect(datasets[0]).toMatchObject({
      name: 'Orders EU',
      dialect: { delimiter: ';', quote: null, encoding: 'latin1', header: false, preambleLines: 2 },
      columns: { id: 'bigint', Placed: 'timestamp', price: 'numeric(12,2)' },
      contract: { parent: 'common' },
      rejectLimit: '5%',
    });
  });

  it('has its regular expressions made stateless, so that they can be frozen and shared', async () => {
    const { datasets } = await load(FULL);
    const match = datasets[0]?.match as RegExp;
    expect(match.flags).toBe('i');
    expect([1, 2].map(() => match.exec('ORDERS_eu.csv')?.groups?.label)).toEqual(['eu', 'eu']);
  });

  it.each(['sluice.config.mts', 'sluice.config.mjs', 'sluice.config.js'])('may be named %s', async (name) => {
    const text = `import { defineConfig } from 'sluice'; export default defineConfig({ datasets: [{ name: 'a' }] });`;
    expect((await load(text, name)).datasets).toHaveLength(1);
  });

  it('is taken from --config before SLUICE_CONFIG before the working directory', async () => {
    for (const name of ['cli', 'env', 'cwd']) {
      const file = name === 'cwd' ? 'sluice.config.ts' : `${name}.ts`;
      await writeFile(join(cwd, file), datasetText(`{ name: '${name}' }`));
    }
    const nameFrom = async (env: Record<string, string>, configPath?: string) =>
      (await loadSettings({ env, cwd, configPath })).datasets[0]?.name;
    expect(await nameFrom({ SLUICE_CONFIG: 'env.ts' }, 'cli.ts')).toBe('cli');
    expect(await nameFrom({ SLUICE_CONFIG: './env.ts' })).toBe('env');
    expect(await nameFrom({})).toBe('cwd');
  });

  it('is refused when a named one does not exist', async () => {
    await expect(loadSettings({ env: { SLUICE_CONFIG: 'none.ts' }, cwd })).rejects.toThrow(/none\.ts/);
  });

  it('is refused when there are two in the working directory', async () => {
    await writeFile(join(cwd, 'sluice.config.js'), '');
    expect(await load('').catch(String)).toContain('only one of sluice.config.ts, sluice.config.js');
  });

  it('is refused with the line of a syntax error', async () => {
    expect(await refusalOf('export default {\n  datasets: [,,{\n};\n')).toMatch(/sluice\.config\.ts.*\b3\b/);
  });

  it('is refused when it throws, with its message', async () => {
    expect(await refusalOf(`throw new Error('no such region');`)).toContain('no such region');
  });

  it('is refused without a default export', async () => {
    expect(await refusalOf('export const config = {};')).toContain('no default export');
  });

  it.each([
    [`{ name: 'a', colums: {} }`, 'datasets[0].colums is not an option; allowed are name'],
    [`{ name: 'a', dialect: { delim: ';' } }`, 'datasets[0].dialect.delim is not an option'],
    [
      `{ name: 'a', dialect: { delimiter: '' } }`,
      'datasets[0].dialect.delimiter is "" (string); allowed is 1 to 8',
    ],
    [`{ name: 'a', dialect: { delimiter: '"' } }`, 'datasets[0].dialect.delimiter is'],
    [`{ name: 'a', dialect: { encoding: 'ebcdic' } }`, '"ebcdic" (string); allowed is one of "utf-8"'],
    [
      `{ name: 'a', dialect: { header: 'yes' } }`,
      'datasets[0].dialect.header is "yes" (string); allowed is true or false',
    ],
    [`{ name: 'a', dialect: { preambleLines: -1 } }`, 'datasets[0].dialect.preambleLines is -1 (number)'],
    [`{ name: 'a', dialect: { quote: "'", escape: '"' } }`, 'datasets[0].dialect.escape'],
    [
      `{ name: 'a', columns: { id: 'int; drop table x' } }`,
      'datasets[0].columns["id"] is "int; drop table x"',
    ],
    [`{ name: 'a', columns: { id: ' ' } }`, 'allowed is a Postgres type'],
    [`{ name: 'a', columns: { id: 5 } }`, 'datasets[0].columns["id"] is 5 (number)'],
    [`{ name: 'a', contract: { newColumn: 'ignore' } }`, 'datasets[0].contract.newColumn is "ignore"'],
    [
      `{ name: 'a', rejectLimit: '200%' }`,
      'datasets[0].rejectLimit is "200%" (string); allowed is a count of rows',
    ],
    [`{ name: 'a', rejectLimit: 1.5 }`, 'datasets[0].rejectLimit is 1.5 (number)'],
    [`{ name: 'a', match: 'eu/a*.csv' }`, 'datasets[0].match is'],
    [`{ name: 'a', match: 7 }`, 'datasets[0].match is 7 (number)'],
    [`{ name: '***' }`, 'datasets[0].name is "***" (string)'],
    [`{ name: 'orders__v2' }`, 'not ending in __v<number>'],
    [`{ match: '*.csv' }`, 'datasets[0].name is missing'],
    [`'orders'`, 'datasets[0] must be an object'],
    [
      `{ name: 'Orders' }, { name: 'x' }, { name: ' orders ' }`,
      'datasets[2].name and datasets[0].name are both the dataset orders',
    ],
  ])('is refused with key path, value and what is allowed: %s', async (dataset, expected) => {
    expect(await refusalOf(datasetText(dataset))).toContain(expected);
  });

  it('is refused when the whole or the list of datasets has the wrong type', async () => {
    expect(await refusalOf('export default []')).toContain('must be an object, not an array');
    expect(await refusalOf('export default { datasets: {} }')).toContain('datasets is');
    expect(await refusalOf('export default { dataset: [] }')).toContain('dataset is not an option');
  });

  it('reports every problem at once', async () => {
    const message = await refusalOf(
      datasetText(`{ nam: 'a', match: 1 }, { name: '', disposition: 'merge' }`),
    );
    for (const path of ['[0].nam ', '[0].match', '[0].name is missing', '[1].name', '[1].disposition']) {
      expect(message).toContain(`datasets${path}`);
    }
  });
});
