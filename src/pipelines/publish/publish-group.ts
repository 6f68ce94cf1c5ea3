import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { insertLoadJobs } from '../../ledger/load-jobs.ts';
import { earlierStates } from '../../ledger/redelivery.ts';
import { endRuns, lockRuns, type RunningFile } from '../../ledger/runs.ts';
import { stepDone } from '../../steps.ts';
import { BlockCopier } from '../copy/block-copier.ts';
import { copyJob } from '../copy/copy-job.ts';
import { RUN_ID_SETTING } from '../tables/ddl.ts';
import { lockDatasets } from '../tables/lock-datasets.ts';
import { checkAccounts } from './check-accounts.ts';
import { type CopiedTogether, copyTogether, type SoundRecords } from './copy-together.ts';
import { publishedEntry } from './load-entry.ts';
import type { PublishJob } from './publish-run.ts';
import { recordLayout } from './record-layout.ts';
import { isIn, publishedTwins } from './refuse-twins.ts';

/** One of several small files that are published together; its plan changes no table. */
export interface GroupMember extends RunningFile {
  readonly job: PublishJob;
  /** Null when the file needs a COPY of its own. */
  readonly sound: SoundRecords | null;
}

export interface GroupInput {
  readonly pool: Pool;
  /** All of one dataset and one version. */
  readonly members: readonly GroupMember[];
  readonly signal: AbortSignal;
}

/**
 * Publishes small files in one transaction: they share its locks and its commit, and nothing else. Gives those that
 * did not get through; each is all there or not at all, and has to be published by itself.
 */
export async function publishGroup(input: GroupInput): Promise<GroupMember[]> {
  const refused = await inTransaction(input.pool, (client) => publish(client, input), {
    signal: input.signal,
  });
  stepDone('group published', input.members[0]?.job.plan.dataset ?? '');
  return refused;
}

async function publish(client: PoolClient, input: GroupInput): Promise<GroupMember[]> {
  const [first] = input.members;
  if (first === undefined) return [];
  await lockDatasets(client, [first.job.plan.dataset]);
  await lockRuns(client, input.members);
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  const layout = await recordLayout(client, first.run.runId, first.job.plan);
  const earlier = await earlierStates(
    client,
    input.members.map((member) => member.file),
  );
  const grown = new Set(earlier.map((state) => state.ofFileId));
  const twins = await publishedTwins(
    client,
    input.members.map((member) => member.job),
  );
  const goesAlone = ({ file, job }: GroupMember) => grown.has(file.fileId) || isIn(twins, job);
  const { counted, refused } = await copyMembers(
    client,
    input.members.filter((member) => !goesAlone(member)),
  );
  refused.push(...input.members.filter(goesAlone));
  refuseOvertaking(refused, counted);
  stepDone('group copied', first.job.plan.dataset);
  const entries = counted.map(({ member, rowsLoaded }) =>
    publishedEntry(member, member.job, layout, { rowsLoaded, again: member.job.again }),
  );
  const loadIds = await insertLoadJobs(client, entries);
  for (const { member } of counted) {
    const owner = { runId: member.run.runId, loadId: loadIds.get(member.file.fileId) as number };
    await member.job.loaded.rejects.writeTo(client, owner);
  }
  await endRuns(
    client,
    counted.map(({ member }) => ({ ...member, end: endOf(member) })),
  );
  stepDone('group recorded', first.job.plan.dataset);
  return refused;
}

/** One that has to go by itself would come after those that it has to come before: then each goes by itself. */
function refuseOvertaking(refused: readonly GroupMember[], counted: readonly Counted[]): void {
  const feeds = new Set(counted.map(({ member }) => member.file.feed));
  const last = refused.find(({ file }) => file.feed !== null && feeds.has(file.feed));
  if (last === undefined) return;
  throw new SluiceError('PLAN_STALE', { dataset: last.job.plan.dataset, file: last.file.displayPath });
}

interface Counted {
  readonly member: GroupMember;
  /** By Postgres. */
  readonly rowsLoaded: number;
}

/** Files whose records are known to be sound share a COPY; when it is refused, and for every other file, each has its own. */
async function copyMembers(
  client: PoolClient,
  members: readonly GroupMember[],
): Promise<{ counted: Counted[]; refused: GroupMember[] }> {
  const together = new Set<GroupMember>();
  for (const files of byLayout(members)) {
    if (files.length < 2 || !(await copyTogether(client, files))) continue;
    for (const { member } of files) together.add(member);
  }
  const counted: Counted[] = [];
  const refused: GroupMember[] = [];
  for (const member of members) {
    const { recordsRead } = member.job.loaded;
    const rowsLoaded = together.has(member) ? recordsRead : await copyMember(client, member);
    if (rowsLoaded === null) refused.push(member);
    else counted.push({ member, rowsLoaded });
  }
  return { counted, refused };
}

function byLayout(members: readonly GroupMember[]): (CopiedTogether & { member: GroupMember })[][] {
  const layouts = new Map<object, (CopiedTogether & { member: GroupMember })[]>();
  for (const member of members) {
    const { sound, run, job } = member;
    if (sound === null) continue;
    const files = layouts.get(sound.layout) ?? [];
    files.push({ member, runId: run.runId, plan: job.plan, records: sound });
    layouts.set(sound.layout, files);
  }
  return [...layouts.values()];
}

/** Null when anything at all is wrong with the file: what, its own publication will say. */
async function copyMember(client: PoolClient, { run, job }: GroupMember): Promise<number | null> {
  const { plan, loaded } = job;
  loaded.rejects.reset();
  const prologue = `SAVEPOINT file; SET LOCAL ${RUN_ID_SETTING} = ${run.runId};`;
  const copier = new BlockCopier(
    client,
    copyJob(plan),
    plan.version,
    (found) => loaded.rejects.add(found),
    prologue,
  );
  try {
    let rows = 0;
    for (const block of loaded.blocks) rows += await copier.copy(block);
    checkAccounts(plan, loaded, rows);
    return rows;
  } catch (error) {
    if (loaded.blocks.length === 0) return null;
    // A connection that is gone fails here as well, and then the whole group.
    await client.query('ROLLBACK TO file').catch(() => {
      throw error;
    });
    return null;
  }
}

function endOf({ job }: GroupMember) {
  const { fileSha256: sha256, bytes } = job.loaded;
  return { status: 'published', sha256, bytes, error: null, businessDate: job.plan.businessDate } as const;
}
