import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import { claimedLoads, earlierStates, refuseHeld } from '../../ledger/redelivery.ts';
import { readReplayed, refuseOvertaken } from '../../ledger/replays.ts';
import { type PublishedLoad, publishedLoads, recordUndone, withWholeTables } from '../../ledger/undo.ts';
import { deleteRows, dropSegmentsOf } from '../undo/remove-rows.ts';
import type { PublishInput, PublishJob } from './publish-run.ts';

/**
 * Takes back, inside the publish transaction, what the run takes the place of; all but the segments, which go last. Gives
 * it. Asks the ledger anew, under the datasets' locks: what was published since the file was recognised counts as well.
 */
export async function supersede(client: PoolClient, input: PublishInput): Promise<PublishedLoad[]> {
  const { file, run, redelivery } = input;
  await refuseUnexamined(client, input);
  await refuseReplaced(client, input);
  for (const claim of redelivery.heldBy) refuseHeld(await claimedLoads(client, claim, run.runId), file);
  const found = new Map<number, PublishedLoad>();
  for (const runId of redelivery.runs) {
    for (const load of await publishedLoads(client, runId)) found.set(load.loadId, load);
  }
  for (const claim of redelivery.supersedes) {
    for (const load of await claimedLoads(client, claim, run.runId, redelivery.replayed))
      found.set(load.loadId, load);
  }
  if (found.size === 0) return [];
  const loads = await withWholeTables(client, [...found.values()]);
  await deleteRows(client, loads);
  await recordUndone(client, [...found.keys()], { status: 'superseded', by: run.runId });
  return loads;
}

/** What happened to the run that is loaded again, and beside it, since that was recognised. */
async function refuseReplaced(client: PoolClient, { file, jobs, redelivery }: PublishInput): Promise<void> {
  const replayed = await readReplayed(client, file);
  await refuseOvertaken(client, file, replayed, redelivery.overtakenBy);
  if (replayed?.isPublished === redelivery.replayed?.isPublished) return;
  throw new SluiceError('PLAN_STALE', { dataset: jobs[0]?.plan.dataset ?? '', file: file.displayPath });
}

/** A smaller file of the same name, published a moment ago: whether this one has grown out of it is to be found out. */
async function refuseUnexamined(client: PoolClient, { file, jobs, redelivery }: PublishInput): Promise<void> {
  const [first] = jobs;
  if (first === undefined || first.plan.correction !== null) return;
  const earlier = await earlierStates(client, [file]);
  if (earlier.every((state) => redelivery.examined.includes(state.fileId))) return;
  throw new SluiceError('PLAN_STALE', { dataset: first.plan.dataset, file: file.displayPath });
}

/**
 * The last step of a transaction that replaces rows. Which tables are a parent's children is decided when a statement
 * is planned, which rows it sees when it is executed: a reader in between would miss old and new rows alike when new
 * tables come in. So readers of the parent and the version table are kept out for the moment until the commit.
 */
export async function switchOver(
  client: PoolClient,
  jobs: readonly PublishJob[],
  superseded: readonly PublishedLoad[],
): Promise<void> {
  if (superseded.length === 0) return;
  const bringTables = jobs.filter(({ plan, loaded }) => loaded.segments.length > 0 || plan.ddl.length > 0);
  const tables = bringTables.flatMap(({ plan }) => [plan.parent, plan.version]);
  const names = [...new Set(tables.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`))];
  if (names.length > 0) await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  await dropSegmentsOf(client, superseded);
}
