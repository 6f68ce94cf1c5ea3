import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { SourceFile } from './source-file.ts';
import type { RunStatus } from './status.ts';

/** One execution for one source file. A retry is a run of its own with the next attempt number. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'run' })
@Index('run_file', ['file_id'])
@Index('run_status', ['status'])
@Index('run_superseded_by', ['superseded_by'], { where: 'superseded_by is not null' })
export class Run {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'run_pkey',
  })
  run_id!: number;

  @Column('bigint')
  file_id!: number;

  @ManyToOne(() => SourceFile)
  @JoinColumn({ name: 'file_id', foreignKeyConstraintName: 'run_file_id_fkey' })
  file?: SourceFile;

  /** 1 for the first. */
  @Column('int')
  attempt!: number;

  @Column('text')
  status!: RunStatus;

  @Column('text', { default: 'load' })
  kind!: string;

  @Column('timestamptz', { default: () => 'now()' })
  started_at!: Date;

  @Column('timestamptz', { nullable: true })
  finished_at!: Date | null;

  /** A code of the error catalogue. */
  @Column('text', { nullable: true })
  error_code!: string | null;

  @Column('text', { nullable: true })
  error_message!: string | null;

  @Column('jsonb', { nullable: true })
  error_facts!: Record<string, string | number | boolean | null> | null;

  /** Entries of an archive that were passed over by rule, and notes on those of a dump; null when there were none. */
  @Column('jsonb', { nullable: true })
  skipped!: readonly { readonly name: string; readonly reason: string; readonly isNote?: boolean }[] | null;

  /** Host and process that execute the run: how a later start knows whether it still lives. */
  @Column('text', { nullable: true })
  host!: string | null;

  @Column('int', { nullable: true })
  pid!: number | null;

  /** Bytes of the file read. */
  @Column('bigint', { nullable: true })
  bytes!: number | null;

  /** When its rows were taken out of staging: by `retract`, or by the run that replaced it. */
  @Column('timestamptz', { nullable: true })
  undone_at!: Date | null;

  /** The run that took its place. */
  @Column('bigint', { nullable: true })
  superseded_by!: number | null;

  @ManyToOne(() => Run, { nullable: true })
  @JoinColumn({ name: 'superseded_by', foreignKeyConstraintName: 'run_superseded_by_fkey' })
  successor?: Run;
}

export type RunRow = Omit<Run, 'file' | 'successor'>;
