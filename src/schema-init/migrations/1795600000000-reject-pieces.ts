import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records that are too long to be held in memory are kept in pieces. */
export class RejectPieces1795600000000 implements MigrationInterface {
  readonly name = 'RejectPieces1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table sluice.reject_piece (
      load_id bigint not null constraint reject_piece_load_id_fkey references sluice.load_job on delete cascade,
      record_number bigint not null,
      piece int not null,
      raw bytea not null,
      constraint reject_piece_pkey primary key (load_id, record_number, piece)
    )`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
