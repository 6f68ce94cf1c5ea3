import { hasCode, type SluiceError } from '../errors.ts';
import { Intake } from '../intake.ts';
import { Application, SERVICE_NAME } from '../main.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { inContext } from './command.ts';
import { EXIT } from './exit-code.ts';
import { endInTime, untilSignalled } from './signals.ts';

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 10_000;

/** `sluice start`: watches the imports folder until SIGINT or SIGTERM. A database that is down is waited for. */
export function start(options: CommonOptions): Promise<number> {
  return inContext(options, 'stdout', async (context) => {
    const stop = new AbortController();
    const onSignal = () => stop.abort();
    endInTime(context.log, EXIT.ok);
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    const application = await openWaiting(context, stop.signal);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    if (application === null) return EXIT.ok;
    try {
      if (!stop.signal.aborted) await serve(application, context);
    } finally {
      await application.close();
    }
    context.log.info('stopped');
    return EXIT.ok;
  });
}

async function serve(application: Application, { log, settings }: CommandContext): Promise<void> {
  const intake = new Intake(application);
  const base = application.transforms.loadBase();
  const running = base
    .then(() => intake.start())
    .then(async () => {
      await application.transforms.watch();
      await application.freshness.watch();
      application.exports.watch();
      application.upkeep.watch();
      log.info(`ready: watching ${settings.importsDir}, database ${application.database.maskedUrl}`);
      return intake.failed();
    });
  // The promise above settles only when all is lost; without a timer nothing would keep the process alive between two events.
  const alive = setInterval(() => {}, 60_000);
  try {
    await untilSignalled(intake, running);
  } catch (error) {
    await intake.stop(0);
    throw error;
  } finally {
    clearInterval(alive);
  }
}

/** Opens the application; while the database is away, tries again until it answers or `signal` ends it. */
async function openWaiting(
  { settings, log }: CommandContext,
  signal: AbortSignal,
): Promise<Application | null> {
  let pause = FIRST_PAUSE_MS;
  let reported = false;
  while (!signal.aborted) {
    try {
      return await Application.open(settings, log, { applicationName: SERVICE_NAME, watches: true });
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!reported) log.error(`${error.code}: ${error.message}. ${error.remedy}`);
      reported = true;
    }
    await sleep(pause, signal);
    pause = Math.min(LAST_PAUSE_MS, pause * 2);
  }
  return null;
}

function isAway(error: unknown): error is SluiceError {
  return (
    hasCode(error, 'DATABASE_UNREACHABLE') ||
    hasCode(error, 'DATABASE_CONNECTION_LOST') ||
    hasCode(error, 'DATABASE_BUSY')
  );
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
