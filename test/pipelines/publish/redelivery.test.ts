import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { DatasetConfig } from '../../../src/config/define.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
afterEach(() => engine.close());

const FIRST = 'id,name\n1,Bern\n2,Graz\n';
const OTHER = 'id,name\n3,Oslo\n';

interface Step {
  readonly step: string;
}

async function atStep<T>(onStep: (step: Step) => void, work: () => Promise<T>): Promise<T> {
  const listener = (message: unknown) => onStep(message as Step);
  subscribe('sluice:step', listener);
  try {
    return await work();
  } finally {
    unsubscribe('sluice:step', listener);
  }
}

async function open(
  redelivery: DatasetConfig['redelivery'],
  rest: Partial<DatasetConfig> = {},
): Promise<void> {
  const policy = redelivery === undefined ? {} : { redelivery };
  engine = await Engine.open({}, [{ name: 'cities', match: 'cities*.csv', ...policy, ...rest }]);
}

describe('a delivery that comes again', () => {
  it('with the same bytes is a duplicate by default', async () => {
    await open(undefined);
    await engine.load('imports/cities.csv', FIRST);
    expect(await engine.load('imports/cities.csv', FIRST)).toMatchObject({ status: 'duplicate' });
    expect(await ids()).toEqual([1, 2]);
  });

  it('with the same bytes is loaded again where the dataset says so', async () => {
    await open({ sameContent: 'load' });
    await engine.load('imports/cities.csv', FIRST);
    expect(await engine.load('imports/cities.csv', FIRST)).toMatchObject({ status: 'published' });
    expect(await ids()).toEqual([1, 1, 2, 2]);
  });

  it('with other bytes is added by default', async () => {
    await open(undefined);
    await engine.load('imports/cities.csv', FIRST);
    await engine.load('imports/cities.csv', OTHER);
    expect(await ids()).toEqual([1, 2, 3]);
  });

  it('with other bytes under the same name supersedes, in its folder alone, and is kept in the ledger', async () => {
    await open({ changed: 'supersede' });
    const first = await engine.load('imports/cities.csv', FIRST);
    await engine.load('imports/north/cities.csv', 'id,name\n9,Kiel\n');
    await engine.load('imports/cities_b.csv', 'id,name\n8,Rome\n');
    const second = await engine.load('imports/cities.csv', OTHER);
    expect(await ids()).toEqual([3, 8, 9]);
    expect(
      await engine.query('select status, superseded_by from sluice.run where run_id = $1', [first.runId]),
    ).toEqual([{ status: 'superseded', superseded_by: second.runId }]);
    expect(await statuses()).toEqual(['superseded', 'published', 'published', 'published']);
    // The first content is not published any more, and comes back as any other.
    expect(await engine.load('imports/cities.csv', FIRST)).toMatchObject({ status: 'published' });
    expect(await ids()).toEqual([1, 2, 8, 9]);
  });

  it('for the same date supersedes whatever the file is called', async () => {
    await open({ changed: 'supersede', by: 'businessDate' });
    await engine.load('imports/cities_2026-11-20.csv', FIRST);
    await engine.load('imports/cities_2026-11-21.csv', OTHER);
    await engine.load('imports/cities_v2_20261120.csv', 'id,name\n7,Linz\n');
    expect(await ids()).toEqual([3, 7]);
  });

  it('under disposition replace takes the place of all earlier ones', async () => {
    await open(undefined, { disposition: 'replace' });
    await engine.load('imports/cities_1.csv', FIRST);
    await engine.load('imports/cities_2.csv', OTHER);
    expect(await ids()).toEqual([3]);
    await engine.load('imports/cities_3.csv', 'id,name,extra\n4,Ulm,x\n');
    expect(await ids()).toEqual([4]);
  });
});

