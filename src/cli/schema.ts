import { initSchema } from '../schema-init/init-schema.ts';
import { type CommonOptions, withDatabase } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';

export interface SchemaOptions extends CommonOptions {
  /** Change nothing; fail when something is missing. */
  readonly check?: boolean;
}

/** `sluice schema`: makes or migrates the schemas, or checks them with `--check`, and lists what is there. */
export function schema(options: SchemaOptions): Promise<number> {
  return withDatabase(options, async (database, { settings, log }) => {
    const initDb = settings.initDb && options.check !== true;
    await initSchema(database, { ...settings, initDb }, (message) => log.info(message));
    const { stagingSchema, dwSchema } = settings;
    const { rows } = await database.pool.query<{ schema: string; tables: number; views: number }>(
      `select n.nspname as schema, count(*) filter (where c.relkind = 'r') as tables,
              count(*) filter (where c.relkind = 'v') as views
         from pg_namespace n left join pg_class c on c.relnamespace = n.oid
        where n.nspname = any($1) group by n.nspname order by n.nspname`,
      [['sluice', stagingSchema, `${stagingSchema}_segments`, dwSchema]],
    );
    if (options.json) printJson({ schemas: rows });
    else
      printTable(
        ['schema', 'tables', 'views'],
        rows.map((row) => [row.schema, row.tables, row.views]),
      );
    return EXIT.ok;
  });
}
