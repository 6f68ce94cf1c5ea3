const FIRST_MS = 1_000;
const LAST_MS = 60_000;

/** Milliseconds before the attempt after `attempts` failed ones: doubled each time, up to a minute, half of it random. */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LAST_MS, FIRST_MS * 2 ** Math.max(0, attempts - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
