/** What stands between `{{` and `}}` in a statement. */
export interface Placeholder {
  /** Without the braces and the spaces inside them. */
  readonly text: string;
  /** Offsets of the braces in the statement. */
  readonly start: number;
  readonly end: number;
}

export interface ScannedSql {
  readonly placeholders: readonly Placeholder[];
  /** Offsets of semicolons. */
  readonly semicolons: readonly number[];
  /** Offset of the first and behind the last character that is neither space nor comment; both 0 when there is none. */
  readonly start: number;
  readonly end: number;
  /** Offset of a quote or comment that is never closed. */
  readonly unclosed: number | null;
}

/** In the order in which they are tried; comments and texts swallow the braces and semicolons inside them. */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*)`,
    String.raw`(?<text>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")`,
    String.raw`(?<dollar>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)`,
    `(?<open>['"])`,
    String.raw`\{\{(?<inner>[^{}]*)\}\}`,
    '(?<semicolon>;)',
    String.raw`[\p{L}_][\p{L}\p{N}_$]*|\S`,
  ].join('|'),
  'gsu',
);

/** Finds placeholders and semicolons of a statement where they are code, by Postgres's rules of quoting. */
export function scanSql(sql: string): ScannedSql {
  const placeholders: Placeholder[] = [];
  const semicolons: number[] = [];
  let unclosed: number | null = null;
  let start = -1;
  let end = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(sql); found !== null; found = TOKEN.exec(sql)) {
    const { comment, inner, semicolon } = found.groups ?? {};
    const close = closeOf(sql, found);
    if (close === null) unclosed ??= found.index;
    TOKEN.lastIndex = close ?? sql.length;
    if (comment !== undefined) continue;
    if (start < 0) start = found.index;
    if (semicolon !== undefined) semicolons.push(found.index);
    else end = TOKEN.lastIndex;
    if (inner !== undefined) {
      placeholders.push({ text: inner.trim(), start: found.index, end: TOKEN.lastIndex });
    }
    if (close === null) break;
  }
  return { placeholders, semicolons, start: Math.max(0, start), end, unclosed };
}

/** Where a token ends; null when it is a quote or comment that is never closed. */
function closeOf(sql: string, found: RegExpExecArray): number | null {
  const [token] = found;
  const { comment, dollar, open } = found.groups ?? {};
  const end = found.index + token.length;
  if (open !== undefined) return null;
  if (comment === '/*') return commentEnd(sql, end);
  if (dollar === undefined) return end;
  const at = sql.indexOf(token, end);
  return at < 0 ? null : at + token.length;
}

/** Block comments nest. */
function commentEnd(sql: string, start: number): number | null {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 1;
  for (let next = edge.exec(sql); next !== null; next = edge.exec(sql)) {
    depth += next[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return null;
}

/** Line of an offset; 1 is the first. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
