import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CUSTOMERS, historyRecord } from '../generate/shapes.ts';
import { type Command, runCommand } from '../measure/run-command.ts';
import { clockEnvironment, timeOfStep } from './clock.ts';
import type { Contender, Input, Stage } from './contender.ts';
import { sluiceCommand } from './sluice.ts';

export const NEW_ROWS = 10_000;
/** Of the rows of a new file: the others have ids that are there already. */
const NEW_IDS = NEW_ROWS / 2;
const NEW_CUSTOMERS = 100;
const FIRST_DAY = Date.UTC(2026, 1, 1);
const DAY_MS = 86_400_000;

const SELECT = 'select id, customer, amount, day, _run_id, _row from {{ staging.history }}';

interface Measured {
  readonly model: string;
  /** Rows of the model after so many new files. */
  rows(history: number, files: number): number;
}

export const MODELS = {
  incremental: {
    model: `-- @materialized incremental\n${SELECT}`,
    rows: (history, files) => history + files * NEW_ROWS,
  },
  merge: {
    model: `-- @materialized merge\n-- @key id\n${SELECT}`,
    rows: (history, files) => history + files * NEW_IDS,
  },
  scd2: {
    model: `-- @materialized scd2\n-- @key id\n${SELECT}`,
    rows: (history, files) => history + files * NEW_ROWS,
  },
  dimension: {
    model: '-- @dimension staging.history.customer',
    rows: (history, files) => Math.min(history, CUSTOMERS) + files * NEW_CUSTOMERS,
  },
} satisfies Readonly<Record<string, Measured>>;

export type ModelName = keyof typeof MODELS;

/** Untimed: the history loaded where there are no models, and then the model made for the first time. */
export async function makeHistory(stage: Stage, input: Input, name: ModelName): Promise<void> {
  await run(stage, sluiceCommand(stage, ['load', ...input.files]));
  await mkdir(join(stage.folder, 'models'));
  await writeFile(join(stage.folder, 'models', 'measured.sql'), MODELS[name].model);
  await run(stage, transformCommand(stage, []));
  await stage.database.rows('vacuum analyze');
}

/** One new file, loaded before. Timed is the transaction that takes it in. */
export function newFile(name: ModelName): Contender {
  return timed(name, `sluice, ${NEW_ROWS.toLocaleString('en')} new rows`, [], async (stage, input) => {
    const files = await countFiles(stage);
    const day = new Date(FIRST_DAY + files * DAY_MS).toISOString().slice(0, 10);
    const file = join(stage.folder, `history_${day}.csv`);
    await writeFile(file, newRows(input.records, files));
    await run(stage, sluiceCommand(stage, ['load', file]));
  });
}

/** Everything made once more. */
export function everything(name: ModelName): Contender {
  return timed(name, 'sluice, everything (--full)', ['--full'], async () => undefined);
}

function timed(
  name: ModelName,
  title: string,
  options: readonly string[],
  prepare: Contender['prepare'],
): Contender {
  return {
    name: title,
    needs: [],
    prepare,
    command: (stage) => transformCommand(stage, options),
    seconds: async (_, ended) =>
      (timeOfStep(ended, 'models committed') - timeOfStep(ended, 'models locked')) / 1000,
    verify: async (stage, input) => {
      const expected = MODELS[name].rows(input.records, await countFiles(stage));
      const rows = await stage.database.count('datawarehouse.measured');
      if (rows === expected) return { kind: 'right' };
      return { kind: 'wrong', reason: `the model has ${rows} rows of ${expected}` };
    },
  };
}

function transformCommand(stage: Stage, options: readonly string[]): Command {
  const command = sluiceCommand(stage, ['transform', 'measured', ...options]);
  const models = { WAREHOUSE_DIR: join(stage.folder, 'models') };
  return { ...command, env: { ...command.env, ...models, ...clockEnvironment() } };
}

async function run(stage: Stage, command: Command): Promise<void> {
  const ended = await runCommand(command, stage.signal);
  if (ended.exitCode !== 0) throw new Error(`${command.args.join(' ')}: ${ended.stderr}`);
}

/** Without the history. */
async function countFiles(stage: Stage): Promise<number> {
  return (await stage.database.count(`sluice.files where status = 'published'`)) - 1;
}

/** The first half says something else of ids that are there, the second has new ids; some of these have new customers. */
function newRows(history: number, file: number): string {
  let text = 'id,customer,amount,day\n';
  for (let at = 0; at < NEW_ROWS; at++) {
    const isKnown = at < NEW_ROWS - NEW_IDS;
    const id = isKnown ? 1 + ((file + at * 97) % history) : 1 + history + file * NEW_IDS + (at - NEW_IDS);
    const customer = at < NEW_ROWS - NEW_CUSTOMERS ? id % CUSTOMERS : CUSTOMERS + file * NEW_ROWS + at;
    text += `${historyRecord(id, customer, 1_000 + file)}\n`;
  }
  return text;
}
