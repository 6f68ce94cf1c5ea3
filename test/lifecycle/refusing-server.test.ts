import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it, onTestFinished } from 'vitest';
import { onServer } from '../database.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

/** The service works on a database of its own, under a role that limits hold for. */
async function underRole(name: string): Promise<{ service: Service; env: { DATABASE_URL: string } }> {
  const statements = (...all: string[]) =>
    onServer(async (client) => {
      for (const statement of all) await client.query(statement);
    });
  onTestFinished(() =>
    statements(`drop database if exists ${name} with (force)`, `drop role if exists ${name}`),
  );
  await statements(`create role ${name} login password 'secret'`, `create database ${name} owner ${name}`);
  const service = await Service.create();
  const url = new URL(inject('serverUrl'));
  Object.assign(url, { username: name, password: 'secret', pathname: `/${name}` });
  return { service, env: { DATABASE_URL: url.href } };
}

it('a server that takes no more connections is waited for at the start, with one line about it', async () => {
  const { service, env } = await underRole('too_many');
  await onServer((client) => client.query('alter role too_many connection limit 0'));
  await service.drop('orders.csv', csvText(3));
  const running = service.spawn(['start'], env);
  await running.untilPrinted(/DATABASE_BUSY.*too many connections/);
  await sleep(1_500);
  await onServer((client) => client.query('alter role too_many connection limit -1'));
  await running.untilPrinted('published orders.csv');
  expect(running.output.match(/DATABASE_BUSY/g)).toHaveLength(1);
  expect((await running.stop()).code).toBe(0);
});

it('a server that has become read-only, as a standby is, holds files up, with one line about it', async () => {
  const { service, env } = await underRole('read_only');
  const running = await service.start(env);
  await service.drop('first.csv', csvText(3));
  await running.untilPrinted('published first.csv');
  const failOver = (to: 'on' | 'off') =>
    onServer(async (client) => {
      await client.query(`alter database read_only set default_transaction_read_only = ${to}`);
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'read_only'",
      );
    });
  await service.drop('large.csv', csvText(400_000));
  const copying = "select count(*) from pg_stat_progress_copy where datname = 'read_only'";
  await eventually(async () => (await service.value<number>(copying)) > 0, 60_000, 'a file is being loaded');
  await failOver('on');
  await service.drop('second.csv', csvText(4));
  await service.drop('third.csv', csvText(5));
  await running.untilPrinted(/HANDOVER_REFUSED.*read-only/);
  await sleep(4_000);
  await failOver('off');
  await running.untilPrinted('published second.csv');
  await running.untilPrinted('published third.csv');
  await running.untilPrinted('published large.csv');
  await eventually(
    async () => (await service.filesIn('imports')).every((name) => name.startsWith('processed/')),
    30_000,
    'they are moved',
  );
  expect(running.stdout.match(/ ERROR /g), running.stdout).toHaveLength(1);
  expect(running.stdout.match(/the database answers again/g)).toHaveLength(1);
  // A session that is ended at the wrong moment is another reason.
  expect(running.stdout.match(/HANDOVER_REFUSED.*read-only/g)).toHaveLength(1);
  expect((await running.stop()).code).toBe(0);
});
