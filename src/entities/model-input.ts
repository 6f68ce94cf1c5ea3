import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Model } from './model.ts';

/** A run whose rows a model has taken in; kept for models that read only what is new. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'model_input' })
export class ModelInput {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'model_input_pkey' })
  model_id!: number;

  @ManyToOne(() => Model)
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'model_input_model_id_fkey' })
  model?: Model;

  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'model_input_pkey' })
  run_id!: number;

  /** Ids of the run's published load jobs; a correction adds one. */
  @Column('text')
  loads!: string;
}

export type ModelInputRow = Omit<ModelInput, 'model'>;
