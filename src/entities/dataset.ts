import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import type { LayoutColumn } from './layout-column.ts';
import { Run } from './run.ts';

/** A kind of feed; it owns one parent table. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'dataset' })
@Index('dataset_name_key', ['name'], { unique: true })
@Index('dataset_parent_key', ['parent_schema', 'parent_table'], { unique: true })
export class Dataset {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dataset_pkey',
  })
  dataset_id!: number;

  @Column('text')
  name!: string;

  @Column('text')
  parent_schema!: string;

  @Column('text')
  parent_table!: string;

  /** The parent table's own columns, in its order, without `_run_id` and `_row`. */
  @Column('jsonb')
  columns!: LayoutColumn[];

  /** Goes up with every change of layout; a plan made against an older one is stale. */
  @Column('int', { default: 1 })
  revision!: number;

  @Column('timestamptz', { default: () => 'now()' })
  created_at!: Date;

  @Column('bigint', { nullable: true })
  first_run_id!: number | null;

  @ManyToOne(() => Run, { nullable: true })
  @JoinColumn({ name: 'first_run_id', foreignKeyConstraintName: 'dataset_first_run_id_fkey' })
  first_run?: Run;
}

export type DatasetRow = Omit<Dataset, 'first_run'>;
