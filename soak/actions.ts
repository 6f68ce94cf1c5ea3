import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../bench/generate/random.ts';
import { zipBytes } from '../test/formats/zip/zip-bytes.ts';
import { csv, type Delivery, HEADER, type Model, record } from './model.ts';
import type { World } from './world.ts';

export interface Scene {
  readonly world: World;
  readonly model: Model;
  readonly random: Random;
  readonly round: number;
  /** Deliveries that were there when the round began: what they hold is published. */
  readonly earlier: readonly Delivery[];
}

/** Something a sender does. Resolves when the sender has done it. */
export type Action = (scene: Scene, place: number) => Promise<void>;

const FEEDS = ['feed_a', 'feed_b', 'feed_c'] as const;
/** Beyond one block, so that it goes through lanes. */
const LARGE_ROWS = 110_000;

/** Unlike every other name: a second of its own for each place in each round. */
function nameOf({ random, round }: Scene, place: number): { dataset: string; name: string } {
  const dataset = random.pick(FEEDS);
  const at = new Date(Date.UTC(2020, 0, 1) + (round * 1_000 + place) * 1_000).toISOString();
  return { dataset, name: `${dataset}_${at.slice(0, 19).replaceAll(':', '')}.csv` };
}

/** Written elsewhere and renamed, as a careful sender does. */
async function put({ world }: Scene, name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(world.root, `${name}.part`), content);
  await rename(join(world.root, `${name}.part`), join(world.imports, name));
}

const drop: Action = async (scene, place) => {
  const rows = 1 + scene.random.below(200);
  await deliver(scene, place, rows);
};

const dropLarge: Action = (scene, place) => deliver(scene, place, LARGE_ROWS + scene.random.below(20_000));

async function deliver(scene: Scene, place: number, rows: number): Promise<void> {
  const { dataset, name } = nameOf(scene, place);
  const from = scene.model.takeIds(rows);
  await put(scene, name, csv(from, rows));
  scene.model.set(name, { dataset, from, rows, rejects: 0, certainty: 'all' });
}

/** Records with a field missing among good ones. */
const dropFlawed: Action = async (scene, place) => {
  const { dataset, name } = nameOf(scene, place);
  const rows = 20 + scene.random.below(100);
  const rejects = 1 + scene.random.below(5);
  const from = scene.model.takeIds(rows);
  let text = HEADER;
  for (let n = 0; n < rows; n++) text += record(from + n) + (n < rejects ? `${n},short\n` : '');
  await put(scene, name, text);
  scene.model.set(name, { dataset, from, rows, rejects, certainty: 'all' });
};

/** The same bytes once more, under another name. */
const repeat: Action = async (scene, place) => {
  const earlier = scene.earlier.filter(
    (one) => one.certainty === 'all' && one.rejects === 0 && one.rows < 500 && one.dataset !== 'rates',
  );
  const one = earlier[scene.random.below(Math.max(1, earlier.length))];
  if (one === undefined) return;
  await put(scene, `again_${scene.round}_${place}.csv`, csv(one.from, one.rows));
};

/** A delivery that takes the place of the one before, sometimes two in quick succession. */
const replace: Action = async (scene) => {
  const name = `rates_${scene.random.pick(['north', 'south'])}.csv`;
  for (let times = 1 + scene.random.below(2); times > 0; times--) {
    const rows = 1 + scene.random.below(150);
    const from = scene.model.takeIds(rows);
    await put(scene, name, csv(from, rows));
    scene.model.set(name, { dataset: 'rates', from, rows, rejects: 0, certainty: 'all' });
    await sleep(scene.random.below(300));
  }
};

/** In place and slowly, with pauses that may be longer than it takes a file to settle. */
const writeSlowly: Action = async (scene, place) => {
  const { random, model, world } = scene;
  const { dataset, name } = nameOf(scene, place);
  const rows = 30 + random.below(100);
  const from = model.takeIds(rows);
  const bytes = Buffer.from(csv(from, rows));
  const file = await open(join(world.imports, name), 'w');
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 200 + random.below(2_000));
      await file.write(bytes.subarray(at, end));
      at = end;
      await sleep(random.below(5) === 0 ? 150 + random.below(400) : random.below(40));
    }
  } finally {
    await file.close();
  }
  model.set(name, { dataset, from, rows, rejects: 0, certainty: 'all' });
};

/** Begun, cut back to nothing, and written anew, before it can have settled. */
const truncate: Action = async (scene, place) => {
  const { dataset, name } = nameOf(scene, place);
  const rows = 10 + scene.random.below(100);
  const from = scene.model.takeIds(rows);
  const file = await open(join(scene.world.imports, `.${name}`), 'w');
  try {
    await file.write(csv(from, Math.ceil(rows / 2)));
    await file.truncate(0);
    await file.write(csv(from, rows), 0);
  } finally {
    await file.close();
  }
  await rename(join(scene.world.imports, `.${name}`), join(scene.world.imports, name));
  scene.model.set(name, { dataset, from, rows, rejects: 0, certainty: 'all' });
};

/** Dropped, and taken away again after a moment. */
const deleteAgain: Action = async (scene, place) => {
  const { dataset, name } = nameOf(scene, place);
  const rows = 1 + scene.random.below(100);
  const from = scene.model.takeIds(rows);
  await put(scene, name, csv(from, rows));
  scene.model.set(name, { dataset, from, rows, rejects: 0, certainty: 'all-or-none' });
  await sleep(scene.random.below(250));
  await rm(join(scene.world.imports, name), { force: true });
};

const dropArchive: Action = async (scene, place) => {
  const entries: Record<string, string> = {};
  for (let n = 0; n < 2 + scene.random.below(3); n++) {
    const { dataset, name } = nameOf(scene, 100 + place * 10 + n);
    const rows = 1 + scene.random.below(80);
    const from = scene.model.takeIds(rows);
    entries[name] = csv(from, rows);
    scene.model.set(name, { dataset, from, rows, rejects: 0, certainty: 'all' });
  }
  await put(scene, `archive_${scene.round}_${place}.zip`, zipBytes({ entries }));
};

const dropRubbish: Action = (scene, place) =>
  put(
    scene,
    `rubbish_${scene.round}_${place}.csv`,
    Buffer.from(Array.from({ length: 500 }, () => scene.random.below(256))),
  );

/** Each as often as it stands here. */
export const ACTIONS: Readonly<Record<string, { weight: number; act: Action }>> = {
  drop: { weight: 6, act: drop },
  'drop a large file': { weight: 1, act: dropLarge },
  'drop a file with bad records': { weight: 2, act: dropFlawed },
  repeat: { weight: 2, act: repeat },
  replace: { weight: 3, act: replace },
  'write slowly': { weight: 3, act: writeSlowly },
  truncate: { weight: 1, act: truncate },
  'delete again': { weight: 2, act: deleteAgain },
  'drop an archive': { weight: 2, act: dropArchive },
  'drop rubbish': { weight: 1, act: dropRubbish },
};
