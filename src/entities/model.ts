import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';

/** A model that has been made, or tried. It stays when its file is gone, and so does its table. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'model' })
@Index('model_name_key', ['schema_name', 'name'], { unique: true })
export class Model {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'model_pkey',
  })
  model_id!: number;

  /** Of the table or view. */
  @Column('text')
  name!: string;

  @Column('text')
  schema_name!: string;

  /** As it was last made: view, table, incremental, merge, scd2 or dimension. */
  @Column('text')
  materialized!: string;

  /** Where it is defined. */
  @Column('text')
  file!: string;

  /** Of the definition that was last made; null when it never was. */
  @Column('text', { nullable: true })
  hash!: string | null;

  /** Name and type of each column of the statement, in its order. */
  @Column('jsonb', { nullable: true })
  columns!: { name: string; type: string }[] | null;

  /** What had been published of each dataset below it when it was last made. */
  @Column('jsonb', { nullable: true })
  inputs!: Record<string, string> | null;

  @Column('timestamptz', { nullable: true })
  built_at!: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  created_at!: Date;
}

export type ModelRow = Model;
