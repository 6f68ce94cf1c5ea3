import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** One import statement between two files of ours. Paths are relative to `src`, with forward slashes. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone at run time. */
  readonly typeOnly: boolean;
}

export interface ImportGraph {
  readonly files: readonly string[];
  readonly imports: readonly Import[];
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:[\w\s{},*$]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Reads every TypeScript file under `folder`. */
export function readImportGraph(folder: string): ImportGraph {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.ts'));
  const texts = files.map((file) => [file, readFileSync(`${folder}/${file}`, 'utf8')] as const);
  return graphOf(Object.fromEntries(texts));
}

/** The graph of source texts by path. Packages are left out. */
export function graphOf(sources: Readonly<Record<string, string>>): ImportGraph {
  const imports = Object.entries(sources).flatMap(([from, text]) => importsOf(from, text));
  return { files: Object.keys(sources), imports };
}

function importsOf(from: string, text: string): Import[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const stated = [...withoutComments.matchAll(STATEMENT)].map(([, type, to = '']) => ({
    from,
    to,
    typeOnly: type !== undefined,
  }));
  const dynamic = [...withoutComments.matchAll(DYNAMIC)].map(([, to = '']) => ({
    from,
    to,
    typeOnly: false,
  }));
  return [...stated, ...dynamic]
    .filter(({ to }) => to.startsWith('.'))
    .map((one) => ({ ...one, to: posix.join(posix.dirname(from), one.to) }));
}
