import { readVersions, type VersionsRow } from '../ledger/read-versions.ts';
import { briefType, sameType } from '../pipelines/tables/type-names.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printLine } from './output.ts';

/** What the files of a version have otherwise than those of the version before. */
interface Difference {
  readonly version: number;
  readonly added: readonly { readonly name: string; readonly type: string }[];
  readonly dropped: readonly { readonly name: string; readonly type: string }[];
  readonly retyped: readonly { readonly name: string; readonly from: string; readonly to: string }[];
}

/** `sluice versions [DATASET]`: each version's layout, rows and files, and what changed from the one before. */
export function versions(dataset: string | undefined, options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }) => {
    const rows = await readVersions(pool, dataset ?? null);
    const all = rows.map((row, at) => {
      const before = rows[at - 1];
      const isNext = before?.dataset === row.dataset && before.folder === row.folder;
      return { ...row, since: isNext ? difference(before, row) : null };
    });
    if (options.json) printJson(camelCased(all));
    else for (const row of all) printVersion(row);
    return EXIT.ok;
  });
}

function printVersion(row: VersionsRow & { since: Difference | null }): void {
  const label = row.label === null ? '' : ` (${row.label})`;
  printLine(
    `${row.dataset} version ${row.version}${label}: ${row.version_table}, first run ${row.first_run_id}`,
  );
  const folder = row.folder === null ? '' : ` of folder ${row.folder}`;
  const files = row.first_file === row.last_file ? '' : ` to ${row.last_file}`;
  const from = row.first_file === null ? '' : `, from ${row.first_file}${files}`;
  printLine(`  ${row.rows} rows${folder}${from}`);
  printLine(`  ${row.columns.map((column) => `${column.name} ${briefType(column.type)}`).join(', ')}`);
  if (row.since !== null) printLine(`  since version ${row.since.version}: ${differenceText(row.since)}`);
}

/** Columns as the files have them: what stands beside one of another type, or in a wider one, is the file's own column. */
function columnsOf({ columns }: VersionsRow): Map<string, string> {
  return new Map(
    columns.map(({ name, type, variantOf, describedAs }) => [variantOf ?? name, describedAs ?? type]),
  );
}

function difference(before: VersionsRow, after: VersionsRow): Difference {
  const [old, current] = [columnsOf(before), columnsOf(after)];
  const columns = (names: Iterable<[string, string]>) => [...names].map(([name, type]) => ({ name, type }));
  return {
    version: before.version,
    added: columns(current).filter(({ name }) => !old.has(name)),
    dropped: columns(old).filter(({ name }) => !current.has(name)),
    retyped: columns(current).flatMap(({ name, type: to }) => {
      const from = old.get(name);
      return from === undefined || sameType(from, to) ? [] : [{ name, from, to }];
    }),
  };
}

function differenceText({ added, dropped, retyped }: Difference): string {
  const parts = [
    ...added.map(({ name, type }) => `+${name} ${briefType(type)}`),
    ...dropped.map(({ name }) => `-${name}`),
    ...retyped.map(({ name, from, to }) => `${name} ${briefType(from)} -> ${briefType(to)}`),
  ];
  return parts.join(', ') || 'the same columns';
}
