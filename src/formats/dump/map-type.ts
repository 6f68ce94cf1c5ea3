import { ruleApplies, type TypeMap, type TypeRule, takesArguments, typeByRule } from './type-rules.ts';
import { parseTypeText, type TypeText } from './type-text.ts';
import { blankIsNull, type ValueTransform } from './value-transform.ts';

/** What becomes of a column of a dump. */
export interface MappedType {
  /** Postgres type. */
  readonly type: string;
  readonly transform: ValueTransform | null;
  /** It is written as this database writes it; a display width such as `int(11)` is MySQL's. */
  readonly exact: boolean;
}

/** The Postgres type for a type of the map's database; null when the map does not know it. */
export function mapType(map: TypeMap, text: string): MappedType | null {
  const parsed = parseTypeText(text);
  if (parsed === null) return null;
  const found = findRules(map, parsed.words);
  if (found === null) return null;
  const rule = found.rules.find((one) =>
    ruleApplies(one, { arguments: parsed.arguments, attributes: found.attributes }),
  );
  if (rule === undefined) return null;
  const exact = parsed.arguments.length === 0 || takesArguments(found.rules);
  return { ...mappedBy(rule, parsed), exact };
}

function mappedBy(rule: TypeRule, parsed: TypeText): Omit<MappedType, 'exact'> {
  const type = typeByRule(rule, parsed.arguments);
  if (parsed.isArray) return { type: `${type}[]`, transform: transformOf(undefined, `${type}[]`, parsed) };
  return { type, transform: transformOf(rule.transform, type, parsed) };
}

function transformOf(
  name: TypeRule['transform'],
  type: string,
  { arguments: given }: TypeText,
): ValueTransform | null {
  const blank = blankIsNull(type, name);
  if (name === undefined && !blank) return null;
  return { name: name ?? null, blankIsNull: blank, ...(name === 'bits' && { bits: Number(given[0]) }) };
}

interface FoundRules {
  readonly rules: readonly TypeRule[];
  readonly attributes: ReadonlySet<string>;
}

/** The longest name among the leading words; the words behind it have to be attributes. */
function findRules(map: TypeMap, words: readonly string[]): FoundRules | null {
  for (let length = words.length; length > 0; length--) {
    const name = words.slice(0, length).join(' ');
    const entry = own(map.types, own(map.aliases, name) ?? name);
    if (entry === undefined) continue;
    const attributes = attributesIn(map, words.slice(length));
    const rules = typeof entry === 'string' ? [{ to: entry }] : entry;
    return attributes === null ? null : { rules, attributes };
  }
  return null;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The attributes behind a type's name; null when there is a word that is none. `zerofill` makes a number unsigned. */
function attributesIn(map: TypeMap, words: readonly string[]): ReadonlySet<string> | null {
  const found = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === 'charset') at++;
    else if (word === 'character' && words[at + 1] === 'set') at += 2;
    else if (map.attributes.includes(word)) found.add(word === 'zerofill' ? 'unsigned' : word);
    else return null;
  }
  return found;
}
