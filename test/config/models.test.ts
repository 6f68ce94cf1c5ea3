import { describe, expect, it } from 'vitest';
import { baseProblems } from '../../src/config/check-base.ts';
import { modelProblems } from '../../src/config/check-models.ts';

describe('models in the configuration', () => {
  it.each([
    [{ name: 'a', sql: 'select 1', dimension: { from: 'b' } }, ''],
    [{ name: 'a', dimension: { from: 'staging.b.c' } }, ''],
    [{ name: 'a' }, 'models[0].sql is missing'],
    [{ name: 'a', dimension: 'b' }, "models[0].dimension must be { from: 'COLUMN' }"],
    [{ name: 'a', dimension: { from: 'b', to: 'c' } }, "models[0].dimension must be { from: 'COLUMN' }"],
    [{ name: 'a', sql: 'select 1', checks: [{ check: 'unique' }] }, 'models[0].checks[0].columns is missing'],
    [{ name: 'a', sql: 'select 1', keys: ['b'] }, 'models[0].keys is not an option'],
  ])('%j: %s', (model, problem) => {
    expect(modelProblems([model]).join('; ')).toContain(problem);
    if (problem === '') expect(modelProblems([model])).toEqual([]);
  });
});

describe('base data in the configuration', () => {
  it.each([
    [{ name: 'a', key: ['b'], columns: { b: 'text' }, references: { b: 'c.d' }, description: 'e' }, ''],
    [{ key: ['b'] }, 'base[0].name must be the name of a file'],
    [{ name: 'a', key: 'b' }, 'base[0].key must be an array of columns'],
    [{ name: 'a', columns: { b: 1 } }, 'base[0].columns must be an object of types'],
    [{ name: 'a', sql: 'select 1' }, 'base[0].sql is not an option'],
  ])('%j: %s', (base, problem) => {
    expect(baseProblems([base]).join('; ')).toContain(problem);
    if (problem === '') expect(baseProblems([base])).toEqual([]);
  });
});
