import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Export } from './export.ts';

/** One file that was written for an export, or that could not be. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'export_run' })
@Index('export_run_export', ['export_id', 'export_run_id'])
export class ExportRun {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'export_run_pkey',
  })
  export_run_id!: number;

  @Column('bigint')
  export_id!: number;

  @ManyToOne(() => Export)
  @JoinColumn({ name: 'export_id', foreignKeyConstraintName: 'export_run_export_id_fkey' })
  export?: Export;

  /**
   * `written` or `failed`; `complete` is a file of an export that writes only what is new, on disk but not yet known to
   * have its name; `lost` one that had gone when the next process looked for it.
   */
  @Column('text')
  status!: string;

  /** `change`, `schedule` or `command`. */
  @Column('text')
  trigger!: string;

  /** What it was read from: `schema.table`, or `query`. */
  @Column('text')
  source!: string;

  /** Tables and views that it read, `schema.name`; null where that is not known. */
  @Column('text', { array: true, nullable: true })
  reads!: string[] | null;

  @Column('text')
  file!: string;

  @Column('bigint', { nullable: true })
  rows!: number | null;

  @Column('bigint', { nullable: true })
  bytes!: number | null;

  @Column('text', { nullable: true })
  sha256!: string | null;

  @Column('text', { nullable: true })
  snapshot!: string | null;

  /** When the snapshot was taken. */
  @Column('timestamptz', { nullable: true })
  taken_at!: Date | null;

  @Column('timestamptz')
  started_at!: Date;

  @Column('timestamptz', { nullable: true })
  finished_at!: Date | null;

  /** A code of the error catalogue. */
  @Column('text', { nullable: true })
  error_code!: string | null;

  @Column('text', { nullable: true })
  error_message!: string | null;

  /** Of an export that writes only what is new: 1 for its first file. */
  @Column('bigint', { nullable: true })
  sequence!: number | null;

  /** What is to be noted, and the manifest to be written, when a complete file has its name. */
  @Column('jsonb', { nullable: true })
  pending!: Record<string, unknown> | null;
}

export type ExportRunRow = Omit<ExportRun, 'export'>;
