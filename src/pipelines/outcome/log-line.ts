import type { Outcome } from '../../ledger/outcomes.ts';

/** The one line a finished file leaves in the log. */
export function outcomeLine(outcome: Outcome): string {
  const parts = [`${outcome.status} ${outcome.file.displayPath}`, ...tables(outcome), ...numbers(outcome)];
  parts.push(...setAside(outcome), ...warned(outcome), ...leftOut(outcome), ...noted(outcome));
  if (outcome.errorCode !== null) parts.push(`${outcome.errorCode}: ${outcome.errorMessage}`);
  if (['failed', 'held'].includes(outcome.status) && outcome.remedy !== null) parts.push(outcome.remedy);
  return parts.join(' | ');
}

const SHOWN_ENTRIES = 3;

/** Entries of a published archive that are not published with it. */
function setAside(outcome: Outcome): string[] {
  if (outcome.status !== 'published') return [];
  return ['failed', 'duplicate'].flatMap((status) => {
    const loads = outcome.loads.filter((load) => load.entryName !== null && load.status === status);
    if (loads.length === 0) return [];
    const named = loads.slice(0, SHOWN_ENTRIES).map((load) => {
      return status === 'failed' ? `${load.entryName} (${load.errorCode})` : load.entryName;
    });
    const more = loads.length > SHOWN_ENTRIES ? ', …' : '';
    return [
      `${loads.length} ${loads.length === 1 ? 'entry' : 'entries'} ${status}: ${named.join(', ')}${more}`,
    ];
  });
}

/** Checks that do not hold and did not stop the file. */
function warned({ status, checks }: Outcome): string[] {
  const failing = status === 'published' ? checks.filter((check) => check.status === 'warned') : [];
  if (failing.length === 0) return [];
  const named = failing.slice(0, SHOWN_ENTRIES).map(({ name, message }) => `${name} (${message})`);
  const more = failing.length > SHOWN_ENTRIES ? ', …' : '';
  return [
    `${failing.length} ${failing.length === 1 ? 'check' : 'checks'} warned: ${named.join(', ')}${more}`,
  ];
}

/** Columns and records that the contract went on without. */
function leftOut(outcome: Outcome): string[] {
  const columns = discardedColumns(outcome);
  const skipped = outcome.loads.reduce((sum, load) => sum + load.rowsSkipped, 0);
  return [
    ...(columns.length > 0 ? [`${counted(columns.length, 'column')} left out: ${some(columns)}`] : []),
    ...(skipped > 0 ? [`${count(skipped)} skipped`] : []),
  ];
}

function discardedColumns({ loads }: Outcome): string[] {
  return loads.flatMap(({ entryName, columnsDiscarded }) =>
    columnsDiscarded.map((column) => (entryName === null ? column : `${entryName}: ${column}`)),
  );
}

function noted({ notes }: Outcome): string[] {
  const texts = notes.map(({ name, reason }) => `${name}: ${reason}`);
  return texts.length > 0 ? [`${counted(texts.length, 'note')}: ${some(texts)}`] : [];
}

function counted(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`;
}

function some(texts: readonly string[]): string {
  return texts.slice(0, SHOWN_ENTRIES).join(', ') + (texts.length > SHOWN_ENTRIES ? ', …' : '');
}

/** The same as fields, for the JSON log. */
export function outcomeFields(outcome: Outcome): Readonly<Record<string, unknown>> {
  const totals = totalsOf(outcome);
  const discarded = discardedColumns(outcome);
  return {
    event: 'file finished',
    file: outcome.file.displayPath,
    outcome: outcome.status,
    dataset: distinct(outcome.loads.map((load) => load.dataset)),
    versionTable: distinct(outcome.loads.map((load) => load.versionTable)),
    ...totals,
    seconds: outcome.seconds,
    mbPerSecond: megabytesPerSecond(outcome),
    runId: outcome.runId,
    ...(outcome.notes.length > 0 && { notes: outcome.notes }),
    ...(discarded.length > 0 && { columnsDiscarded: discarded }),
    ...(outcome.errorCode !== null && { errorCode: outcome.errorCode, errorMessage: outcome.errorMessage }),
  };
}

function distinct(names: readonly (string | null)[]): string | null {
  return [...new Set(names.filter((name) => name !== null))].join(', ') || null;
}

function tables(outcome: Outcome): string[] {
  const known = outcome.loads.filter((load) => load.versionTable !== null);
  const named = [...new Set(known.map((load) => `${load.dataset} -> ${load.versionTable}`))];
  if (named.length === 0) return [];
  return named.length <= 3 ? [named.join(', ')] : [`${known.length} entries -> ${named.length} tables`];
}

function numbers(outcome: Outcome): string[] {
  const { rows, rejected } = totalsOf(outcome);
  const counts = outcome.loads.length === 0 ? [] : [`${count(rows)} rows`, `${count(rejected)} rejected`];
  return [
    ...counts,
    `${outcome.seconds.toFixed(2)} s`,
    `${megabytesPerSecond(outcome)} MB/s`,
    `run ${outcome.runId}`,
  ];
}

function totalsOf(outcome: Outcome): { rows: number; rejected: number } {
  return {
    rows: outcome.loads.reduce((sum, load) => sum + load.rowsLoaded, 0),
    rejected: outcome.loads.reduce((sum, load) => sum + load.rowsRejected, 0),
  };
}

/** Megabytes (10^6) of the source file per second, one decimal. */
function megabytesPerSecond(outcome: Outcome): number {
  return Math.round(outcome.bytes / 1e5 / Math.max(outcome.seconds, 0.001)) / 10;
}

const COUNT = new Intl.NumberFormat('en-US');

function count(n: number): string {
  return COUNT.format(n);
}
