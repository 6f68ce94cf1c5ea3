import type { SourceConfig } from './define.ts';
import { printable, type VariableProblem } from './environment.ts';
import { Secret } from './secret.ts';
import type { SourceSettings } from './settings.ts';

/** Variables that hold the URLs of sources, and nothing else. */
export const SOURCE_URL = /^SOURCE_[A-Z0-9_]+_URL$/;

/** The variable that holds the URL of a source. */
export function urlVariable(source: string): string {
  return `SOURCE_${source.toUpperCase()}_URL`;
}

/** The sources with their URLs. One without is complained of when it is pulled: the service needs none. */
export function withUrls(
  sources: readonly SourceConfig[],
  env: Readonly<Record<string, string | undefined>>,
): SourceSettings[] {
  return sources.map((source) => {
    const variable = urlVariable(source.name);
    const text = env[variable]?.trim() ?? '';
    return { ...source, variable, url: text === '' ? null : new Secret(text) };
  });
}

/** URLs in `.env` that are of no source: probably a name is misspelt. */
export function strayUrls(
  sources: readonly SourceConfig[],
  file: Readonly<Record<string, string | undefined>>,
): VariableProblem[] {
  const known = new Set(sources.map(({ name }) => urlVariable(name)));
  return Object.entries(file)
    .filter(([name]) => SOURCE_URL.test(name) && !known.has(name))
    .map(([variable, value]) => ({
      variable,
      value: printable(variable, value),
      allowed: `.env sets the URL of a source that the configuration does not have${hint(known)}`,
    }));
}

function hint(known: ReadonlySet<string>): string {
  return known.size === 0 ? '' : `; its sources need ${[...known].join(', ')}`;
}
