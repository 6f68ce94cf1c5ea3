import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clockEnvironment, timeOfStep } from './clock.ts';
import type { Contender } from './contender.ts';
import { sluice, sluiceCommand } from './sluice.ts';

const COMMITTED = 'models committed';
const VIEWS = ['top_related_titles', 'title_pdl_count', 'manager_titles'];

/** The service, into whose folder a file of job titles is dropped. Timed from when the file has settled until its models and views are there. */
export const titlesService: Contender = {
  name: 'sluice start',
  needs: [],
  async prepare(stage, input) {
    await sluice.prepare(stage, input);
    await mkdir(join(stage.folder, 'imports'));
    await copyFile(input.files[0] ?? '', join(stage.folder, 'imports', '2019_free_title_data.csv'));
  },
  command: (stage) => {
    const command = sluiceCommand(stage, ['start']);
    return { ...command, env: { ...command.env, ...clockEnvironment(COMMITTED) } };
  },
  seconds: async ({ database }, run) => {
    const [settled] = await database.rows<{ ms: number }>(
      `select extract(epoch from settled_at)::float8 * 1000 as ms from sluice.source_file`,
    );
    return (timeOfStep(run, COMMITTED) - (settled?.ms ?? Number.NaN)) / 1000;
  },
  async verify({ database }, input, run) {
    if (run.exitCode !== 0) return { kind: 'wrong', reason: `ended with ${run.exitCode}: ${run.stderr}` };
    const empty: string[] = [];
    for (const view of VIEWS) if ((await database.count(`datawarehouse.${view}`)) === 0) empty.push(view);
    const rows = await database.count('staging."2019_free_title_data"');
    if (rows === input.records && empty.length === 0) return { kind: 'right' };
    return { kind: 'wrong', reason: `${rows} of ${input.records} rows; empty: ${empty.join(', ')}` };
  },
};
