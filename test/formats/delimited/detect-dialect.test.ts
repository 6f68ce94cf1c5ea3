import { describe, expect, test } from 'vitest';
import { detectDialect } from '../../../src/formats/delimited/detect-dialect.ts';
import { check, detect, table, USUAL } from './dialect-cases.ts';

table('delimiter', [
  { name: 'comma', text: 'id,name\n1,Anna\n2,Ben\n', header: ['id', 'name'] },
  { name: 'semicolon', text: 'id;name\n1;Anna\n', dialect: { delimiter: ';' }, columns: 2 },
  { name: 'pipe', text: 'id|name\n1|Anna\n', dialect: { delimiter: '|' }, columns: 2 },
  { name: 'tab', text: 'id\tname\n1\tAnna\n', dialect: { delimiter: '\t' }, columns: 2 },
  {
    name: 'semicolon beside decimal commas',
    text: 'name;score\nAnna;1,5\nBen;2,5\n',
    dialect: { delimiter: ';' },
    columns: 2,
  },
  {
    name: 'semicolon when every field is a number with a decimal comma',
    text: '1,5;2,5;3,0\n4,0;5,5;6,25\n',
    dialect: { delimiter: ';', header: false },
    columns: 3,
  },
  {
    name: 'semicolon beside thousands points and decimal commas',
    text: 'ort;betrag\nKöln;1.234,56\nBonn;12.345,00\n',
    dialect: { delimiter: ';' },
  },
  {
    name: 'comma beside lists that are joined by pipes',
    text: 'id,list\n1,a|b|c|d\n2,a|b|c|d\n3,d|e|f|g\n',
    columns: 2,
  },
  {
    name: 'comma beside lists of semicolons',
    text: 'id,tags,n\n1,a;b,3\n2,c;d;e,4\n3,f,5\n',
    columns: 3,
  },
  {
    name: 'tab beside prose with commas',
    text: 'id\ttext\n1\tHello, world, again\n2\tNo\n3\tYes, yes\n',
    dialect: { delimiter: '\t' },
  },
  {
    name: 'tab beside JSON that is not quoted',
    text: 'id\tj\n1\t{"a":1,"b":2}\n2\t{"a":3,"b":4}\n',
    dialect: { delimiter: '\t' },
  },
  { name: 'two pipes', text: 'id||name\n1||Anna\n2||\n', dialect: { delimiter: '||' }, columns: 2 },
  {
    name: 'two pipes without a header',
    text: '1||Anna||2.5\n2||||3\n',
    dialect: { delimiter: '||', header: false },
    columns: 3,
  },
  {
    name: 'one pipe around a field that is always empty',
    text: '1||4\n2||5\n',
    dialect: { delimiter: '|', header: false },
    columns: 3,
  },
  {
    name: 'one pipe, and empty fields',
    text: 'a|b|c\n1||2\n||\n3||4\n',
    dialect: { delimiter: '|' },
    columns: 3,
  },
  {
    name: 'pipe and tildes, with quotes',
    text: 'id~|~name\n1~|~"a~|~b"\n2~|~a|b\n',
    dialect: { delimiter: '~|~' },
    columns: 2,
  },
  {
    name: 'two colons beside times',
    text: 'id::at\n1::10:00\n2::11:30\n',
    dialect: { delimiter: '::' },
    columns: 2,
  },
  {
    name: 'comma beside C++ names and addresses',
    text: 'name,address\nstd::map,fe80::1\nstd::set,fe80::2\n',
    columns: 2,
  },
  { name: 'comma beside two pipes', text: 'a,expression\n1,x || y\n2,z || w\n', columns: 2 },
  {
    name: 'comma and space before quoted fields',
    text: 'id, name, note\n1, "Smith, John", "a"\n2, "Ben", ""\n3, , "x ""y"""\n',
    options: { fileName: 'x.csv' },
    dialect: { delimiter: ', ' },
    header: ['id', 'name', 'note'],
  },
  {
    name: 'comma and space without quoted fields: the space is part of the values',
    text: 'id, name\n1, Ann\n2, Ben\n',
    header: ['id', ' name'],
  },
  {
    name: 'comma, where only prose has a quote behind comma and space',
    text: 'id,text\n1,"he said, ""hi"", twice"\n2,"she said, ""no"""\n',
    columns: 2,
  },
  {
    name: 'comma, where some fields have a space in front of their quotes and others none',
    text: 'id,name,note\n1,"a","b"\n2,"c", "d"\n3,"e","f"\n4,"g","h"\n',
    columns: 3,
  },
  { name: 'pipe inside quotes', text: 'a|b\n"x|y"|1\nz|2\n', dialect: { delimiter: '|' }, columns: 2 },
  { name: 'comma beside times', text: '10:00,a\n11:30,b\n', dialect: { header: false }, columns: 2 },
  {
    name: 'comma in a ragged table',
    text: 'a,b,c,d\n1,2,3,4\n1,2,3\n1,2,3,4,5\n1,2,3,4\n',
    columns: 4,
  },
  { name: 'a header only', text: 'a;b;c\n', dialect: { delimiter: ';' }, header: ['a', 'b', 'c'] },
  {
    name: 'declared',
    text: 'a,b;c\n1,2;3\n',
    options: { overrides: { delimiter: ';' } },
    dialect: { delimiter: ';' },
    columns: 2,
  },
  {
    name: 'declared, of several characters',
    text: 'a||b\n1||2\n',
    options: { overrides: { delimiter: '||' } },
    dialect: { delimiter: '||' },
    header: ['a', 'b'],
  },
  { name: 'unclear without a file name', text: 'a\tb,c\n', dialect: { delimiter: '\t' } },
  {
    name: 'unclear but for the extension',
    text: 'a\tb,c\n',
    options: { fileName: 'x.CSV.gz' },
    dialect: { delimiter: ',' },
  },
]);

