import { fitIdentifier } from './identifiers.ts';

/**
 * Comment on every schema that Sluice makes, and beginning of the comment on a table, view or function that no
 * bookkeeping table lists. DEV=true drops only what carries it or is listed.
 */
export const MADE_BY_SLUICE = 'made by Sluice';

/** The schema of the segments: tables that inherit from a version table and hold part of one large load. */
export function segmentsSchema(stagingSchema: string): string {
  return fitIdentifier(stagingSchema, '_segments');
}
