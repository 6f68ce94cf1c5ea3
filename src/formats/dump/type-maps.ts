import { readdirSync, readFileSync } from 'node:fs';
import type { TypeMap } from './type-rules.ts';

const FOLDER = new URL('./types/', import.meta.url);

let maps: ReadonlyMap<string, TypeMap> | null = null;

/** Every type map by its database's name, in alphabetical order; read once, when the first dump comes. */
export function typeMaps(): ReadonlyMap<string, TypeMap> {
  maps ??= new Map(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => readMap(name)),
  );
  return maps;
}

function readMap(name: string): [string, TypeMap] {
  const map: TypeMap = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  return [map.database, map];
}
