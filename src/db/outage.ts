import type { SluiceError } from '../errors.ts';

const OUTAGE = new Set(['DATABASE_UNREACHABLE', 'DATABASE_CONNECTION_LOST']);

/** True when the database itself is away: then files wait, and no attempt is counted. */
export function isOutage(error: SluiceError): boolean {
  return OUTAGE.has(error.code);
}
