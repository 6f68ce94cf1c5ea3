import { table } from './dialect-cases.ts';

table('header', [
  { name: 'blank names', text: 'a,b,,\nx,y,z,w\nx,y,z,w\n', header: ['a', 'b', '', ''] },
  { name: 'duplicate names', text: 'a,a,a\n1,2,3\n', header: ['a', 'a', 'a'] },
  { name: 'text above text', text: 'a,b\nc,d\na,d\n', header: ['a', 'b'] },
  { name: 'numbers above numbers', text: '1,x\n2,y\n', dialect: { header: false }, header: null },
  {
    name: 'dates above dates',
    text: '2024-01-01;x\n2024-01-02;y\n',
    dialect: { delimiter: ';', header: false },
  },
  { name: 'one record of data', text: '1,2,3\n', dialect: { header: false }, columns: 3 },
  { name: 'one record of text', text: 'a,b,c\n', header: ['a', 'b', 'c'] },
  {
    name: 'years as names',
    text: 'country,2019,2020,2021\nse,1,2,3\nno,3,4,5\n',
    header: ['country', '2019', '2020', '2021'],
  },
  {
    name: 'a hash before the first name',
    text: '#chrom\tpos\nchr1\t10\n',
    dialect: { delimiter: '\t' },
    header: ['#chrom', 'pos'],
  },
  {
    name: 'a hash and a space before the first name',
    text: '# chrom\tpos\nchr1\t10\nchr2\t20\n',
    dialect: { delimiter: '\t' },
    header: ['# chrom', 'pos'],
  },
  { name: 'a blank name for a column of row numbers', text: ',a,b\n0,1,2\n1,3,4\n', header: ['', 'a', 'b'] },
  { name: 'NULL words in the first data record', text: 'n/a,5\n3,6\n4,7\n', dialect: { header: false } },
  {
    name: 'shorter than the records',
    text: 'a,b,c\nr1,1,2,3\nr2,3,4,5\n',
    header: ['a', 'b', 'c', ''],
    columns: 4,
  },
  { name: 'trailing delimiters', text: 'a,b,c,,,\n1,2,3\n4,5,6\n', header: ['a', 'b', 'c'], columns: 3 },
  { name: 'a line end inside a name', text: '"first\nname",b\nx,1\n', header: ['first\nname', 'b'] },
  {
    name: 'declared present above data',
    text: '1,2\n3,4\n',
    options: { overrides: { header: true } },
    header: ['1', '2'],
  },
  {
    name: 'declared absent above text',
    text: 'a,b\nc,1\n',
    options: { overrides: { header: false } },
    dialect: { header: false },
    header: null,
  },
]);
