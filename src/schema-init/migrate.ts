import { withDataSource } from './data-source.ts';

/** Runs the migrations that the database has not had, all in one transaction; returns their names. */
export async function migrate(url: string): Promise<string[]> {
  return withDataSource(url, async (source) => {
    const done = await source.runMigrations({ transaction: 'all' });
    return done.map((migration) => migration.name);
  });
}