table('one column', [
  { name: 'words', text: 'name\nAnna\nBen\n', header: ['name'], columns: 1 },
  {
    name: 'words in a .tsv file',
    text: 'name\nAnna\n',
    options: { fileName: 'x.tsv' },
    dialect: { delimiter: '\t' },
  },
  { name: 'numbers without a header', text: '1\n2\n3\n', dialect: { header: false }, columns: 1 },
  { name: 'one word without a line end', text: 'a', header: ['a'], columns: 1 },
  {
    name: 'names with a comma below a bare header keep every record whole',
    text: 'name\nSmith, John\nDoe, Jane\n',
    dialect: { delimiter: '\t' },
    header: ['name'],
  },
  {
    name: 'addresses below a bare header',
    text: 'address\n1 Main St, Ames, IA\n2 Elm St, Reno, NV\n3 Oak St, Troy, NY\n',
    dialect: { delimiter: '\t' },
    header: ['address'],
  },
  {
    name: 'decimal commas below a bare header',
    text: 'x\n1,5\n2,5\n',
    dialect: { delimiter: '\t' },
    header: ['x'],
  },
  {
    name: 'prose',
    text: 'text\nThe quick, brown fox\njumps\nover, the, lazy\ndog\n',
    dialect: { delimiter: '\t' },
    columns: 1,
  },
  {
    name: 'JSON lines',
    text: '{"a":1,"b":2}\n{"a":3,"b":4}\n',
    dialect: { delimiter: '\t', header: false },
    columns: 1,
  },
  {
    name: 'quoted fields with commas',
    text: 'name\n"Smith, John"\n"Doe, Jane"\n',
    dialect: { delimiter: '\t' },
    header: ['name'],
  },
  {
    name: 'every usual delimiter in the text leaves the unit separator',
    text: '"a, b; c | d\te"\n"f"\n',
    dialect: { delimiter: '\x1f' },
    columns: 1,
  },
]);

