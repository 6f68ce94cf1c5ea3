import { expect, it } from 'vitest';
import type { SourceFile } from '../../src/ledger/source-file.ts';
import { Finishing } from '../../src/queue/finishing.ts';

const files = (...ids: number[]) => ids.map((fileId) => ({ fileId }) as SourceFile);
const idsOf = (some: readonly SourceFile[]) => some.map(({ fileId }) => fileId);
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));

it('carries out together what comes while others are carried out, and takes nothing once it has ended', async () => {
  const carriedOut: number[][] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const finishing = new Finishing(async (some) => {
    carriedOut.push(idsOf(some));
    await held;
  });
  finishing.add(files());
  finishing.add(files(1));
  await aMoment();
  finishing.add(files(2));
  finishing.add(files(3, 4));
  const ended = finishing.end();
  finishing.add(files(5));
  release();
  await ended;
  expect(carriedOut).toEqual([[1], [2, 3, 4]]);
  expect(files(3, 5).map((file) => finishing.has(file))).toEqual([true, false]);
});

it('raises at the end what has kept an outcome from being carried out, and begins no other', async () => {
  const begun: number[][] = [];
  const finishing = new Finishing(async (some) => {
    begun.push(idsOf(some));
    throw new Error('the ledger is away');
  });
  finishing.add(files(1));
  await aMoment();
  finishing.add(files(2));
  await expect(finishing.end()).rejects.toThrow('the ledger is away');
  expect(begun).toEqual([[1]]);
});
