import { expect, it, vi } from 'vitest';
import { STEPS, type Step } from '../../src/steps.ts';
import { Service } from '../service.ts';
import { type Expected, prepareDrop } from './drop.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

/** Steps that are done several times for one drop: being between two of them is a place of its own. */
const TWICE: readonly Step[] = ['block copied', 'segment committed', 'receipt written', 'run published'];
/** Two lanes at work on one file at a time, and small files that wait together. */
const PACE = { CONCURRENCY: '1', LANES: '2', REJECT_LIMIT: '10%' };

/** What a drop goes through: all of it is tried on one. */
type Stage = Exclude<keyof typeof STEPS, 'compact' | 'undo' | 'transform' | 'export'>;

/** Kills the program at every step of a stage, starts it again, and looks at everything from outside. */
export function killAtEveryStep(stage: Stage): void {
  vi.setConfig({ testTimeout: 180_000 });
  for (const step of STEPS[stage]) {
    for (const time of TWICE.includes(step) ? [1, 2] : [1]) {
      it(`killed after «${step}», time ${time}: nothing is lost, doubled or seen early`, () =>
        killAndRecover(step, time));
    }
  }
}

async function killAndRecover(step: Step, time: number): Promise<void> {
  const service = await Service.create(PACE);
  const expected = await prepareDrop(service);
  await killedAfter(service, ['once'], step, time);
  await expectWholeFilesOnly(service, expected);
  const recovered = await service.run(['once']);
  // What was finished before the crash is not reported again: 0, 2 and 3 are all possible.
  expect([0, 2, 3], recovered.stderr).toContain(recovered.code);
  await expectAll(service, expected);
}

/** I2: each table holds all rows of a file or none, and of a superseded delivery the old or the new. */
async function expectWholeFilesOnly(service: Service, expected: Expected): Promise<void> {
  for (const [table, { rows }] of Object.entries(expected.tables)) {
    const there = await service.value<boolean>('select to_regclass($1) is not null', [`staging.${table}`]);
    if (!there) continue;
    const counts = await service.query<{ n: number }>(
      `select count(*) as n from staging.${table} group by _run_id`,
    );
    const allowed = table === 'small' ? [20] : table === 'rates' ? [10, 12] : [rows];
    for (const { n } of counts) expect(allowed, table).toContain(n);
    if (table === 'rates') expect(counts).toHaveLength(1);
  }
}

async function expectAll(service: Service, expected: Expected): Promise<void> {
  for (const [table, { rows, ids }] of Object.entries(expected.tables)) {
    const [found] = await service.query(
      `select count(*) as rows, count(distinct id) as different, sum(id)::bigint as ids from staging.${table}`,
    );
    expect(found, table).toEqual({ rows, different: rows, ids });
  }
  const runs = await service.query<{ run: string }>(
    "select f.name || ' ' || r.status as run from sluice.run r join sluice.source_file f using (file_id) order by 1",
  );
  expect(runs.map(({ run }) => run).sort()).toEqual([...expected.runs].sort());
  expect(
    await service.value(
      'select count(*) from sluice.rejects where code is not null and run_id in (select run_id from sluice.run where status = $1)',
      ['published'],
    ),
  ).toBe(expected.rejects);
  await expectFolders(service, expected);
  await expectNothingLeftOver(service);
}

/** I4: every file is where its outcome puts it, with one receipt each, and nothing else lies about. */
async function expectFolders(service: Service, expected: Expected): Promise<void> {
  const files = await service.filesIn('imports');
  expect(files.filter((name) => !/^(processed|failed)\//.test(name))).toEqual([]);
  expect(files.filter((name) => !name.endsWith('.done'))).toHaveLength(expected.runs.length);
  const failed = files.filter((name) => name.startsWith('failed/'));
  expect(failed).toEqual(['failed/hopeless.csv', 'failed/hopeless.csv.done']);
  const markers = files.filter((name) => /^processed\/[\d-]+\/small_2026-11-01\.csv\.done$/.test(name));
  expect(markers).toHaveLength(1);
  const receipts = await service.receipts();
  expect(new Set(receipts.map(({ runId }) => runId)).size).toBe(expected.runs.length);
  const exported = await service.filesIn('exports');
  const rejects = exported.filter((name) => name.startsWith('rejects/flawed.csv.'));
  expect(rejects).toHaveLength(2);
  expect(exported.filter((name) => name.endsWith('.tmp'))).toEqual([]);
}
