import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a dump says of its columns is kept with the load, for its corrected rejects are to be read alike. */
export class DescribedColumns1797010000000 implements MigrationInterface {
  readonly name = 'DescribedColumns1797010000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sluice.load_job add described jsonb');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
