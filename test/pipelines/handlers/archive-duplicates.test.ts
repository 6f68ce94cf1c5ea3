import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

const CODES = 'id,name\n1,open\n2,closed\n';

/** The comment makes the archive's bytes other ones. */
const archive = (names: readonly string[], comment = '') =>
  buildZip(
    names.map((name) => ({ name, content: CODES })),
    { comment },
  );

async function statusesOf(name: string, content: Buffer): Promise<string[]> {
  const { status, loads } = await engine.load(name, content);
  return [status, ...loads.map((load) => load.status)];
}

test('equal files of one archive are each loaded into their dataset; the archive that comes again is a duplicate', async () => {
  const names = ['orders_states.csv', 'ticket_states.csv'];
  expect(await statusesOf('day1.zip', archive(names))).toEqual(['published', 'published', 'published']);
  expect(await engine.query('select name from staging.ticket_states order by _row')).toEqual([
    { name: 'open' },
    { name: 'closed' },
  ]);
  expect(await statusesOf('day2.zip', archive(names))).toEqual(['duplicate']);
  expect(await statusesOf('day3.zip', archive(names, 'packed anew'))).toEqual([
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
  expect(await statusesOf('other_states.csv', Buffer.from(CODES))).toEqual(['duplicate']);
  expect(await engine.value('select count(*)::int from staging.orders_states')).toBe(2);
});

test('the rows of one dataset come once, and what was left out is told', async () => {
  await engine.forget();
  const { status, loads } = await engine.load('day1.zip', archive(['a/states.csv', 'b/states.csv']));
  expect([status, ...loads.map((load) => load.status).sort()]).toEqual([
    'published',
    'duplicate',
    'published',
  ]);
  expect(loads.find((load) => load.status === 'duplicate')?.errorMessage).toContain('day1.zip/a/states.csv');
});
