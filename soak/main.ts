import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../bench/generate/random.ts';
import { ACTIONS } from './actions.ts';
import { differences, untilQuiet } from './check.ts';
import { FAULTS } from './faults.ts';
import { type Delivery, Model } from './model.ts';
import { type Options, readOptions } from './options.ts';
import { reportOutage } from './outage.ts';
import type { Action } from './scene.ts';
import { CountWatcher } from './watch-counts.ts';
import { World } from './world.ts';

/** How often each thing happened. */
type Tally = Map<string, number>;

const WEIGHTED = Object.entries(ACTIONS).flatMap(([name, { weight, act }]) =>
  Array.from({ length: weight }, () => ({ name, act })),
);
const ACTIONS_PER_ROUND = 6;
/** Every so many rounds everything starts afresh, so that looking at it all does not take longer and longer. */
const ROUNDS_PER_WORLD = 50;

async function main(options: Options): Promise<void> {
  const tally: Tally = new Map();
  const started = Date.now();
  let round = 0;
  let reads = 0;
  const goesOn = () => round < options.iterations || Date.now() - started < options.minutes * 60_000;
  while (goesOn()) {
    const world = await World.create();
    const model = new Model();
    const watcher = new CountWatcher(world);
    let problems: string[] = [];
    world.start();
    for (let n = 0; n < ROUNDS_PER_WORLD && goesOn() && problems.length === 0; n++) {
      round++;
      problems = await playRound({
        world,
        model,
        watcher,
        tally,
        random: new Random(options.seed * 100_003 + round),
        round,
      });
      if (round % 10 === 0) console.log(`${round} rounds, ${Math.round((Date.now() - started) / 1000)} s`);
    }
    await watcher.stop();
    reads += watcher.reads;
    await world.remove(options.keep && problems.length > 0);
    if (problems.length > 0) {
      console.log(`seed ${options.seed}, round ${round}: what is there is not what was sent`);
      for (const problem of problems) console.log(`  ${problem}`);
      if (options.keep) console.log(`  kept: ${world.root}`);
      process.exitCode = 1;
      break;
    }
  }
  report(options, { round, reads, tally, seconds: (Date.now() - started) / 1000 });
}

interface Round {
  readonly world: World;
  readonly model: Model;
  readonly watcher: CountWatcher;
  readonly tally: Tally;
  readonly random: Random;
  readonly round: number;
}

/** Senders send while things go wrong; then there is quiet, and everything is compared. */
async function playRound(scene: Round): Promise<string[]> {
  const { world, model, watcher } = scene;
  const earlier = model.deliveries;
  model.beginRound();
  try {
    const random = new Random(scene.random.bits());
    // What happens on one side must not depend on how fast the other is.
    await Promise.all([send(scene, earlier), goWrong({ ...scene, random })]);
    await untilQuiet(world);
    return [...(await differences(world, model)), ...(await watcher.seenInPart())];
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

async function send(scene: Round, earlier: readonly Delivery[]): Promise<void> {
  const { random, tally } = scene;
  const sending: Promise<void>[] = [];
  const actions = 1 + random.below(ACTIONS_PER_ROUND);
  for (let place = 0; place < actions; place++) {
    const { name, act } = WEIGHTED[random.below(WEIGHTED.length)] as { name: string; act: Action };
    count(tally, name);
    // Each sender has its own luck: what one does must not depend on how fast another is.
    sending.push(act({ ...scene, earlier, random: new Random(random.bits()) }, place));
    await sleep(random.below(150));
  }
  await Promise.all(sending);
}

async function goWrong({ world, random, tally }: Round): Promise<void> {
  const names = Object.keys(FAULTS);
  for (let faults = random.below(3); faults > 0; faults--) {
    const name = names[random.below(names.length)] ?? '';
    count(tally, `fault: ${name}`);
    await FAULTS[name]?.(world, new Random(random.bits()));
  }
}

function count(tally: Tally, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1);
}

function report(
  { seed }: Options,
  { round, reads, tally, seconds }: { round: number; reads: number; tally: Tally; seconds: number },
): void {
  const faults = [...tally].filter(([name]) => name.startsWith('fault: '));
  const total = faults.reduce((sum, [, times]) => sum + times, 0);
  console.log('');
  for (const [name, times] of [...tally].sort()) console.log(`${String(times).padStart(6)}  ${name}`);
  console.log(
    `seed ${seed}: ${round} rounds in ${Math.round(seconds)} s, ${total} faults injected, tables read ${reads} times by others; ` +
      (process.exitCode === 1 ? 'WRONG' : 'the model equals the database'),
  );
}

const options = readOptions(process.argv.slice(2));
if (options.outageMinutes === null) await main(options);
else await reportOutage({ ...options, minutes: options.outageMinutes });
