import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Counter } from './count-lines.ts';
import { withFaults } from './faults.ts';
import type { DataName, Recipe } from './recipes.ts';
import { recordChunks } from './record-chunks.ts';
import { repeated } from './repeat.ts';
import { SHAPES } from './shapes.ts';
import { writeZip } from './zip-file.ts';

/** A data set on disk. */
export interface MadeData {
  /** Names in the data folder. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Bytes of records; for an archive, of its content. */
  readonly bytes: number;
  readonly records: number;
  /** Every how many records one is bad; null when none is. */
  readonly faultEvery: number | null;
}

const PUBLIC = join(import.meta.dirname, '../../test/fixtures/public');
const READ_BYTES = 1024 * 1024;
const SEED = 20_261_122;
const FIRST_DAY = Date.UTC(2022, 0, 1);
const DAY_MS = 86_400_000;

/** Makes one data set. What it is made of must be there. */
export function makeData(
  folder: string,
  name: DataName,
  recipe: Recipe,
  parent: MadeData | null,
): Promise<MadeData> {
  switch (recipe.kind) {
    case 'records':
      return makeFile(folder, name, recordChunks(SHAPES[recipe.shape], recipe.records, SEED), {
        records: recipe.records,
      });
    case 'faults':
      return makeFile(folder, name, withFaults(read(folder, recipe.of), recipe.every), {
        ...(parent !== null && { records: parent.records }),
        faultEvery: recipe.every,
      });
    case 'repeat':
      return makeFile(
        folder,
        name,
        repeated(() => read(folder, recipe.of), recipe.bytes),
      );
    case 'zip':
      return makeArchive(folder, name, recipe.of, parent);
    case 'public':
      return makeFile(folder, name, read(PUBLIC, recipe.file));
    case 'files':
      return makeFolder(folder, name, recipe);
  }
}

function read(folder: string, name: string): AsyncIterable<Buffer> {
  return createReadStream(join(folder, name), { highWaterMark: READ_BYTES });
}

/** Without known `records` every line but the first is one. */
async function makeFile(
  folder: string,
  name: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  known: { records?: number; faultEvery?: number } = {},
): Promise<MadeData> {
  const path = join(folder, name);
  const counter = new Counter();
  await pipeline(Readable.from(counter.through(chunks)), createWriteStream(`${path}.tmp`));
  await rename(`${path}.tmp`, path);
  const { bytes, lines } = counter;
  return {
    files: [{ name, bytes }],
    bytes,
    records: known.records ?? lines - 1,
    faultEvery: known.faultEvery ?? null,
  };
}

async function makeArchive(
  folder: string,
  name: string,
  content: string,
  parent: MadeData | null,
): Promise<MadeData> {
  const path = join(folder, name);
  await writeZip(`${path}.tmp`, content, read(folder, content));
  await rename(`${path}.tmp`, path);
  const { size } = await stat(path);
  return {
    files: [{ name, bytes: size }],
    bytes: parent?.bytes ?? 0,
    records: parent?.records ?? 0,
    faultEvery: null,
  };
}

async function makeFolder(
  folder: string,
  name: string,
  recipe: Extract<Recipe, { kind: 'files' }>,
): Promise<MadeData> {
  await rm(join(folder, name), { recursive: true, force: true });
  await mkdir(join(folder, name));
  const files: { name: string; bytes: number }[] = [];
  for (let n = 0; n < recipe.files; n++) {
    const day = new Date(FIRST_DAY + n * DAY_MS).toISOString().slice(0, 10);
    const chunks = recordChunks(SHAPES[recipe.shape], recipe.records, SEED + n + 1);
    const made = await makeFile(folder, `${name}/${name}_${day}.csv`, chunks);
    files.push(...made.files);
  }
  return {
    files,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    records: recipe.files * recipe.records,
    faultEvery: null,
  };
}
