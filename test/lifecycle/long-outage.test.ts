import { expect, it } from 'vitest';
import { outageProblems, playOutage } from '../../soak/outage.ts';

it('a server that is killed in the middle of a load, and files that arrive meanwhile: all are published, in their order, with one line about it', async () => {
  const report = await playOutage({ minutes: 0.04, files: 30, seed: 1 });
  expect(outageProblems(report)).toEqual([]);
}, 180_000);
