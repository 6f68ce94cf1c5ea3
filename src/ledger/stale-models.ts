import type { Pool, PoolClient } from 'pg';
import { readKnownModels, readStaging } from './models.ts';

/**
 * Models of a schema as they were made last, each with the datasets that have been published into or taken back from since: none for one
 * that shows what there is. A view always does.
 */
export async function changedInputs(
  client: Pool | PoolClient,
  schema: string,
): Promise<Map<string, readonly string[]>> {
  const signatures = new Map((await readStaging(client)).map(({ name, signature }) => [name, signature]));
  const made = (await readKnownModels(client, schema)).filter(({ hash }) => hash !== null);
  return new Map(
    made.map(({ name, materialized, inputs }) => {
      const seen = materialized === 'view' ? [] : Object.entries(inputs ?? {});
      const changed = seen.filter(([dataset, signature]) => signatures.get(dataset) !== signature);
      return [name, changed.map(([dataset]) => dataset).sort()];
    }),
  );
}
