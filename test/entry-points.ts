import { chmod, cp, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { exitCodeFor } from '../src/cli/exit-code.ts';
import { arrivalOf } from '../src/cli/load.ts';
import { loadSettings } from '../src/config/load-settings.ts';
import { Intake } from '../src/intake.ts';
import type { Outcome } from '../src/ledger/outcomes.ts';
import { openLog } from '../src/log.ts';
import { Application } from '../src/main.ts';
import type { TestDatabase } from './database.ts';
import type { ReusedDatabases } from './reused-databases.ts';
import { eventually } from './service.ts';

export const ENTRY_POINTS = ['watcher', 'once', 'load'] as const;
export type EntryPoint = (typeof ENTRY_POINTS)[number];

const PATIENCE_MS = 60_000;

export interface Drop {
  /** Holds `drop/`, and perhaps `sluice.config.ts`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Where one drop went in, and what came of it. */
export interface Delivered {
  readonly outcomes: readonly Outcome[];
  readonly exitCode: number;
  /** By the path below `drop/`: `published`, `duplicate`, or `failed` and the code. */
  readonly files: Readonly<Record<string, string>>;
  readonly database: TestDatabase;
  /** Holds `imports/` and `exports/`; for `load` the files are in `files/`. */
  readonly root: string;
}

/** Takes a drop through one entry point of the program, on an empty database, and folders that are gone after `inspect`. */
export async function deliver(
  entryPoint: EntryPoint,
  drop: Drop,
  databases: ReusedDatabases,
  inspect: (delivered: Delivered) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-fixture-'));
  await chmod(root, 0o755);
  const database = await databases.take();
  try {
    const inbox = join(root, entryPoint === 'load' ? 'files' : 'imports');
    await mkdir(inbox);
    const outcomes = await run(entryPoint, drop, { root, inbox, url: database.url });
    const files = Object.fromEntries(outcomes.map((outcome) => [nameIn(inbox, outcome), resultOf(outcome)]));
    await inspect({ outcomes, exitCode: exitCodeFor(outcomes), files, database, root });
  } finally {
    await rm(root, { recursive: true, force: true });
    await databases.giveBack(database);
  }
}

interface Place {
  readonly root: string;
  readonly inbox: string;
  readonly url: string;
}

async function run(entryPoint: EntryPoint, drop: Drop, place: Place): Promise<Outcome[]> {
  const env = {
    DATABASE_URL: place.url,
    IMPORTS_DIR: join(place.root, 'imports'),
    EXPORTS_DIR: join(place.root, 'exports'),
    LOGS_DIR: join(place.root, 'logs'),
    SETTLE_MS: '40',
    RESCAN_MS: '200',
    // One after another, in the order in which they were dropped.
    CONCURRENCY: '1',
    ...drop.env,
  };
  const settings = await loadSettings({ env, cwd: drop.folder });
  const log = openLog({ logsDir: null, debug: false, logDays: 1, console: 'none' });
  const outcomes: Outcome[] = [];
  const application = await Application.open(settings, log, {
    applicationName: 'sluice fixture',
    onOutcome: (outcome) => take(outcomes, outcome),
  });
  try {
    await THROUGH[entryPoint](application, drop, place, outcomes);
  } finally {
    await application.close();
    await log.close();
  }
  return outcomes;
}

/** A run that is superseded has a second outcome, which takes the place of the first. */
function take(outcomes: Outcome[], outcome: Outcome): void {
  const at = outcomes.findIndex(({ runId }) => runId === outcome.runId);
  if (at < 0) outcomes.push(outcome);
  else outcomes[at] = outcome;
}

type Through = (
  application: Application,
  drop: Drop,
  place: Place,
  outcomes: readonly Outcome[],
) => Promise<void>;

const THROUGH: Readonly<Record<EntryPoint, Through>> = {
  async watcher(application, drop, { inbox }, outcomes) {
    const intake = new Intake(application);
    await intake.start();
    try {
      for (const [at, name] of (await namesIn(drop)).entries()) {
        await copyIn(drop, name, inbox);
        await eventually(() => outcomes.length > at, PATIENCE_MS, `an outcome for ${name}`);
      }
    } finally {
      await intake.stop(0);
    }
  },
  async once(application, drop, { inbox }) {
    await copyAllIn(drop, inbox);
    const intake = new Intake(application, true);
    await intake.start();
    await intake.finished();
    await intake.stop(0);
  },
  async load(application, drop, { inbox }) {
    const paths = await copyAllIn(drop, inbox);
    await application.load(await Promise.all(paths.map(arrivalOf)), () => undefined);
  },
};

/** Files of a drop, in order. */
async function namesIn(drop: Drop): Promise<string[]> {
  const folder = join(drop.folder, 'drop');
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

/** The order of modification is the order of the names. */
async function copyAllIn(drop: Drop, inbox: string): Promise<string[]> {
  const paths: string[] = [];
  const names = await namesIn(drop);
  for (const [at, name] of names.entries()) {
    const path = await copyIn(drop, name, inbox);
    const modified = new Date(Date.now() - (names.length - at) * 1000);
    await utimes(path, modified, modified);
    paths.push(path);
  }
  return paths;
}

async function copyIn(drop: Drop, name: string, inbox: string): Promise<string> {
  const target = join(inbox, name);
  await mkdir(dirname(target), { recursive: true });
  await cp(join(drop.folder, 'drop', name), target);
  return target;
}

function nameIn(inbox: string, { file }: Outcome): string {
  return file.origin === 'imports' ? file.displayPath : relative(inbox, file.displayPath);
}

function resultOf({ status, errorCode }: Outcome): string {
  return status === 'failed' ? `${status} ${errorCode}` : status;
}
