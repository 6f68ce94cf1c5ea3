import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { CheckResult } from './check-result.ts';

/** A row that a check found to fail; of each check those of its last evaluation, and no more than a hundred. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'check_failure' })
export class CheckFailure {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'check_failure_pkey' })
  check_id!: number;

  @ManyToOne(() => CheckResult, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'check_id', foreignKeyConstraintName: 'check_failure_check_id_fkey' })
  check?: CheckResult;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'check_failure_pkey' })
  number!: number;

  /** The row, by column. */
  @Column('jsonb')
  row!: Record<string, unknown>;
}

export type CheckFailureRow = Omit<CheckFailure, 'check'>;
