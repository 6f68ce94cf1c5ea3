import type { Pool, PoolClient } from 'pg';

/** How a check came out, as the ledger keeps it. */
export interface CheckEntry {
  readonly name: string;
  readonly kind: string;
  readonly severity: string;
  readonly status: string;
  readonly rowsChecked: number | null;
  readonly rowsFailing: number | null;
  readonly message: string | null;
  /** Failing rows, as JSON. */
  readonly failures: readonly string[];
}

export interface CheckSubject {
  readonly kind: 'dataset' | 'model';
  readonly name: string;
  /** The run whose rows were checked. */
  readonly runId: number | null;
}

/** Writes results. Of each check the failing rows of its last evaluation are kept, and no others. */
export async function saveChecks(
  client: Pool | PoolClient,
  { kind, name, runId }: CheckSubject,
  entries: readonly CheckEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  // A run that was published without an entry has been checked before.
  if (runId !== null) await client.query(FORGET, [kind, name, runId]);
  await client.query(SAVE, [kind, name, runId, JSON.stringify(entries.map(toRow))]);
}

function toRow({ failures, ...entry }: CheckEntry) {
  const { name, kind, severity, status, message } = entry;
  return {
    ...{ name, kind, severity, status, message },
    ...{ rows_checked: entry.rowsChecked, rows_failing: entry.rowsFailing },
    failures: failures.map((row): unknown => JSON.parse(row)),
  };
}

const FORGET = 'delete from sluice.check_result where run_id = $3 and subject_kind = $1 and subject = $2';

const SAVE = `
  with e as (
    select * from jsonb_to_recordset($4::jsonb) as e(name text, kind text, severity text, status text,
      rows_checked bigint, rows_failing bigint, message text, failures jsonb)
  ), gone as (
    delete from sluice.check_failure f using sluice.check_result r, e
     where f.check_id = r.check_id and r.subject_kind = $1 and r.subject = $2 and r.name = e.name
  ), added as (
    insert into sluice.check_result (subject_kind, subject, name, kind, severity, status, rows_checked, rows_failing,
           message, run_id, checked_at)
    select $1, $2, name, kind, severity, status, rows_checked, rows_failing, message, $3, clock_timestamp() from e
    returning check_id, name
  )
  insert into sluice.check_failure (check_id, number, "row")
  select check_id, f.number, f."row"
    from added join e using (name), jsonb_array_elements(e.failures) with ordinality as f("row", number)`;

/** Rows that the previous delivery of a dataset brought, into the same folder; null when there was none. */
export async function previousDelivery(
  client: PoolClient,
  dataset: string,
  runId: number,
  folder: string | null,
): Promise<number | null> {
  const { rows } = await client.query<{ rows: number | null }>(PREVIOUS, [dataset, runId, folder]);
  return rows[0]?.rows ?? null;
}

/** One that is superseded counts as well: it may be by the delivery at hand. */
const PREVIOUS = `
  with previous as (
    select l.run_id, l.dataset_id
      from sluice.load_job l
      join sluice.dataset d using (dataset_id)
      join sluice.run r using (run_id)
      join sluice.source_file f on f.file_id = r.file_id
     where d.name = $1 and l.run_id <> $2 and l.status in ('published', 'superseded')
       and f.label is not distinct from $3
     order by l.load_id desc limit 1
  )
  select sum(l.rows_loaded)::bigint as rows from sluice.load_job l join previous p using (run_id, dataset_id)`;

/** Rows of a model when its checks were last evaluated and it was kept; null when that never was. */
export async function previousState(client: PoolClient, model: string): Promise<number | null> {
  const { rows } = await client.query<{ rows: number | null }>(
    `select rows_checked as rows from sluice.check_result
      where subject_kind = 'model' and subject = $1 and kind = 'row_count' and status in ('passed', 'warned')
      order by check_id desc limit 1`,
    [model],
  );
  return rows[0]?.rows ?? null;
}

/** Rows of a dataset that were published since a moment, and still are. */
export async function rowsPublishedSince(
  client: Pool | PoolClient,
  dataset: string,
  since: Date,
): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `select coalesce(sum(l.rows_loaded), 0)::bigint as rows
       from sluice.load_job l join sluice.dataset d using (dataset_id) join sluice.run r on r.run_id = l.run_id
      where d.name = $1 and l.status = 'published' and r.status = 'published' and l.finished_at >= $2`,
    [dataset, since],
  );
  return rows[0]?.rows ?? 0;
}

/** How a check came out the last time; null when it was never evaluated. */
export async function lastResult(
  client: Pool | PoolClient,
  { kind, name: subject }: CheckSubject,
  name: string,
): Promise<{ readonly status: string; readonly checkedAt: Date } | null> {
  const { rows } = await client.query<{ status: string; checked_at: Date }>(
    `select status, checked_at from sluice.check_result
      where subject_kind = $1 and subject = $2 and name = $3 order by check_id desc limit 1`,
    [kind, subject, name],
  );
  const [last] = rows;
  return last === undefined ? null : { status: last.status, checkedAt: last.checked_at };
}
