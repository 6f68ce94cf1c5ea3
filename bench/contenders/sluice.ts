import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, type Finished, runCommand } from '../measure/run-command.ts';
import type { Contender, Input, Stage, Verdict } from './contender.ts';
import { environment } from './peer.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/sluice');
const CONFIG = 'sluice.config.mjs';
const EXIT_REJECTED = 3;

/** `bin/sluice load FILE…` with its defaults. `load` waits for nothing to settle. */
export const sluice: Contender = {
  name: 'sluice',
  needs: [],
  async prepare(stage, input) {
    await mkdir(join(stage.folder, 'data'), { recursive: true });
    if (input.declared) await writeFile(join(stage.folder, CONFIG), configFor(input));
    const made = await runCommand(sluiceCommand(stage, ['schema']), stage.signal);
    if (made.exitCode !== 0) throw new Error(`sluice schema ended with ${made.exitCode}: ${made.stderr}`);
  },
  command: (stage, input) => sluiceCommand(stage, ['load', '--json', ...input.files]),
  verify,
};

/** The same program on another file, to compare with. */
export function sluiceNamed(name: string): Contender {
  return { ...sluice, name };
}

/** The same program with checks of what it loads. */
export function sluiceChecking(name: string, checks: readonly object[]): Contender {
  return {
    ...sluice,
    name,
    async prepare(stage, input) {
      await sluice.prepare(stage, input);
      const text = `export default { datasets: [{ name: 'checked', match: '*.csv', checks: ${JSON.stringify(checks)} }] };\n`;
      await writeFile(join(stage.folder, CONFIG), text);
    },
  };
}

export function sluiceCommand(stage: Stage, args: readonly string[]): Command {
  return {
    file: PROGRAM,
    args,
    cwd: stage.folder,
    env: { ...environment(), DATABASE_URL: stage.database.url, REJECT_LIMIT: 'none' },
  };
}

/** Every column declared, so that a value that does not fit is a fault and no reason to widen. */
function configFor(input: Input): string {
  const columns = Object.fromEntries(input.columns.map(({ name, type }) => [name, type]));
  return `export default { datasets: [{ name: 'declared', match: '*.csv', columns: ${JSON.stringify(columns)} }] };\n`;
}

async function verify(stage: Stage, input: Input, run: Finished): Promise<Verdict> {
  const unsupported = failureIn(run.stdout, 'FILE_UNSUPPORTED');
  if (unsupported !== null) return { kind: 'unsupported', reason: unsupported };
  const bad = input.faultEvery === null ? 0 : Math.floor(input.records / input.faultEvery);
  if (run.exitCode !== (bad === 0 ? 0 : EXIT_REJECTED)) {
    return wrong(`ended with ${run.exitCode}: ${run.stderr.trim().split('\n').at(-1)}`);
  }
  const [books] = await stage.database.rows<{ files: number; loaded: number; rejected: number }>(
    `select count(*)::int as files, sum(rows_loaded)::int as loaded, sum(rows_rejected)::int as rejected
     from sluice.loads where status = 'published'`,
  );
  const expected = { files: input.files.length, loaded: input.records - bad, rejected: bad };
  if (JSON.stringify(books) !== JSON.stringify(expected)) {
    return wrong(`the ledger says ${JSON.stringify(books)}, not ${JSON.stringify(expected)}`);
  }
  const rows = await countRows(stage);
  if (rows !== expected.loaded) return wrong(`the tables hold ${rows} rows of ${expected.loaded}`);
  return bad === 0 ? { kind: 'right' } : verifyRejects(stage, input.faultEvery ?? 1, bad);
}

async function countRows(stage: Stage): Promise<number> {
  const tables = await stage.database.rows<{ name: string }>(
    'select distinct parent_table as name from sluice.loads',
  );
  let rows = 0;
  for (const { name } of tables) rows += await stage.database.count(name);
  return rows;
}

/** Exactly the records that were spoilt, each with its line; the header is line 1. */
async function verifyRejects(stage: Stage, every: number, bad: number): Promise<Verdict> {
  const [found] = await stage.database.rows<{ all: number; right: number }>(
    `select count(*)::int as all,
            count(distinct record_number) filter (where record_number % $1 = 0 and line_number = record_number + 1)::int as right
     from sluice.rejects`,
    [every],
  );
  if (found?.all === bad && found.right === bad) return { kind: 'right' };
  return wrong(
    `of ${bad} bad records ${found?.all} were reported, ${found?.right} of them at the right line`,
  );
}

function wrong(reason: string): Verdict {
  return { kind: 'wrong', reason };
}

/** The message of a file that failed with `code`; null when none did. */
function failureIn(stdout: string, code: string): string | null {
  if (!stdout.startsWith('{')) return null;
  const printed: { files?: { errorCode: string | null; errorMessage: string | null }[] } = JSON.parse(stdout);
  const failed = printed.files?.find((file) => file.errorCode === code);
  return failed === undefined ? null : code;
}
