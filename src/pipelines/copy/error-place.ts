/** Where Postgres says a COPY failed; it names the place in the error's context: `COPY t, line 3, column c: "x"`. */
const PLACE = /^COPY .*?, line (\d+)(?:, column (.*?))?(?:: |$)/m;

/** Physical line in what was copied, from 1; 0 when Postgres names none. */
export function errorLine(error: unknown): number {
  return Number(PLACE.exec(context(error))?.[1] ?? 0);
}

/** Column that Postgres names, or null. */
export function errorColumn(error: unknown): string | null {
  const named = (error as { column?: unknown }).column;
  return PLACE.exec(context(error))?.[2] ?? (typeof named === 'string' ? named : null);
}

function context(error: unknown): string {
  return String((error as { where?: unknown }).where ?? '');
}
