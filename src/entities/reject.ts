import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';

/**
 * A record that could not be loaded, with its original bytes (I10). Written by the hundred thousand at COPY speed,
 * which is why nothing here is checked row by row.
 */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'reject' })
@Index('reject_run', ['run_id'])
export class Reject {
  @Column('bigint')
  run_id!: number;

  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'reject_pkey' })
  load_id!: number;

  /** 1 for the first data record. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'reject_pkey' })
  record_number!: number;

  /** Physical line on which the record begins; 1 for the file's first line. */
  @Column('bigint', { nullable: true })
  line_number!: number | null;

  @Column('text', { nullable: true })
  column_name!: string | null;

  /** What kind of fault it is; docs/errors.md lists the words. */
  @Column('text')
  code!: string;

  @Column('text')
  message!: string;

  @Column('text', { nullable: true })
  sqlstate!: string | null;

  /** The record exactly as it stood in the file. */
  @Column('bytea')
  raw!: Buffer;

  /** The run whose corrected record took its place; null while it is open. */
  @Column('bigint', { nullable: true })
  resolved_by!: number | null;
}

export type RejectRow = Readonly<Reject>;
