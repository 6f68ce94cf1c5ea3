import { expect, test } from 'vitest';
import { detectDialect } from '../../../src/formats/delimited/detect-dialect.ts';
import { sampleRecords } from '../../../src/pipelines/identify/sample-records.ts';

for (const [text, records] of [
  ['a,b', []],
  ['x', []],
  ['a,b\n1,2', [['1', '2']]],
] as const) {
  test(`the sample of a whole file, ${JSON.stringify(text)} without a final line end, has its records`, async () => {
    const head = Buffer.from(text);
    const detected = detectDialect(head, { complete: true, fileName: 'x.csv' });
    if (detected === null) throw new Error('no dialect');
    const sample = await sampleRecords({ head, slices: [], whole: true }, detected, 'x.csv');
    expect(sample.map((record) => record.map((field) => field.value))).toEqual(records);
  });
}
