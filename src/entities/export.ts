import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';

/** An export of the configuration that has been written, or tried. It stays when the configuration has it no more. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'export' })
@Index('export_name_key', ['name'], { unique: true })
export class Export {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'export_pkey',
  })
  export_id!: number;

  @Column('text')
  name!: string;

  /** What the datasets and models that it follows were like in the file that was written last. */
  @Column('jsonb', { nullable: true })
  inputs!: Record<string, string> | null;

  /** Of the last file, for an export that writes only what is new. */
  @Column('bigint', { default: 0 })
  sequence!: number;

  /** What it was read from then: another one, and everything is written again. */
  @Column('text', { nullable: true })
  definition!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  created_at!: Date;
}

export type ExportRow = Export;
