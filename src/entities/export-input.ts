import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import { Export } from './export.ts';

/** A run whose rows are in the files of an export; kept for exports that write only what is new. */
@Entity({ schema: BOOKKEEPING_SCHEMA, name: 'export_input' })
export class ExportInput {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'export_input_pkey' })
  export_id!: number;

  @ManyToOne(() => Export)
  @JoinColumn({ name: 'export_id', foreignKeyConstraintName: 'export_input_export_id_fkey' })
  export?: Export;

  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'export_input_pkey' })
  run_id!: number;

  /** Ids of the run's published load jobs; a correction adds one. */
  @Column('text')
  loads!: string;
}

export type ExportInputRow = Omit<ExportInput, 'export'>;
