/** Bytes that Postgres keeps of an identifier (NAMEDATALEN - 1); the rest it would cut off without an error. */
export const MAX_IDENTIFIER_BYTES = 63;

/** `name` as a quoted SQL identifier. Throws RangeError for a name that Postgres cannot hold exactly. */
export function quoteIdentifier(name: string): string {
  refuseNul(name);
  if (name === '') throw new RangeError('an identifier cannot be empty');
  if (Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new RangeError(
      `the identifier ${JSON.stringify(name)} is longer than ${MAX_IDENTIFIER_BYTES} bytes`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** `text` as a quoted SQL literal that means the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  refuseNul(text);
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

/** `"schema"."name"`. */
export function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/**
 * `name` + `suffix` within the 63 bytes that Postgres keeps: `name` is cut at a character border, the suffix stays
 * whole. Two long names can end up equal; who needs them distinct passes a distinct suffix.
 */
export function fitIdentifier(name: string, suffix = ''): string {
  const room = MAX_IDENTIFIER_BYTES - Buffer.byteLength(suffix);
  if (room < 0) throw new RangeError(`the suffix ${JSON.stringify(suffix)} leaves no room for a name`);
  return cutToBytes(name, room) + suffix;
}

function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let kept = '';
  let size = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new RangeError('Postgres text cannot hold a NUL character');
}
