import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was passed over in an archive. */
export class Archives1795812000000 implements MigrationInterface {
  readonly name = 'Archives1795812000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sluice.run add skipped jsonb');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
