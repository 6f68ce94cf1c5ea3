import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encrypted } from '../test/formats/openpgp/messages.ts';
import { zipBytes } from '../test/formats/zip/zip-bytes.ts';
import { csv, HEADER, record } from './model.ts';
import { type Action, nameOf, put, type Scene } from './scene.ts';
import { PASSPHRASE } from './world.ts';

/** Beyond one block, so that it goes through lanes. */
const LARGE_ROWS = 110_000;

const drop: Action = (scene, place) => deliver(scene, place, 1 + scene.random.below(200));

const dropLarge: Action = (scene, place) => deliver(scene, place, LARGE_ROWS + scene.random.below(20_000));

async function deliver(scene: Scene, place: number, rows: number): Promise<void> {
  const { dataset, name } = nameOf(scene, place);
  const from = scene.model.takeIds(rows);
  await put(scene, name, csv(from, rows));
  scene.model.add({ file: name, dataset, from, rows, rejects: 0, certainty: 'all' });
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
  scene.model.add({ file: name, dataset, from, rows, rejects, certainty: 'all' });
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
  model.add({ file: name, dataset, from, rows, rejects: 0, certainty: 'all' });
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
  scene.model.add({ file: name, dataset, from, rows, rejects: 0, certainty: 'all' });
};

/** Dropped, and taken away again after a moment. */
const deleteAgain: Action = async (scene, place) => {
  const { dataset, name } = nameOf(scene, place);
  const rows = 1 + scene.random.below(100);
  const pause = scene.random.below(250);
  const from = scene.model.takeIds(rows);
  await put(scene, name, csv(from, rows));
  scene.model.add({ file: name, dataset, from, rows, rejects: 0, certainty: 'all-or-none' });
  await sleep(pause);
  await rm(join(scene.world.imports, name), { force: true });
};

/** A ZIP with an entry for each of some deliveries, which `model` knows once `send` is done. */
async function archive(
  scene: Scene,
  place: number,
  file: string,
  send: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const entries: Record<string, string> = {};
  const deliveries = Array.from({ length: 2 + scene.random.below(3) }, (_, n) => {
    const { dataset, name } = nameOf(scene, 100 + place * 10 + n);
    const rows = 1 + scene.random.below(80);
    const from = scene.model.takeIds(rows);
    entries[name] = csv(from, rows);
    return { file, dataset, from, rows, rejects: 0, certainty: 'all' } as const;
  });
  await send(zipBytes({ entries }));
  for (const delivery of deliveries) scene.model.add(delivery);
}

const dropArchive: Action = (scene, place) => {
  const file = `archive_${scene.round}_${place}.zip`;
  return archive(scene, place, file, (bytes) => put(scene, file, bytes));
};

const dropEncryptedArchive: Action = (scene, place) => {
  const file = `archive_${scene.round}_${place}.zip.gpg`;
  return archive(scene, place, file, async (bytes) =>
    put(scene, file, await encrypted(bytes, { passphrases: PASSPHRASE })),
  );
};

const dropEncrypted: Action = async (scene, place) => {
  const { dataset, name } = nameOf(scene, place);
  const rows = 1 + scene.random.below(200);
  const armor = scene.random.below(2) === 1;
  const from = scene.model.takeIds(rows);
  const file = `${name}.${armor ? 'asc' : 'gpg'}`;
  await put(scene, file, await encrypted(csv(from, rows), { passphrases: PASSPHRASE, armor }));
  scene.model.add({ file, dataset, from, rows, rejects: 0, certainty: 'all' });
};

const dropRubbish: Action = (scene, place) =>
  put(
    scene,
    `rubbish_${scene.round}_${place}.csv`,
    Buffer.from(Array.from({ length: 500 }, () => scene.random.below(256))),
  );

/** What senders do, each as often as it stands here. */
export const DROPS: Readonly<Record<string, { weight: number; act: Action }>> = {
  drop: { weight: 6, act: drop },
  'drop a large file': { weight: 1, act: dropLarge },
  'drop a file with bad records': { weight: 2, act: dropFlawed },
  'write slowly': { weight: 3, act: writeSlowly },
  truncate: { weight: 1, act: truncate },
  'delete again': { weight: 2, act: deleteAgain },
  'drop an archive': { weight: 2, act: dropArchive },
  'drop an encrypted archive': { weight: 1, act: dropEncryptedArchive },
  'drop an encrypted file': { weight: 2, act: dropEncrypted },
  'drop rubbish': { weight: 1, act: dropRubbish },
};
