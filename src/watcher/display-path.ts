import { isUtf8 } from 'node:buffer';

/** Controls, bidi and other invisible format characters, line separators, surrogates, private and unassigned; joiners stay, emoji need them. */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
/** Backslashes in front of an escape, or of what would read as one. */
const AMBIGUOUS =
  /\\+(?=x[0-9a-f]{2}|u\{[0-9a-f]+\}|(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}])/gu;
const RAW_BYTE = 0xdc00;

/**
 * A file name or path, safe for a terminal, a log line and a table.
 *
 * Printable Unicode stays as it is. ASCII controls and bytes that are not UTF-8 become `\xNN`; other invisible or
 * reordering characters become `\u{N}`. Two different inputs never give the same output: backslashes are doubled where they
 * would read as part of an escape.
 */
export function displayPath(bytes: Buffer): string {
  return decodeKeepingRawBytes(bytes)
    .replace(AMBIGUOUS, (run) => run + run)
    .replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > RAW_BYTE && code <= RAW_BYTE + 0xff) return `\\x${(code - RAW_BYTE).toString(16)}`;
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** An invalid byte b becomes the lone surrogate U+DC00+b, which valid UTF-8 cannot produce. */
function decodeKeepingRawBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validLengthAt(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(RAW_BYTE + (bytes[at] ?? 0))
        : bytes.toString('utf8', at, at + length);
    at += length || 1;
  }
  return text;
}

function validLengthAt(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}
