import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const ROWS_AT_A_TIME = 5_000;

/** `id,name,amount` and `rows` records, with ids from `from` on. */
export function csvText(rows: number, from = 1): string {
  return `id,name,amount\n${csvRecords(from, rows)}`;
}

/** The records alone; about 40 bytes each, so that 100,000 of them are several blocks. */
export function csvRecords(from: number, rows: number): string {
  let text = '';
  for (let id = from; id < from + rows; id++) text += `${id},"name, of ${id * 7919}",${(id % 1000) + 0.25}\n`;
  return text;
}

/** The sum of the ids 1 to `rows`. */
export function sumOfIds(rows: number): number {
  return (rows * (rows + 1)) / 2;
}

/** Writes `csvText(rows)` in bounded memory, under a name that is ignored until it is whole. */
export async function writeLargeCsv(path: string, rows: number): Promise<void> {
  function* parts(): Generator<string> {
    yield 'id,name,amount\n';
    for (let id = 1; id <= rows; id += ROWS_AT_A_TIME) {
      yield csvRecords(id, Math.min(ROWS_AT_A_TIME, rows - id + 1));
    }
  }
  await pipeline(Readable.from(parts()), createWriteStream(`${path}.part`));
  await rename(`${path}.part`, path);
}
