import type { Pool } from 'pg';
import type { RedeliveryPolicy } from '../../config/define.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import { hashPrefixes } from '../../formats/hash-prefixes.ts';
import {
  type Claim,
  claimedLoads,
  earlierStates,
  FIRST_DELIVERY,
  type Redelivery,
  refuseHeld,
} from '../../ledger/redelivery.ts';
import { readReplayed, refuseOvertaken } from '../../ledger/replays.ts';
import type { RunningFile } from '../../ledger/runs.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import type { IdentifiedEntry } from './identified.ts';

/**
 * Finds out what a file is to those published before.
 *
 * @throws DELIVERY_HELD when the dataset wants a decision; RUN_SUPERSEDED, RUN_OVERTAKEN when what is loaded again has been replaced
 */
export async function recogniseDelivery(
  pool: Pool,
  handle: SourceHandle | null,
  { file, run }: RunningFile,
  entries: readonly IdentifiedEntry[],
): Promise<Redelivery> {
  if (entries.some((entry) => entry.correction !== null))
    return { ...FIRST_DELIVERY, replayed: await readReplayed(pool, file) };
  const { examined, grownFrom } =
    handle === null ? NOT_COMPARED : await compareWithEarlier(pool, handle, file);
  const replayed = await readReplayed(pool, file);
  const runs = file.replaysRunId === null ? grownFrom : [...grownFrom, file.replaysRunId];
  const supersedes: Claim[] = [];
  const heldBy: Claim[] = [];
  const overtakenBy: Claim[] = [];
  for (const entry of firstOfEachDataset(entries)) {
    if (entry.config?.disposition === 'replace') supersedes.push(allEarlier(entry, file));
    if (entry.config?.disposition === 'replace') overtakenBy.push(allEarlier(entry, file));
    const claim = claimOf(entry, file);
    if (claim === null) continue;
    const changed = file.redelivery ?? policyOf(entry).changed;
    if (changed !== 'append') overtakenBy.push(claim);
    if (changed === 'supersede') supersedes.push(claim);
    if (changed === 'hold' && runs.length === 0) heldBy.push(claim);
  }
  await refuseOvertaken(pool, file, replayed, overtakenBy);
  for (const claim of heldBy) {
    const earlier = await claimedLoads(pool, claim, run.runId);
    // Whoever decides on it decides on these bytes.
    if (earlier.length > 0) refuseHeld(earlier, file, (await handle?.fileSha256()) ?? null);
  }
  return { runs, supersedes, heldBy, overtakenBy, replayed, examined };
}

/** True when the file may have to do with others, so that it cannot simply be added beside them. */
export function isSpecial(entry: Pick<IdentifiedEntry, 'config'>, file: SourceFile): boolean {
  const { sameContent, changed } = policyOf(entry);
  const isPlain =
    sameContent === 'duplicate' && changed === 'append' && entry.config?.disposition !== 'replace';
  // Checks look at the rows of one file, and may refuse it.
  const isChecked = entry.config?.checks?.some(({ check }) => check !== 'freshness') === true;
  return !isPlain || isChecked || file.replaysRunId !== null || file.redelivery !== null;
}

/** True when content that is published already is published once more. */
export function isLoadedAgain(entry: Pick<IdentifiedEntry, 'config'>): boolean {
  return policyOf(entry).sameContent === 'load';
}

function policyOf({ config }: Pick<IdentifiedEntry, 'config'>): RedeliveryPolicy {
  return { sameContent: 'duplicate', changed: 'append', by: 'name', ...config?.redelivery };
}

/** Every file is the whole truth: of the dataset, or of its folder where each folder has tables of its own. */
function allEarlier({ dataset, config }: IdentifiedEntry, file: SourceFile): Claim {
  if (config?.folders === 'separate') return { dataset, by: 'folder', folder: file.label };
  return { dataset, by: 'dataset' };
}

/** Null when nothing tells which delivery it is. */
function claimOf(entry: IdentifiedEntry, file: SourceFile): Claim | null {
  const { dataset, businessDate } = entry;
  const folder = file.label;
  if (policyOf(entry).by === 'name') return { dataset, by: 'name', name: file.name, folder };
  return businessDate === null ? null : { dataset, by: 'businessDate', businessDate, folder };
}

function firstOfEachDataset(entries: readonly IdentifiedEntry[]): IdentifiedEntry[] {
  return [...new Map(entries.map((entry) => [entry.dataset, entry])).values()];
}

/** What is no file does not grow. */
const NOT_COMPARED = { examined: [], grownFrom: [] };

/** Earlier states of a file that has grown: the bytes they had are those it begins with. */
async function compareWithEarlier(
  pool: Pool,
  handle: SourceHandle,
  file: SourceFile,
): Promise<{ examined: number[]; grownFrom: number[] }> {
  const earlier = await earlierStates(pool, [file]);
  const prefixes = await hashPrefixes(
    handle,
    earlier.map((state) => state.size),
  );
  const grownFrom = earlier.filter((state) => prefixes.get(state.size) === state.sha256);
  return {
    examined: earlier.map((state) => state.fileId),
    grownFrom: [...new Set(grownFrom.map((state) => state.runId))],
  };
}
