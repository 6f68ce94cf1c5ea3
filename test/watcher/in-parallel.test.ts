import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inParallel } from '../../src/watcher/in-parallel.ts';

const NEVER = new AbortController().signal;

test('inParallel does everything, in order, never more at a time than the limit', async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, NEVER, async (item) => {
    begun.push(item);
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
  });
  expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test('inParallel rejects with the first failure, after the calls under way, and begins no other', async () => {
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    if (item === 1) throw new Error('first');
    await sleep(10);
    ended.push(item);
  };
  await expect(inParallel([1, 2, 3, 4], 2, NEVER, work)).rejects.toThrow('first');
  expect(ended).toEqual([2]);
});

test('inParallel begins nothing once the signal has fired', async () => {
  const controller = new AbortController();
  const begun: number[] = [];
  await inParallel([1, 2, 3], 1, controller.signal, async (item) => {
    begun.push(item);
    if (item === 2) controller.abort();
  });
  expect(begun).toEqual([1, 2]);
});
