import { loadSettings } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { type Log, openLog } from '../log.ts';
import { Application, type ApplicationOptions } from '../main.ts';
import { initSchema } from '../schema-init/init-schema.ts';
import { openUninterrupted, untilSignalled, wasSignalled } from './signals.ts';

/** Options every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly settings: Settings;
  readonly log: Log;
}

/** Reads the settings and opens the log for one command, and closes the log after it. */
export async function inContext<T>(
  options: CommonOptions,
  console: 'stdout' | 'stderr',
  work: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings({ env: process.env, cwd: process.cwd(), configPath: options.config });
  const { logsDir, debugLogs: debug, logDays } = settings;
  const log = openLog({ logsDir, debug, logDays, console });
  try {
    return await work({ settings, log });
  } finally {
    await log.close();
  }
}

/** For commands that show what there is: the database as it is, nothing made and nothing changed. */
export function withDatabase<T>(
  options: CommonOptions,
  work: (database: Database, context: CommandContext) => Promise<T>,
): Promise<T> {
  return inContext(options, 'stderr', async (context) => {
    const database = await openUninterrupted(() =>
      openDatabase(context.settings, (message) => context.log.debug(message), {
        applicationName: 'sluice command',
        max: 3,
      }),
    );
    try {
      return await work(database, context);
    } finally {
      await database.close();
    }
  });
}

/** For commands that load. */
export function withApplication<T>(
  options: CommonOptions,
  application: ApplicationOptions,
  work: (application: Application, context: CommandContext) => Promise<T>,
): Promise<T> {
  return inContext(options, 'stderr', async (context) => {
    const app = await openUninterrupted(() => Application.open(context.settings, context.log, application));
    try {
      const result = await work(app, context);
      if (!wasSignalled()) await finishTransforms(app);
      return result;
    } finally {
      await app.close();
    }
  });
}

/** What was published or taken back by a command is in the warehouse and its exports when it ends; after a signal the next start sees to it. */
export async function finishTransforms({ transforms, exports }: Application): Promise<void> {
  const stop = () => Promise.all([transforms.stop(), exports.stop()]).then(() => undefined);
  const settled = async () => {
    await transforms.settled();
    await exports.settled();
  };
  await untilSignalled({ stop, abortNow: () => undefined }, settled());
}

/** For commands that show the ledger; it is made first, when this is the first command of all. */
export function withLedger<T>(
  options: CommonOptions,
  work: (database: Database, context: CommandContext) => Promise<T>,
): Promise<T> {
  return withDatabase(options, async (database, context) => {
    await makeLedger(database, context);
    return work(database, context);
  });
}

/** Makes or migrates the ledger; nothing is dropped, whatever DEV says. */
export function makeLedger(database: Database, { settings, log }: CommandContext): Promise<void> {
  return initSchema(database, { ...settings, dev: false }, (message) => log.debug(message));
}
