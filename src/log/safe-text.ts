import { maskUrl } from '../config/mask-url.ts';

// C0 and C1 controls, line and paragraph separators, and the marks that reorder text on a terminal.
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside as it may stand in one line of output: control characters are shown as escapes, so that a file
 * name can neither forge a line nor steer the terminal, and passwords in URLs are masked.
 */
export function safeText(text: string): string {
  return maskUrl(text).replace(UNSAFE, (character) => SHORT_ESCAPES[character] ?? unicodeEscape(character));
}

/** JSON text without characters that a terminal acts on. They can only stand inside its strings. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, unicodeEscape);
}

/** The same for JSON text of several lines. */
export function safeJsonLines(json: string): string {
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : unicodeEscape(character)));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
