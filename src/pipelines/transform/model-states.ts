import { Cron } from 'croner';
import type { Pool } from 'pg';
import { readKnownModels } from '../../ledger/models.ts';
import { changedInputs } from '../../ledger/stale-models.ts';
import { readModels } from './read-models.ts';
import type { TransformSettings } from './transformer.ts';

/** A model that has been made, and how it stands to what is published. */
export interface ModelState {
  readonly model: string;
  /** `schema.name`. */
  readonly relation: string;
  /** `stale`: something was published or taken back below it that it does not show yet. */
  readonly status: 'current' | 'stale';
  /** Datasets that it does not show as they are. */
  readonly changed: readonly string[];
  /** What makes it follow: every publish or retract, the clock, or a command. */
  readonly follows: 'publish' | 'schedule' | 'command';
  /** The next time of its schedule, when a service runs then. */
  readonly next: Date | null;
}

/** Those that are defined, of the named datasets or of all; in the order of their names. Throws when a definition is wrong. */
export async function modelStates(
  pool: Pool,
  settings: TransformSettings,
  datasets: readonly string[] | null,
): Promise<ModelState[]> {
  const defined = new Map((await readModels(settings)).map((model) => [model.name, model]));
  const known = await readKnownModels(pool, settings.dwSchema);
  const changes = await changedInputs(pool, settings.dwSchema);
  const states = known.flatMap(({ name, inputs }): ModelState[] => {
    const model = defined.get(name);
    const changed = changes.get(name);
    const isMeant = datasets === null || datasets.some((dataset) => inputs?.[dataset] !== undefined);
    if (model === undefined || changed === undefined || !isMeant) return [];
    const status = changed.length === 0 ? 'current' : 'stale';
    return [{ model: name, relation: `${settings.dwSchema}.${name}`, status, changed, ...whenMade(model) }];
  });
  return states.sort((a, b) => (a.model < b.model ? -1 : 1));
}

function whenMade({
  schedule,
  materialized,
}: {
  readonly schedule: string | null;
  readonly materialized: string;
}): Pick<ModelState, 'follows' | 'next'> {
  if (schedule === null || materialized === 'view') return { follows: 'publish', next: null };
  if (schedule === 'manual') return { follows: 'command', next: null };
  return { follows: 'schedule', next: new Cron(schedule, { paused: true }).nextRun() };
}
