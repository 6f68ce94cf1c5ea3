import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MadeData, makeData } from './make.ts';
import type { DataName, Recipe } from './recipes.ts';

export type DataSets = ReadonlyMap<DataName, MadeData>;

/**
 * Makes the data sets that are not there yet, those they are made of included. One that is there is used again when
 * recipe and generator are still the same and its files have their sizes.
 */
export async function prepareData(
  folder: string,
  recipes: Readonly<Record<DataName, Recipe>>,
  names: readonly DataName[],
  log: (message: string) => void,
): Promise<DataSets> {
  await mkdir(folder, { recursive: true });
  const generator = await hashOfGenerator();
  const making = new Map<DataName, Promise<MadeData>>();
  const get = (name: DataName): Promise<MadeData> => {
    const known = making.get(name);
    if (known !== undefined) return known;
    const made = obtain(name);
    making.set(name, made);
    return made;
  };
  const obtain = async (name: DataName): Promise<MadeData> => {
    const recipe = recipes[name];
    const hash = sha256(`${generator} ${JSON.stringify(lineage(recipes, recipe))}`);
    const present = await findPresent(folder, name, hash);
    if (present !== null) return present;
    const parent = 'of' in recipe ? await get(recipe.of) : null;
    const started = performance.now();
    const made = await makeData(folder, name, recipe, parent);
    await writeFile(noteOf(folder, name), `${JSON.stringify({ hash, made })}\n`);
    log(`made ${name}: ${made.records} records, ${seconds(started)} s`);
    return made;
  };
  const entries = await Promise.all(names.map(async (name) => [name, await get(name)] as const));
  return new Map(entries);
}

/** The recipe and those of everything it is made of. */
function lineage(recipes: Readonly<Record<DataName, Recipe>>, recipe: Recipe): Recipe[] {
  return 'of' in recipe ? [recipe, ...lineage(recipes, recipes[recipe.of])] : [recipe];
}

async function findPresent(folder: string, name: DataName, hash: string): Promise<MadeData | null> {
  const text = await readFile(noteOf(folder, name), 'utf8').catch(() => null);
  if (text === null) return null;
  const note: { hash: string; made: MadeData } = JSON.parse(text);
  if (note.hash !== hash) return null;
  const sizes = await Promise.all(note.made.files.map((file) => sizeOf(join(folder, file.name))));
  return note.made.files.every((file, at) => file.bytes === sizes[at]) ? note.made : null;
}

/** Null when there is no such file. */
async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (stats) => stats.size,
    () => null,
  );
}

function noteOf(folder: string, name: DataName): string {
  return join(folder, `${name}.made.json`);
}

/** Data made by other code is other data. */
async function hashOfGenerator(): Promise<string> {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(import.meta.dirname, name), 'utf8')));
  return sha256(texts.join('\0'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
