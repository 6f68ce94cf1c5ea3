import { STEPS } from '../../src/steps.ts';

/** A place to crash, or something that goes wrong, and what tries it. */
export interface Covered {
  readonly what: string;
  /** A file below `test/`. */
  readonly file: string;
  /** Stands in that file: the title of the test, or the beginning of it, as it is written there. */
  readonly title: string;
}

type Stage = keyof typeof STEPS;

/** Tests that kill at the steps of a stage; the others are killed by a test for each step. */
const TESTS: Readonly<Partial<Record<Stage, { readonly file: string; readonly title: string }>>> = {
  compact: { file: 'crash/compact.test.ts', title: 'killed at any step of a compaction or a retract' },
  undo: { file: 'crash/undo.test.ts', title: 'killed after any step' },
  transform: { file: 'crash/transform.test.ts', title: 'a transform, killed after any step' },
  export: { file: 'crash/export.test.ts', title: 'an export, killed after any step' },
  increment: { file: 'pipelines/export/incremental.test.ts', title: 'an incremental export killed after' },
};

/** SIGKILL right after each step. */
export function coveredSteps(): Covered[] {
  return Object.entries(STEPS).flatMap(([stage, steps]) => {
    const test = TESTS[stage as Stage] ?? {
      file: `crash/${stage}.test.ts`,
      title: `killAtEveryStep('${stage}')`,
    };
    return steps.map((step) => ({ what: `SIGKILL after «${step}» (${stage})`, ...test }));
  });
}

const killed = 'lifecycle/signals.test.ts';
const outage = 'lifecycle/database-outage.test.ts';
const notWritten = 'lifecycle/outcome-not-written.test.ts';
const interrupted = 'pipelines/load/interrupted.test.ts';
const embedded = 'db/embedded/acquire-embedded-server.test.ts';
const states = {
  file: 'lifecycle/sqlstates.test.ts',
  title: 'what the server refuses in the middle of COPY',
};

