import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { coveredSection, replaceSection } from '../../scripts/docs-tables.mjs';
import { STEPS } from '../../src/steps.ts';
import { type Covered, coveredSteps, FAULTS } from './coverage.ts';

const all = [...coveredSteps(), ...FAULTS];

function sourceOf({ file }: Covered): Promise<string> {
  return readFile(join(import.meta.dirname, '..', file), 'utf8');
}

it('every crash point and fault that is listed has the test that is named', async () => {
  for (const covered of all) expect(await sourceOf(covered), covered.what).toContain(covered.title);
});

it('every step has a test that kills there', async () => {
  for (const [stage, steps] of Object.entries(STEPS)) {
    const [first] = coveredSteps().filter(({ what }) => what.endsWith(`(${stage})`));
    const source = first === undefined ? '' : await sourceOf(first);
    const isWhole = new RegExp(`killAtEveryStep\\('${stage}'\\)|of STEPS\\.${stage}\\b`).test(source);
    for (const step of isWhole ? [] : steps) expect(source, `${stage}: ${step}`).toContain(`'${step}'`);
  }
});

it('they are at least sixty, and different ones', () => {
  expect(new Set(all.map(({ what }) => what)).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(60);
});

it('docs/reliability.md lists them as they are (npm run docs brings it up to date)', async () => {
  const text = await readFile('docs/reliability.md', 'utf8');
  expect(text).toBe(replaceSection(text, 'covered', coveredSection(all)));
});
