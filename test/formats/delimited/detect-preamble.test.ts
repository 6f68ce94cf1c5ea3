import { table } from './dialect-cases.ts';

table('preamble', [
  {
    name: 'a title and a blank line',
    text: 'Sales report\n\nid,name,price,qty\n1,x,2.5,3\n2,y,3.5,4\n',
    dialect: { preambleLines: 2 },
    header: ['id', 'name', 'price', 'qty'],
  },
  {
    name: 'a title with the other delimiter in it',
    text: 'Report, generated 2024\n\nname;score\nAnna;1,5\nBen;2,5\n',
    dialect: { preambleLines: 2, delimiter: ';' },
    header: ['name', 'score'],
  },
  {
    name: 'comments',
    text: '# made by x, 2024\n# y\na,b\n1,2\n',
    dialect: { preambleLines: 2 },
    header: ['a', 'b'],
  },
  { name: 'blank lines', text: '\n\r\na,b\n1,2\n', dialect: { preambleLines: 2 }, header: ['a', 'b'] },
  {
    name: 'a title padded with delimiters',
    text: 'Report,,,\nid,name,price,qty\n1,x,2.5,3\n2,y,3.5,4\n',
    dialect: { preambleLines: 1 },
    columns: 4,
  },
  {
    name: 'more lines than the table has',
    text: `${'some words here\n'.repeat(10)}\na,b,c\n1,2,x\n3,4,y\n`,
    dialect: { preambleLines: 11 },
    header: ['a', 'b', 'c'],
  },
  {
    name: 'keys and values above the table',
    text: 'From,2024-01-01\nTo,2024-01-31\nid,name,price,qty\n1,x,2.5,3\n2,y,3.5,4\n',
    dialect: { preambleLines: 2 },
    columns: 4,
  },
  {
    name: 'a table without a header',
    text: 'Export of 2024\n1;2,5;x\n2;3,5;y\n',
    dialect: { preambleLines: 1, delimiter: ';', header: false },
    columns: 3,
  },
  { name: 'CR lines', text: 'Title\r\ra,b\r1,2\r', dialect: { preambleLines: 2, newline: '\r' }, columns: 2 },
  {
    name: 'the spreadsheet line that names the delimiter',
    text: 'sep=;\na;b\n1;2,5\n',
    dialect: { preambleLines: 1, delimiter: ';' },
    header: ['a', 'b'],
  },
  {
    name: 'declared',
    text: 'x,y\n1,2\na,b\n1,2\n',
    options: { overrides: { preambleLines: 2 } },
    dialect: { preambleLines: 2 },
    header: ['a', 'b'],
  },
  {
    name: 'declared as none',
    text: 'Title\na,b,c\n1,2,3\n',
    options: { overrides: { preambleLines: 0 } },
    dialect: { preambleLines: 0 },
    header: ['Title', '', ''],
  },
]);
