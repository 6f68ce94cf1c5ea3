import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Engine } from '../load/engine.ts';

let engine: Engine;
afterEach(() => engine.close());

const TEXT = 'id,name\n1,Bern\n2\n3,Rome\n';

it('a replay loads the kept file under the configuration of now, in the place of the run', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
  const first = await engine.load('imports/cities.csv', TEXT);
  await engine.load(`imports/cities.csv.${first.runId}.csv`, 'id,name\n2,Graz\n');
  expect(await ids()).toEqual([1, 2, 3]);
  await engine.reopen({ REJECT_LIMIT: 'none' }, [{ name: 'cities', ragged: 'pad' }]);
  const again = await engine.replay(first.runId);
  expect(again).toMatchObject({ status: 'published', loads: [{ rowsLoaded: 3, rowsRejected: 0 }] });
  expect(await engine.query('select id, name, _run_id from staging.cities order by id')).toEqual([
    { id: 1, name: 'Bern', _run_id: again.runId },
    { id: 2, name: null, _run_id: again.runId },
    { id: 3, name: 'Rome', _run_id: again.runId },
  ]);
  expect(await runs()).toEqual(['superseded', 'superseded', 'published']);
  expect(await engine.filesIn('imports')).toHaveLength(2);
  await expect(engine.replay(first.runId)).rejects.toMatchObject({ code: 'RUN_SUPERSEDED' });

  // What was taken back can be loaded once more, from where it was put.
  await engine.retract(again.runId);
  expect(await engine.filesIn('imports')).toContain('processed/retracted/cities.csv');
  expect(await engine.replay(again.runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 2, 3]);
  expect(await engine.filesIn('imports')).toContainEqual(
    expect.stringMatching(/^processed\/\d.*cities\.csv$/),
  );
});

it('a replay of a correction that was held and given up joins the run it was made for', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' }, [
    { name: 'cities', checks: [{ check: 'unique', columns: 'id', severity: 'hold' }] },
  ]);
  const first = await engine.load('imports/cities.csv', TEXT);
  const correction = await engine.load(`imports/cities.csv.${first.runId}.csv`, 'id,name\n3,Graz\n');
  expect(correction.status).toBe('held');
  await engine.discard(correction.runId);
  await engine.reopen({ REJECT_LIMIT: 'none' }, [{ name: 'cities' }]);
  expect(await engine.replay(correction.runId)).toMatchObject({ status: 'published' });
  expect(await engine.query('select id, name, _run_id from staging.cities where name = $$Graz$$')).toEqual([
    { id: 3, name: 'Graz', _run_id: first.runId },
  ]);
});

it('a replay of a failed run is a run of its own, and its file ends with those that are published', async () => {
  engine = await Engine.open();
  const failed = await engine.load('imports/cities.csv', TEXT);
  expect(failed).toMatchObject({ status: 'failed', errorCode: 'REJECT_LIMIT_EXCEEDED' });
  await engine.reopen({ REJECT_LIMIT: 'none' });
  expect(await engine.replay(failed.runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 3]);
  expect(await runs()).toEqual(['failed', 'published']);
  expect(await engine.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/.*cities\.csv$/)]);
});

it('a replay that fails leaves the run as it is', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
  const first = await engine.load('imports/cities.csv', TEXT);
  await engine.reopen({ REJECT_LIMIT: '0' });
  expect(await engine.replay(first.runId)).toMatchObject({ status: 'failed' });
  expect(await ids()).toEqual([1, 3]);
  expect(await runs()).toEqual(['published', 'failed']);
  expect(await engine.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/.*cities\.csv$/)]);
});

it('a replay refuses a file that is gone, and one that is another', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
  const { runId } = await engine.load('imports/cities.csv', TEXT);
  const [name = ''] = await engine.filesIn('imports');
  const kept = join(engine.root, 'imports', name);
  await rename(kept, `${kept}.away`);
  await expect(engine.replay(runId)).rejects.toMatchObject({ code: 'KEPT_FILE_MISSING' });
  await writeFile(kept, TEXT.replace('Bern', 'Born'));
  await expect(engine.replay(runId)).rejects.toMatchObject({ code: 'KEPT_FILE_CHANGED' });
  await rm(kept);
  await rename(`${kept}.away`, kept);
  expect(await engine.replay(runId)).toMatchObject({ status: 'published' });
});

