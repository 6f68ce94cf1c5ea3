import type { Pool, PoolClient } from 'pg';
import type { ExportConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Signatures } from '../../ledger/exports.ts';
import type { ExportRequest } from './export-request.ts';
import { inputsOf, readSignatures } from './inputs.ts';

export type ExportTrigger = 'change' | 'schedule' | 'command';

export type ExportSettings = Pick<Settings, 'exportsDir' | 'stagingSchema' | 'dwSchema' | 'exports'>;

/** One export, to be written now. */
export interface ExportJob {
  readonly wanted: ExportConfig;
  readonly trigger: ExportTrigger;
  readonly signal: AbortSignal;
  /** Everything, also where only what is new is written otherwise. */
  readonly whole?: boolean;
  /** Told of what has to be known and ends nothing. */
  onWarning(problem: SluiceError): void;
}

/** What an export works with. `session` has its locks. */
export interface ExportWork {
  readonly pool: Pool;
  readonly session: PoolClient;
  readonly settings: ExportSettings;
  readonly job: ExportJob;
}

/** What the export follows, in the snapshot of the client. Asked only when there is something: else there need be no ledger. */
export async function followedBy(client: PoolClient, { settings, job }: ExportWork): Promise<Signatures> {
  if (job.wanted.after === undefined) return {};
  return inputsOf(job.wanted, await readSignatures(client, settings));
}

export function sourceOf({ source }: ExportRequest): string {
  return source.kind === 'query' ? 'query' : `${source.schema}.${source.table}`;
}

/** What went wrong while an export was written. */
export function exportError(error: unknown, { wanted, signal }: ExportJob): SluiceError {
  if (signal.aborted) return new SluiceError('COMMAND_STOPPED', {}, error);
  const problem = toSluiceError(error);
  if (problem.code !== 'DATABASE_REFUSED' && problem.code !== 'INTERNAL') return problem;
  return new SluiceError('EXPORT_FAILED', { export: wanted.name, reason: messageOf(error) }, error);
}
