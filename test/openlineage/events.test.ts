import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../../src/openlineage/run-event.ts';
import { eventually, Service } from '../service.ts';

const PATIENCE_MS = 60_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const KEY = 'hidden-key-4711';
const COLUMNS = [
  { name: 'id', type: 'bigint' },
  { name: 'x', type: 'bigint' },
];

describe('OpenLineage events', () => {
  it('tell published, failed and duplicate files and models, in a file', async () => {
    const service = await Service.create({ OPENLINEAGE_FILE: 'told/events.jsonl' });
    await service.write(
      'warehouse/total.sql',
      '-- @materialized table\nselect count(*) as rows from {{ staging.points }}',
    );
    const running = await service.start();
    await service.drop('points.csv', 'id,x\n1,2\n3,4\n');
    await service.finished(1);
    await service.drop('again.csv', 'id,x\n1,2\n3,4\n');
    await service.drop('empty.csv', '');
    await service.finished(3);
    const read = () => eventsIn(join(service.root, 'told/events.jsonl'));
    await eventually(async () => (await read()).length >= 8, PATIENCE_MS, 'all is told');
    expect((await running.stop()).code).toBe(0);

    const events = await read();
    for (const event of events) expectWhole(event);
    const runIds = [...new Set(events.map(({ run }) => run.runId))];
    const ends = runIds.map((id) =>
      events.flatMap(({ run, eventType }) => (run.runId === id ? [eventType] : [])).join(),
    );
    expect(ends.sort()).toEqual(['START,COMPLETE', 'START,COMPLETE', 'START,COMPLETE', 'START,FAIL']);

    const database = new URL(service.database.url);
    const postgres = `postgres://${database.hostname}:${database.port || 5432}`;
    const table = (name: string) => `${database.pathname.slice(1)}.${name}`;
    const load = endOf(events, join(service.imports, 'points.csv'));
    expect(load.job).toEqual({ namespace: 'sluice', name: 'points' });
    expect(load.outputs).toMatchObject([
      {
        ...{ namespace: postgres, name: table('staging.points__v1') },
        facets: { schema: { fields: COLUMNS } },
        outputFacets: { outputStatistics: { rowCount: 2 } },
      },
    ]);
    const duplicate = endOf(events, join(service.imports, 'again.csv'));
    expect([duplicate.eventType, duplicate.outputs]).toEqual(['COMPLETE', []]);
    const failed = endOf(events, join(service.imports, 'empty.csv'));
    expect(failed.job.name).toBe('empty.csv');
    expect(failed.run.facets).toMatchObject({
      errorMessage: { message: expect.stringMatching(/^[A-Z_]+: ./), programmingLanguage: 'TypeScript' },
    });
    const model = endOf(events, table('staging.points'));
    expect(model).toMatchObject({
      job: { name: 'datawarehouse.total' },
      inputs: [{ namespace: postgres }],
      outputs: [
        {
          name: table('datawarehouse.total'),
          facets: { schema: { fields: [{ name: 'rows', type: 'bigint' }] } },
          outputFacets: { outputStatistics: { rowCount: 1 } },
        },
      ],
    });
  });

  it('say ABORT of a file that is held, and COMPLETE of the run that publishes it after all', async () => {
    const service = await Service.create({ OPENLINEAGE_FILE: 'events.jsonl' });
    await service.write(
      'sluice.config.ts',
      `import { defineConfig } from 'sluice';
       export default defineConfig({ datasets: [
         { name: 'few', match: 'few*.csv', checks: [{ check: 'row_count', min: 5, severity: 'hold' }] },
       ] });`,
    );
    await service.drop('few.csv', 'id,x\n1,2\n');
    expect((await service.run(['once'])).code).not.toBe(0);
    const read = () => eventsIn(join(service.root, 'events.jsonl'));
    const [, held] = await read();
    expect(held?.run.facets).toMatchObject({
      errorMessage: { message: expect.stringContaining('CHECK_HELD') },
    });
    await service.run(['release', String(await service.value('select run_id from sluice.source_file'))]);
    const events = await read();
    expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'ABORT', 'START', 'COMPLETE']);
    expect(new Set(events.map(({ run }) => run.runId)).size).toBe(2);
    expect(new Set(events.map(({ job }) => job.name))).toEqual(new Set(['few']));
  });

  it('tell the beginning when it is, and the end of what is stopped', async () => {
    const service = await Service.create({ OPENLINEAGE_FILE: 'events.jsonl' });
    await service.write('warehouse/point.sql', '-- @materialized table\nselect id from {{ staging.points }}');
    const told = async () =>
      (await eventsIn(join(service.root, 'events.jsonl'))).map(({ eventType, job, run }) => ({
        told: `${eventType} ${job.name}`,
        runId: run.runId,
      }));
    const until = (count: number) =>
      eventually(async () => (await told()).length >= count, PATIENCE_MS, `${count} are told`);
    await service.run(['load', await service.write('points.csv', 'id,x\n1,2\n')]);
    const reader = await service.database.pool.connect();
    const stoppedAt = async (table: string, file: string, count: number) => {
      await reader.query(`begin; lock table ${table}`);
      const running = await service.start();
      await service.drop(file, `id,x\n${count},2\n`);
      await until(count);
      expect((await running.stop()).code).toBe(0);
      await reader.query('rollback');
    };
    await stoppedAt('staging.points__v1', 'points_2026-01-02.csv', 5);
    await stoppedAt('datawarehouse.point', 'points_2026-01-03.csv', 11);
    reader.release();
    await service.run(['transform']);
    const events = await told();
    const runIds = [...new Set(events.map(({ runId }) => runId))];
    const byRun = runIds.map((id) => events.flatMap((one) => (one.runId === id ? [one.told] : [])).join());
    expect(byRun.toSorted()).toEqual([
      'START datawarehouse.point,ABORT datawarehouse.point',
      ...Array<string>(2).fill('START datawarehouse.point,COMPLETE datawarehouse.point'),
      'START points,ABORT points',
      ...Array<string>(3).fill('START points,COMPLETE points'),
    ]);
  });

  it('disturb nothing while the service that takes them is down, and come when it is back', async () => {
    const received: { event: RunEvent; headers: IncomingMessage['headers']; path: string }[] = [];
    let status = 500;
    const server = createServer(async (request, response) => {
      const event = JSON.parse(await textOf(request));
      if (status === 200) received.push({ event, headers: request.headers, path: request.url ?? '' });
      response.writeHead(status).end();
    });
    const url = await listening(server);
    const service = await Service.create({
      OPENLINEAGE_URL: url,
      OPENLINEAGE_API_KEY: KEY,
      OPENLINEAGE_NAMESPACE: 'plant',
    });
    const running = await service.start();
    await service.drop('a.csv', 'id,x\n1,2\n');
    await service.drop('b.csv', 'id,x\n3,4\n');
    await running.untilPrinted('OpenLineage events do not reach');
    await service.finished(2);
    status = 200;
    await running.untilPrinted('again; 0 of them were dropped');
    await eventually(() => received.length === 4, PATIENCE_MS, 'all have come');
    expect((await running.stop()).code).toBe(0);

    const told = received.map(({ event }) => `${event.job.name} ${event.eventType}`);
    expect(told.toSorted()).toEqual(['a COMPLETE', 'a START', 'b COMPLETE', 'b START']);
    for (const name of ['a', 'b'])
      expect(told.indexOf(`${name} START`)).toBeLessThan(told.indexOf(`${name} COMPLETE`));
    for (const { event, headers, path } of received) {
      expectWhole(event);
      expect(event.job.namespace).toBe('plant');
      expect([headers.authorization, headers['content-type'], path]).toEqual([
        ...[`Bearer ${KEY}`, 'application/json', '/api/v1/lineage'],
      ]);
    }
    expect(running.output.match(/do not reach/g)).toHaveLength(1);
    expect(running.output).toContain('it answered 500');
    expect(running.output).not.toContain(KEY);
  });

  it('do not keep the program from ending when nobody answers, and are counted', async () => {
    const server = createServer(() => undefined);
    const service = await Service.create({ OPENLINEAGE_URL: `${await listening(server)}/events?secret=1` });
    const path = await service.write('a.csv', 'id,x\n1,2\n');
    const ended = await service.run(['load', path]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/2 OpenLineage events did not reach http:\/\/127\.0\.0\.1:\d+\/events\n/);
    expect((await service.run(['load', path], { OPENLINEAGE_URL: 'nowhere' })).stderr).toContain(
      'OPENLINEAGE_URL',
    );
  });
});

function expectWhole(event: RunEvent): void {
  expect(event.run.runId).toMatch(UUID);
  expect(new Date(event.eventTime).toISOString()).toBe(event.eventTime);
  expect(event.schemaURL).toBe('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent');
  expect(URL.canParse(event.producer)).toBe(true);
  expect(event.job.namespace).not.toBe('');
  expect(event.job.name).not.toBe('');
  for (const output of event.outputs) {
    for (const facet of Object.values({ ...output.facets, ...output.outputFacets })) {
      expect(facet).toMatchObject({
        _producer: event.producer,
        _schemaURL: expect.stringContaining('#/$defs/'),
      });
    }
  }
}

/** The last event of the run that read this. */
function endOf(events: readonly RunEvent[], input: string): RunEvent {
  const found = events.findLast(({ inputs }) => inputs.some(({ name }) => name === input));
  if (found === undefined) throw new Error(`no event has the input ${input}`);
  return found;
}

async function eventsIn(file: string): Promise<RunEvent[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RunEvent]));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  return text;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
