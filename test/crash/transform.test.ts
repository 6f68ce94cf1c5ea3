import { expect, it, vi } from 'vitest';
import type { Step } from '../../src/steps.ts';
import { Service } from '../service.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

vi.setConfig({ testTimeout: 180_000 });

const SELECT = 'select id, name, _run_id, _row from {{ staging.people }}';
/** One of each kind, by name in the order in which they are made; those that read another are one group with it. */
const MODELS = {
  by_key: `-- @materialized merge\n-- @key id\n${SELECT}`,
  by_run: `-- @materialized incremental\n${SELECT}`,
  by_table: '-- @materialized table\nselect id, name from {{ warehouse.by_run }}',
  by_time: `-- @materialized scd2\n-- @key id\n${SELECT}`,
  by_view: '-- @materialized view\nselect id, name from {{ warehouse.by_run }}',
};
type Name = keyof typeof MODELS;
const NAMES = Object.keys(MODELS) as Name[];

const STEPS_BY_TIME: readonly (readonly [Step, number])[] = [
  ['models locked', 1],
  ...NAMES.slice(0, 4).map((_, n) => ['model made', n + 1] as const),
  ['model recorded', 2],
  ['models checked', 2],
  ['models committed', 2],
];

/** Each file has a person of its own, and a new name for the first one. */
function file(n: number): string {
  return `id,name\n1,name ${n}\n${n + 10},person ${n}\n`;
}

/** What a model holds after the first `count` files. */
function content(model: Name, count: number): string[] {
  const people = Array.from({ length: count }, (_, n) => `${n + 10} person ${n}`);
  const names = Array.from({ length: count }, (_, n) => `1 name ${n}`);
  return [...people, ...(model === 'by_key' ? names.slice(-1) : names)].sort();
}

async function found(service: Service, model: Name): Promise<string[]> {
  const rows = await service.query<{ row: string }>(
    `select id || ' ' || name as row from datawarehouse.${model}`,
  );
  return rows.map(({ row }) => row).sort();
}

it('a transform, killed after any step, leaves each model as it was or as it is to be, and the next one makes it right', async () => {
  const service = await Service.create();
  for (const [name, sql] of Object.entries(MODELS)) await service.write(`warehouse/${name}.sql`, sql);
  const path = (n: number) =>
    service.write(`files/people_2026-01-${String(n + 1).padStart(2, '0')}.csv`, file(n));
  expect((await service.run(['load', await path(0)])).code).toBe(0);
  const done = Object.fromEntries(NAMES.map((name) => [name, 1])) as Record<Name, number>;
  for (const [at, [step, time]] of STEPS_BY_TIME.entries()) {
    await killedAfter(service, ['load', await path(at + 1)], step, time);
    for (const name of NAMES) {
      const rows = await found(service, name);
      const count = [done[name], at + 2].find((files) => String(rows) === String(content(name, files)));
      expect(count, `${name} after «${step}», time ${time}: ${rows}`).toBeDefined();
      done[name] = count ?? 0;
    }
    expect(done.by_table, 'what belongs together changes together').toBe(done.by_run);
  }
  expect((await service.run(['transform'])).code).toBe(0);
  for (const name of NAMES)
    expect(await found(service, name)).toEqual(content(name, STEPS_BY_TIME.length + 1));
  await expectNothingLeftOver(service);
});
