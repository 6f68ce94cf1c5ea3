import { queueReplay } from '../pipelines/undo/replay-run.ts';
import { resolveRun } from '../pipelines/undo/resolve-run.ts';
import type { CommonOptions } from './command.ts';
import { finishNamed } from './finish-named.ts';

/** `sluice replay RUN|FILE`: loads the kept file of a run again, under today's configuration, in the run's place. */
export function replay(what: string, options: CommonOptions): Promise<number> {
  const files = { name: 'sluice replay', again: false, expected: 1 };
  return finishNamed(options, files, async (application, onDispatcher) => {
    const { pool } = application.context;
    const run = await resolveRun(pool, what, ({ status }) => status === 'published');
    await application.finishFiles([await queueReplay(pool, run)], onDispatcher);
  });
}
