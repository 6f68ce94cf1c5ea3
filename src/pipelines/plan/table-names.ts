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
 * each folder has its own. A label that is a number, such as `v3`, gives the version its number. A name that is taken
 * gets a hash, so that two labels that are spelt alike (`2.1`, `2_1`) stay apart.
 */
export function newVersionTable(
  known: KnownDataset | null,
  parent: TableName,
  key: VersionKey,
  taken: ReadonlySet<string>,
): NewTable {
  const numbers = new Set((known?.versions ?? []).map((version) => version.version));
  const next = 1 + Math.max(0, ...numbers);
  const labelled = Number(/^v?([1-9]\d{0,5})$/.exec(key.label ?? '')?.[1] ?? next);
  const folder = key.folder === null ? [] : [slug(key.folder)];
  const nameOf = (version: string) => [parent.name, version, ...folder].join('__');
  if (key.label !== null) {
    const name = freeName(nameOf(slug(key.label)), [parent.name, key.label, key.folder], taken);
    return { name, number: numbers.has(labelled) ? next : labelled };
  }
  let number = next;
  while (taken.has(shortenWithHash(nameOf(`v${number}`), MAX_TABLE_BYTES))) number++;
  return { name: shortenWithHash(nameOf(`v${number}`), MAX_TABLE_BYTES), number };
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