it('a replay of content that was published twice on purpose takes the place of its own run, whichever that is', async () => {
  const [once, twice] = [
    { name: 'cities' },
    { name: 'cities', redelivery: { sameContent: 'load' } },
  ] as const;
  engine = await Engine.open({ REJECT_LIMIT: 'none' }, [twice]);
  const first = await engine.load('imports/cities.csv', TEXT);
  const second = await engine.load('imports/cities.csv', TEXT);
  await engine.reopen({ REJECT_LIMIT: 'none' }, [once]);
  for (const { runId } of [second, first])
    expect(await engine.replay(runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 1, 3, 3]);
  expect(await runs()).toEqual(['superseded', 'superseded', 'published', 'published']);
  // What is there no more would be there twice.
  const [, , , last] = await engine.query<{ run_id: number }>(
    'select run_id from sluice.run order by run_id',
  );
  await engine.retract(last?.run_id ?? 0);
  expect(await engine.replay(last?.run_id ?? 0)).toMatchObject({ status: 'duplicate' });
  expect(await ids()).toEqual([1, 3]);
});

it('a replay that is held and given up leaves the file to its run, and a file that is moved is moved for all its runs', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
  const first = await engine.load('imports/cities.csv', TEXT);
  const checked = [{ name: 'cities', checks: [{ check: 'row_count', min: 9, severity: 'hold' }] }] as const;
  await engine.reopen({ REJECT_LIMIT: 'none' }, checked);
  const held = await engine.replay(first.runId);
  expect(held).toMatchObject({ status: 'held' });
  await engine.discard(held.runId);
  expect(await engine.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/\d.*cities\.csv$/)]);
  await engine.reopen({ REJECT_LIMIT: 'none' });
  const second = await engine.replay(first.runId);
  await engine.retract(second.runId);
  // The run that had been superseded comes back from where the file lies now.
  expect(await engine.replay(first.runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 3]);
});

const NEWER = 'id,name\n7,Oslo\n';

it.each(['append', 'supersede'] as const)(
  'a replay that was overtaken by its file, grown, is refused (%s)',
  async (changed) => {
    engine = await Engine.open({ REJECT_LIMIT: 'none' }, [{ name: 'cities', redelivery: { changed } }]);
    const first = await engine.load('imports/cities.csv', TEXT);
    const queued = await engine.queueReplay(first.runId);
    await engine.load('imports/cities.csv', `${TEXT}4,Metz\n`);
    expect(await engine.finish(queued)).toMatchObject({ status: 'failed', errorCode: 'RUN_SUPERSEDED' });
    expect(await ids()).toEqual([1, 3, 4]);
  },
);

it('a replay does not supersede what was delivered later, and says so', async () => {
  const datasets = [{ name: 'cities', redelivery: { changed: 'supersede' } }] as const;
  engine = await Engine.open({}, datasets);
  const failed = await engine.load('imports/cities.csv', TEXT);
  expect(failed).toMatchObject({ status: 'failed' });
  const newer = await engine.load('imports/cities.csv', NEWER);
  await engine.reopen({ REJECT_LIMIT: 'none' }, datasets);
  expect(await engine.replay(failed.runId)).toMatchObject({ status: 'failed', errorCode: 'RUN_OVERTAKEN' });
  expect(await ids()).toEqual([7]);
  // The newer one is as new as its first delivery, however often it is loaded again.
  await engine.replay(newer.runId);
  expect(await engine.replay(failed.runId)).toMatchObject({ errorCode: 'RUN_OVERTAKEN' });
  const again = await engine.value<number>("select run_id from sluice.run where status = 'published'");
  await engine.retract(again);
  expect(await engine.replay(failed.runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 3]);
});

it('a replay of what was delivered last supersedes those before it, loaded again or not', async () => {
  const datasets = [{ name: 'cities', redelivery: { changed: 'supersede' } }] as const;
  engine = await Engine.open({}, datasets);
  const first = await engine.load('imports/cities.csv', NEWER);
  const failed = await engine.load('imports/cities.csv', TEXT);
  await engine.replay(first.runId);
  await engine.reopen({ REJECT_LIMIT: 'none' }, datasets);
  expect(await engine.replay(failed.runId)).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1, 3]);
});

async function ids(): Promise<number[]> {
  const rows = await engine.query<{ id: number }>('select id from staging.cities order by id');
  return rows.map(({ id }) => id);
}

async function runs(): Promise<string[]> {
  const rows = await engine.query<{ status: string }>('select status from sluice.run order by run_id');
  return rows.map(({ status }) => status);
}
