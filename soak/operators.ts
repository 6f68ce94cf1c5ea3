import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../bench/generate/random.ts';
import { STEPS } from '../src/steps.ts';
import type { Delivery } from './model.ts';
import type { Action, Scene } from './scene.ts';
import type { KillAt, World } from './world.ts';

/** A command is given again until what it was to do is done: the database may be away, and it may be killed itself. */
const PATIENCE_MS = 90_000;
const PAUSE_MS = 200;
const ALL_STEPS = Object.values(STEPS).flat();

/** A file of an earlier round that nobody else has to do with. Null when there is none. */
function choose({ model, random, earlier }: Scene): string | null {
  const files = new Set(
    earlier
      .filter((one) => one.certainty === 'all' && one.dataset.startsWith('feed_'))
      .map((one) => one.file),
  );
  const file = [...files][random.below(Math.max(1, files.size))];
  return file !== undefined && model.reserve(file) ? file : null;
}

const retract: Action = async (scene) => {
  const luck = scene.random.bits();
  const file = choose(scene);
  if (file === null) return;
  const { world, model } = scene;
  const run = await newest(world, file, 'published', 'run_id');
  await insist(world, ['retract', run], luck, () => isRun(world, run, ['retracted']));
  model.remove((one) => one.file === file);
};

const replay: Action = async (scene) => {
  const luck = scene.random.bits();
  const file = choose(scene);
  if (file === null) return;
  const { world } = scene;
  const run = await newest(world, file, 'published', 'run_id');
  await insist(world, ['replay', run], luck, () => isRun(world, run, ['superseded']));
};

/** Something that is there from the first start on, and large enough to be in the middle of it. */
const exportFiles: Action = async ({ world, random }) => {
  const args = ['export', 'sluice.files', '--file', 'files.csv'];
  const deadline = Date.now() + PATIENCE_MS;
  for (
    let code = await world.command(args, luckOf(random.bits()));
    code !== 0;
    code = await world.command(args)
  ) {
    if (Date.now() > deadline) throw new Error(`the export never succeeds; it ended with ${code}`);
    await sleep(PAUSE_MS);
  }
};

/** Whether it is killed or gives way: readers and retracts must not notice. */
const compact: Action = async ({ world, random }) => {
  const deadline = Date.now() + PATIENCE_MS;
  let code = await world.command(['compact'], luckOf(random.bits()));
  // What one that was killed or lost the database has left is cleared away.
  while (code !== 0 && Date.now() < deadline) {
    await sleep(PAUSE_MS);
    code = await world.command(['upkeep']);
  }
};

/** Releases or discards a held delivery. */
export async function decide(scene: Scene, held: Delivery, decision: string, luck: number): Promise<void> {
  const { world, model } = scene;
  const { file } = held;
  const id = await newest(world, file, 'held', 'file_id');
  const args = decision === 'append' ? ['release', '--append', file] : [decision, file];
  const wanted = decision === 'discard' ? ['discarded'] : ['published'];
  await insist(world, args, luck, () => isFile(world, id, wanted));
  model.held.delete(file);
  if (decision === 'release') model.remove((one) => one.file === file);
  if (decision !== 'discard') model.add(held);
}

/** What operators do, each as often as it stands here. */
export const OPERATIONS: Readonly<Record<string, { weight: number; act: Action }>> = {
  retract: { weight: 2, act: retract },
  replay: { weight: 2, act: replay },
  export: { weight: 1, act: exportFiles },
  compact: { weight: 1, act: compact },
};

async function insist(
  world: World,
  args: readonly string[],
  luck: number,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let killAt = luckOf(luck);
  for (let code: number | null = null; !(await isDone().catch(() => false)); await sleep(PAUSE_MS)) {
    if (Date.now() > deadline)
      throw new Error(`sluice ${args.join(' ')} is never done; it ended with ${code}`);
    code = await world.command(args, killAt);
    killAt = undefined;
  }
  // Whatever starts next clears away what one that was killed has left.
  if (luckOf(luck) !== undefined) await world.command(['transform']);
}

/** One command in three is killed right after a step, if it comes to that. */
function luckOf(luck: number): KillAt | undefined {
  const random = new Random(luck);
  if (random.below(3) > 0) return undefined;
  return { step: ALL_STEPS[random.below(ALL_STEPS.length)] ?? 'file settled', time: 1 };
}

async function newest(
  world: World,
  file: string,
  status: string,
  column: 'run_id' | 'file_id',
): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (; Date.now() < deadline; await sleep(PAUSE_MS)) {
    const found = await world.pool
      .query<{ id: number }>(
        `select ${column} as id from sluice.source_file
          where name = $1 and status = $2 and outcome_done_at is not null order by file_id desc limit 1`,
        [file, status],
      )
      .catch(() => null);
    const id = found?.rows[0]?.id;
    if (id !== undefined) return String(id);
  }
  throw new Error(`${file} is never ${status}`);
}

async function isRun({ pool }: World, run: string, statuses: readonly string[]): Promise<boolean> {
  const { rows } = await pool.query('select from sluice.run where run_id = $1 and status = any($2)', [
    run,
    statuses,
  ]);
  return rows.length === 1;
}

async function isFile({ pool }: World, file: string, statuses: readonly string[]): Promise<boolean> {
  const sql = 'select from sluice.source_file where file_id = $1 and status = any($2)';
  return (await pool.query(sql, [file, statuses])).rows.length === 1;
}
