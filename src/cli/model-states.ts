import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import { SluiceError } from '../errors.ts';
import { safeText } from '../log/safe-text.ts';
import { type ModelState, modelStates } from '../pipelines/transform/model-states.ts';
import { printLine, printTable } from './output.ts';

/** What models stand like; a wrong definition is told on stderr, and does not keep a command from what it is about. */
export async function statesOfModels(
  pool: Pool,
  settings: Settings,
  datasets: readonly string[] | null,
): Promise<ModelState[]> {
  try {
    return await modelStates(pool, settings, datasets);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.kind !== 'terminal') throw error;
    process.stderr.write(`${safeText(`${error.code}: ${error.message}`)}\n  ${error.remedy}\n`);
    return [];
  }
}

/** `heading` stands over the names. */
export function printModelStates(heading: string, states: readonly ModelState[]): void {
  if (states.length === 0) return;
  printLine('');
  printTable(
    [heading, 'status', 'made', 'next', 'changed below it'],
    states.map(({ relation, status, model, follows, next, changed }) => [
      ...[relation, status, MADE[follows](model), next, changed.join(', ')],
    ]),
  );
}

const MADE: Readonly<Record<ModelState['follows'], (model: string) => string>> = {
  publish: () => 'by itself',
  schedule: (model) => `on its schedule, or by sluice transform ${model}`,
  command: (model) => `by sluice transform ${model}`,
};
