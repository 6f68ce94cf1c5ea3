import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { stepDone } from '../../steps.ts';
import { sha256Of, syncFolder, temporaryOf, WholeFile } from '../../whole-file.ts';
import type { CompleteFile } from './write-export.ts';
import { TEMPORARY_PREFIX } from './write-export.ts';

/** Gives a complete file its name, and then its manifest. */
export async function placeFile({ file, told }: CompleteFile): Promise<void> {
  await rm(manifestOf(told.file), { force: true });
  await file.finish();
  stepDone('file named', told.name);
  const { seconds: _, ...manifest } = told;
  await writeManifest(told.file, manifest);
  stepDone('manifest written', told.name);
}

export async function writeManifest(file: string, told: object): Promise<void> {
  const manifest = await WholeFile.create(manifestOf(file), TEMPORARY_PREFIX);
  await manifest.write(Buffer.from(`${JSON.stringify(told, null, 2)}\n`));
  await manifest.finish();
  await syncFolder(path.dirname(file));
}

/** A file that was complete when its process ended, as the ledger has it. */
export interface Recorded {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Gives it its name and its manifest, if it does not have them yet. False when it has gone. */
export async function placeRecorded(recorded: Recorded, manifest: object): Promise<boolean> {
  const temporary = temporaryOf(recorded.file, TEMPORARY_PREFIX);
  if (await isSame(temporary, recorded)) {
    await rm(manifestOf(recorded.file), { force: true });
    await rename(temporary, recorded.file);
  } else if (!(await isSame(recorded.file, recorded))) {
    return false;
  }
  await writeManifest(recorded.file, manifest);
  return true;
}

function manifestOf(file: string): string {
  return `${file}.manifest.json`;
}

async function isSame(file: string, { bytes, sha256 }: Recorded): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  if (found === null || found.size !== bytes) return false;
  return (await sha256Of(file)) === sha256;
}
