import { safeText } from '../log/safe-text.ts';

/** HTML that is safe to put into a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Part = Markup | string | number | null | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML with values filled in. Whatever is not markup itself is text from outside, and is escaped. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    pieces.map((piece, at) => piece + (at < parts.length ? rendered(parts[at]) : '')).join(''),
  );
}

/** Also fit for the value of an attribute in quotes. Characters that reorder or forge text are shown as escapes. */
function rendered(part: Part | undefined): string {
  if (part === null || part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(rendered).join('');
  return safeText(String(part)).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
