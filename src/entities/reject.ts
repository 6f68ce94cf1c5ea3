import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { LoadJob } from './load-job.ts';
import { Run } from './run.ts';

/** A record that could not be loaded, with its original bytes (I10). */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'reject' })
@Index('reject_run', ['run_id'])
@Index('reject_load', ['load_id'])
export class Reject {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'reject_pkey',
  })
  reject_id!: number;

  @Column('bigint')
  run_id!: number;

  @ManyToOne(() => Run)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'reject_run_id_fkey' })
  run?: Run;

  @Column('bigint')
  load_id!: number;

  @ManyToOne(() => LoadJob)
  @JoinColumn({ name: 'load_id', foreignKeyConstraintName: 'reject_load_id_fkey' })
  load?: LoadJob;

  /** 1 for the first data record. */
  @Column('bigint')
  record_number!: number;

  /** Physical line on which the record begins; 1 for the file's first line. */
  @Column('bigint', { nullable: true })
  line_number!: number | null;

  @Column('text', { nullable: true })
  column_name!: string | null;

  /** A code of the error catalogue. */
  @Column('text')
  code!: string;

  @Column('text')
  message!: string;

  @Column('text', { nullable: true })
  sqlstate!: string | null;

  /** The record exactly as it stood in the file. */
  @Column('bytea', { nullable: true })
  raw!: Buffer | null;
}

export type RejectRow = Omit<Reject, 'run' | 'load'>;
