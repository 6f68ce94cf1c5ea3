import { setTimeout } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { OpenLineageSettings } from '../config/settings.ts';
import { messageOf } from '../errors.ts';
import { lastModelRuns, versionColumns } from '../ledger/openlineage.ts';
import type { Outcome } from '../ledger/outcomes.ts';
import type { Log } from '../log.ts';
import type { TransformedModel } from '../pipelines/transform/transformed.ts';
import { FileTransport } from './file-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { loadRun, rowsByTable } from './load-run.ts';
import { modelRun } from './model-run.ts';
import { Outbox } from './outbox.ts';
import { TablePlace } from './place.ts';
import { eventsOf, type FinishedRun } from './run-event.ts';
import type { Transport } from './transport.ts';

/** Runs whose facts are still to be read from the ledger. */
const MOST_GATHERING = 10_000;
/** What the end of the program waits for the ledger. */
const GRACE_MS = 2_000;

export interface LineageEventsOptions {
  readonly settings: OpenLineageSettings;
  readonly dwSchema: string;
  readonly pool: Pool;
  /** Of the database. */
  readonly url: string;
  readonly isEmbedded: boolean;
  readonly log: Log;
}

/** Tells what has become of loads and models as OpenLineage events, where that is asked for. */
export class LineageEvents {
  private readonly outboxes: readonly Outbox[];
  private readonly place: TablePlace;
  private gathering: Promise<void> = Promise.resolve();
  private waiting = 0;
  private passedOver = 0;

  constructor(private readonly options: LineageEventsOptions) {
    this.outboxes = transportsOf(options.settings).map((transport) => new Outbox(transport, options.log));
    this.place = new TablePlace(options.url, options.isEmbedded);
  }

  loaded(outcome: Outcome): void {
    const { pool, settings } = this.options;
    this.gather(async () => {
      const columns = await versionColumns(pool, [...rowsByTable(outcome).keys()]);
      const run = loadRun(outcome, columns, this.place, settings.namespace);
      return run === null ? [] : [run];
    });
  }

  transformed(results: readonly TransformedModel[]): void {
    const { pool, settings, dwSchema } = this.options;
    const told = results.filter(({ status }) => status === 'built' || status === 'failed');
    if (told.length === 0) return;
    const names = told.map(({ model }) => model);
    this.gather(async () => {
      const runs = await lastModelRuns(pool, dwSchema, names);
      return runs.map((run) => modelRun(run, this.place, settings.namespace));
    });
  }

  /** While the database is still open. */
  async stop(): Promise<void> {
    await Promise.race([this.gathering, setTimeout(GRACE_MS, undefined, { ref: false })]);
    this.passedOver += this.waiting;
    await Promise.all(this.outboxes.map((outbox) => outbox.stop()));
    if (this.passedOver > 0) {
      this.options.log.warn(`${this.passedOver} runs were not told as OpenLineage events`);
    }
  }

  private gather(read: () => Promise<readonly FinishedRun[]>): void {
    if (this.outboxes.length === 0) return;
    if (this.waiting >= MOST_GATHERING) {
      this.passedOver++;
      return;
    }
    this.waiting++;
    this.gathering = this.gathering
      .then(read)
      .then((runs) => this.tell(runs))
      .catch((error) => {
        this.passedOver++;
        this.options.log.debug(`no OpenLineage event: ${messageOf(error)}`);
      })
      .finally(() => {
        this.waiting--;
      });
  }

  private tell(runs: readonly FinishedRun[]): void {
    const events = runs.flatMap(eventsOf);
    for (const outbox of this.outboxes) outbox.put(events);
  }
}

function transportsOf({ url, apiKey, file }: OpenLineageSettings): Transport[] {
  return [
    ...(url === null ? [] : [new HttpTransport(url, apiKey)]),
    ...(file === null ? [] : [new FileTransport(file)]),
  ];
}
