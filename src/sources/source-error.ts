import { maskUrl } from '../config/mask-url.ts';
import { withoutPassword } from '../db/mask-error.ts';
import { type ErrorCode, messageOf, SluiceError } from '../errors.ts';

/** Which source, for messages. */
export interface SourceName {
  readonly name: string;
  readonly url: string;
}

/** An error of a source; no message, also not that of a cause, holds the password. */
export function sourceError(code: ErrorCode, { name, url }: SourceName, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const cause = withoutPassword(error, url);
  return new SluiceError(code, { source: name, url: maskUrl(url), reason: reasonOf(cause) }, cause);
}

/** A host with several addresses fails as an AggregateError whose own message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}
