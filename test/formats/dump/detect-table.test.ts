import { describe, expect, test } from 'vitest';
import { detectSource } from '../../../src/formats/dump/detect-source.ts';
import { detectTable } from '../../../src/formats/dump/detect-table.ts';
import { pairEntries } from '../../../src/formats/dump/pair-entries.ts';
import { typeMaps } from '../../../src/formats/dump/type-maps.ts';

const COLUMNS = [
  { name: 'ID', type: 'int' },
  { name: 'Name', type: 'varchar(20)' },
  { name: 'Born', type: 'date' },
];

function detect(text: string, columns = COLUMNS) {
  const data = { head: Buffer.from(text), whole: true, fileName: 'x.dat', overrides: {} };
  const table = detectTable(data, columns);
  if (table === null) return null;
  const { delimiter, quote, escape: escapeWith, header } = table.detected.dialect;
  const columnNames = table.columns.map((column) => column?.name ?? null);
  return { delimiter, quote, escape: escapeWith, header, nullMarker: table.nullMarker, columns: columnNames };
}

describe('the data of a table', () => {
  test('has a header when its names are the descriptor’s', () => {
    expect(detect('born,id,name\n2020-01-01,1,a\n')).toMatchObject({
      header: true,
      columns: ['Born', 'ID', 'Name'],
    });
    expect(detect('1,a,2020-01-01\n2,b,2020-01-02\n')).toMatchObject({
      header: false,
      columns: ['ID', 'Name', 'Born'],
    });
    const texts = COLUMNS.map(({ name }) => ({ name, type: 'text' }));
    expect(detect('x,y,z\na,b,c\n', texts)).toMatchObject({ header: false });
  });

  test('is divided so that it has the descriptor’s number of columns', () => {
    expect(detect('1~a,b~2020-01-01\n2~d,e~2020-01-02\n')?.delimiter).toBe('~');
    expect(detect('1\x01a, b\x012020-01-01\n2\x01c, d\x012020-01-02\n')?.delimiter).toBe('\x01');
    expect(detect('1||a||2020-01-01\n2||b||2020-01-02\n')?.delimiter).toBe('||');
  });

  test('says how NULL is written where a type takes no text', () => {
    expect(detect('1|NULL|2020-01-01\n2|b|NULL\n')?.nullMarker).toBe('NULL');
    expect(detect('1|NULL|2020-01-01\n2|b|\n')?.nullMarker).toBe('');
    expect(detect('1|NULL|2020-01-01\n2|b|2020-01-01\n')?.nullMarker).toBe('NULL');
    expect(detect('1||2020-01-01\n2|b|2020-01-01\n')?.nullMarker).toBeNull();
    expect(detect('1|"NULL"|2020-01-01\n2|b|2020-01-01\n')?.nullMarker).toBeNull();
  });

  test('with \\N has backslash escapes, unless it doubles its quotes', () => {
    expect(detect('1\ta\t\\N\n2\tb\t2020-01-01\n')).toMatchObject({ quote: null, escape: '\\' });
    expect(detect('1|"a"|\\N\n2|"b"|2020-01-01\n')).toMatchObject({ quote: '"', escape: '\\' });
    expect(detect('1|"a""a"|\\N\n2|"b"|2020-01-01\n')).toMatchObject({ quote: '"', escape: '"' });
  });

  test('may be nothing at all', () => {
    expect(detect('')).toBeNull();
  });
});

describe('the source of a dump', () => {
  const source = (types: string[], nullMarker: string | null = null, backslashes = false) =>
    detectSource(types, typeMaps(), {
      nullMarkers: new Set(nullMarker === null ? [] : [nullMarker]),
      backslashes,
    }).database;

  test.each([
    [['int', 'nvarchar', 'datetime2'], null, 'sqlserver'],
    [['int(11)', 'varchar(20)', 'datetime'], null, 'mysql'],
    [['int unsigned'], null, 'mysql'],
    [['int', 'varchar(20)'], '\\N', 'mysql'],
    [['int', 'varchar(20)'], 'NULL', 'sqlserver'],
    [['NUMBER(10)', 'VARCHAR2(10)', 'DATE'], null, 'oracle'],
    [['integer', 'timestamp without time zone', 'jsonb'], null, 'postgres'],
    [['int', 'timestamp', 'uniqueidentifier'], null, 'sqlserver'],
  ])('with the types %j and NULL as %j is %s', (types, nullMarker, expected) => {
    expect(source(types, nullMarker)).toBe(expected);
  });
});

describe('entries of a dump', () => {
  test('are paired by name, in any letter case, within their folder', () => {
    const named = (...names: string[]) => names.map((name) => ({ name }));
    const pairs = pairEntries(
      named('a/Users.JSON', 'b/users.json', 'lone.json'),
      named('a/users.DAT', 'b/USERS.csv', 'other.txt'),
    );
    expect(pairs.map(({ table, descriptor, data }) => [table, descriptor?.name, data?.name])).toEqual([
      ['users', 'a/Users.JSON', 'a/users.DAT'],
      ['USERS', 'b/users.json', 'b/USERS.csv'],
      ['other', undefined, 'other.txt'],
      ['lone', 'lone.json', undefined],
    ]);
  });
});
