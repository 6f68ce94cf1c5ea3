import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

/** Two tables with the same rows. The comment makes the archive's bytes other ones. */
function dump(comment = ''): Buffer {
  const descriptor = JSON.stringify([{ column_name: 'id', column_type: 'int' }]);
  const entries = ['countries', 'currencies'].flatMap((table) => [
    { name: `${table}.json`, content: descriptor },
    { name: `${table}.dat`, content: 'id\n1\n2\n' },
  ]);
  return buildZip(entries, { comment });
}

async function statusesOf(name: string, content: Buffer): Promise<string[]> {
  const { status, loads } = await engine.load(name, content);
  return loads.length === 0 ? [status] : loads.map((load) => load.status);
}

const LOADED = ['published', 'published'];
const DUPLICATE = ['duplicate', 'duplicate'];

test('equal tables, versions and instances of a dump are no duplicates; the same one that comes again is', async () => {
  expect(await statusesOf('imports/lms_v1.zip', dump())).toEqual(LOADED);
  expect(await statusesOf('imports/lms_v2.zip', dump())).toEqual(LOADED);
  expect(await statusesOf('imports/in01/lms_v1.zip', dump())).toEqual(LOADED);
  expect(await statusesOf('imports/in02/lms_v1.zip', dump('other bytes'))).toEqual(LOADED);
  expect(await statusesOf('imports/crm_v1.zip', dump())).toEqual(LOADED);
  expect(await statusesOf('imports/in02/20240105_lms_v1.zip', dump('other again'))).toEqual(DUPLICATE);
  expect(await statusesOf('imports/in01/lms_v1.zip', dump())).toEqual(['duplicate']);
  expect(
    await engine.query(
      'select _label, _folder, count(*)::int as rows from staging.lms_countries__all group by 1, 2 order by 1, 2',
    ),
  ).toEqual([
    { _label: 'v1', _folder: 'in01', rows: 2 },
    { _label: 'v1', _folder: 'in02', rows: 2 },
    { _label: 'v1', _folder: null, rows: 2 },
    { _label: 'v2', _folder: null, rows: 2 },
  ]);
});
