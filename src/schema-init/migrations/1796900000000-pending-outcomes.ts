import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Outcomes that are recorded and not carried out are looked for all the time, and there are hardly any. */
export class PendingOutcomes1796900000000 implements MigrationInterface {
  readonly name = 'PendingOutcomes1796900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index source_file_outcome_pending on sluice.source_file (file_id)
         where finished_at is not null and outcome_done_at is null`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
