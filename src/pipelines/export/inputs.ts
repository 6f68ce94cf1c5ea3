import type { Pool, PoolClient } from 'pg';
import type { ExportConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { readModelSignatures, type Signatures } from '../../ledger/exports.ts';
import { readStaging } from '../../ledger/models.ts';
import { identifierFrom, shortenWithHash } from '../../naming.ts';

/** The longest name a dataset has. */
const DATASET_BYTES = 48;

/** Everything that exports can follow, as it is now. */
export async function readSignatures(
  client: Pool | PoolClient,
  { dwSchema }: Pick<Settings, 'dwSchema'>,
): Promise<Signatures> {
  const datasets = await readStaging(client);
  const models = await readModelSignatures(client, dwSchema);
  return Object.fromEntries([
    ...datasets.map(({ name, signature }) => [`staging.${name}`, signature]),
    ...[...models].map(([name, signature]) => [`warehouse.${name}`, signature]),
  ]);
}

/** Those of them that an export follows; what does not exist yet is not among them. */
export function inputsOf(wanted: ExportConfig, all: Signatures): Signatures {
  const follows = [wanted.after ?? []].flat().flatMap((item) => followed(item, wanted));
  const isFollowed = (name: string) =>
    follows.some((one) => (one.endsWith('.') ? name.startsWith(one) : name === one));
  return Object.fromEntries(Object.entries(all).filter(([name]) => isFollowed(name)));
}

/** A name, or the beginning of many. */
function followed(item: string, { name, from, query }: ExportConfig): string {
  if (item !== 'publish' && item !== 'transform') return normalised(item);
  const kind = item === 'publish' ? 'staging.' : 'warehouse.';
  const source = from ?? name;
  if (query !== undefined) return kind;
  if (source.startsWith(kind)) return normalised(source);
  return kind === 'warehouse.' && !source.includes('.') ? `warehouse.${source}` : kind;
}

/** A dataset is configured by the name it was given, and known by the one that was made of it. */
function normalised(reference: string): string {
  const name = reference.slice('staging.'.length);
  if (!reference.startsWith('staging.')) return reference;
  return `staging.${shortenWithHash(identifierFrom(name), DATASET_BYTES)}`;
}

export function haveChanged(now: Signatures, before: Signatures | null): boolean {
  return Object.entries(now).some(([name, signature]) => before?.[name] !== signature);
}
