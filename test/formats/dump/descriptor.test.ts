import { describe, expect, test } from 'vitest';
import { looksLikeDescriptor, parseDescriptor } from '../../../src/formats/dump/descriptor.ts';

const ID = [{ name: 'ID', type: 'int' }];

describe('a descriptor', () => {
  test.each<[string, string | Buffer]>([
    ['as SQL Server dumps have it', '[{"column_name":"ID","column_type":"int"}]'],
    ['as MySQL dumps have it', '[{"tbl_col":"ID","col_type":"int"}]'],
    ['with tbl_column', '[{"tbl_column":"ID","col_type":"int"}]'],
    ['in other letter case and order', '[{"Column_Type":"int","COLUMN_NAME":"ID"}]'],
    ['in camel case', '[{"columnName":"ID","columnType":"int"}]'],
    ['with other signs between words', '[{"Column Name":"ID","column-type":"int"}]'],
    ['with more keys', '[{"column_name":"ID","column_type":"int","nullable":true,"length":4}]'],
    ['with a byte-order mark', '\ufeff[{"column_name":"ID","column_type":"int"}]'],
    ['with control characters', '\0[{"column_na\u0001me":"I\u0008D",\t"column_type":"in\u001ft"}]\u001a'],
    ['with a line break in a name', '[{"column_name":"ID\n","column_type":"int"}]'],
    ['in UTF-16', Buffer.from('\ufeff[{"column_name":"ID","column_type":"int"}]', 'utf16le')],
    ['inside an object', '{"table":"x","columns":[{"column_name":"ID","column_type":"int"}]}'],
  ])('is read %s', (_, text) => {
    const bytes = Buffer.from(text as string);
    expect(looksLikeDescriptor(bytes)).toBe(true);
    expect(parseDescriptor(bytes, 'a.zip/x.json')).toEqual(ID);
  });

  test('in Latin-1 keeps its accents', () => {
    const bytes = Buffer.from('[{"column_name":"Größe","column_type":"int"}]', 'latin1');
    expect(parseDescriptor(bytes, 'x')[0]?.name).toBe('Größe');
  });

  test.each([
    ['[{"column_name":"ID",\n  "column_type":int}]', /a\.zip\/x\.json.*line 2, column 17/],
    ['[{"column_name":"ID"', /line 1, column 21/],
    ['[]', /lists no column/],
    ['{"a":1}', /not a list of columns/],
    ['[1]', /element 1 is not an object/],
    ['[{"column_type":"int"}]', /element 1 has no column_name/],
    [
      '[{"column_name":"ID","column_type":"int"},{"column_name":"B"}]',
      /element 2, column B, has no column_type/,
    ],
    ['[{"column_name":"ID","column_type":"int"},{"column_name":"ID","column_type":"int"}]', /ID twice/],
  ])('%s is refused with the place', (text, message) => {
    const parse = () => parseDescriptor(Buffer.from(text), 'a.zip/x.json');
    expect(parse).toThrow(expect.objectContaining({ code: 'DESCRIPTOR_INVALID' }));
    expect(parse).toThrow(message);
  });

  test('is told from other JSON', () => {
    expect(looksLikeDescriptor(Buffer.from('[{"name":"x","type":"y"}]'))).toBe(false);
    expect(looksLikeDescriptor(Buffer.from('"column_name": "column_type":'))).toBe(false);
  });
});
