import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../measure/run-command.ts';
import type { Contender, Input, Stage, Verdict } from './contender.ts';
import { environment } from './peer.ts';
import { sluiceCommand } from './sluice.ts';

const FOLDER = 'exports';
const TABLE = 'staging.mixed';

/** Untimed: the rows that all contenders write, loaded, and swept by the server before it does so by itself. */
export async function loadRows(stage: Stage, input: Input): Promise<void> {
  const loaded = await runCommand(sluiceCommand(stage, ['load', ...input.files]), stage.signal);
  if (loaded.exitCode !== 0) throw new Error(`sluice load ended with ${loaded.exitCode}: ${loaded.stderr}`);
  await stage.database.rows('vacuum analyze');
}

/** `bin/sluice export` of the parent table. */
export function sluiceExport(name: string, file: string, options: readonly string[]): Contender {
  return {
    name,
    needs: [],
    prepare: (stage) => rm(join(stage.folder, FOLDER), { recursive: true, force: true }),
    command: (stage) => sluiceCommand(stage, ['export', TABLE, '--file', file, ...options]),
    verify: async (stage, input, run) => {
      if (run.exitCode !== 0)
        return wrong(`ended with ${run.exitCode}: ${run.stderr.trim().split('\n').at(-1)}`);
      const path = join(stage.folder, FOLDER, file);
      const manifest: { rows: number; bytes: number } = JSON.parse(
        await readFile(`${path}.manifest.json`, 'utf8'),
      );
      const { size } = await stat(path);
      const isRight = manifest.rows === input.records && manifest.bytes === size;
      return isRight ? { kind: 'right' } : wrong(`wrote ${manifest.rows} rows, ${size} bytes`);
    },
  };
}

/** The same rows by psql. */
export const psqlCopyTo: Contender = {
  name: 'psql \\copy … to',
  needs: ['psql'],
  prepare: (stage) => rm(psqlFile(stage), { force: true }),
  command: (stage) => ({
    file: stage.programs.psql?.path ?? '',
    args: [
      ...['-X', '-v', 'ON_ERROR_STOP=1', '-d', stage.database.url, '-c'],
      `\\copy (select * from ${TABLE}) to '${psqlFile(stage)}' with (format csv, header)`,
    ],
    cwd: stage.folder,
    env: environment(),
  }),
  verify: async (_, input, run) => {
    const told = run.stdout.trim();
    const isRight = run.exitCode === 0 && told === `COPY ${input.records}`;
    return isRight ? { kind: 'right' } : wrong(`ended with ${run.exitCode}: ${told} ${run.stderr}`);
  },
};

function psqlFile(stage: Stage): string {
  return join(stage.folder, 'psql.csv');
}

function wrong(reason: string): Verdict {
  return { kind: 'wrong', reason };
}
