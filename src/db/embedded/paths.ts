import { join } from 'node:path';

/** What lies in the embedded server's folder, `<DATA_DIR>/postgres`. */
export interface EmbeddedPaths {
  readonly home: string;
  /** PGDATA; belongs to the user the server runs as. */
  readonly cluster: string;
  readonly log: string;
  readonly password: string;
  /** The port used last, tried again first so that URLs kept elsewhere stay good. */
  readonly port: string;
  /** One file per process that uses the server. */
  readonly users: string;
  readonly locks: string;
}

/** Prefix of what an interrupted first start leaves behind. */
export const INIT_PREFIX = 'init-';

export function embeddedPaths(home: string): EmbeddedPaths {
  return {
    home,
    cluster: join(home, 'cluster'),
    log: join(home, 'server.log'),
    password: join(home, 'password'),
    port: join(home, 'port'),
    users: join(home, 'users'),
    locks: join(home, 'locks'),
  };
}
