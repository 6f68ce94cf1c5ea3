// The parts of the documentation that repeat the program: made from it, and compared with it by a test.

/** @typedef {Readonly<Record<string, { kind: string, message: string, remedy: string }>>} Catalogue */
/** @typedef {{ name: string, description: string, allowed: string, default: string }} Variable */

/**
 * @param {Catalogue} catalogue
 * @returns {string} one row per error, in the order of the catalogue
 */
export function errorsTable(catalogue) {
  const rows = Object.entries(catalogue).map(([code, { kind, message, remedy }]) => [
    `\`${code}\``,
    kind,
    message,
    remedy,
  ]);
  return table(['code', 'kind', 'meaning', 'remedy'], rows);
}

/**
 * @param {readonly Variable[]} variables
 * @returns {string} one row per variable
 */
export function variablesTable(variables) {
  const rows = variables.map(({ name, description, allowed, default: fallback }) => [
    `\`${name}\``,
    description,
    allowed,
    fallback,
  ]);
  return table(['variable', 'meaning', 'allowed', 'default'], rows);
}

/**
 * @param {Iterable<import('../src/formats/dump/type-rules.ts').TypeMap>} maps
 * @returns {string} a chapter per database, with one row per rule
 */
export function typesSection(maps) {
  return [...maps].map((map) => `### ${map.title} (\`${map.database}\`)\n\n${typesTable(map)}`).join('\n\n');
}

/** @param {import('../src/formats/dump/type-rules.ts').TypeMap} map */
function typesTable({ types, aliases, documentation }) {
  const rows = Object.entries(types).flatMap(([name, rules]) => {
    const others = Object.keys(aliases).filter((alias) => aliases[alias] === name);
    const names = [name, ...others].map((one) => `\`${one}\``).join(', ');
    return (typeof rules === 'string' ? [{ to: rules }] : rules).map((rule) => [
      names,
      whenRule(rule),
      `\`${rule.to}\`${rule.bare === undefined ? '' : `, else \`${rule.bare}\``}`,
      rule.transform === undefined ? '' : `\`${rule.transform}\``,
      rule.note ?? '',
    ]);
  });
  return `${table(['type', 'when', 'Postgres type', 'values', 'note'], rows)}\n\nSource: <${documentation}>`;
}

/** @param {import('../src/formats/dump/type-rules.ts').TypeRule} rule */
function whenRule({ when }) {
  if (when === undefined) return '';
  const parts = [];
  if (when.arguments !== undefined)
    parts.push(when.arguments.length === 0 ? 'no length' : `(${when.arguments.join(',')})`);
  if (when.attribute !== undefined) parts.push(when.attribute);
  if (when.first !== undefined) parts.push(`(${when.first.join(' to ')})`);
  if (when.scale !== undefined) parts.push(`scale ${when.scale}`);
  return parts.join(', ');
}

/**
 * @param {readonly import('../test/crash/coverage.ts').Covered[]} covered
 * @returns {string} how many, and one row per crash point or fault
 */
export function coveredSection(covered) {
  const rows = covered.map(({ what, file, title }) => [
    what,
    `\`test/${file}\``,
    /^killAt/.test(title) ? 'one test for each step' : title,
  ]);
  return `${covered.length} crash points and faults:\n\n${table(['crash point or fault', 'test', 'title, in part'], rows)}`;
}

/**
 * What `bench/results.json` says, as Markdown.
 * @param {import('../bench/report/results.ts').Results | null} results null: there are none yet
 * @param {(results: import('../bench/report/results.ts').Results) => string} renderTable
 */
export function resultsSection(results, renderTable) {
  if (results === null) return 'No whole run has been recorded yet: `npm run bench` makes one.';
  const { machine, versions, server, date, commit, runs } = results;
  const memory = `${(machine.memoryBytes / 1024 ** 3).toFixed(0)} GiB`;
  const facts = [
    `${date}, commit ${commit}, median of ${runs} interleaved runs`,
    `${machine.cpu}, ${machine.cores} cores shared by client and server, ${memory}; ${machine.system}`,
    server.description,
    ...Object.entries(versions).map(([name, version]) => `${name}: ${version}`),
  ];
  return `${facts.map((fact) => `- ${fact}`).join('\n')}\n\n${renderTable(results)}`;
}

/**
 * The text with what stands between the markers `<!-- name -->` and `<!-- /name -->` replaced.
 * @param {string} text @param {string} name @param {string} content
 */
export function replaceSection(text, name, content) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers ${start} and ${end} are missing`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
