import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Dataset } from './dataset.ts';
import { Run } from './run.ts';
import { SourceFile } from './source-file.ts';
import type { LoadStatus } from './status.ts';
import { Version } from './version.ts';

/**
 * One entry (or plain file) into one version table, inside a run.
 *
 * `load_job_balanced` holds invariant I1 and the unique index `load_job_published_once` on
 * (dataset_id, content_sha256, coalesce(entry_name, '')) where status = 'published' and not again holds I3. An
 * expression is more than TypeORM can describe, so the index is the migration's alone.
 */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'load_job' })
@Index('load_job_run', ['run_id'])
@Index('load_job_file', ['file_id'])
@Index('load_job_dataset', ['dataset_id'], { where: "status = 'published'" })
@Index('load_job_version', ['version_id'])
@Index('load_job_content', ['content_sha256'], { where: "status = 'published'" })
@Index('load_job_published_once', { synchronize: false })
@Check(
  'load_job_balanced',
  "status <> 'published' or records_read = rows_loaded + rows_rejected + rows_skipped",
)
export class LoadJob {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'load_job_pkey',
  })
  load_id!: number;

  @Column('bigint')
  run_id!: number;

  @ManyToOne(() => Run)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'load_job_run_id_fkey' })
  run?: Run;

  /** The file that was read: the run's own, or one that corrects the run's rejects. */
  @Column('bigint')
  file_id!: number;

  @ManyToOne(() => SourceFile)
  @JoinColumn({ name: 'file_id', foreignKeyConstraintName: 'load_job_file_id_fkey' })
  file?: SourceFile;

  /** Name inside the archive; null for a plain file. */
  @Column('text', { nullable: true })
  entry_name!: string | null;

  @Column('bigint', { nullable: true })
  dataset_id!: number | null;

  @ManyToOne(() => Dataset, { nullable: true })
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'load_job_dataset_id_fkey' })
  dataset?: Dataset;

  @Column('bigint', { nullable: true })
  version_id!: number | null;

  @ManyToOne(() => Version, { nullable: true })
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'load_job_version_id_fkey' })
  version?: Version;

  /** Of the bytes that were loaded, after decompression, in hexadecimal. */
  @Column('text', { nullable: true })
  content_sha256!: string | null;

  @Column('text')
  status!: LoadStatus;

  /** Counted by the record splitter. */
  @Column('bigint', { default: 0 })
  records_read!: number;

  /** Counted by Postgres. */
  @Column('bigint', { default: 0 })
  rows_loaded!: number;

  @Column('bigint', { default: 0 })
  rows_rejected!: number;

  @Column('bigint', { default: 0 })
  rows_skipped!: number;

  @Column('timestamptz', { default: () => 'now()' })
  started_at!: Date;

  @Column('timestamptz', { nullable: true })
  finished_at!: Date | null;

  /** A code of the error catalogue. */
  @Column('text', { nullable: true })
  error_code!: string | null;

  @Column('text', { nullable: true })
  error_message!: string | null;

  /** The dialect the entry was read with. */
  @Column('jsonb', { nullable: true })
  dialect!: Record<string, unknown> | null;

  /** What a dump says of the columns, in the order of the file; null when nothing does. */
  @Column('jsonb', { nullable: true })
  described!: unknown[] | null;

  /** What stood before the first record, byte for byte: byte-order mark, preamble, header. */
  @Column('bytea', { nullable: true })
  head!: Buffer | null;

  /** Names of the tables in the segments schema that hold its rows; empty for a small load. One `m…` holds those of others, too. */
  @Column('text', { array: true, default: '{}' })
  segments!: string[];

  /** What stood behind the last record and is no data: counted as skipped. */
  @Column('text', { nullable: true })
  footer!: string | null;

  /** Columns of the file that the contract left out. */
  @Column('text', { array: true, default: () => "'{}'" })
  discarded!: string[];

  /** True when the content was published before and was asked for once more. */
  @Column('boolean', { default: false })
  again!: boolean;
}

export type LoadJobRow = Omit<LoadJob, 'run' | 'file' | 'dataset' | 'version'>;
