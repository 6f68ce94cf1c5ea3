import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What stands behind the last record of a file. */
export class Footers1796700000000 implements MigrationInterface {
  readonly name = 'Footers1796700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sluice.load_job add footer text');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
