import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';

/** One time that a check was evaluated. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'check_result' })
@Index('check_result_subject', ['subject_kind', 'subject', 'name', 'check_id'])
@Index('check_result_run', ['run_id'])
export class CheckResult {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'check_result_pkey',
  })
  check_id!: number;

  /** `dataset` or `model`. */
  @Column('text')
  subject_kind!: string;

  /** Name of the dataset or model. */
  @Column('text')
  subject!: string;

  /** Of the check. */
  @Column('text')
  name!: string;

  @Column('text')
  kind!: string;

  /** `warn`, `hold` or `fail`. */
  @Column('text')
  severity!: string;

  /** `passed`, `warned`, `held` or `failed`. */
  @Column('text')
  status!: string;

  /** Rows that were looked at. */
  @Column('bigint', { nullable: true })
  rows_checked!: number | null;

  @Column('bigint', { nullable: true })
  rows_failing!: number | null;

  @Column('text', { nullable: true })
  message!: string | null;

  /** The run whose rows were checked; no foreign key, for a run that fails is locked while this is written. */
  @Column('bigint', { nullable: true })
  run_id!: number | null;

  @Column('timestamptz')
  checked_at!: Date;
}

export type CheckResultRow = CheckResult;
