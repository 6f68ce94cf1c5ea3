import path from 'node:path';
import type { Arrival } from './ledger/source-file.ts';
import { displayPath } from './watcher/display-path.ts';
import type { SettledFile } from './watcher/settled-file.ts';

/** A file that the watcher hands over. */
export function toArrival(file: SettledFile): Arrival {
  return {
    path: file.path,
    name: file.name,
    displayPath: file.relativePath,
    label: file.label,
    identity: file.identity,
    origin: 'imports',
    waitingFor: file.complete ? null : (file.incompleteReason ?? 'it is not complete'),
  };
}

/** A file named on the command line that lies where the watcher takes files is a drop like any other. */
export function asDropped(arrival: Arrival, importsDir: string): Arrival {
  const root = Buffer.from(importsDir + path.sep);
  if (!arrival.path.subarray(0, root.length).equals(root)) return arrival;
  const folders = arrival.path.subarray(root.length).toString().split(path.sep).slice(0, -1);
  if (['processed', 'failed', 'held'].includes(folders[0] ?? '')) return arrival;
  const label = folders.length === 0 ? null : displayPath(Buffer.from(folders.join('/')));
  const shown = label === null ? arrival.name : `${label}/${arrival.name}`;
  return { ...arrival, origin: 'imports', label, displayPath: shown };
}

/**
 * Files of one name and folder among these, each with its place among them. They may be deliveries of the same thing: the
 * order in which they were named is the order in which they are to come.
 */
export function placesOfSameNames(arrivals: readonly Arrival[]): ReadonlyMap<Arrival, number> {
  const named = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const key = JSON.stringify([arrival.label, arrival.name]);
    named.set(key, [...(named.get(key) ?? []), arrival]);
  }
  const several = [...named.values()].filter((same) => same.length > 1);
  return new Map(several.flatMap((same) => same.map((arrival, at) => [arrival, at] as const)));
}
