import { mapType } from './map-type.ts';
import type { TypeMap } from './type-rules.ts';

/** Signs of a source database that are not in its types. */
export interface SourceSigns {
  /** How the dump writes NULL; null when nothing tells. */
  readonly nullMarkers: ReadonlySet<string>;
  /** Backslashes hide quotes and delimiters. */
  readonly backslashes: boolean;
}

const KNOWN = 100;
/** A type that is known, but written as this database would not. */
const ODD = 80;
const SIGN = 10;

/**
 * The database that a dump comes from: the one that knows most of its types. What several know alike, the way NULL is
 * written and backslashes decide. `types` are all those of one archive, for an archive has one source.
 */
export function detectSource(
  types: readonly string[],
  maps: ReadonlyMap<string, TypeMap>,
  signs: SourceSigns,
): TypeMap {
  const scored = [...maps.values()].map((map) => {
    const points = types.map((type) => knownPoints(map, type));
    return { map, score: points.reduce((sum, one) => sum + one, signsFor(map.database, signs)) };
  });
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return best.map;
}

function knownPoints(map: TypeMap, type: string): number {
  const mapped = mapType(map, type);
  if (mapped === null) return 0;
  return mapped.exact ? KNOWN : ODD;
}

/** What is left decides when nothing else does: the databases that dumps most often come from. */
function signsFor(database: string, { nullMarkers, backslashes }: SourceSigns): number {
  switch (database) {
    case 'sqlserver':
      return (nullMarkers.has('NULL') ? SIGN : 0) + 4;
    case 'mysql':
      return (nullMarkers.has('\\N') ? SIGN : 0) + (backslashes ? SIGN : 0) + 3;
    case 'oracle':
      return (nullMarkers.has('(null)') ? SIGN : 0) + 2;
    case 'postgres':
      return (nullMarkers.has('\\N') ? SIGN / 2 : 0) + (backslashes ? SIGN / 2 : 0) + 1;
    default:
      return 0;
  }
}
