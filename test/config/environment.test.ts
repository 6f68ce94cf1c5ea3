import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';

function problemsOf(env: Record<string, string>) {
  return readEnvironment(env).problems;
}

describe('environment', () => {
  it('has a default for everything', () => {
    const { values, problems } = readEnvironment({});
    expect(problems).toEqual([]);
    expect(values).toMatchObject({
      DATABASE_URL: undefined,
      SETTLE_MS: 2000,
      RESCAN_MS: 5000,
      INCOMPLETE_MS: 60_000,
      LANES: undefined,
      CLEANUP: 'archive',
      REJECT_LIMIT: { kind: 'percent', percent: 10 },
      MAX_RECORD_BYTES: 16_777_216,
      MAX_ATTEMPTS: 5,
      LOG_DAYS: 14,
      DEV: false,
      INIT_DB: true,
    });
    expect(values.CONCURRENCY).toBeGreaterThanOrEqual(2);
    expect(values.CONCURRENCY).toBeLessThanOrEqual(8);
  });

  it('takes an empty or blank value for unset, and trims the others', () => {
    const { values, problems } = readEnvironment({ SETTLE_MS: '', LANES: '  ', RESCAN_MS: ' 250 ' });
    expect(problems).toEqual([]);
    expect(values).toMatchObject({ SETTLE_MS: 2000, LANES: undefined, RESCAN_MS: 250 });
  });

  it.each(['true', '1', 'yes', 'on', 'TRUE', 'On'])('reads the flag %s as true', (text) => {
    expect(readEnvironment({ DEV: text }).values.DEV).toBe(true);
  });

  it.each(['false', '0', 'no', 'off', 'No'])('reads the flag %s as false', (text) => {
    expect(readEnvironment({ INIT_DB: text }).values.INIT_DB).toBe(false);
  });

  it.each([
    ['SETTLE_MS', 'abc'],
    ['SETTLE_MS', '-1'],
    ['SETTLE_MS', '2.5'],
    ['SETTLE_MS', '1e3'],
    ['SETTLE_MS', '3600001'],
    ['RESCAN_MS', '0'],
    ['CONCURRENCY', '0'],
    ['LANES', '65'],
    ['DEV', 'maybe'],
    ['CLEANUP', 'burn'],
    ['REJECT_LIMIT', '101%'],
    ['REJECT_LIMIT', 'many'],
    ['MAX_RECORD_BYTES', '1'],
    ['STAGING_SCHEMA', 'pg_temp'],
    ['STAGING_SCHEMA', 'sluice'],
    ['STAGING_SCHEMA', 'a\0b'],
    ['STAGING_SCHEMA', 'ä'.repeat(28)],
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', 'postgres://h:99999/db'],
  ])('refuses %s=%s, naming variable, value and what is allowed', (variable, value) => {
    const [problem] = problemsOf({ [variable]: value });
    const shown = value.includes('\0') ? JSON.stringify(value) : value;
    expect(problem).toMatchObject({ variable, value: shown });
    expect(problem?.allowed).toMatch(/^allowed is .+/);
  });

  it('reports every problem, not the first', () => {
    const variables = problemsOf({ DEV: 'x', LANES: 'y', CLEANUP: 'z' }).map(({ variable }) => variable);
    expect(variables.sort()).toEqual(['CLEANUP', 'DEV', 'LANES']);
  });

  it.each([
    'postgres://user:secret',
    'user:secret@host/db',
    'host=db password=secret',
    'postgress://user:sec@ret word/secret#@host:5432/db',
    'postgres://user:se%cret@host/secret@db',
    'mysql://user:secret@host/db',
    '//user:secret@host',
    'secret',
  ])('never shows the password of the malformed DATABASE_URL %s', (value) => {
    const [problem] = problemsOf({ DATABASE_URL: value });
    expect(problem?.value).not.toContain('sec');
    expect(problem?.value).toContain('***');
  });

  it.each([
    'postgres://h/db',
    'postgresql://u:p%40w@h:5432/db?sslmode=require',
    'postgres:///db?host=/var/run/postgresql',
    'postgres://u@[::1]:5432/db',
  ])('accepts the DATABASE_URL %s', (value) => {
    expect(problemsOf({ DATABASE_URL: value })).toEqual([]);
  });
});
