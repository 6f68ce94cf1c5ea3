// Brings the generated tables of docs/ up to date: `npm run docs`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  coveredSection,
  errorsTable,
  replaceSection,
  resultsSection,
  typesSection,
  variablesTable,
} from './docs-tables.mjs';
import { ensureBuiltForTests, ensureInstalled, ROOT } from './ensure-ready.mjs';

await ensureInstalled();
await ensureBuiltForTests();
const { CATALOGUE } = await built('errors.js');
const { describeEnvironment } = await built('config/environment.js');
rewrite('docs/errors.md', 'errors', errorsTable(CATALOGUE));
const { typeMaps } = await built('formats/dump/type-maps.js');
rewrite('docs/dumps.md', 'types', typesSection(typeMaps().values()));
rewrite('docs/configuration.md', 'variables', variablesTable(describeEnvironment()));
const { createJiti } = await import('jiti');
/** @type {typeof import('../bench/report/table.ts')} */
const { renderTable } = await createJiti(import.meta.url).import('../bench/report/table.ts');
/** @type {typeof import('../test/crash/coverage.ts')} */
const { coveredSteps, FAULTS } = await createJiti(import.meta.url).import('../test/crash/coverage.ts');
rewrite('docs/reliability.md', 'covered', coveredSection([...coveredSteps(), ...FAULTS]));
rewrite('docs/performance.md', 'results', resultsSection(benchResults(), renderTable));

function benchResults() {
  const file = join(ROOT, 'bench/results.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/** @param {string} path */
function built(path) {
  return import(pathToFileURL(join(ROOT, 'dist', path)).href);
}

/** @param {string} path @param {string} section @param {string} content */
function rewrite(path, section, content) {
  const file = join(ROOT, path);
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), section, content));
}
