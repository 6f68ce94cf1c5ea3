import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../bench/generate/random.ts';
import type { Delivery, Model } from './model.ts';
import type { World } from './world.ts';

export interface Scene {
  readonly world: World;
  readonly model: Model;
  readonly random: Random;
  readonly round: number;
  /** Deliveries that were there when the round began: what they hold is published. */
  readonly earlier: readonly Delivery[];
}

/** Something a sender or an operator does. Resolves when it is done. What it draws, it draws before it waits for anything. */
export type Action = (scene: Scene, place: number) => Promise<void>;

const FEEDS = ['feed_a', 'feed_b', 'feed_c'] as const;

/** Unlike every other name: a second of its own for each place in each round. */
export function nameOf({ random, round }: Scene, place: number): { dataset: string; name: string } {
  const dataset = random.pick(FEEDS);
  const at = new Date(Date.UTC(2020, 0, 1) + (round * 1_000 + place) * 1_000).toISOString();
  return { dataset, name: `${dataset}_${at.slice(0, 19).replaceAll(':', '')}.csv` };
}

/** Written elsewhere and renamed, as a careful sender does. */
export async function put({ world }: Scene, name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(world.root, `${name}.part`), content);
  await rename(join(world.root, `${name}.part`), join(world.imports, name));
}
