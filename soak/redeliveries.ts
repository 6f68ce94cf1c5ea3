import { setTimeout as sleep } from 'node:timers/promises';
import { csv } from './model.ts';
import { decide } from './operators.ts';
import { type Action, put, type Scene } from './scene.ts';

/** The same bytes once more, under another name. */
const repeat: Action = async (scene, place) => {
  const { model, random } = scene;
  const earlier = scene.earlier.filter(
    (one) =>
      one.certainty === 'all' && one.rejects === 0 && one.rows < 500 && one.dataset.startsWith('feed_'),
  );
  const one = earlier[random.below(Math.max(1, earlier.length))];
  // Somebody else's in this round is perhaps taken back at this moment.
  if (one === undefined || !model.reserve(one.file)) return;
  await put(scene, `again_${scene.round}_${place}.csv`, csv(one.from, one.rows));
};

/** A delivery that takes the place of the one before, sometimes two in quick succession. */
const replace: Action = (scene) =>
  succeed(scene, 'rates', `rates_${scene.random.pick(['north', 'south'])}.csv`);

/** A dataset of which every file is the whole truth. */
const replaceWhole: Action = (scene) => succeed(scene, 'whole', 'whole.csv');

async function succeed(scene: Scene, dataset: string, file: string): Promise<void> {
  const { model, random } = scene;
  const deliveries = Array.from({ length: 1 + random.below(2) }, () => {
    const rows = 1 + random.below(150);
    return { rows, from: model.takeIds(rows), pause: random.below(300) };
  });
  await model.inTurn(file, async () => {
    for (const { rows, from, pause } of deliveries) {
      await put(scene, file, csv(from, rows));
      model.remove((one) => one.file === file);
      model.add({ file, dataset, from, rows, rejects: 0, certainty: 'all' });
      await sleep(pause);
    }
  });
}

/** Of a dataset that wants a decision: the first delivery is published, the next is held, and then it is decided upon. */
const deliverHeld: Action = async (scene) => {
  const { model, random } = scene;
  const file = `stock_${random.pick(['north', 'south'])}.csv`;
  const rows = 1 + random.below(150);
  const decision = random.pick(['release', 'append', 'discard']);
  const luck = random.bits();
  if (!model.reserve(file)) return;
  const waiting = model.held.get(file);
  if (waiting !== undefined) return decide(scene, waiting, decision, luck);
  const delivery = {
    file,
    dataset: 'stock',
    from: model.takeIds(rows),
    rows,
    rejects: 0,
    certainty: 'all',
  } as const;
  const isFirst = model.of(file).length === 0;
  await put(scene, file, csv(delivery.from, rows));
  if (isFirst) model.add(delivery);
  else model.held.set(file, delivery);
};

/** What senders do who send something again, each as often as it stands here. */
export const REDELIVERIES: Readonly<Record<string, { weight: number; act: Action }>> = {
  repeat: { weight: 2, act: repeat },
  replace: { weight: 3, act: replace },
  'replace the whole': { weight: 2, act: replaceWhole },
  'deliver to be held, or decide': { weight: 4, act: deliverHeld },
};
