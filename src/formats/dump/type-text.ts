/** A column's type as a database writes it, taken apart: `decimal(10, 2) unsigned` is `decimal`, `unsigned` and `10`, `2`. */
export interface TypeText {
  /** Lower-cased words outside of parentheses, in order. */
  readonly words: readonly string[];
  /** What stands in the first parentheses; quotes taken off, other text lower-cased. */
  readonly arguments: readonly string[];
  /** `[]` stands behind it. */
  readonly isArray: boolean;
}

/** Schemas that databases keep their own types in. */
const OWN_SCHEMAS = /^(?:sys|pg_catalog|mdsys|information_schema)\./;

/** One piece: a list in parentheses, an array suffix, a quoted name, or a word. */
const PIECE =
  /\s*(?:(?<list>\()|(?<array>\[\d*\])|\[(?<bracketed>[^\]]+)\]|`(?<ticked>[^`]+)`|"(?<quoted>[^"]+)"|(?<word>[^\s()[\]`"',]+)|(?<other>'(?:[^'\\]|''|\\.)*'|,))/gsy;

/** Begins what says something else than the type: constraints, defaults, who may see it. */
const NO_TYPE: ReadonlySet<string> = new Set([
  ...['not', 'null', 'default', 'identity', 'auto_increment', 'autoincrement', 'generated', 'as', 'on'],
  ...['primary', 'unique', 'key', 'check', 'references', 'foreign', 'constraint', 'comment', 'collate'],
  ...[
    'virtual',
    'stored',
    'persisted',
    'computed',
    'srid',
    'ref_system_id',
    'masked',
    'encrypted',
    'encrypt',
  ],
  ...['storage', 'compression', 'column_format', 'engine_attribute', 'secondary_engine_attribute'],
  ...['enable', 'disable'],
]);

/**
 * Takes a type apart; null when its parentheses or quotes do not match. What stands behind a word that begins something else, such as
 * `not null` or `identity(1,1)`, is not looked at.
 */
export function parseTypeText(text: string): TypeText | null {
  const words: string[] = [];
  let list: readonly string[] | null = null;
  let isArray = false;
  for (let at = 0; text.slice(at).trim() !== ''; ) {
    PIECE.lastIndex = at;
    const groups = PIECE.exec(text)?.groups;
    if (groups === undefined) return null;
    at = PIECE.lastIndex;
    if (words.length > 0 && isNoType(groups['word'])) break;
    const name = groups['bracketed'] ?? groups['ticked'] ?? groups['quoted'] ?? groups['word'];
    if (name !== undefined) words.push(name.trim().toLowerCase());
    if (groups['array'] !== undefined) isArray = true;
    if (groups['list'] === undefined) continue;
    const found = readList(text, at);
    if (found === null) return null;
    list ??= found.items;
    at = found.end;
  }
  const [first = '', ...rest] = joinSchema(words);
  return first === ''
    ? null
    : { words: [first.replace(OWN_SCHEMAS, ''), ...rest], arguments: list ?? [], isArray };
}

/** `ref_system_id=4326` is one word. */
function isNoType(word: string | undefined): boolean {
  return word !== undefined && NO_TYPE.has(word.toLowerCase().replace(/=.*/s, ''));
}

/** `[sys].[geography]` came as three words, the middle one a dot. */
function joinSchema(words: readonly string[]): readonly string[] {
  const [schema, dot, name, ...rest] = words;
  if (schema === undefined || dot === undefined) return words;
  if (dot === '.' && name !== undefined) return [`${schema}.${name}`, ...rest];
  return dot.startsWith('.') ? [`${schema}${dot}`, ...words.slice(2)] : words;
}

const ITEM = /\s*(?:'(?<quoted>(?:[^'\\]|''|\\.)*)'|(?<plain>[^,()']*))\s*(?<end>[,)])/sy;

/** The items up to the closing parenthesis, and the offset behind it. */
function readList(text: string, from: number): { items: string[]; end: number } | null {
  const items: string[] = [];
  for (let at = from; ; ) {
    ITEM.lastIndex = at;
    const groups = ITEM.exec(text)?.groups;
    if (groups === undefined) return skipNested(text, from);
    const { quoted, plain = '', end } = groups;
    items.push(quoted === undefined ? plain.trim().toLowerCase() : quoted.replace(/''|\\(.)/gs, unquoted));
    at = ITEM.lastIndex;
    if (end === ')') return { items: items.length === 1 && items[0] === '' ? [] : items, end: at };
  }
}

function unquoted(_: string, escaped: string | undefined): string {
  return escaped ?? "'";
}

/** A list that holds parentheses, as a default value does: passed over. */
function skipNested(text: string, from: number): { items: string[]; end: number } | null {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return { items: [], end: at + 1 };
  }
  return null;
}
