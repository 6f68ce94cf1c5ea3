import type { DecryptionSecrets } from './decryption.ts';
import type {
  ArchivePolicy,
  BaseConfig,
  DatasetConfig,
  DumpConfig,
  ExportConfig,
  ModelConfig,
  SourceConfig,
} from './define.ts';
import type { Secret } from './secret.ts';
import type { UpkeepSettings } from './upkeep-settings.ts';

/** Everything that can be set, validated and frozen. Sources: environment, `.env`, `sluice.config.ts`. */
export interface Settings {
  /** Null: the embedded server in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly importsDir: string;
  readonly exportsDir: string;
  /** Folder of the models; it need not exist. */
  readonly warehouseDir: string;
  readonly logsDir: string;
  readonly stagingSchema: string;
  readonly dwSchema: string;
  readonly dev: boolean;
  readonly initDb: boolean;
  readonly debugLogs: boolean;
  readonly echoSql: boolean;
  /** Files worked on at once. */
  readonly concurrency: number;
  /** Connections per large load. Null: chosen from the machine's cores and the server's max_connections. */
  readonly lanes: number | null;
  /** Milliseconds a file must stay unchanged before it counts as settled. */
  readonly settleMs: number;
  /** Milliseconds between full rescans of the imports folder. */
  readonly rescanMs: number;
  /** Milliseconds after which an unchanged but incomplete file is taken anyway, and fails. */
  readonly incompleteMs: number;
  readonly usePolling: boolean;
  readonly cleanup: 'archive' | 'delete' | 'keep';
  readonly rejectLimit: RejectLimit;
  /** Days a log file is kept. */
  readonly logDays: number;
  /** What an archive may hold. */
  readonly archiveLimits: {
    readonly entries: number;
    /** Of all contents together, unpacked. */
    readonly bytes: number;
    /** Unpacked bytes for each compressed one. */
    readonly ratio: number;
  };
  /** What encrypted files are decrypted with. */
  readonly decryption: DecryptionSecrets;
  /** Bytes of memory that one encrypted archive may take, decrypted. */
  readonly maxEncryptedArchiveBytes: number;
  /** Bytes; a longer record is refused. */
  readonly maxRecordBytes: number;
  /** Tries of one file before a transient error is treated as final. */
  readonly maxAttempts: number;
  /** Milliseconds without progress after which a run is broken off. */
  readonly stallMs: number;
  /** What is deleted and folded when it is old. */
  readonly upkeep: UpkeepSettings;
  readonly openLineage: OpenLineageSettings;
  readonly datasets: readonly DatasetConfig[];
  /** What a bad entry of an archive does, where its dataset does not say. */
  readonly archive: ArchivePolicy;
  readonly dumps: readonly DumpConfig[];
  /** Globs on names inside archives: such entries are passed over. */
  readonly skipEntries: readonly string[];
  readonly models: readonly ModelConfig[];
  readonly base: readonly BaseConfig[];
  readonly exports: readonly ExportConfig[];
  readonly sources: readonly SourceSettings[];
  /** The built-in example, the warehouse of job titles, takes part. */
  readonly examples: boolean;
}

/** Where loads and models are told as OpenLineage events: nowhere when both are null. */
export interface OpenLineageSettings {
  readonly url: string | null;
  readonly apiKey: Secret | null;
  /** Absolute. */
  readonly file: string | null;
  /** Of the jobs. */
  readonly namespace: string;
}

/** How many rejected rows a load may have. */
export type RejectLimit =
  | { readonly kind: 'count'; readonly rows: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'none' };

/** A database that tables are pulled from, and how to get there. */
export interface SourceSettings extends SourceConfig {
  /** Name of the variable with its URL. */
  readonly variable: string;
  /** Null while the variable is not set. */
  readonly url: Secret | null;
}
