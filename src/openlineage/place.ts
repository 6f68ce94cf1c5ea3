import { hostname } from 'node:os';
import type { InputDataset } from './run-event.ts';

const POSTGRES_PORT = '5432';

/** Where tables are, named as the specification names those of Postgres. */
export class TablePlace {
  private readonly namespace: string;
  private readonly database: string;

  /** The port of the embedded server is another at each start; it has the machine's name and no port. */
  constructor(url: string, isEmbedded: boolean) {
    const { hostname: host, port, pathname, searchParams } = new URL(url);
    const given = searchParams.get('host') ?? host;
    const server = `${given === '' ? 'localhost' : given}:${port === '' ? POSTGRES_PORT : port}`;
    this.namespace = `postgres://${isEmbedded ? hostname() : server}`;
    this.database = decodeURIComponent(pathname.slice(1));
  }

  /** `table` with its schema. */
  of(table: string): InputDataset {
    return { namespace: this.namespace, name: `${this.database}.${table}` };
  }

  /** Says which run is meant, of all there are; a database that is made anew begins to count anew. */
  runName(kind: 'run' | 'model', id: number | string, startedAt: Date): string {
    return `${this.namespace}/${this.database}/${kind}/${id}/${startedAt.toISOString()}`;
  }
}
