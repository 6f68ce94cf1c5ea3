import type { PoolClient } from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../db/identifiers.ts';
import { NOT_THE_RECORDS_SQL } from '../../db/sqlstate.ts';
import { copyBytes } from './copy-bytes.ts';

/** Stands for the target where records are tried; occurs in Postgres's messages. */
export const PROBE = 'sluice_probe';

/** What Postgres says about one record. */
export interface ServerFault {
  readonly column: string | null;
  readonly sqlstate: string;
  readonly message: string;
}

export interface CheckedColumn {
  readonly name: string;
  readonly type: string;
}

/** A record to ask about: its number, and the values of the checked columns; null is NULL. */
export interface Suspect {
  readonly record: number;
  readonly values: readonly (string | null)[];
}

/**
 * Asks Postgres about many records at once: they are copied as text into a temporary table, and a function that
 * catches errors takes each value as its column would. No transaction is lost over a bad record, and a bad one costs
 * some microseconds. Works alike on every version; `pg_input_error_info` would need 16.
 *
 * One object serves one transaction: what it makes there ends with it.
 */
export class ServerCheck {
  private ready = false;

  constructor(
    private readonly client: PoolClient,
    private readonly columns: readonly CheckedColumn[],
    /** A table of the target's shape, with its constraints, into which records are put to try them; null: none. */
    private readonly probe: string | null,
  ) {}

  /** What is wrong, by record number; records that are not in the result are taken. */
  async faults(suspects: readonly Suspect[]): Promise<Map<number, ServerFault>> {
    await this.prepare();
    const bytes = Buffer.from(suspects.map(suspectLine).join(''), 'utf8');
    await copyBytes(this.client, `COPY pg_temp.sluice_suspect FROM STDIN (FORMAT csv)`, bytes);
    const { rows } = await this.client.query<ServerFault & { n: number }>(
      `WITH checked AS MATERIALIZED
         (SELECT n, pg_temp.sluice_check(v) AS fault FROM pg_temp.sluice_suspect)
       SELECT n, fault[1] AS sqlstate, fault[2] AS message, fault[3] AS "column" FROM checked WHERE fault IS NOT NULL`,
    );
    await this.client.query(
      `TRUNCATE pg_temp.sluice_suspect${this.probe === null ? '' : `, pg_temp.${PROBE}`}`,
    );
    return new Map(rows.map(({ n, ...fault }) => [n, fault]));
  }

  private async prepare(): Promise<void> {
    if (this.ready) return;
    this.ready = true;
    await this.client.query(`DROP TABLE IF EXISTS pg_temp.sluice_suspect, pg_temp.${PROBE}`);
    // One array, which can be stored out of line: as columns of their own, the texts of a wide record fit no page.
    await this.client.query('CREATE TEMP TABLE sluice_suspect (n bigint, v text[]) ON COMMIT DROP');
    if (this.probe !== null) {
      await this.client.query(
        `CREATE TEMP TABLE ${PROBE} (LIKE ${this.probe} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)
         ON COMMIT DROP`,
      );
      const own = ['_run_id', '_row'].flatMap((name) => [
        `ALTER ${name} DROP NOT NULL`,
        `ALTER ${name} DROP DEFAULT`,
      ]);
      await this.client.query(`ALTER TABLE pg_temp.${PROBE} ${own.join(', ')}`);
    }
    await this.client.query(this.checkFunction());
  }

  /** Assignment to a variable of the column's type takes a value as COPY does: length limits refuse, not cut. */
  private checkFunction(): string {
    const variables = this.columns.map((column, at) => `v${at} ${column.type};`).join(' ');
    const steps = this.columns.map(({ name }, at) => `at := ${quoteLiteral(name)}; v${at} := v[${at + 1}];`);
    const names = this.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    const tried = this.columns.map((_, at) => `v${at}`).join(', ');
    const probe =
      this.probe === null ? '' : `at := NULL; INSERT INTO pg_temp.${PROBE} (${names}) VALUES (${tried});`;
    return `CREATE OR REPLACE FUNCTION pg_temp.sluice_check(v text[]) RETURNS text[] LANGUAGE plpgsql AS ${quoteLiteral(`
      DECLARE at text; state text; said text; named text; ${variables}
      BEGIN
        ${steps.join(' ')} ${probe}
        RETURN NULL;
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, named = COLUMN_NAME;
        IF left(state, 2) IN (${NOT_THE_RECORDS_SQL}) THEN RAISE; END IF;
        RETURN ARRAY[state, said, coalesce(at, nullif(named, ''))];
      END`)}`;
  }
}

/** A line of CSV; the values are an array literal in its second field. */
function suspectLine(suspect: Suspect): string {
  const elements = suspect.values.map((value) =>
    value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`,
  );
  return `${suspect.record},"{${elements.join(',').replaceAll('"', '""')}}"\n`;
}
