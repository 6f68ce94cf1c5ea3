/** What can be wrong with a record of the mixed shape; places are columns, from 0. None of them has quotes before it. */
const FAULTS: readonly ((fields: string[]) => string[])[] = [
  (fields) => fields.with(2, 'many'),
  (fields) => fields.with(7, '2023-02-30'),
  (fields) => fields.with(3, '12.3.4'),
  (fields) => fields.toSpliced(1, 1),
  (fields) => fields.with(1, '99999999999999999999'),
  (fields) => fields.with(11, 'perhaps'),
  (fields) => fields.toSpliced(1, 0, '0'),
  (fields) => fields.with(13, '113f2716-6505-c581'),
];

/** The record with one fault; the kinds of fault take turns. */
export function spoil(record: string, turn: number): string {
  const fault = FAULTS[turn % FAULTS.length];
  return fault === undefined ? record : fault(record.split(',')).join(',');
}

const NEWLINE = 0x0a;

/** The bytes of a CSV file of one line per record, every `every`th record spoilt. The header is line 1. */
export async function* withFaults(source: AsyncIterable<Buffer>, every: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of source) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const pieces: Buffer[] = [];
    let written = 0;
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      const record = line++;
      if (record > 0 && record % every === 0) {
        const spoilt = spoil(data.toString('utf8', start, end), record / every - 1);
        pieces.push(data.subarray(written, start), Buffer.from(spoilt));
        written = end;
      }
      start = end + 1;
    }
    yield Buffer.concat([...pieces, data.subarray(written, start)]);
    rest = data.subarray(start);
  }
  yield rest;
}
