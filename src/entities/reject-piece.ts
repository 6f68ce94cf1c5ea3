import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { LoadJob } from './load-job.ts';

/**
 * More of a rejected record that is longer than MAX_RECORD_BYTES: it follows what `reject.raw` has, in the order of
 * `piece`, so that it is kept whole (I10) and never held in memory whole.
 */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'reject_piece' })
export class RejectPiece {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'reject_piece_pkey' })
  load_id!: number;

  @ManyToOne(() => LoadJob, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'load_id', foreignKeyConstraintName: 'reject_piece_load_id_fkey' })
  load?: LoadJob;

  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'reject_piece_pkey' })
  record_number!: number;

  /** 1 for what follows `reject.raw`. */
  @PrimaryColumn('int', { primaryKeyConstraintName: 'reject_piece_pkey' })
  piece!: number;

  @Column('bytea')
  raw!: Buffer;
}