describe('a delivery that is held', () => {
  it('waits in held/ and is loaded in the place of the earlier one when it is released', async () => {
    const { held } = await holdOne();
    expect(held).toMatchObject({ status: 'held', errorCode: 'DELIVERY_HELD' });
    expect(await ids()).toEqual([1, 2]);
    expect(await finalPaths()).toEqual([expect.stringMatching(/^processed\/\d/), 'held/cities.csv']);
    const released = await engine.release(held.runId, 'supersede');
    expect(released).toMatchObject({ status: 'published' });
    expect(await ids()).toEqual([3]);
    expect(await statuses()).toEqual(['superseded', 'published']);
    expect(await finalPaths()).toEqual([
      expect.stringMatching(/^processed\/\d/),
      expect.stringMatching(/^processed\/\d.*\/cities\.\d\.csv$/),
    ]);
  });

  it('is loaded beside the earlier one when that is asked for', async () => {
    const { held } = await holdOne();
    await engine.release(held.runId, 'append');
    expect(await ids()).toEqual([1, 2, 3]);
  });

  it('is not held when the earlier one has been taken back', async () => {
    const { first } = await holdOne();
    await engine.retract(first.runId);
    expect(await engine.load('imports/cities.csv', 'id,name\n5,Bonn\n')).toMatchObject({
      status: 'published',
    });
    expect(await ids()).toEqual([5]);
  });

  it('may be touched, but not be another when it is released', async () => {
    const { held } = await holdOne();
    const kept = join(engine.root, 'imports/held/cities.csv');
    await writeFile(kept, OTHER.replace('Oslo', 'Olso'));
    await expect(engine.release(held.runId, 'append')).rejects.toMatchObject({ code: 'KEPT_FILE_CHANGED' });
    await rename(kept, `${kept}.away`);
    await expect(engine.release(held.runId, 'append')).rejects.toMatchObject({ code: 'KEPT_FILE_MISSING' });
    expect([await ids(), await statuses()]).toEqual([
      [1, 2],
      ['published', 'held'],
    ]);
    // A copy of what was held, of another time and at another place of the disk.
    await writeFile(kept, OTHER);
    expect(await engine.release(held.runId, 'append')).toMatchObject({ status: 'published' });
    expect(await ids()).toEqual([1, 2, 3]);
    expect(await engine.filesIn('imports/held')).toEqual(['cities.csv.away']);
  });

  it('fails at once and goes to failed/ when it is changed between release and reading', async () => {
    const { held } = await holdOne();
    const kept = join(engine.root, 'imports/held/cities.csv');
    const onStep = ({ step }: Step) => {
      if (step === 'delivery released') appendFileSync(kept, '4,Metz\n');
    };
    const outcome = await atStep(onStep, () => engine.release(held.runId, 'supersede'));
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'KEPT_FILE_CHANGED', attempt: 1 });
    expect(await ids()).toEqual([1, 2]);
    expect(await finalPaths()).toEqual([expect.stringMatching(/^processed\/\d/), 'failed/cities.csv']);
  });

  async function holdOne() {
    await open({ changed: 'hold' });
    const first = await engine.load('imports/cities.csv', FIRST);
    return { first, held: await engine.load('imports/cities.csv', OTHER) };
  }
});

describe('a file that has grown', () => {
  it.each(['append', 'hold'] as const)('supersedes its earlier self under changed: %s', async (changed) => {
    await open({ changed });
    await engine.load('imports/cities.csv', FIRST);
    await engine.load('imports/cities.csv', `${FIRST}4,Metz\n`);
    expect(await ids()).toEqual([1, 2, 4]);
    expect(await statuses()).toEqual(['superseded', 'published']);
  });

  it('does so in its place as well, outside of the imports folder', async () => {
    await open(undefined);
    await engine.load('cities.csv', FIRST);
    await appendFile(join(engine.root, 'cities.csv'), '4,Metz\n');
    await engine.loadAgain('cities.csv');
    expect(await ids()).toEqual([1, 2, 4]);
  });

  it('is told from one that only begins alike in part', async () => {
    await open(undefined);
    await engine.load('imports/cities.csv', FIRST);
    await engine.load('imports/cities.csv', 'id,name\n1,Bern\n3,Graz\n4,Metz\n');
    expect(await ids()).toEqual([1, 1, 2, 3, 4]);
  });
});

async function ids(): Promise<number[]> {
  const rows = await engine.query<{ id: number }>('select id from staging.cities order by id');
  return rows.map(({ id }) => id);
}

async function statuses(): Promise<string[]> {
  const rows = await engine.query<{ status: string }>(
    'select status from sluice.source_file order by file_id',
  );
  return rows.map(({ status }) => status);
}

async function finalPaths(): Promise<string[]> {
  const rows = await engine.query<{ final_path: string }>(
    'select final_path from sluice.source_file order by file_id',
  );
  return rows.map((row) => row.final_path);
}
