/** What events of this kind look like: https://openlineage.io/spec/2-0-2/OpenLineage.json */
const SPEC = 'https://openlineage.io/spec';
const RUN_EVENT = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
const PRODUCER = 'urn:sluice:sluice';

export type EndType = 'COMPLETE' | 'FAIL' | 'ABORT';

export interface LineageColumn {
  readonly name: string;
  readonly type: string;
}

export interface InputDataset {
  readonly namespace: string;
  readonly name: string;
}

export interface OutputDataset extends InputDataset {
  readonly facets?: Readonly<Record<string, unknown>>;
  readonly outputFacets?: Readonly<Record<string, unknown>>;
}

/** A finished run, before it is told as events. */
export interface FinishedRun {
  readonly runId: string;
  readonly job: { readonly namespace: string; readonly name: string };
  readonly end: EndType;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly error: string | null;
  readonly inputs: readonly InputDataset[];
  readonly outputs: readonly OutputDataset[];
}

export interface RunEvent extends Pick<FinishedRun, 'job' | 'inputs' | 'outputs'> {
  readonly eventType: 'START' | EndType;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets?: Readonly<Record<string, unknown>> };
  readonly producer: string;
  readonly schemaURL: string;
}

/** The two events that the specification asks for. What was written is known at the end alone. */
export function eventsOf(finished: FinishedRun): [RunEvent, RunEvent] {
  const { runId, job, inputs, outputs, error } = finished;
  const base = { producer: PRODUCER, schemaURL: RUN_EVENT, job, inputs };
  const facets = error === null ? {} : { facets: { errorMessage: errorFacet(error) } };
  return [
    {
      ...base,
      eventType: 'START',
      eventTime: finished.startedAt.toISOString(),
      run: { runId },
      outputs: outputs.map(({ namespace, name }) => ({ namespace, name })),
    },
    {
      ...base,
      eventType: finished.end,
      eventTime: finished.finishedAt.toISOString(),
      run: { runId, ...facets },
      outputs,
    },
  ];
}

export function outputOf(
  place: InputDataset,
  columns: readonly LineageColumn[] | null,
  rowCount: number | null,
): OutputDataset {
  return {
    namespace: place.namespace,
    name: place.name,
    ...(columns !== null && { facets: { schema: schemaFacet(columns) } }),
    ...(rowCount !== null && {
      outputFacets: {
        outputStatistics: { ...facetBase('1-0-1', 'OutputStatisticsOutputDatasetFacet'), rowCount },
      },
    }),
  };
}

function schemaFacet(columns: readonly LineageColumn[]): Readonly<Record<string, unknown>> {
  const fields = columns.map(({ name, type }) => ({ name, type }));
  return { ...facetBase('1-0-0', 'SchemaDatasetFacet'), fields };
}

function errorFacet(message: string): Readonly<Record<string, unknown>> {
  return { ...facetBase('1-0-0', 'ErrorMessageRunFacet'), message, programmingLanguage: 'TypeScript' };
}

function facetBase(version: string, name: string): { _producer: string; _schemaURL: string } {
  return { _producer: PRODUCER, _schemaURL: `${SPEC}/facets/${version}/${name}.json#/$defs/${name}` };
}
