import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

/** About 10 MB: more than one block, so that the rows go through segments. */
const MANY = 250_000;

it.each([
  ['small', 100],
  ['large', MANY],
])(
  'I1 accounting: a %s load of which Postgres keeps fewer rows than were read is not published',
  async (_size, rows) => {
    const service = await Service.create();
    await service.write('orders_2026-11-20.csv', csvText(10));
    expect((await service.run(['load', 'orders_2026-11-20.csv'])).code).toBe(0);
    await swallowRow(service, 7);
    await service.write('orders_2026-11-21.csv', csvText(rows, 1001));
    const published = await service.value('select count(*) from staging.orders');
    await service.write('orders_2026-11-22.csv', csvText(rows, 1));
    const ended = await service.run(['load', '--json', 'orders_2026-11-22.csv']);
    expect(ended.code).toBe(2);
    const [file] = JSON.parse(ended.stdout).files;
    expect(file).toMatchObject({
      status: 'failed',
      errorCode: 'ACCOUNTING_MISMATCH',
      errorMessage: expect.any(String),
    });
    expect(file.errorMessage).toContain(`${rows} records were read, but ${rows - 1} loaded`);
    expect(await service.value('select count(*) from staging.orders')).toBe(published);
    expect(await service.orphanSegments()).toEqual([]);
  },
);

/** From now on one row disappears on its way into any table of the staging schemas, which Postgres does not call an error. */
async function swallowRow(service: Service, id: number): Promise<void> {
  await service.query(`
    create function public.swallow() returns trigger language plpgsql as
      $$ begin if new.id = ${id} then return null; end if; return new; end $$;
    create trigger swallow before insert on staging.orders__v1 for each row execute function public.swallow();
    create function public.swallow_in_segments() returns event_trigger language plpgsql as $$
    declare made record;
    begin
      for made in select * from pg_event_trigger_ddl_commands() where object_type = 'table' and schema_name = 'staging_segments' loop
        execute format('create or replace trigger swallow before insert on %s for each row execute function public.swallow()', made.object_identity);
      end loop;
    end $$;
    create event trigger swallow_in_segments on ddl_command_end when tag in ('CREATE TABLE') execute function public.swallow_in_segments()`);
}
