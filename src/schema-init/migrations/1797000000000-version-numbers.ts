import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A label gives a version its number, also when each folder has its own version of that label. */
export class VersionNumbers1797000000000 implements MigrationInterface {
  readonly name = 'VersionNumbers1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop index sluice.version_number_key');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
