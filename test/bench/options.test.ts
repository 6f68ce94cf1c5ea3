import { describe, expect, it } from 'vitest';
import { readOptions } from '../../bench/options.ts';

const read = (...args: string[]) => readOptions(args, new Date('2026-11-22T10:00:00Z'));

describe('readOptions', () => {
  it('a whole run: five times two million records on an installed Postgres', () => {
    expect(read()).toMatchObject({
      runs: 5,
      slowRuns: 5,
      rows: 2_000_000,
      server: 'local',
      date: '2026-11-22',
    });
    expect(read().out).toMatch(/bench\/results\.json$/);
  });

  it('a part does not replace the results that are shown', () => {
    expect(read('--cases', 'csv,zip').cases).toEqual(['csv', 'zip']);
    for (const part of [['--quick'], ['--cases', 'csv'], ['--rows', '1000']]) {
      expect(read(...part).out).toMatch(/bench\/data\/results\.json$/);
    }
    expect(read('--quick', '--out', '/tmp/x.json').out).toBe('/tmp/x.json');
  });

  it('a URL takes the place of a server of our own', () => {
    expect(read('--url', 'postgres://h/d')).toMatchObject({ server: 'given', url: 'postgres://h/d' });
  });
});
