import type { MigrationInterface, QueryRunner } from 'typeorm';
import { TABLES } from './1795219200000-tables.ts';
import { VIEWS } from './1795219200000-views.ts';

/** The bookkeeping tables and the stable views. The schema itself is there before any migration runs. */
export class Bookkeeping1795219200000 implements MigrationInterface {
  readonly name = 'Bookkeeping1795219200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...VIEWS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
