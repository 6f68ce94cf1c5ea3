import pg from 'pg';

export interface PoolOptions {
  /** Connections at most. A caller beyond that waits for one; waiting has no limit of its own. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Receives the text of every statement just before it is sent. Never its parameters. */
  readonly echoSql?: (sql: string) => void;
  /** Milliseconds that connecting to the server may take. Default 10,000. */
  readonly connectTimeoutMs?: number;
}

/**
 * What every session starts with, so that neither the role's nor the server's defaults change what values mean, and
 * none of their time limits ends a load that runs long.
 */
const SESSION_SETTINGS = `
  SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET client_encoding = 'UTF8';
  SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0`;

/**
 * A pool for `url`. Values arrive as follows: `bigint` as number, or as text beyond ±2^53 so that no digit is lost;
 * `numeric`, `date` and `timestamp` as text (a Date would shift them by the machine's zone); `timestamptz` as Date.
 *
 * A broken connection rejects the query that uses it and never surfaces as an `error` event.
 */
export function openPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    keepAlive: true,
    types: { getTypeParser: parserOf },
    Client: clientWithConnectTimeout(options.connectTimeoutMs ?? 10_000),
    onConnect: async (client) => {
      await client.query(SESSION_SETTINGS);
    },
  });
  pool.on('error', ignoreIdleLoss);
  pool.on('connect', (client) => {
    client.on('error', ignoreIdleLoss);
    if (options.echoSql !== undefined) echoQueries(client, options.echoSql);
  });
  return pool;
}

// The pool has already thrown the connection away, and a query in flight is rejected by itself.
function ignoreIdleLoss(): void {}

/** The pool's own connectionTimeoutMillis also cuts off waiting for a free connection, which is no failure. */
function clientWithConnectTimeout(connectionTimeoutMillis: number): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(typeof config === 'object' ? { ...config, connectionTimeoutMillis } : config);
    }
  };
}

function echoQueries(client: pg.PoolClient, echo: (sql: string) => void): void {
  client.query = new Proxy(client.query, {
    apply(target, self, args: unknown[]) {
      const text = statementText(args[0]);
      if (text !== null) echo(text);
      return Reflect.apply(target, self, args);
    },
  });
}

function statementText(query: unknown): string | null {
  if (typeof query === 'string') return query;
  if (typeof query !== 'object' || query === null || !('text' in query)) return null;
  return typeof query.text === 'string' ? query.text : null;
}

type Parser = (text: string) => unknown;

const TEXT_PARSERS = new Map<number, Parser>([
  [pg.types.builtins.INT8, parseInt8],
  [pg.types.builtins.DATE, asText],
  [pg.types.builtins.TIMESTAMP, asText],
]);

function parserOf(oid: number, format?: 'text' | 'binary'): Parser {
  const own = format === 'binary' ? undefined : TEXT_PARSERS.get(oid);
  return own ?? pg.types.getTypeParser(oid, format);
}

function parseInt8(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

function asText(text: string): string {
  return text;
}
