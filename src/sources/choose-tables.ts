import picomatch from 'picomatch';
import type { PulledTable, SourceConfig } from '../config/define.ts';
import { SluiceError } from '../errors.ts';
import type { Relation, Selection, Source } from './source.ts';

/** What is pulled as one run. */
export interface ChosenTable {
  readonly name: string;
  readonly selection: Selection;
  /** As the configuration has it; null leaves it to the name. */
  readonly dataset: string | null;
}

const ALL = ['*'];

/**
 * The tables and queries that a source is configured to give; of these the ones named, by name or glob.
 *
 * @throws SOURCE_TABLE_UNKNOWN for a name or glob that finds nothing
 */
export async function chooseTables(
  source: Pick<Source, 'schema' | 'relations'>,
  { name, tables = ALL }: SourceConfig,
  wanted: readonly string[],
): Promise<ChosenTable[]> {
  const relations = await source.relations();
  const unknown = (table: string): SluiceError =>
    new SluiceError('SOURCE_TABLE_UNKNOWN', {
      ...{ source: name, table, schema: source.schema },
      known: listOf(relations.filter(({ isTable }) => isTable).map((relation) => relation.name)),
    });
  const configured = configuredTables(tables, relations, unknown);
  if (configured.length === 0) throw unknown(tables.map(nameOf).join(', '));
  if (wanted.length === 0) return configured;
  const chosen = new Set<ChosenTable>();
  for (const one of wanted) {
    const found = configured.filter((table) => isNamed(table.name, one));
    if (found.length === 0) throw unknown(one);
    for (const table of found) chosen.add(table);
  }
  return configured.filter((table) => chosen.has(table));
}

function configuredTables(
  patterns: readonly (string | PulledTable)[],
  relations: readonly Relation[],
  unknown: (table: string) => SluiceError,
): ChosenTable[] {
  const chosen = new Map<string, ChosenTable>();
  const texts = patterns.filter((pattern) => typeof pattern === 'string');
  const excluded = texts.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = texts.filter((pattern) => !pattern.startsWith('!'));
  // With nothing but exceptions, the rest is meant.
  const wanted = included.length === 0 && excluded.length > 0 ? ALL : included;
  for (const pattern of wanted) {
    const found = matching(pattern, relations);
    if (found.length === 0 && !isGlob(pattern)) throw unknown(pattern);
    for (const name of found) {
      if (!excluded.some((one) => isNamed(name, one)))
        chosen.set(name, { name, selection: { relation: name }, dataset: null });
    }
  }
  for (const pattern of patterns) {
    if (typeof pattern === 'string') continue;
    const { name, query, dataset = null } = pattern;
    if (query === undefined && !relations.some((relation) => relation.name === name)) throw unknown(name);
    chosen.set(name, { name, selection: query === undefined ? { relation: name } : { query }, dataset });
  }
  return [...chosen.values()];
}

/** What has exactly this name, whatever it is; else the tables that a glob is for. */
function matching(pattern: string, relations: readonly Relation[]): string[] {
  const exact = relations.filter(({ name }) => name === pattern);
  if (exact.length > 0) return [pattern];
  if (!isGlob(pattern)) return [];
  return relations.filter(({ name, isTable }) => isTable && isNamed(name, pattern)).map(({ name }) => name);
}

function isNamed(name: string, pattern: string): boolean {
  return name === pattern || (isGlob(pattern) && picomatch.isMatch(name, pattern, { dot: true, bash: true }));
}

function isGlob(pattern: string): boolean {
  return picomatch.scan(pattern).isGlob;
}

function nameOf(table: string | PulledTable): string {
  return typeof table === 'string' ? table : table.name;
}

const SHOWN = 20;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length > SHOWN ? `, … (${names.length} in all)` : '';
  return names.slice(0, SHOWN).join(', ') + more;
}
