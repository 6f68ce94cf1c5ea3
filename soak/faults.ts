import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../bench/generate/random.ts';
import { STEPS } from '../src/steps.ts';
import type { World } from './world.ts';

/** Something that goes wrong. Resolves when it is over. */
export type Fault = (world: World, random: Random) => Promise<void>;

const ALL_STEPS = Object.values(STEPS).flat();

export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill the service': async (world, random) => {
    await sleep(random.below(600));
    await world.signal('SIGKILL');
  },
  'stop the service': async (world, random) => {
    await sleep(random.below(600));
    await world.signal('SIGTERM');
  },
  'stop the service by two signals': async (world, random) => {
    await sleep(random.below(600));
    await world.signal('SIGTERM', 'SIGTERM');
  },
  'suspend the service': async (world, random) => {
    await sleep(random.below(600));
    await world.suspend(200 + random.below(2_000));
  },
  'kill the service at a step': async (world, random) => {
    const step = ALL_STEPS[random.below(ALL_STEPS.length)] ?? 'file settled';
    await world.stop();
    world.start({ step, time: 1 + random.below(2) });
    await sleep(300);
  },
  'end a session of the database': async (world, random) => {
    await sleep(random.below(600));
    await world.pool
      .query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name like 'sluice%' and application_name <> 'sluice soak' order by random() limit 1`,
      )
      .catch(() => undefined);
  },
  'end all sessions of the database': async (world, random) => {
    await sleep(random.below(600));
    await world.pool
      .query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name like 'sluice%' and application_name <> 'sluice soak'`,
      )
      .catch(() => undefined);
  },
  'kill the database': async (world, random) => {
    await sleep(random.below(600));
    await world.server.kill();
    await sleep(random.below(800));
    await world.server.resume();
  },
  'kill a process of the database': async (world, random) => {
    await sleep(random.below(600));
    const { rows } = await world.pool
      .query<{ pid: number }>(
        "select pid from pg_stat_activity where application_name like 'sluice%' and pid <> pg_backend_pid() order by random() limit 1",
      )
      .catch(() => ({ rows: [] }));
    // The server ends all sessions then, and recovers by itself.
    for (const { pid } of rows) killIfThere(pid);
  },
  'lock a table': (world, random) => {
    const table = random.pick(['staging.feed_a', 'staging.rates', 'staging.whole', 'sluice.load_job']);
    return holdLock(world, table, 200 + random.below(1_500)).catch(() => undefined);
  },
  'let the database refuse to write': async (world, random) => {
    await sleep(random.below(600));
    const set = (to: string) =>
      world.pool
        .query(`alter system set default_transaction_read_only = ${to}`)
        .then(() => world.pool.query('select pg_reload_conf()'))
        .catch(() => undefined);
    await set('on');
    await sleep(200 + random.below(1_000));
    const isRefusing = () =>
      world.pool.query<{ on: boolean }>(
        "select setting = 'on' as on from pg_settings where name = 'default_transaction_read_only'",
      );
    for (let tries = 0; tries < 50; tries++) {
      await set('off');
      await sleep(100);
      const state = await isRefusing().catch(() => null);
      if (state?.rows[0]?.on === false) return;
    }
  },
};

async function holdLock({ pool }: World, table: string, ms: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`begin; lock table ${table} in access exclusive mode`);
    await sleep(ms);
    await client.query('rollback');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
