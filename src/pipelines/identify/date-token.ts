/** A date, perhaps with a time, that was taken from a name. */
export interface TakenDate {
  /** What is left of the name; empty only when it has no letter or digit. */
  readonly rest: string;
  /** YYYY-MM-DD; null when there was none. */
  readonly date: string | null;
  /** The same with the time of day, digits only, as far as it is told: texts that sort by time. Null when there was none. */
  readonly moment: string | null;
}

const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;

/** `2026-11-21`, `2026_11_21`, `2026.11.21`, `20261121`. */
const DAY = String.raw`(?<year>\d{4})(?<dash>[-_. ]?)(?<month>\d{2})\k<dash>(?<day>\d{2})`;
/** `T093000`, `_0930`, ` 09.30.00`, `-09-30-00`, `093000`, `093000123`, each also with fraction and `Z`. */
const TIME = String.raw`(?:[Tt_\-. ]?(?<hour>\d{2})(?<colon>[-_.:]?)(?<minute>\d{2})(?:\k<colon>(?<second>\d{2})(?:[.,]?(?<fraction>\d{3,9}))?)?[Zz]?)?`;

const TRAILING = new RegExp(String.raw`(?<rest>.*[^\p{L}\p{N}])${DAY}${TIME}$`, 'su');
const LEADING = new RegExp(String.raw`^${DAY}${TIME}(?<rest>[^\p{L}\p{N}].*)$`, 'su');

/**
 * Removes every date token at the end of a name, and gives the last one. A token is a real date of 1970 to 2199
 * that something other than a letter or digit divides from the rest: `v20261121` and `12026-11-21` are none.
 */
export function takeTrailingDates(name: string): TakenDate {
  return takeDates(name, TRAILING);
}

/** The same at the start of a name; gives the first one. */
export function takeLeadingDates(name: string): TakenDate {
  return takeDates(name, LEADING);
}

function takeDates(name: string, pattern: RegExp): TakenDate {
  const trimmed = trimSeparators(name);
  let taken: TakenDate = { rest: trimmed, ...onlyDate(trimmed) };
  for (;;) {
    const groups = pattern.exec(taken.rest)?.groups;
    const date = groups === undefined ? null : realDate(groups);
    const rest = trimSeparators(groups?.rest ?? '');
    if (groups === undefined || date === null || rest === '') return taken;
    taken = { rest, date: taken.date ?? date, moment: taken.moment ?? momentOf(groups) };
  }
}

function trimSeparators(name: string): string {
  return name.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

/** The date of a name that is nothing but a date. */
function onlyDate(name: string): Pick<TakenDate, 'date' | 'moment'> {
  const groups = new RegExp(`^${DAY}${TIME}$`, 'su').exec(name)?.groups;
  const date = groups === undefined ? null : realDate(groups);
  return { date, moment: groups === undefined || date === null ? null : momentOf(groups) };
}

type Groups = Readonly<Record<string, string | undefined>>;

function momentOf({ year, month, day, hour, minute, second, fraction }: Groups): string {
  return [year, month, day, hour, minute, second, fraction].join('');
}

function realDate(groups: Groups): string | null {
  const { year = '', month = '', day = '', hour = '00', minute = '00', second = '00' } = groups;
  if (Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) return null;
  if (hour > '23' || minute > '59' || second > '59') return null;
  const date = `${year}-${month}-${day}`;
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : null;
}
