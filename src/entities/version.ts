import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Dataset } from './dataset.ts';
import type { LayoutColumn } from './layout-column.ts';
import { Run } from './run.ts';

/** One version table of a dataset: one per layout, or per version label. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'version' })
@Index('version_table_key', ['dataset_id', 'table_name'], { unique: true })
export class Version {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'version_pkey',
  })
  version_id!: number;

  @Column('bigint')
  dataset_id!: number;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'version_dataset_id_fkey' })
  dataset?: Dataset;

  /** That of its label; where there is none they are counted. Folders that have their own versions may have the same. */
  @Column('int')
  version!: number;

  /** The version that the feed itself names, such as a release of the dumped application. */
  @Column('text', { nullable: true })
  label!: string | null;

  /** The folder whose files alone it holds; null when it holds files of any folder. */
  @Column('text', { nullable: true })
  folder!: string | null;

  /** Lies in the schema of the dataset's parent table. */
  @Column('text')
  table_name!: string;

  /** Columns of its files, in their order; of a labelled version, those of all its files. */
  @Column('jsonb')
  columns!: LayoutColumn[];

  /** Hash of the layout. */
  @Column('text')
  fingerprint!: string;

  @Column('bigint', { nullable: true })
  first_run_id!: number | null;

  @ManyToOne(() => Run, { nullable: true })
  @JoinColumn({ name: 'first_run_id', foreignKeyConstraintName: 'version_first_run_id_fkey' })
  first_run?: Run;

  @Column('timestamptz', { default: () => 'now()' })
  created_at!: Date;
}

export type VersionRow = Omit<Version, 'dataset' | 'first_run'>;
