const LONGEST_SHOWN = 200;

/** A value as it may stand in a message: quoted when it holds anything but plain characters, cut when long. */
export function quoteIfOdd(value: string): string {
  const cut = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(cut) ? cut : JSON.stringify(cut);
}
