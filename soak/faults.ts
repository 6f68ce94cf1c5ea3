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
};
