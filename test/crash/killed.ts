import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { examine } from '../../src/doctor/examine.ts';
import type { Step } from '../../src/steps.ts';
import type { Service } from '../service.ts';

const KILLER = pathToFileURL(join(import.meta.dirname, 'kill-at.mjs')).href;

/** Runs a command that is ended by SIGKILL right after a step has been done for the `time`th time; fails when it does not come to that. */
export async function killedAfter(
  service: Service,
  args: readonly string[],
  step: Step,
  time = 1,
): Promise<void> {
  const killed = await service.run(args, {
    NODE_OPTIONS: `--import=${KILLER}`,
    KILL_AT: step,
    KILL_TIME: String(time),
  });
  expect(killed.signal, `«${step}» was never reached:\n${killed.stderr}`).toBe('SIGKILL');
}

/** Ledger, tables and folders agree, and no segment or temporary file is left. */
export async function expectNothingLeftOver(service: Service): Promise<void> {
  const settings = { importsDir: service.imports, exportsDir: service.exports, stagingSchema: 'staging' };
  const found = await examine({ pool: service.database.pool, settings });
  expect(found.flatMap(({ findings }) => findings)).toEqual([]);
  expect(await service.orphanSegments()).toEqual([]);
  expect((await service.filesIn('exports')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
}
