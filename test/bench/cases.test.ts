import { describe, expect, it } from 'vitest';
import { CASES, selectCases } from '../../bench/cases.ts';
import { recipesFor } from '../../bench/generate/recipes.ts';

describe('selectCases', () => {
  it('all when none is named', () => expect(selectCases([])).toBe(CASES));

  it('in the order of the benchmark', () => {
    expect(selectCases(['wide', 'csv']).map((one) => one.name)).toEqual(['csv', 'wide']);
  });

  it('an unknown name is refused, with those there are', () => {
    expect(() => selectCases(['cvs'])).toThrow(/no case cvs; there are csv, zip/);
  });
});

describe('cases', () => {
  it('each is led by Sluice and has a name of its own', () => {
    expect(CASES.every((one) => /^sluice/.test(one.entrants[0]?.contender.name ?? ''))).toBe(true);
    expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length);
  });
});

describe('recipesFor', () => {
  it('smaller data is smaller in every size', () => {
    expect(recipesFor(20_000)['size_1000mb.csv']).toMatchObject({ bytes: 10_000_000 });
    expect(recipesFor(20_000)['mixed_200_bad.csv']).toMatchObject({ every: 100 });
  });
});