table('quote and escape', [
  { name: 'only quoted fields', text: '"a","b"\n"1","x"\n"2","y"\n', header: ['a', 'b'] },
  {
    name: 'embedded delimiters, line ends and doubled quotes',
    text: 'id,text\n1,"a, ""b""\nc"\n2,"d\n\ne"\n3,f\n',
    columns: 2,
  },
  { name: 'JSON in quoted fields', text: 'id,j\n1,"{""a"":1,""b"":2}"\n2,"{""a"":3}"\n', columns: 2 },
  {
    name: 'backslashes before quotes',
    text: '"a","b"\n"1","x \\"q\\", y"\n"2","C:\\\\"\n',
    dialect: { escape: '\\' },
    columns: 2,
  },
  { name: 'Windows paths that end in a backslash', text: '"a","b"\n"1","C:\\dir\\"\n"2","D:\\"\n' },
  {
    name: 'apostrophes in text are no quotes',
    text: "id,text\n1,it's\n2,don't\n3,'tis\n4,'90s\n5,rock 'n' roll\n",
  },
  {
    name: 'one value between apostrophes is a value',
    text: "id,text\n1,'abc'\n2,def\n3,ghi\n",
  },
  {
    name: 'single quotes around delimiters',
    text: "id,text\n1,'a,b'\n2,'c'\n3,'d''e'\n",
    dialect: { quote: "'", escape: "'" },
    columns: 2,
  },
  {
    name: 'single quotes around a whole column',
    text: "id;text\n1;'a'\n2;'b'\n3;'c'\n",
    dialect: { delimiter: ';', quote: "'", escape: "'" },
  },
  {
    name: 'single quotes with backslashes',
    text: "id,text\n1,'it\\'s, well'\n2,'b'\n3,'c'\n",
    dialect: { quote: "'", escape: '\\' },
    columns: 2,
  },
  {
    name: 'quotes in tab-separated text that do not close are text',
    text: 'a\tb\n"Big" Bob\t1\n"Lit\t2\nFoo\t3\n',
    dialect: { delimiter: '\t', quote: null, escape: null },
    columns: 2,
  },
  { name: 'inch marks inside fields', text: 'size,w\n5" pipe,3\n"6"" pipe",4\n7",5\n', columns: 2 },
  { name: 'one stray quote among many quoted fields', text: `a,b\n${'"x, y",1\n'.repeat(20)}"z"q,2\n` },
  {
    name: 'backslashes without quotes',
    text: 'a,b\nx\\,y,1\nz\\,w,2\nq,3\n',
    dialect: { quote: null, escape: '\\' },
    columns: 2,
  },
  {
    name: 'declared as none',
    text: '"a","b"\n"1","x"\n',
    options: { overrides: { quote: null } },
    dialect: { quote: null, escape: null },
    header: ['"a"', '"b"'],
  },
]);

table('line ends', [
  { name: 'CRLF', text: 'a,b\r\n1,2\r\n', dialect: { newline: '\r\n' }, header: ['a', 'b'] },
  {
    name: 'CRLF with LF inside quotes',
    text: 'a,b\r\n1,"x\ny"\r\n3,4\r\n',
    dialect: { newline: '\r\n' },
    columns: 2,
  },
  { name: 'LF with CRLF inside quotes', text: 'a,b\n1,"x\r\ny"\n3,4\n', columns: 2 },
  { name: 'LF and CRLF', text: 'a,b\r\n1,2\n3,4\r\n', columns: 2 },
  { name: 'CR', text: 'a,b\r1,2\r3,4\r', dialect: { newline: '\r' }, header: ['a', 'b'] },
  { name: 'none', text: 'a,b', columns: 2 },
  {
    name: 'CRLF with lone CR inside fields',
    text: 'a,b\r\n1,"x\ry"\r\n2,x\ry\r\n',
    dialect: { newline: '\r\n' },
    columns: 2,
  },
  {
    name: 'CR with more LF inside quotes than records',
    text: 'a,b\r1,"x\n\n\n\ny"\r3,4\r',
    dialect: { newline: '\r' },
    columns: 2,
  },
  {
    name: 'a sample cut between CR and LF',
    text: 'a,b\r\n1,2\r\n3,4\r',
    options: { complete: false },
    dialect: { newline: '\r\n' },
  },
]);

