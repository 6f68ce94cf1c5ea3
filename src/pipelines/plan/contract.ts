import type { Contract } from '../../config/define.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';

/** What holds for one load: as configured, else by its kind. Versions of a dumped application keep their own columns. */
export function contractOf(entry: IdentifiedEntry): Contract {
  return {
    newTable: 'evolve',
    newColumn: 'evolve',
    missingColumn: 'evolve',
    typeChange: 'evolve',
    parent: entry.kind === 'dump' ? 'common' : 'widen',
    ...entry.config?.contract,
  };
}
