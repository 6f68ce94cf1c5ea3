import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Engine } from '../pipelines/load/engine.ts';

/** What a server says when something is wrong with itself and not with what is sent; and whether it costs a try. */
const STATES = {
  '08006': 'outage',
  '25006': 'counts',
  '40001': 'counts',
  '40P01': 'counts',
  '53100': 'counts',
  '53200': 'counts',
  '53300': 'counts',
  '53400': 'counts',
  '55P03': 'goes on trying',
  '57014': 'counts',
  '57P01': 'outage',
  '57P02': 'outage',
  '57P03': 'outage',
  '58030': 'counts',
} as const;

/** Too large to be worked on together with others: each has tries of its own. */
const ROWS = 12_000;

/** Fails the first statement that writes to a table; a sequence is not rolled back. */
const FAIL_ONCE = `
  create function public.fail_once() returns trigger language plpgsql as $$
    begin
      if nextval('public.once_' || lower(tg_argv[0])) = 1 then
        raise exception 'told to' using errcode = tg_argv[0];
      end if;
      return new;
    end $$`;

it('what the server refuses in the middle of COPY for reasons of its own is tried again, by kind, and costs no row', async () => {
  const engine = await Engine.open({ CONCURRENCY: '8' });
  try {
    const states = Object.keys(STATES);
    const files = (rows: number, from: number) =>
      states.map((state, n) => ({
        name: `state_${state}${from > 1 ? '_2026-01-02' : ''}.csv`,
        content: csvText(rows, from + n * 100_000),
      }));
    await engine.loadAll(files(5, 1));
    await engine.query(FAIL_ONCE);
    for (const state of states) {
      await engine.query(`create sequence public.once_${state.toLowerCase()}`);
      await engine.query(
        `create trigger fail before insert on staging.state_${state.toLowerCase()}__v1 for each row execute function public.fail_once('${state}')`,
      );
    }
    const outcomes = await engine.loadAll(files(ROWS, 50_001));
    expect(outcomes.map(({ status }) => status)).toEqual(states.map(() => 'published'));
    for (const [state, kind] of Object.entries(STATES)) {
      const table = `staging.state_${state.toLowerCase()}`;
      expect(await engine.value(`select count(*) from ${table}`), state).toBe(5 + ROWS);
      expect(await engine.value(`select last_value > 1 from public.once_${state.toLowerCase()}`), state).toBe(
        true,
      );
      const attempts = await engine.value('select attempts from sluice.source_file where name = $1', [
        `state_${state}_2026-01-02.csv`,
      ]);
      expect(attempts, state).toBe(kind === 'counts' ? 2 : 1);
    }
    expect(await engine.value('select count(*) from sluice.reject')).toBe(0);
  } finally {
    await engine.close();
  }
}, 60_000);