/** Everything else that goes wrong in a test. */
export const FAULTS: readonly Covered[] = [
  {
    what: 'SIGKILL in the middle of a large load',
    file: killed,
    title: 'loads the file exactly once after SIGKILL',
  },
  { what: 'SIGKILL while lanes copy', file: interrupted, title: 'a service killed while lanes copy' },
  {
    what: 'SIGKILL between the commit of segments and their publication',
    file: killed,
    title: 'a service killed between the commit of its segments',
  },
  {
    what: 'SIGKILL at random moments while 120 files are on their way',
    file: 'invariants/file-outlives-commit.test.ts',
    title: 'killed at any moment, every file is loaded once',
  },
  {
    what: 'SIGKILL in the middle of the statement of a model of each kind',
    file: 'pipelines/transform/interrupted.test.ts',
    title: 'leaves every kind of model as it was',
  },
  {
    what: 'SIGKILL of a command while a service runs',
    file: 'crash/undo.test.ts',
    title: 'what a killed command has recorded and not carried out',
  },
  {
    what: 'SIGKILL of the service with a half-copied file behind it',
    file: 'lifecycle/half-copied.test.ts',
    title: 'a half-copied file that grows after a crash',
  },
  {
    what: 'SIGKILL while initdb runs',
    file: embedded,
    title: 'recovers when the service was killed while initdb ran',
  },
  { what: 'SIGTERM in the middle of a load', file: killed, title: 'ends in time on SIGTERM' },
  { what: 'a second signal', file: killed, title: 'ends at once on a second signal' },
  {
    what: 'Ctrl-C under npm, which is two signals',
    file: killed,
    title: 'Ctrl-C, which reaches npm and the service',
  },
  { what: 'the database is down at the start', file: outage, title: 'a database that is down at start' },
  {
    what: 'the database is down for a command',
    file: outage,
    title: 'a command tells of a database that is down',
  },
  { what: 'the database goes away six times in a row', file: outage, title: 'goes away again and again' },
  { what: 'a line to the database that is dead and not cut', file: outage, title: 'dead without being cut' },
  {
    what: 'SIGKILL of the server in a load, and files that arrive while it is away',
    file: 'lifecycle/long-outage.test.ts',
    title: 'a server that is killed in the middle of a load',
  },
  {
    what: 'SIGQUIT of the server while lanes copy',
    file: interrupted,
    title: 'a server that crashes while lanes copy',
  },
  { what: 'one lane loses its connection', file: interrupted, title: 'a lane whose connection is cut' },
  {
    what: 'the connection with the leases is lost',
    file: 'queue/dispatcher.test.ts',
    title: 'takes files again that were claimed when the connection was lost',
  },
  {
    what: 'the connection with the folder is lost, and another service has taken it',
    file: 'lifecycle/one-watcher.test.ts',
    title: 'a service takes its folder again after an outage',
  },
  { what: 'the embedded server dies', file: embedded, title: 'is started again at the same URL' },
  {
    what: 'the embedded server was killed with its machine',
    file: embedded,
    title: 'of a server that was killed is recovered from',
  },
  {
    what: 'the data folder is deleted under the server',
    file: embedded,
    title: 'is reported and not made anew',
  },
  {
    what: 'too many connections at the start',
    file: 'lifecycle/refusing-server.test.ts',
    title: 'a server that takes no more connections',
  },
  {
    what: 'failover to a server that is read-only',
    file: 'lifecycle/refusing-server.test.ts',
    title: 'a server that has become read-only',
  },
  { what: '08006 connection failure', ...states },
  { what: '25006 read-only transaction', ...states },
  { what: '40001 serialization failure', ...states },
  { what: '40P01 deadlock', ...states },
  { what: '53100 disk full', ...states },
  { what: '53200 out of memory', ...states },
  { what: '53300 too many connections', ...states },
  { what: '53400 configuration limit', ...states },
  { what: '55P03 lock timeout', ...states },
  { what: '57014 query cancelled', ...states },
  { what: '57P01 admin shutdown', ...states },
  { what: '57P02 crash shutdown', ...states },
  { what: '57P03 cannot connect now', ...states },
  { what: '58030 I/O error', ...states },
  { what: "the disk of the server's data is full", file: notWritten, title: 'a database whose disk is full' },
  {
    what: 'the disk of receipts and reject files is full',
    file: notWritten,
    title: 'a disk that fills up while receipts',
  },
  {
    what: 'the disk of an export fills up',
    file: notWritten,
    title: 'a disk that fills up during an export',
  },
  {
    what: 'the disk of the logs is full',
    file: 'log.test.ts',
    title: 'goes on, and says so once, when the disk is full',
  },
  {
    what: 'the receipts folder cannot be used',
    file: notWritten,
    title: 'a receipts folder that cannot be used',
  },
  {
    what: 'a read-only imports folder',
    file: notWritten,
    title: 'an imports folder that cannot be written to',
  },
  {
    what: 'no folder for what is processed',
    file: 'invariants/file-outlives-commit.test.ts',
    title: 'killed between commit and move',
  },
  {
    what: 'the clock is set back an hour',
    file: 'lifecycle/clock-set-back.test.ts',
    title: 'a clock that is set back',
  },
  {
    what: 'a reader holds a table that is to be changed',
    file: killed,
    title: 'a service killed between the commit of its segments',
  },
  {
    what: 'a load that hangs',
    file: 'invariants/nobody-waits.test.ts',
    title: 'one that hangs is broken off',
  },
  {
    what: 'a server process that hangs',
    file: 'invariants/nobody-waits.test.ts',
    title: 'a load whose server process hangs',
  },
  {
    what: 'FIFOs and links in the imports folder',
    file: 'invariants/nobody-waits.test.ts',
    title: 'FIFOs and links are left alone',
  },
  {
    what: 'a file grows while it is read',
    file: 'invariants/changed-while-read.test.ts',
    title: 'a file that grows is loaded',
  },
  {
    what: 'a file is replaced while it is read',
    file: 'invariants/changed-while-read.test.ts',
    title: 'a file put in its place is loaded',
  },
  {
    what: 'a file vanishes while it is read',
    file: 'invariants/changed-while-read.test.ts',
    title: 'a file that vanishes fails',
  },
  {
    what: 'a writer pauses for longer than a file takes to settle',
    file: 'lifecycle/half-copied.test.ts',
    title: 'becomes the whole file once its writer goes on',
  },
  {
    what: 'a writer goes on between the last byte read and the publication',
    file: 'lifecycle/half-copied.test.ts',
    title: 'a file that grows between its last byte and its publication',
  },
  {
    what: 'SIGKILL in the middle of a pull, and after its commit',
    file: 'crash/pull.test.ts',
    title: 'a pull that is killed after',
  },
  {
    what: 'SIGKILL while the source of a pull is being read',
    file: 'pull.test.ts',
    title: 'a pull that is killed leaves nothing visible',
  },
  {
    what: 'the source of a pull is lost before anything was loaded',
    file: 'pull.test.ts',
    title: 'a pull whose connection is lost before anything was loaded',
  },
  {
    what: 'the source of a pull is lost later',
    file: 'pull.test.ts',
    title: 'a pull whose connection is lost later',
  },
  {
    what: 'the database is away during a pull',
    file: 'pull.test.ts',
    title: 'a pull whose database is away for a moment',
  },
];
