import { expect, it } from 'vitest';
import { controlCount } from '../../../src/formats/sidecar/control-count.ts';

it.each([
  ['a number alone', '42\n', null, 42],
  ['a pair', 'file=x.csv\nrecords = 42\n', null, 42],
  ['a pair after a colon', 'RowCount: 042', null, 42],
  ['JSON', '{"file": "x.csv", "rows": 42}', null, 42],
  ['a delimited pair', 'count;42', null, 42],
  ['a header and a line', 'name,size,"row_count"\nx.csv,9,42\n', null, 42],
  ['a field of another name', 'rows=1\nanzahl=42\n', 'anzahl', 42],
  ['a field with odd characters in its name', 'n[1].c = 42', 'n[1].c', 42],
  ['a name that ends in a usual one', 'barrows=1', null, null],
  ['no number', 'records=many', null, null],
  ['nothing', '', null, null],
  ['a number beyond what is exact', '99999999999999999999', null, null],
] as const)('a control file with %s', (_kind, text, field, count) => {
  expect(controlCount(text, field)).toBe(count);
});
