import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The order of the files of a feed, by the dates in their names. */
export class FeedOrder1796100000000 implements MigrationInterface {
  readonly name = 'FeedOrder1796100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sluice.source_file add feed text, add moment text');
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
