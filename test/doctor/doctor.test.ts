import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examine } from '../../src/doctor/examine.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

/** Damage by the name of the check that has to find it. */
const DAMAGES: Readonly<Record<string, readonly string[]>> = {
  'I1 accounts': [
    'alter table sluice.load_job drop constraint load_job_balanced',
    'update sluice.load_job set records_read = records_read + 1 where rows_rejected = 0',
  ],
  'I1 rejects': ['delete from sluice.reject'],
  'I1 rows': ['delete from staging.orders__v1 where id = 1'],
  'I2 one transaction': [
    "update sluice.source_file set status = 'failed' where file_id = (select min(file_id) from sluice.source_file)",
  ],
  'I2 segments': ['create table staging_segments.r1_a1_e1_l1 () inherits (staging.orders__v1)'],
  'I2 orphans': ['create table staging_segments.r1_a1_e1_l2 (like staging.orders__v1)'],
  'I2 orphans, folded': ['create table staging_segments.m1_1 (like staging.orders__v1)'],
  'I3 once': ['drop index sluice.load_job_published_once'],
  'I4 outcomes': [
    "update sluice.source_file set outcome_done_at = null, finished_at = finished_at - interval '1 hour'",
  ],
  'I4 held files': [
    "update sluice.source_file set status = 'held', final_path_bytes = '/nowhere', outcome_done_at = outcome_done_at - interval '1 hour'",
  ],
  'I7 nobody waits': [
    "update sluice.source_file set finished_at = null, status = 'settled', settled_at = now() - interval '1 day', run_id = null",
  ],
  'I9 kept files': [
    "update sluice.source_file set size_bytes = size_bytes - 1, outcome_done_at = outcome_done_at - interval '1 hour'",
  ],
  'I10 reject files': [
    `insert into sluice.reject (run_id, load_id, record_number, line_number, code, message, raw)
     select run_id, load_id, 1, 2, 'WRONG_VALUE', 'wrong', 'x' from sluice.load_job where rows_rejected = 0`,
    "update sluice.source_file set outcome_done_at = outcome_done_at - interval '1 hour'",
  ],
  'I8 tables': ['alter table staging.orders__v1 no inherit staging.orders'],
};

it('finds a healthy database healthy, and every damage by the check that is for it', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(20));
  await service.drop('flawed.csv', `${csvText(30)}31\n`);
  expect((await service.run(['once'])).code).toBe(3);
  const healthy = await service.run(['doctor', '--json']);
  expect(JSON.parse(healthy.stdout)).toMatchObject({ healthy: true });
  expect(healthy.code).toBe(0);

  const settings = { importsDir: service.imports, exportsDir: service.exports, stagingSchema: 'staging' };
  for (const [check, statements] of Object.entries(DAMAGES)) {
    const client = await service.database.pool.connect();
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    // The examination sees what its own transaction has done, which nobody else ever does.
    const found = await examine({ pool: client as never, settings });
    await client.query('rollback');
    client.release();
    const complaining = found.filter(({ findings }) => findings.length > 0).map((one) => one.check);
    expect(complaining, check).toContain(check.split(',')[0]);
  }
});

it('says in words and by its exit code what is off', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(20));
  await service.run(['once']);
  await service.query('delete from staging.orders__v1 where id < 4');
  await rm(join(service.exports, 'receipts'), { recursive: true });
  await service.write('imports/held/orders.csv', csvText(3));
  await service.write('imports/held/orders.csv.md5', 'x');
  const sick = await service.run(['doctor']);
  expect(sick.code).toBe(2);
  expect(sick.stdout).toContain('I1 rows: staging.orders__v1, run 1');
  expect(sick.stdout).toContain('17 rows, but the ledger says 20');
  expect(sick.stdout).toContain('I4 receipts: orders.csv');
  expect(sick.stdout.match(/I4 held files: .*/g)).toEqual(['I4 held files: held/orders.csv']);
});
