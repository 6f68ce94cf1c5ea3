import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpTransport } from '../../src/openlineage/http-transport.ts';
import { Outbox } from '../../src/openlineage/outbox.ts';
import { type RunEvent, startEvent } from '../../src/openlineage/run-event.ts';
import { eventually } from '../service.ts';

const PATIENCE_MS = 30_000;
/** What waits in memory. */
const MOST = 10_000;
const SURPLUS = 200;

describe('the outbox of events', () => {
  it('drops what is refused, says so once, and sends the rest in order', async () => {
    const service = await answering((at) => (at < 2 ? 422 : 201));
    const said: string[] = [];
    const outbox = new Outbox(new HttpTransport(service.url, null), logInto(said));
    outbox.put(numbered(6));
    await eventually(() => service.taken.length === 4, PATIENCE_MS, 'the others are taken');
    await outbox.stop();
    expect(service.taken).toEqual([2, 3, 4, 5].map(String));
    expect(said).toEqual([
      expect.stringContaining('it answered 422. Loading goes on; what is refused is dropped'),
      expect.stringContaining('again; 2 of them were dropped'),
    ]);
  });

  it('drops the oldest when too many wait, and tells how many', async () => {
    const service = await answering(() => 503);
    const said: string[] = [];
    const outbox = new Outbox(new HttpTransport(service.url, null), logInto(said));
    outbox.put(numbered(MOST + SURPLUS));
    await outbox.stop();
    expect(said).toEqual([
      expect.stringContaining('the oldest are dropped'),
      expect.stringContaining(`${MOST + SURPLUS} OpenLineage events did not reach`),
    ]);
    expect(service.asked).toEqual([String(SURPLUS)]);
  });

  it('goes on when the server has closed a connection meanwhile', async () => {
    const service = await answering(() => 200);
    const said: string[] = [];
    const outbox = new Outbox(new HttpTransport(service.url, null), logInto(said));
    for (const round of [1, 2, 3]) {
      outbox.put(numbered(1));
      await eventually(() => service.taken.length === round, PATIENCE_MS, 'it is taken');
      service.closeIdle();
    }
    await outbox.stop();
    expect(said).toEqual([]);
  });
});

function numbered(count: number): RunEvent[] {
  const at = new Date();
  return Array.from({ length: count }, (_, index) => {
    const job = { namespace: 'test', name: String(index) };
    const start = startEvent({
      ...{ job, runId: 'r', end: 'COMPLETE', error: null, inputs: [], outputs: [] },
      ...{ startedAt: at, finishedAt: at },
    });
    return start;
  });
}

function logInto(said: string[]) {
  const say = (message: string) => said.push(message);
  return { info: say, warn: say };
}

/** A service that gives its answers by number. */
async function answering(statusOf: (at: number) => number) {
  const asked: string[] = [];
  const taken: string[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part;
    const { name } = (JSON.parse(text) as RunEvent).job;
    const status = statusOf(asked.push(name) - 1);
    if (status < 300) taken.push(name);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, asked, taken, closeIdle: () => server.closeIdleConnections() };
}
