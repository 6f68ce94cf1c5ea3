import { DataSource } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from '../entities/bookkeeping-schema.ts';
import { ENTITIES } from '../entities/index.ts';
import { MIGRATIONS_TABLE } from './known-migrations.ts';
import { Bookkeeping1795219200000 } from './migrations/1795219200000-bookkeeping.ts';
import { Undo1795500000000 } from './migrations/1795500000000-undo.ts';
import { RejectPieces1795600000000 } from './migrations/1795600000000-reject-pieces.ts';
import { Redelivery1795710000000 } from './migrations/1795710000000-redelivery.ts';
import { Archives1795812000000 } from './migrations/1795812000000-archives.ts';
import { Versions1795820000000 } from './migrations/1795820000000-versions.ts';
import { Warehouse1796000000000 } from './migrations/1796000000000-warehouse.ts';
import { FeedOrder1796100000000 } from './migrations/1796100000000-feed-order.ts';
import { Checks1796500000000 } from './migrations/1796500000000-checks.ts';
import { Exports1796600000000 } from './migrations/1796600000000-exports.ts';
import { Footers1796700000000 } from './migrations/1796700000000-footers.ts';
import { Upkeep1796850000000 } from './migrations/1796850000000-upkeep.ts';
import { PendingOutcomes1796900000000 } from './migrations/1796900000000-pending-outcomes.ts';
import { IncrementalExports1796960000000 } from './migrations/1796960000000-incremental-exports.ts';
import { ContentIndex1796970000000 } from './migrations/1796970000000-content-index.ts';
import { VersionNumbers1797000000000 } from './migrations/1797000000000-version-numbers.ts';
import { DescribedColumns1797010000000 } from './migrations/1797010000000-described-columns.ts';
import { ExportReads1797020000000 } from './migrations/1797020000000-export-reads.ts';

export const MIGRATIONS = [
  Bookkeeping1795219200000,
  Undo1795500000000,
  RejectPieces1795600000000,
  Redelivery1795710000000,
  Archives1795812000000,
  Versions1795820000000,
  Warehouse1796000000000,
  FeedOrder1796100000000,
  Checks1796500000000,
  Exports1796600000000,
  Footers1796700000000,
  Upkeep1796850000000,
  PendingOutcomes1796900000000,
  IncrementalExports1796960000000,
  ContentIndex1796970000000,
  VersionNumbers1797000000000,
  DescribedColumns1797010000000,
  ExportReads1797020000000,
];

/**
 * Runs `work` on an initialised TypeORM data source. Connecting changes nothing in the database: no synchronisation,
 * no extensions, no migrations unless `work` runs them.
 */
export async function withDataSource<T>(url: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = new DataSource({
    type: 'postgres',
    // Not as `url`: TypeORM's reading of a URL knows neither sockets nor parameters; this one goes to pg as it is.
    extra: { connectionString: url },
    schema: BOOKKEEPING_SCHEMA,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'all',
    synchronize: false,
    installExtensions: false,
    logging: false,
    poolSize: 2,
    applicationName: 'sluice schema',
  });
  await source.initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}
