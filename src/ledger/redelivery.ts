import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';
import type { Replayed } from './replays.ts';
import type { SourceFile } from './source-file.ts';
import { PUBLISHED_LOADS, type PublishedLoad, type PublishedLoadRow, toPublishedLoad } from './undo.ts';

/** Earlier deliveries of a dataset that count as the same as a new one. */
export type Claim = {
  readonly dataset: string;
} & (
  | { readonly by: 'dataset' }
  | { readonly by: 'folder'; readonly folder: string | null }
  | { readonly by: 'name'; readonly name: string; readonly folder: string | null }
  | { readonly by: 'businessDate'; readonly businessDate: string; readonly folder: string | null }
);

/** What a delivery does to earlier ones. Decided on names and content; the ledger is asked again when it is published. */
export interface Redelivery {
  /** Runs whose place it takes whole: of a file it has grown out of, or that it replays. */
  readonly runs: readonly number[];
  /** Earlier deliveries whose place it takes. */
  readonly supersedes: readonly Claim[];
  /** Earlier deliveries beside which it must not be published without a decision. */
  readonly heldBy: readonly Claim[];
  /** For a run that is loaded again: later deliveries whose place it must not take. */
  readonly overtakenBy: readonly Claim[];
  /** The run that is loaded again; null for a delivery. */
  readonly replayed: Replayed | null;
  /** Files that it was compared with. */
  readonly examined: readonly number[];
}

/** For a file that has nothing to do with earlier ones. */
export const FIRST_DELIVERY: Redelivery = {
  runs: [],
  supersedes: [],
  heldBy: [],
  overtakenBy: [],
  replayed: null,
  examined: [],
};

/** Throws DELIVERY_HELD when there is an earlier delivery; `sha256` of the file goes with it where it is not in the ledger yet. */
export function refuseHeld(
  earlier: readonly { readonly runId: number; readonly fileName: string }[],
  file: SourceFile,
  sha256: string | null = null,
): void {
  const last = earlier.at(-1);
  if (last === undefined) return;
  throw new SluiceError('DELIVERY_HELD', {
    file: file.displayPath,
    original: last.fileName,
    run: last.runId,
    ...(sha256 !== null && { sha256 }),
  });
}

/**
 * The published load jobs that a claim holds for, corrections included; never those of `runId` itself. For a run that is loaded again
 * only those that were delivered before it.
 */
export async function claimedLoads(
  client: Pool | PoolClient,
  claim: Claim,
  runId: number,
  replayed: Replayed | null = null,
): Promise<PublishedLoad[]> {
  const [condition, values] = conditionOf(claim);
  const earlier =
    replayed === null
      ? ''
      : `and ${DELIVERED_AS} < (select ${DELIVERED_AS} from sluice.run r join sluice.source_file b using (file_id)
                                 where r.run_id = ${replayed.runId})`;
  const { rows } = await client.query<PublishedLoadRow>(
    `${PUBLISHED_LOADS} and l.run_id <> $1 and d.name = $2 ${condition} ${earlier} order by l.load_id`,
    [runId, claim.dataset, ...values],
  );
  return rows.map(toPublishedLoad);
}

/** The file as which `sluice.source_file b` came first: what is loaded again is as old as its first delivery. */
export const DELIVERED_AS = `(
  with recursive chain as (
    select b.file_id, b.replays_run_id
    union all
    select o.file_id, o.replays_run_id from chain c join sluice.run q on q.run_id = c.replays_run_id
      join sluice.source_file o on o.file_id = q.file_id
  ) select min(file_id) from chain)`;

export function conditionOf(claim: Claim): [string, unknown[]] {
  if (claim.by === 'dataset') return ['', []];
  if (claim.by === 'folder') return ['and b.label is not distinct from $3', [claim.folder]];
  const inFolder = 'and b.label is not distinct from $4';
  if (claim.by === 'name') return [`and b.name = $3 ${inFolder}`, [claim.name, claim.folder]];
  return [`and b.business_date = $3 ${inFolder}`, [claim.businessDate, claim.folder]];
}

/** A published file that a newer one may have grown out of. */
export interface EarlierState {
  /** The newer file. */
  readonly ofFileId: number;
  readonly fileId: number;
  readonly runId: number;
  readonly size: number;
  readonly sha256: string;
}

/** Published files of the same name and folder, or in the same inode, that are smaller. */
export async function earlierStates(
  client: Pool | PoolClient,
  files: readonly SourceFile[],
): Promise<EarlierState[]> {
  const { rows } = await client.query<EarlierStateRow>(EARLIER_STATES, [files.map((file) => file.fileId)]);
  return rows.map((row) => ({
    ofFileId: row.of_file_id,
    fileId: row.file_id,
    runId: row.run_id,
    size: row.size_bytes,
    sha256: row.sha256,
  }));
}

interface EarlierStateRow {
  of_file_id: number;
  file_id: number;
  run_id: number;
  size_bytes: number;
  sha256: string;
}

const IS_EARLIER_STATE = `f.status = 'published' and f.sha256 is not null and f.size_bytes between 1 and n.size_bytes - 1
  and f.file_id <> n.file_id and exists (select from sluice.run r where r.run_id = f.run_id and r.kind = 'load')`;

const EARLIER_STATES = `
  with n as (select file_id, name, label, inode, device, size_bytes from sluice.source_file where file_id = any($1::bigint[]))
  select n.file_id as of_file_id, f.file_id, f.run_id, f.size_bytes, f.sha256
    from n join sluice.source_file f on f.name = n.name and f.label is not distinct from n.label
   where ${IS_EARLIER_STATE}
  union
  select n.file_id, f.file_id, f.run_id, f.size_bytes, f.sha256
    from n join sluice.source_file f on f.inode = n.inode and f.device = n.device
   where ${IS_EARLIER_STATE}`;
