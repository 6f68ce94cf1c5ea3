import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Run } from './run.ts';
import type { FileStatus } from './status.ts';

/** How a file came in: dropped into the imports folder, named on the command line; `pull` is a table of a source, of which there is no file. */
export type FileOrigin = 'imports' | 'command' | 'pull';

/** One file dropped into the imports folder, from its detection until it has been moved away. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'source_file' })
@Index('source_file_waiting_once', ['path_bytes'], { unique: true, where: 'finished_at is null' })
@Index('source_file_outcome_pending', ['file_id'], {
  where: 'finished_at is not null and outcome_done_at is null',
})
@Index('source_file_claim', ['status', 'next_attempt_at', 'mtime_ns'])
@Index('source_file_sha256', ['sha256'])
@Index('source_file_size', ['size_bytes'])
@Index('source_file_name', ['name'])
@Index('source_file_inode', ['inode'])
export class SourceFile {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'source_file_pkey',
  })
  file_id!: number;

  /** Absolute path as the file system spells it; it need not be valid UTF-8. */
  @Column('bytea')
  path_bytes!: Buffer;

  /** The path for people; bytes that are not UTF-8 are replaced. */
  @Column('text')
  path!: string;

  @Column('text')
  name!: string;

  /** Subfolder of the imports folder that the file came in: a region, an instance. */
  @Column('text', { nullable: true })
  label!: string | null;

  @Column('bigint')
  size_bytes!: number;

  /** Nanoseconds since 1970, in decimal: beyond what a JavaScript number holds exactly. */
  @Column('numeric', { precision: 20, scale: 0 })
  mtime_ns!: string;

  @Column('numeric', { precision: 20, scale: 0 })
  inode!: string;

  @Column('numeric', { precision: 20, scale: 0 })
  device!: string;

  /** Of the whole file as it was dropped, in hexadecimal; null until identified. */
  @Column('text', { nullable: true })
  sha256!: string | null;

  /** The date in the file's name, `YYYY-MM-DD`. */
  @Column('date', { nullable: true })
  business_date!: string | null;

  /** What comes in the order of time within one folder, by the name: a dataset, an application; null without a date in the name. */
  @Column('text', { nullable: true })
  feed!: string | null;

  /** Date and time of day in the name, as far as it tells; digits that sort by time. */
  @Column('text', { nullable: true })
  moment!: string | null;

  @Column('text')
  status!: FileStatus;

  /** What a file that has not settled is waiting for, in words. */
  @Column('text', { nullable: true })
  waiting_for!: string | null;

  @Column('text')
  origin!: FileOrigin;

  @Column('timestamptz', { default: () => 'now()' })
  detected_at!: Date;

  @Column('timestamptz', { nullable: true })
  settled_at!: Date | null;

  @Column('timestamptz', { nullable: true })
  finished_at!: Date | null;

  /** Runs begun so far. */
  @Column('int', { default: 0 })
  attempts!: number;

  /** Not before this moment; null means at once. */
  @Column('timestamptz', { nullable: true })
  next_attempt_at!: Date | null;

  /** The newest run. */
  @Column('bigint', { nullable: true })
  run_id!: number | null;

  @ManyToOne(() => Run, { nullable: true })
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'source_file_run_id_fkey' })
  run?: Run;

  /** Where the file ended. */
  @Column('text', { nullable: true })
  final_path!: string | null;

  /** The same, absolute and as the file system spells it. */
  @Column('bytea', { nullable: true })
  final_path_bytes!: Buffer | null;

  /** Set for a kept file that is loaded again: the run whose place it takes. */
  @Column('bigint', { nullable: true })
  replays_run_id!: number | null;

  @ManyToOne(() => Run, { nullable: true })
  @JoinColumn({ name: 'replays_run_id', foreignKeyConstraintName: 'source_file_replays_run_id_fkey' })
  replays_run?: Run;

  /** What was decided about a held delivery: `supersede` or `append`; null leaves it to the dataset's policy. */
  @Column('text', { nullable: true })
  redelivery!: string | null;

  /** Checks of severity `hold` that it does not pass only warn: it was released. */
  @Column('boolean', { default: false })
  checks_waived!: boolean;

  /** When the kept file was found to be gone, or was deleted for its age; null while it is kept. */
  @Column('timestamptz', { nullable: true })
  removed_at!: Date | null;

  /** When the receipt was written and the file moved; null on a finished file means that start-up must finish it. */
  @Column('timestamptz', { nullable: true })
  outcome_done_at!: Date | null;
}

export type SourceFileRow = Omit<SourceFile, 'run' | 'replays_run'>;
