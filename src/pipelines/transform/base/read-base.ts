import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BaseConfig } from '../../../config/define.ts';
import { quoteIdentifier } from '../../../db/identifiers.ts';
import { codeOf } from '../../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../../errors.ts';
import { identifierFrom } from '../../../naming.ts';
import type { Model } from '../model.ts';
import { parseModel } from '../parse-model.ts';
import { type ModelText, toModel } from '../to-model.ts';
import { type BaseFile, readBaseFile } from './base-file.ts';
import { BASE_ROWS } from './copy-base.ts';

/** Folder of the base data, in the folder of the models. */
export const BASE_FOLDER = 'base';

/**
 * The tables of base data, as models that read no dataset: one for each CSV and SQL file. Throws BASE_INVALID and
 * MODEL_INVALID with file and line.
 */
export async function readBase(warehouseDir: string, configs: readonly BaseConfig[]): Promise<Model[]> {
  const folder = path.join(warehouseDir, BASE_FOLDER);
  const files = await baseFiles(folder);
  const models: Model[] = [];
  for (const name of files) {
    const file = `${BASE_FOLDER}/${name}`;
    const own = identifierFrom(name.replace(/\.\w+$/, ''));
    const config = configs.find((one) => identifierFrom(one.name) === own) ?? null;
    const place = path.join(folder, name);
    models.push(
      name.endsWith('.sql')
        ? fromSql(file, own, await readFile(place, 'utf8'))
        : fromCsv(own, await readBaseFile(place, file), config),
    );
  }
  const lost = configs.find(({ name }) => !models.some((model) => model.name === identifierFrom(name)));
  if (lost !== undefined) {
    const reason = `the configuration speaks of ${lost.name}, but there is no such file`;
    throw new SluiceError('BASE_INVALID', { file: BASE_FOLDER, line: 1, reason });
  }
  return models;
}

async function baseFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => /^[^._].*\.(csv|tsv|sql)$/i.test(name)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    const facts = { purpose: 'base data', path: folder, reason: messageOf(error) };
    throw new SluiceError('FOLDER_UNUSABLE', facts, error);
  }
}

/** A SELECT or VALUES; by default a table, made equal to what it gives by its key. */
function fromSql(file: string, name: string, text: string): Model {
  const parsed = parseModel(file, name, text);
  const materialized = parsed.materialized ?? 'table';
  if (materialized === 'table' && parsed.key.length === 0) {
    const reason = 'a base table needs a key: write -- @key COLUMN';
    throw new SluiceError('MODEL_INVALID', { file, line: 1, reason });
  }
  return { ...toModel({ ...parsed, materialized }), isBase: true };
}

function fromCsv(name: string, base: BaseFile, config: BaseConfig | null): Model {
  const { file, columns, sha256 } = base;
  const refuse = (reason: string) => new SluiceError('BASE_INVALID', { file, line: 1, reason });
  const declared = Object.entries(config?.columns ?? {}).map(
    ([column, type]) => [identifierFrom(column), type] as const,
  );
  const types = new Map(declared);
  const named = [...types.keys(), ...(config?.key ?? []), ...Object.keys(config?.references ?? {})];
  const missing = named.find((column) => !columns.some((one) => one.name === identifierFrom(column)));
  if (missing !== undefined)
    throw refuse(`the configuration speaks of a column ${missing}, which it has not`);
  const list = columns.map(({ name: column, type }) => {
    const quoted = quoteIdentifier(column);
    return `${quoted}::${types.get(column) ?? type} as ${quoted}`;
  });
  const [first] = columns;
  const text: ModelText = {
    ...NOTHING,
    ...{ file, name, sql: `select ${list.join(', ')} from ${BASE_ROWS}` },
    key: (config?.key ?? [first?.name ?? '']).map(identifierFrom),
    references: Object.entries(config?.references ?? {}).map(([column, to]) => [identifierFrom(column), to]),
    description: config?.description ?? null,
  };
  const model = toModel(text);
  const hash = createHash('sha256').update(model.hash).update(sha256).digest('hex');
  return { ...model, isBase: true, base, hash };
}

const NOTHING: Omit<ModelText, 'file' | 'name' | 'sql'> = {
  ...{ firstLine: 1, lines: new Map(), builtIn: false, materialized: 'table', key: [], id: null },
  ...{
    rowHash: null,
    notNull: [],
    references: [],
    deleteWhen: null,
    validFrom: null,
    dimension: null,
    source: null,
  },
  ...{ depends: [], schedule: null, checks: [], description: null },
};
