import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Published content is looked up in whatever dataset it is. */
export class ContentIndex1796970000000 implements MigrationInterface {
  readonly name = 'ContentIndex1796970000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "create index load_job_content on sluice.load_job (content_sha256) where status = 'published'",
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
