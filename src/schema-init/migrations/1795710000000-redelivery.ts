import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What finds the earlier deliveries of a dataset. */
export class Redelivery1795710000000 implements MigrationInterface {
  readonly name = 'Redelivery1795710000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "create index load_job_dataset on sluice.load_job (dataset_id) where status = 'published'",
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
