import { describe, expect, it } from 'vitest';
import { maskUrl } from '../../src/config/mask-url.ts';
import { parseRejectLimit, rejectLimitFor } from '../../src/config/reject-limit.ts';
import type { Settings } from '../../src/config/settings.ts';

describe('maskUrl', () => {
  it.each([
    ['postgres://u:p@h/db', 'postgres://u:***@h/db'],
    ['at postgres://u:p@ss:w/#rd@h/db, then', 'at postgres://u:***@h/db, then'],
    ['postgres://:p@h', 'postgres://:***@h'],
    ['postgres://u@h/db', 'postgres://u@h/db'],
    [
      'postgres://h:5432/db?user=u&password=p&sslmode=x',
      'postgres://h:5432/db?user=u&password=***&sslmode=x',
    ],
    ["host=h password='a b' user=u", 'host=h password=*** user=u'],
    ['no secret, mail a@b.c', 'no secret, mail a@b.c'],
  ])('%s becomes %s', (text, masked) => expect(maskUrl(text)).toBe(masked));

  it('takes no long time over hostile text', () => {
    const started = performance.now();
    maskUrl('://x:'.repeat(5_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('parseRejectLimit', () => {
  it.each([
    ['100', { kind: 'count', rows: 100 }],
    [0, { kind: 'count', rows: 0 }],
    ['2.5 %', { kind: 'percent', percent: 2.5 }],
    ['None', { kind: 'none' }],
    ['-1', null],
    ['', null],
    [Number.NaN, null],
    ['9'.repeat(20), null],
  ])('%s is %o', (value, limit) => expect(parseRejectLimit(value)).toEqual(limit));
});

describe('rejectLimitFor', () => {
  const settings = { rejectLimit: { kind: 'percent', percent: 10 } } as Settings;

  it('is the own limit of the dataset', () => {
    expect(rejectLimitFor(settings, { name: 'a', rejectLimit: 3 })).toEqual({ kind: 'count', rows: 3 });
  });

  it('is REJECT_LIMIT for a dataset without one', () => {
    expect(rejectLimitFor(settings, { name: 'a' })).toEqual({ kind: 'percent', percent: 10 });
  });
});
