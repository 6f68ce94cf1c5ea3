import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When upkeep has deleted a kept file. */
export class Upkeep1796850000000 implements MigrationInterface {
  readonly name = 'Upkeep1796850000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sluice.source_file add removed_at timestamptz');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