describe('a sample without a record', () => {
  for (const [name, sample] of [
    ['nothing', Buffer.alloc(0)],
    ['white space', Buffer.from(' \r\n\n\t\n')],
    ['a UTF-8 byte-order mark', Buffer.from('\ufeff')],
    ['a UTF-16 byte-order mark', Buffer.from([0xff, 0xfe])],
  ] as const) {
    test(name, () => expect(detect(sample as Buffer)).toBeNull());
  }
  test('nothing behind the declared preamble', () => {
    expect(detect('a,b\n1,2\n', { overrides: { preambleLines: 5 } })).toBeNull();
  });
});

describe('a sample that is cut', () => {
  test('inside a quoted field', () => {
    check({ name: '', text: 'a,b\n1,"x, y"\n2,"z, and mo', options: { complete: false }, columns: 2 });
  });
  test('inside its only record', () => {
    check({ name: '', text: 'a,b,"c and mo', options: { complete: false }, columns: 3 });
  });
  test('at any byte gives the same dialect', () => {
    const bytes = Buffer.from(`id;namn;text\n${'1;Åsa;"a; ""b"""\n2;Örn;c\n'.repeat(4)}`);
    for (let length = 40; length < bytes.length; length++) {
      const detected = detectDialect(bytes.subarray(0, length), { complete: false });
      expect(detected?.dialect).toEqual({ ...USUAL, delimiter: ';' });
      expect(detected?.header).toEqual(['id', 'namn', 'text']);
    }
  });
});

test('every part of the dialect has a reason', () => {
  expect(detect('# x\na;b\r\n1;"y"\r\n')?.reasons).toEqual({
    encoding: 'only ASCII seen',
    delimiter: '2 of 3 records seen have 2 fields',
    quote: 'one field seen is quoted so',
    escape: 'doubled inside quoted fields',
    newline: 'some records end in LF, some in CRLF',
    header: 'the first record has a name above a column of other values',
    preamble: '1 line before the table: comments, titles or lines of another width',
  });
});

test('declared parts say so and the marker for NULL is kept', () => {
  const overrides = {
    delimiter: ',',
    quote: '"',
    newline: '\n',
    nullMarker: '\\N',
    encoding: 'latin1',
  } as const;
  const detected = detect('a,b\n1,2\n', { overrides });
  expect(detected?.dialect).toEqual({ ...USUAL, encoding: 'latin1', nullMarker: '\\N' });
  expect(detected?.reasons).toMatchObject({ delimiter: 'declared', quote: 'declared', newline: 'declared' });
});

describe('detection stays quick', () => {
  const MIB = 1024 * 1024;
  for (const [name, text] of [
    ['one line without a delimiter', 'x'.repeat(MIB)],
    ['one name of underscores', `${'_'.repeat(MIB - 2)}x\n`],
    ['nothing but delimiters', ',;\t|'.repeat(MIB / 4)],
    ['nothing but quotes', `"'`.repeat(MIB / 2)],
    ['open quotes', ',"x\n'.repeat(MIB / 4)],
    ['escaped quotes', `"a\\"`.repeat(MIB / 4)],
    ['an address that never ends', `a@${'.'.repeat(MIB)} \n`],
    ['lines of no fixed width', Array.from({ length: 2000 }, (_, at) => 'x,'.repeat(at % 97)).join('\n')],
  ] as const) {
    test(`on ${name}`, () => {
      const started = performance.now();
      expect(detect(text)).not.toBeNull();
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  }
});
