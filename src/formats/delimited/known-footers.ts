export interface KnownLine {
  /** As it stands in the file, decoded, without its line end. */
  readonly text: string;
  /** Number of records that it tells; null when it tells none. */
  readonly count: number | null;
}

interface KnownFooter {
  readonly pattern: RegExp;
  /** An empty line above it belongs to it. */
  readonly blankAbove: boolean;
}

/** What database clients and exports write behind the last record. Source: their own output, and their translations. */
const KNOWN: readonly KnownFooter[] = [
  // sqlcmd, isql, SQL Server Management Studio.
  {
    pattern:
      /^\((?<count>\d+) (?:rows?(?:\(s\))? affected|zeilen?(?:\(n\))? betroffen|lignes?(?:\(s\))? affectées?|filas?(?:\(s\))? afectadas?|linhas?(?:\(s\))? afetadas?)\)$/iu,
    blankAbove: true,
  },
  // psql, cqlsh.
  {
    pattern: /^\((?<count>\d+) (?:rows?|zeilen?|lignes?|filas?|righe|riga|linhas?|registros?)\)$/i,
    blankAbove: false,
  },
  // mysql, mariadb.
  {
    pattern: /^(?<count>\d+) rows? in set(?:, \d+ warnings?)?(?: \([\d.]+ (?:sec|min.*)\))?$/i,
    blankAbove: false,
  },
  {
    pattern: /^query ok, (?<count>\d+) rows? affected(?:, \d+ warnings?)?(?: \([\d.]+ (?:sec|min.*)\))?$/i,
    blankAbove: false,
  },
  { pattern: /^empty set(?:, \d+ warnings?)?(?: \([\d.]+ sec\))?$/i, blankAbove: false },
  // SQL*Plus, Db2, Informix, Snowflake, Hive.
  {
    pattern:
      /^(?<count>\d+) (?:rows?|record\(s\)|row\(s\)|zeilen?|lignes?|filas?) (?:selected|ausgewählt|sélectionnées?|seleccionadas?)\.$/iu,
    blankAbove: true,
  },
  { pattern: /^no rows selected\.?$/i, blankAbove: true },
  { pattern: /^sql> ?(?:spool off|exit|quit)?;?$/i, blankAbove: true },
  {
    pattern:
      /^(?<count>\d+) row\(s\) (?:retrieved|unloaded|produced|fetched)\.?(?: time elapsed: [\d.]+ ?s)?$/i,
    blankAbove: true,
  },
  { pattern: /^time taken: [\d.]+ seconds?(?:, fetched:? (?<count>\d+) row\(s\))?$/i, blankAbove: false },
  { pattern: /^time: [\d.,]+ ms(?: \(.*\))?$/i, blankAbove: false },
  { pattern: /^elapsed: \d\d:\d\d:\d\d[.,]\d+$/i, blankAbove: true },
];

/** What a line says that a database client or an export writes behind the last record; null for any other line. */
export function knownLine(text: string): (KnownLine & { readonly blankAbove: boolean }) | null {
  for (const { pattern, blankAbove } of KNOWN) {
    const found = pattern.exec(text.trim());
    if (found === null) continue;
    const count = found.groups?.['count'];
    return { text, count: count === undefined ? null : Number(count), blankAbove };
  }
  return null;
}
