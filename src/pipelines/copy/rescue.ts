import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { isRecordError, sqlstateOf } from '../../db/sqlstate.ts';
import { messageOf } from '../../errors.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import type { Field } from '../../formats/delimited/dialect.ts';
import { type RecordSpan, recordsOf } from '../../formats/delimited/records.ts';
import type { Reject } from '../../ledger/rejects.ts';
import type { TableName } from '../plan/run-plan.ts';
import { hasConstraints } from '../tables/constraints.ts';
import { refuseContradictions } from './contradiction.ts';
import { copyBytes } from './copy-bytes.ts';
import { type CopyField, type CopyJob, numberedStatement } from './copy-job.ts';
import { errorColumn } from './error-place.ts';
import { numberedNormalised, numberedRaw } from './numbered-records.ts';
import { PROBE, ServerCheck, type ServerFault } from './server-check.ts';
import { isNull, type ReadRecord, rejectOf, takeApart } from './take-apart.ts';

/** Where a block's rejected rows go. It may refuse further ones by throwing. */
export type OnRejects = (rejects: readonly Reject[]) => Promise<void>;

/**
 * Loads what can be loaded of a block, record by record. What is read differently by COPY than it stands in the file
 * is written anew; values that are not certain to be taken are tried on the server first, all at once.
 */
export class Rescue {
  private serverCheck: ServerCheck | null = null;
  private constrained: boolean | null = null;

  constructor(
    private readonly client: PoolClient,
    private readonly job: CopyJob,
    private readonly table: TableName,
    private readonly onRejects: OnRejects,
  ) {}

  /** Of a whole block, or of some of its records. Gives Postgres's own count of the rows that were loaded. */
  async load(block: Block, spans: readonly RecordSpan[] = recordsOf(block, this.job.rules)): Promise<number> {
    this.constrained ??= await hasConstraints(this.client, this.table);
    const { records, rejects } = takeApart(
      this.job,
      block,
      spans,
      this.job.alwaysNormalise || this.constrained,
    );
    refuseContradictions(
      this.job,
      records.filter((record) => record.doubtful),
    );
    const faults = await this.askServer(records, this.constrained);
    const refused = records.flatMap(({ span }) => {
      const fault = faults.get(span.record);
      return fault === undefined
        ? []
        : [
            rejectOf(this.job, block, span, {
              code: 'VALUE_REFUSED',
              ...fault,
              message: this.said(fault.message),
            }),
          ];
    });
    const good = faults.size === 0 ? records : records.filter(({ span }) => !faults.has(span.record));
    const late: Reject[] = [];
    const plain = good.filter((record) => record.fields === null);
    const read = good.filter((record) => record.fields !== null);
    const rows =
      (await this.copy({ block, normalised: false, late }, plain)) +
      (await this.copy({ block, normalised: true, late }, read));
    const all = [...rejects, ...refused, ...late].sort((a, b) => a.record - b.record);
    if (all.length > 0) await this.onRejects(all);
    return rows;
  }

  private async askServer(
    records: readonly ReadRecord[],
    constrained: boolean,
  ): Promise<ReadonlyMap<number, ServerFault>> {
    const suspects = constrained ? records : records.filter((record) => record.doubtful);
    if (suspects.length === 0) return new Map();
    const asked = this.job.fields.filter((field) => constrained || field.checked);
    this.serverCheck ??= this.makeCheck(asked, constrained);
    return this.serverCheck.faults(
      suspects.map(({ span, fields }) => ({
        record: span.record,
        values: asked.map(({ at }) => {
          const field = fields?.[at] as Field;
          return isNull(this.job, field) ? null : field.value;
        }),
      })),
    );
  }

  private makeCheck(asked: readonly CopyField[], constrained: boolean): ServerCheck {
    const columns = asked.map(({ column }) => ({ name: column.name, type: column.type }));
    const probe = constrained ? qualified(this.table.schema, this.table.name) : null;
    return new ServerCheck(this.client, columns, probe);
  }

  /** Postgres's words, about the table that people know. */
  private said(message: string): string {
    const known = `"${this.job.plan.version.name}"`;
    return message.replaceAll(`"${PROBE}"`, known).replaceAll(`"${this.table.name}"`, known);
  }

  /** Copies records that should all be taken. Should Postgres still refuse one, halves find it. */
  private async copy(batch: Batch, records: readonly ReadRecord[]): Promise<number> {
    const [first] = records;
    if (first === undefined) return 0;
    const bytes = batch.normalised
      ? numberedNormalised(this.job, records)
      : numberedRaw(this.job, batch.block, records);
    await this.client.query('SAVEPOINT rescue');
    try {
      const rows = await copyBytes(
        this.client,
        numberedStatement(this.job, this.table, batch.normalised),
        bytes,
      );
      await this.client.query('RELEASE rescue');
      return rows;
    } catch (error) {
      if (!isRecordError(error)) throw error;
      await this.client.query('ROLLBACK TO rescue; RELEASE rescue');
      if (records.length === 1) {
        const fault = {
          code: 'VALUE_REFUSED',
          message: this.said(messageOf(error)),
          column: errorColumn(error),
          sqlstate: sqlstateOf(error),
        };
        batch.late.push(rejectOf(this.job, batch.block, first.span, fault));
        return 0;
      }
      const middle = records.length >> 1;
      const before = await this.copy(batch, records.slice(0, middle));
      return before + (await this.copy(batch, records.slice(middle)));
    }
  }
}

interface Batch {
  readonly block: Block;
  readonly normalised: boolean;
  /** Rejects that only the COPY itself showed. */
  readonly late: Reject[];
}
