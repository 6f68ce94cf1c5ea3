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

/** A run that has begun, before it is told. */
export interface StartedRun {
  readonly runId: string;
  readonly job: { readonly namespace: string; readonly name: string };
  readonly startedAt: Date;
  readonly inputs: readonly InputDataset[];
}

/** A finished run, before it is told. */
export interface FinishedRun extends StartedRun {
  readonly end: EndType;
  readonly finishedAt: Date;
  readonly error: string | null;
  readonly outputs: readonly OutputDataset[];
}

export interface RunEvent extends Pick<FinishedRun, 'job' | 'inputs' | 'outputs'> {
  readonly eventType: 'START' | EndType;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets?: Readonly<Record<string, unknown>> };
  readonly producer: string;
  readonly schemaURL: string;
}

/** What is written is known at the end alone. */
export function startEvent({ runId, job, inputs, startedAt }: StartedRun): RunEvent {
  return {
    ...{ producer: PRODUCER, schemaURL: RUN_EVENT, job, inputs, outputs: [] },
    eventType: 'START',
    eventTime: startedAt.toISOString(),
    run: { runId },
  };
}

export function endEvent({ runId, job, inputs, outputs, error, end, finishedAt }: FinishedRun): RunEvent {
  const facets = error === null ? {} : { facets: { errorMessage: errorFacet(error) } };
  return {
    ...{ producer: PRODUCER, schemaURL: RUN_EVENT, job, inputs, outputs },
    eventType: end,
    eventTime: finishedAt.toISOString(),
    run: { runId, ...facets },
  };
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
