import { setTimeout } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { OpenLineageSettings } from '../config/settings.ts';
import { messageOf, type SluiceError } from '../errors.ts';
import { lastModelRuns, versionColumns } from '../ledger/openlineage.ts';
import type { Outcome } from '../ledger/outcomes.ts';
import type { RunningFile } from '../ledger/runs.ts';
import type { Log } from '../log.ts';
import type { ModelRun, TransformedModel } from '../pipelines/transform/transformed.ts';
import { FileTransport } from './file-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { endOfAttempt, loadRun, loadRunId, rowsByTable, startedLoad } from './load-run.ts';
import { modelRun, startedModel } from './model-run.ts';
import { Outbox } from './outbox.ts';
import { TablePlace } from './place.ts';
import {
  type EndType,
  endEvent,
  type FinishedRun,
  type RunEvent,
  type StartedRun,
  startEvent,
} from './run-event.ts';
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
  /** Runs whose START has been told, by their id, until they end. */
  private readonly open = new Map<string, StartedRun>();
  private passedOver = 0;

  constructor(private readonly options: LineageEventsOptions) {
    this.outboxes = transportsOf(options.settings).map((transport) => new Outbox(transport, options.log));
    this.place = new TablePlace(options.url, options.isEmbedded);
  }

  /** Before the outcome is known; nothing is asked of the ledger for it. */
  readonly loadStarted = (item: RunningFile, datasets: readonly string[]): void => {
    if (this.outboxes.length === 0) return;
    this.start(startedLoad(item, datasets, this.place, this.options.settings.namespace));
  };

  /** An attempt that had begun has no outcome. */
  readonly loadAbandoned = ({ run }: RunningFile, error: SluiceError): void => {
    this.end(loadRunId(run, this.place), endOfAttempt(error), `${error.code}: ${error.message}`);
  };

  /** A model that is being made; or whose making has been rolled back, which is no failure of its own. */
  modelRun(run: ModelRun): void {
    if (this.outboxes.length === 0) return;
    const started = startedModel(run, this.place, this.options.settings.namespace);
    if (run.undone === null) this.start(started);
    else this.end(started.runId, 'ABORT', run.undone);
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

  private start(run: StartedRun): void {
    if (this.open.has(run.runId)) return;
    this.open.set(run.runId, run);
    this.put([startEvent(run)]);
  }

  private end(runId: string, end: EndType, error: string): void {
    const run = this.open.get(runId);
    if (run !== undefined) this.tell([{ ...run, end, error, finishedAt: new Date(), outputs: [] }]);
  }

  private tell(runs: readonly FinishedRun[]): void {
    this.put(runs.flatMap((run) => this.eventsOf(run)));
  }

  /** A run that is known by its end alone is told from the start. What it was told to be, it stays. */
  private eventsOf(run: FinishedRun): RunEvent[] {
    const started = this.open.get(run.runId);
    this.open.delete(run.runId);
    return started === undefined
      ? [startEvent(run), endEvent(run)]
      : [endEvent({ ...run, job: started.job, inputs: started.inputs })];
  }

  private put(events: readonly RunEvent[]): void {
    for (const outbox of this.outboxes) outbox.put(events);
  }
}

function transportsOf({ url, apiKey, file }: OpenLineageSettings): Transport[] {
  return [
    ...(url === null ? [] : [new HttpTransport(url, apiKey)]),
    ...(file === null ? [] : [new FileTransport(file)]),
  ];
}
