import type { ModelColumn } from '../../../ledger/models.ts';
import { type BuildContext, columnList, run } from './build-context.ts';

export const CANDIDATE = 'pg_temp.sluice_candidate';
/** Rows that the model's table should have, of the keys that are looked at. */
export const ALIVE = 'pg_temp.sluice_alive';
/** The same of the table of deleted keys. */
export const DEAD = 'pg_temp.sluice_dead';
/** Column of the candidates: the row says that its key is deleted. */
export const IS_DELETED = 'sluice_deleted';
/** Column of the candidates: since when the row holds; null: since its delivery. */
export const AT = 'sluice_at';

/** Decides between the candidates of each key. */
export async function makeWinners(context: BuildContext, columns: readonly ModelColumn[]): Promise<void> {
  const { model } = context;
  const decided = model.materialized === 'scd2' ? history(model.key, columns) : latest(model.key, columns);
  const shown = columnList(columns);
  const list = model.materialized === 'scd2' ? `${shown}, valid_from, valid_to` : shown;
  await run(
    context,
    'deciding between deliveries',
    `create temp table sluice_decided on commit drop as ${decided};
     create temp table sluice_alive on commit drop as
       select ${list} from pg_temp.sluice_decided where not ${IS_DELETED};
     create temp table sluice_dead on commit drop as
       select ${list} from pg_temp.sluice_decided where ${IS_DELETED};
     drop table pg_temp.sluice_decided`,
  );
}

/** The latest delivery wins; within one, the last row. */
function latest(key: readonly string[], columns: readonly ModelColumn[]): string {
  const keys = columnList(key, 'c.');
  return `select distinct on (${keys}) ${columnList(columns, 'c.')}, c.${IS_DELETED}
            from ${CANDIDATE} c left join sluice_delivery d on d.run_id = c._run_id
           order by ${keys}, d.rank desc nulls last, c._row desc`;
}

/** Of what was said for the same moment the latest delivery counts; saying the same again changes nothing. */
function history(key: readonly string[], columns: readonly ModelColumn[]): string {
  const keys = columnList(key);
  const provenance = ['_run_id', '_row'];
  const said = columns.filter(({ name }) => !key.includes(name) && !provenance.includes(name));
  const list = columnList(columns);
  return `
    with dated as (
      select ${columnList(columns, 'c.')}, c.${IS_DELETED}, coalesce(c.${AT}, d.at) as valid_from, d.rank
        from ${CANDIDATE} c left join sluice_delivery d on d.run_id = c._run_id
    ), single as (
      select distinct on (${keys}, valid_from) *, row(${columnList([...said.map(({ name }) => name), IS_DELETED])})::text as said
        from dated order by ${keys}, valid_from, rank desc nulls last, _row desc
    ), compared as (
      select *, lag(said) over (partition by ${keys} order by valid_from) as before from single
    )
    select ${list}, ${IS_DELETED}, valid_from, lead(valid_from) over (partition by ${keys} order by valid_from) as valid_to
      from compared where before is distinct from said`;
}
