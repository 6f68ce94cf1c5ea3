import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Model } from './model.ts';

/** One time that a model was made, or that making it failed. One that was up to date leaves no row. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'model_run' })
@Index('model_run_model', ['model_id', 'model_run_id'])
export class ModelRun {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'model_run_pkey',
  })
  model_run_id!: number;

  @Column('bigint')
  model_id!: number;

  @ManyToOne(() => Model)
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'model_run_model_id_fkey' })
  model?: Model;

  /** `built` or `failed`. */
  @Column('text')
  status!: string;

  /** `publish`, `schedule`, `command` or `start`. */
  @Column('text')
  trigger!: string;

  /** Made from everything there is, not only from new runs. */
  @Column('boolean')
  whole!: boolean;

  @Column('bigint', { default: 0 })
  rows_inserted!: number;

  @Column('bigint', { default: 0 })
  rows_updated!: number;

  @Column('bigint', { default: 0 })
  rows_deleted!: number;

  @Column('timestamptz')
  started_at!: Date;

  @Column('timestamptz')
  finished_at!: Date;

  /** A code of the error catalogue. */
  @Column('text', { nullable: true })
  error_code!: string | null;

  @Column('text', { nullable: true })
  error_message!: string | null;

  @Column('jsonb', { nullable: true })
  error_facts!: Record<string, string | number | boolean | null> | null;
}

export type ModelRunRow = Omit<ModelRun, 'model'>;
