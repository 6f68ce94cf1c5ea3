import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { codeOf } from '../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { BASE_FOLDER, readBase } from './base/read-base.ts';
import type { Model } from './model.ts';
import { parseModel } from './parse-model.ts';
import { type ModelText, toModel } from './to-model.ts';

/** Shipped with the program; `dist` lies as deep as `src`. */
const BUILT_IN = fileURLToPath(new URL('../../../examples/job-titles', import.meta.url));

export type ModelSettings = Pick<Settings, 'warehouseDir' | 'models' | 'base' | 'examples'>;

/**
 * Every model there is: base data, the SQL files of the warehouse folder, those of `sluice.config.ts`, and the built-in example,
 * which steps aside when one of its names is taken. Throws MODEL_INVALID with file and line.
 */
export async function readModels(settings: ModelSettings): Promise<Model[]> {
  const { warehouseDir } = settings;
  const texts = [...(await readFolder(warehouseDir)), ...settings.models.map(fromConfig)];
  const own = [...(await readBase(warehouseDir, settings.base)), ...texts.map(toModel)];
  refuseDuplicates(own);
  if (!settings.examples) return own;
  const builtIn = await readBuiltIn();
  const taken = builtIn.some((model) => own.some(({ name }) => name === model.name));
  return taken ? own : [...own, ...builtIn];
}

let builtInModels: Promise<Model[]> | null = null;

/** They come with the program and do not change while it runs. */
function readBuiltIn(): Promise<Model[]> {
  builtInModels ??= readFolder(BUILT_IN).then((texts) =>
    texts.map((text) => toModel({ ...text, file: `job-titles/${text.file}`, builtIn: true })),
  );
  return builtInModels;
}

/** Files by their path in the folder, which need not exist. */
async function readFolder(folder: string): Promise<ModelText[]> {
  const texts: ModelText[] = [];
  for (const file of await sqlFiles(folder)) {
    const text = await readFile(path.join(folder, file), 'utf8');
    texts.push(parseModel(file, path.basename(file, '.sql'), text));
  }
  return texts;
}

async function sqlFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder, { recursive: true });
    const isModel = (name: string) =>
      name.endsWith('.sql') && !/(^|\/)[._]/.test(name) && !name.startsWith(`${BASE_FOLDER}${path.sep}`);
    return names.filter(isModel).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    const facts = { purpose: 'warehouse', path: folder, reason: messageOf(error) };
    throw new SluiceError('FOLDER_UNUSABLE', facts, error);
  }
}

function fromConfig(model: ModelConfig): ModelText {
  return {
    file: `model ${model.name} of the configuration file`,
    sql: model.sql ?? '',
    dimension: model.dimension?.from ?? null,
    firstLine: 1,
    lines: new Map(),
    builtIn: false,
    name: model.name,
    materialized: model.materialized ?? null,
    key: model.key ?? [],
    id: model.id ?? null,
    rowHash: model.rowHash ?? null,
    notNull: model.notNull ?? [],
    references: Object.entries(model.references ?? {}),
    deleteWhen: model.deleteWhen ?? null,
    validFrom: model.validFrom ?? null,
    source: model.source ?? null,
    depends: model.depends ?? [],
    schedule: model.schedule ?? null,
    checks: (model.checks ?? []).map((written) => ({ written, line: 1 })),
    description: model.description ?? null,
  };
}

function refuseDuplicates(models: readonly Model[]): void {
  for (const [at, model] of models.entries()) {
    const first = models.findIndex(({ name }) => name === model.name);
    if (first === at) continue;
    const reason = `${models[first]?.file} makes a model ${model.name} as well`;
    throw new SluiceError('MODEL_INVALID', { file: model.file, line: model.lineOf('name'), reason });
  }
}
