import { printable, VARIABLE_NAMES, type VariableProblem } from './environment.ts';

/** Variables of shells and common tools that happen to be spelled like one of ours. */
const NOT_OURS = new Set(['LINES', 'DB_SCHEMA']);

/** Shorter names have too many honest neighbours: DEV is two letters from ENV. */
const SHORTEST_FOR_ONE_EDIT = 5;
const SHORTEST_FOR_TWO_EDITS = 8;

/**
 * Names in the environment that are most probably a misspelt variable.
 *
 * A name is left alone when the variable that it resembles is set as well: then nothing can be lost by ignoring
 * it. That is also the way out for somebody whose other program needs such a name.
 */
export function nearMisses(env: Readonly<Record<string, string | undefined>>): VariableProblem[] {
  const known = new Set<string>(VARIABLE_NAMES);
  const candidates = VARIABLE_NAMES.filter((name) => env[name] === undefined);
  return Object.keys(env)
    .filter((name) => env[name] !== undefined && !known.has(name) && !NOT_OURS.has(name))
    .flatMap((name) => {
      const meant = candidates.find((candidate) => resembles(name, candidate));
      return meant === undefined ? [] : [problem(name, env[name], meant)];
    });
}

/** The known variable that `name` was probably meant to be. */
export function closestVariable(name: string): string | undefined {
  return VARIABLE_NAMES.find((known) => editDistance(name.toUpperCase(), known) <= 2);
}

function resembles(name: string, known: string): boolean {
  if (name.toUpperCase() === known) return name !== known && known.length >= SHORTEST_FOR_TWO_EDITS;
  if (known.length < SHORTEST_FOR_ONE_EDIT || Math.abs(name.length - known.length) > 2) return false;
  return editDistance(name, known) <= (known.length >= SHORTEST_FOR_TWO_EDITS ? 2 : 1);
}

function problem(variable: string, value: string | undefined, meant: string): VariableProblem {
  return {
    variable,
    value: printable(variable, value),
    allowed: `there is no such variable; ${meant} was probably meant (set ${meant}, if need be to nothing, to keep both)`,
  };
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
