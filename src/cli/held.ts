import type { Pool } from 'pg';
import { SluiceError } from '../errors.ts';
import type { RunState } from '../ledger/find-run.ts';
import { discardHeld } from '../ledger/kept-files.ts';
import { releaseRun } from '../pipelines/undo/release-run.ts';
import { resolveRun } from '../pipelines/undo/resolve-run.ts';
import { stepDone } from '../steps.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT } from './exit-code.ts';
import { finishNamed } from './finish-named.ts';
import { printJson, printLine } from './output.ts';

export interface ReleaseOptions extends CommonOptions {
  readonly append?: boolean;
}

/** `sluice release RUN|FILE`: loads a held delivery, in the place of the earlier one or beside it. */
export function release(what: string, options: ReleaseOptions): Promise<number> {
  const files = { name: 'sluice release', again: false, expected: 1 };
  return finishNamed(options, files, async (application, onDispatcher) => {
    const { pool } = application.context;
    const run = await heldRun(pool, what);
    if (!(await releaseRun(pool, run, options.append ? 'append' : 'supersede')))
      throw await noLongerHeld(pool, run);
    await application.finishFiles([run.fileId], onDispatcher);
  });
}

/** `sluice discard RUN|FILE`: gives up a held delivery; its file is kept. */
export function discard(what: string, options: CommonOptions): Promise<number> {
  return withApplication(options, { applicationName: 'sluice discard' }, async (application) => {
    const { pool } = application.context;
    const run = await heldRun(pool, what);
    if (!(await discardHeld(pool, run.fileId))) throw await noLongerHeld(pool, run);
    stepDone('delivery discarded', run.path);
    await application.outcomes.writePending([run.fileId]);
    const { runId, fileName, path } = run;
    if (options.json) printJson({ runId, fileName, path, status: 'discarded' });
    else printLine(`discarded ${path} (run ${runId})`);
    return application.outcomes.delayed > 0 ? EXIT.failed : EXIT.ok;
  });
}

async function heldRun(pool: Pool, what: string): Promise<RunState> {
  const run = await resolveRun(pool, what, ({ status }) => status === 'held');
  if (run.status !== 'held') throw notHeld(run);
  return run;
}

function notHeld({ runId: run, fileName: file, status }: RunState): SluiceError {
  return new SluiceError('RUN_NOT_HELD', { run, file, status });
}

/** The run of a hold stays `held` when its file is released; what became of it stands in the file. */
async function noLongerHeld(pool: Pool, run: RunState): Promise<SluiceError> {
  const { rows } = await pool.query<{ status: string }>(
    'select status from sluice.source_file where file_id = $1',
    [run.fileId],
  );
  const now = rows[0]?.status ?? 'forgotten';
  return notHeld({ ...run, status: now === 'held' ? 'still being set aside' : `released, and now ${now}` });
}
