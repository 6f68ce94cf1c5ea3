import { identifierFrom, shortenWithHash, shortHash } from '../../naming.ts';
import type { KnownDataset } from '../tables/known-dataset.ts';
import type { VersionKey } from './match-version.ts';
import type { TableName } from './run-plan.ts';

/** Leaves room for `__row`, which the sequence behind a table has at the end of its name. */
const MAX_TABLE_BYTES = 58;

export interface NewTable {
  readonly name: string;
  readonly number: number;
}

/** The parent of a new dataset: named like it, unless another dataset's version table is called so already. */
export function newParent(dataset: string, schema: string, taken: ReadonlySet<string>): TableName {
  return { schema, name: freeName(dataset, [dataset], taken) };
}

/**
 * Name and number of a new version table: `<parent>__<label>` or `<parent>__v<N>`, and `__<folder>` behind it when
 * each folder has its own. The number is that of the label, whatever came before: 3 for `v3`, 2 for `v2.1`. Where there is none versions are
 * counted, those of a folder that has its own by themselves. A name that is taken gets a hash, so that two labels that are spelt alike
 * (`2.1`, `2_1`) stay apart.
 */
export function newVersionTable(
  known: KnownDataset | null,
  parent: TableName,
  key: VersionKey,
  taken: ReadonlySet<string>,
): NewTable {
  const beside = (known?.versions ?? []).filter(({ folder }) => folder === key.folder);
  const next = 1 + Math.max(0, ...beside.map(({ version }) => version));
  const folder = key.folder === null ? [] : [slug(key.folder)];
  const nameOf = (version: string) => [parent.name, version, ...folder].join('__');
  if (key.label !== null) {
    const name = freeName(nameOf(slug(key.label)), [parent.name, key.label, key.folder], taken);
    return { name, number: numberIn(key.label) ?? next };
  }
  let number = next;
  while (taken.has(shortenWithHash(nameOf(`v${number}`), MAX_TABLE_BYTES))) number++;
  return { name: shortenWithHash(nameOf(`v${number}`), MAX_TABLE_BYTES), number };
}

/** The first number in a label; one of more than six digits is none of a version. */
function numberIn(label: string): number | null {
  const digits = /^\D*(\d{1,6})(?!\d)/.exec(label)?.[1];
  return digits === undefined ? null : Number(digits);
}

function slug(text: string): string {
  return identifierFrom(text) || shortHash(text);
}

function freeName(wanted: string, identity: readonly (string | null)[], taken: ReadonlySet<string>): string {
  const name = shortenWithHash(wanted, MAX_TABLE_BYTES);
  if (!taken.has(name)) return name;
  const hash = shortHash(JSON.stringify(identity));
  return shortenWithHash(`${wanted}_${hash}`, MAX_TABLE_BYTES);
}
