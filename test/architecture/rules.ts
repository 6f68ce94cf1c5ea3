import type { Import, ImportGraph } from './import-graph.ts';

/** The file of each stage that states its result: all that the stage after it may know. */
const RESULT_FILES: Readonly<Record<string, string>> = {
  identify: 'identified.ts',
  plan: 'run-plan.ts',
  load: 'loaded.ts',
  publish: 'published.ts',
  transform: 'transformed.ts',
  export: 'exported.ts',
};

const ORDER = ['identify', 'plan', 'load', 'publish', 'outcome', 'transform', 'export'];

/** What puts the parts together. */
const COMPOSITION = ['main.ts', 'intake.ts', 'pull.ts'];

/** What a folder may never import, type or not. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  watcher: ['pipelines', 'db', 'ledger', 'queue', 'entities', 'schema-init', 'cli', ...COMPOSITION],
  pipelines: ['watcher', 'queue', 'cli', ...COMPOSITION],
  formats: [
    'db',
    'ledger',
    'queue',
    'watcher',
    'pipelines',
    'entities',
    'schema-init',
    'cli',
    ...COMPOSITION,
  ],
  sources: ['pipelines', 'ledger', 'queue', 'watcher', 'entities', 'schema-init', 'cli', ...COMPOSITION],
  db: [
    'sources',
    'pipelines',
    'watcher',
    'queue',
    'ledger',
    'entities',
    'schema-init',
    'cli',
    ...COMPOSITION,
  ],
  entities: ['db', 'pipelines', 'watcher', 'queue', 'ledger', 'schema-init', 'cli', ...COMPOSITION],
  config: ['db', 'pipelines', 'watcher', 'queue', 'ledger', 'entities', 'schema-init', 'cli', ...COMPOSITION],
  log: ['db', 'pipelines', 'watcher', 'queue', 'ledger', 'entities', 'schema-init', 'cli', ...COMPOSITION],
  'schema-init': ['pipelines', 'watcher', 'queue', 'ledger', 'cli', ...COMPOSITION],
  ledger: ['pipelines', 'queue', 'schema-init', 'cli', ...COMPOSITION],
  queue: ['watcher', 'schema-init', 'cli', ...COMPOSITION],
  doctor: ['pipelines', 'watcher', 'queue', 'ledger', 'entities', 'schema-init', 'cli', ...COMPOSITION],
};

/** Bookkeeping rows are written by these alone; everybody else sees their types. */
const ENTITY_USERS = new Set(['db', 'schema-init', 'ledger', 'entities']);

const GRAB_BAGS = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'lib', 'misc']);

type Rule = (graph: ImportGraph) => string[];

/** Every rule of the source layout by name; each returns the breaches it found. */
export const RULES: Readonly<Record<string, Rule>> = {
  'a folder does not import what it must not know': ({ imports }) =>
    imports.filter(({ from, to }) => FORBIDDEN[areaOf(from)]?.includes(areaOf(to))).map(shown),

  'a stage imports only the result of the stage before it': ({ imports }) =>
    imports
      .filter(crossesStages)
      .filter((one) => !isResultOfStageBefore(one))
      .map(shown),

  'only files directly in pipelines know several stages': ({ imports }) =>
    imports
      .filter(({ from, to }) => reachesIntoStages(from) && stageOf(to) !== null && !isResult(to))
      .map(shown),

  'entities are imported as types outside db, schema-init and ledger': ({ imports }) =>
    imports
      .filter(
        ({ from, to, typeOnly }) => areaOf(to) === 'entities' && !typeOnly && !ENTITY_USERS.has(areaOf(from)),
      )
      .map(shown),

  'errors.ts imports its own parts and nothing else': ({ imports }) =>
    imports.filter(({ from, to }) => areaOf(from) === 'errors' && areaOf(to) !== 'errors').map(shown),

  'there is no grab-bag folder': ({ files }) =>
    files.filter((file) => file.split('/').some((part) => GRAB_BAGS.has(part.replace(/\.ts$/, '')))),

  'only main.ts knows both watcher and pipelines': ({ files, imports }) =>
    files.filter((file) => {
      const areas = new Set(imports.filter(({ from }) => from === file).map(({ to }) => areaOf(to)));
      return file !== 'main.ts' && areas.has('watcher') && areas.has('pipelines');
    }),

  'every imported file exists': ({ files, imports }) =>
    imports.filter(({ to }) => !files.includes(to)).map(shown),

  'there are no cycles': ({ files, imports }) => cycles(files, imports),
};

/** The first folder, or the file itself when it lies at the top. `log.ts` belongs to `log`, `errors.ts` to `errors`. */
function areaOf(file: string): string {
  return /^(log|errors)\.ts$/.test(file) ? file.slice(0, -3) : (file.split('/')[0] ?? file);
}

function stageOf(file: string): string | null {
  const stage = /^pipelines\/([^/]+)\//.exec(file)?.[1] ?? '';
  return ORDER.includes(stage) ? stage : null;
}

function isResult(file: string): boolean {
  const stage = stageOf(file);
  return stage !== null && file === `pipelines/${stage}/${RESULT_FILES[stage]}`;
}

function crossesStages({ from, to }: Import): boolean {
  return stageOf(from) !== null && stageOf(to) !== null && stageOf(from) !== stageOf(to);
}

/** A result may carry the results before it: the outcome of a run still names its file and its plan. */
function isResultOfStageBefore({ from, to }: Import): boolean {
  return isResult(to) && ORDER.indexOf(stageOf(to) ?? '') < ORDER.indexOf(stageOf(from) ?? '');
}

/** Files outside of the stages that have no business in more of them than their results. */
function reachesIntoStages(file: string): boolean {
  const isComposition =
    COMPOSITION.includes(file) || /^pipelines\/[^/]+\.ts$/.test(file) || areaOf(file) === 'cli';
  return stageOf(file) === null && !isComposition && !file.startsWith('pipelines/handlers/');
}

function shown({ from, to }: Import): string {
  return `${from} -> ${to}`;
}

/**
 * Each cycle once, as a path. Types of one folder may refer to each other: there is nothing of it at run time. So may
 * entities with a relation, which name each other in functions that are called later.
 */
function cycles(files: readonly string[], imports: readonly Import[]): string[] {
  const edges = imports.filter(({ from, to, typeOnly }) => {
    const relation = areaOf(from) === 'entities' && areaOf(to) === 'entities';
    return !relation && (!typeOnly || areaOf(from) !== areaOf(to));
  });
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (finished.has(file)) return;
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
