import { describe, expect, it } from 'vitest';
import { checksProblems } from '../../src/config/check-checks.ts';

describe('checks in the configuration', () => {
  it('are accepted when they are whole', () => {
    const checks = [
      { check: 'not_null', columns: ['a', 'b'], severity: 'hold' },
      { check: 'range', column: 'a', max: '2020-01-01' },
      { check: 'freshness', by: '08:00', days: ['mon', 'tue'], rows: 100, severity: 'fail' },
      { check: 'sql', name: 'own', sql: 'select 1' },
    ];
    expect(checksProblems('checks', checks, 'dataset')).toEqual([]);
  });

  it.each([
    [[{ check: 'nothing' }], 'checks[0].check must be one of not_null, unique,'],
    [[{ check: 'unique' }], 'checks[0].columns is missing'],
    [[{ check: 'unique', columns: [] }], 'checks[0].columns must be a column, or an array of columns'],
    [[{ check: 'unique', column: 'a' }], 'checks[0].column means nothing to unique'],
    [[{ check: 'unique', columns: 'a', within: 'file' }], 'checks[0].within must be dataset or delivery'],
    [[{ check: 'range', column: 'a' }], 'checks[0] needs min, max or both'],
    [[{ check: 'row_count' }], 'checks[0] needs one of min, max, minRatio, maxRatio'],
    [[{ check: 'foreign_key', column: 'a', references: 'b.c' }], 'checks[0].references must be warehouse.'],
    [[{ check: 'freshness', by: '24:00' }], 'checks[0].by must be a time of day'],
    [[{ check: 'freshness', by: '8:00', severity: 'hold' }], 'checks[0].severity must be one of warn, fail'],
    [[{ check: 'sql', sql: 'select 1' }], 'checks[0].name is missing'],
    [[{ check: 'unique', columns: 'a', severity: 'error' }], 'checks[0].severity must be one of warn, hold'],
    [
      [
        { check: 'unique', columns: 'a' },
        { check: 'unique', columns: ['a'] },
      ],
      'checks[1] and checks[0] are both called unique_a; give one a name',
    ],
    ['unique a', 'checks must be an array of checks'],
  ])('%j: %s', (checks, problem) => {
    expect(checksProblems('checks', checks, 'dataset').join('; ')).toContain(problem);
  });

  it('of freshness belong to datasets', () => {
    expect(checksProblems('checks', [{ check: 'freshness', by: '08:00' }], 'model')).toEqual([
      'checks[0]: freshness is a check of datasets',
    ]);
  });
});
