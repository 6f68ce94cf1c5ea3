import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { PLAIN_SIDECARS } from '../formats/sidecar/sidecars.ts';
import { safeText } from '../log/safe-text.ts';
import type { Finding, Patient } from './finding.ts';

type Findings = Omit<Finding, 'check'>[];

const DOT = 0x2e;

/** A file that waits for a decision, or whose way is not over. */
interface WaitingRow {
  readonly at: Buffer;
  readonly subject: string;
  readonly run_id: number;
  readonly inode: string;
  readonly is_held: boolean;
  readonly is_pending: boolean;
}

/** Files in `held/` that nobody waits for, and those that are waited for and not there. */
export async function findAstrayHeldFiles(patient: Patient): Promise<Findings> {
  // First the folder: the ledger speaks of whatever was there before it was asked.
  const found = await filesBelow(Buffer.from(path.join(patient.settings.importsDir, 'held')));
  const { rows } = await patient.pool.query<WaitingRow>(WAITING);
  return [...(await findMissing(rows)), ...(await findStray(patient, found, rows))];
}

const WAITING = `
  select coalesce(f.final_path_bytes, f.path_bytes) as at, coalesce(f.final_path, f.path) as subject, f.run_id,
         f.inode || ' ' || f.device as inode, f.outcome_done_at is null as is_pending,
         f.status = 'held' and coalesce(f.outcome_done_at < now() - interval '1 minute', false) as is_held
    from sluice.source_file f
   where (f.status = 'held' or f.finished_at is null or f.outcome_done_at is null) and f.origin <> 'pull'`;

async function findMissing(rows: readonly WaitingRow[]): Promise<Findings> {
  const findings: Findings = [];
  for (const { at, subject, run_id } of rows.filter(({ is_held }) => is_held)) {
    if ((await lstat(at).catch(() => null)) !== null) continue;
    findings.push({
      subject,
      problem: `run ${run_id} of it is held, and the file is not there any more`,
      remedy: `Put it back there, or give it up: \`sluice discard ${run_id}\`.`,
    });
  }
  return findings;
}

/** A file that is being moved has its new place in the ledger only afterwards: it is known by its place on the disk. */
async function findStray(
  { settings, sidecars = PLAIN_SIDECARS }: Patient,
  found: readonly Buffer[],
  rows: readonly WaitingRow[],
): Promise<Findings> {
  const known = new Set(rows.map(({ at }) => at.toString('latin1')));
  const pending = new Set(rows.filter(({ is_pending }) => is_pending).map(({ inode }) => inode));
  const findings: Findings = [];
  for (const at of found) {
    const isSidecar = sidecars.isSidecar(at.subarray(at.lastIndexOf('/') + 1));
    if (isSidecar || known.has(at.toString('latin1'))) continue;
    const stats = await lstat(at, { bigint: true }).catch(() => null);
    if (stats === null || pending.has(`${stats.ino} ${stats.dev}`)) continue;
    findings.push({
      subject: safeText(at.subarray(Buffer.byteLength(settings.importsDir) + 1).toString()),
      problem: 'it lies in held/, and no delivery that is held stands for it',
      remedy:
        'Nothing is going to load it: move it to the imports folder to deliver it, or away. Was a held file renamed? Give it its name back.',
    });
  }
  return findings;
}

/** Absolute paths, raw bytes; without hidden ones. */
async function filesBelow(folder: Buffer): Promise<Buffer[]> {
  const entries = await readdir(folder, { encoding: 'buffer', withFileTypes: true }).catch(() => []);
  const found: Buffer[] = [];
  for (const entry of entries) {
    if (entry.name[0] === DOT) continue;
    const at = Buffer.concat([folder, Buffer.from(path.sep), entry.name]);
    if (entry.isDirectory()) found.push(...(await filesBelow(at)));
    else found.push(at);
  }
  return found;
}
