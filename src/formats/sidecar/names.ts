import { ALGORITHMS, type CompletenessRules, type ControlRule, MARKERS } from './rules.ts';

const ALWAYS = new RegExp(
  `.\\.(?:${[...MARKERS.map((one) => one.slice(1)), ...ALGORITHMS].join('|')})$`,
  'i',
);
const PLACEHOLDER = /\{(?:name|stem)\}/;
const EXTENSION = /\.[^.]+(?:\.gz|\.zst)?$/i;

/** Which base names are those of sidecars: the usual ones, and what the datasets' rules name. */
export function sidecarPattern(rules: readonly CompletenessRules[]): (name: Buffer) => boolean {
  const own = rules.flatMap(({ markers, control }) => [
    ...(markers ?? []).map((ending) => new RegExp(`.${escaped(ending)}$`)),
    ...(control === null ? [] : [controlPattern(control)]),
  ]);
  return (name) => {
    const text = name.toString('latin1');
    return ALWAYS.test(text) || own.some((pattern) => pattern.test(text));
  };
}

/** Paths at which sidecars of a file may lie; the same place in the list for every file of the same rules. */
export function sidecarPaths(path: Buffer, { markers, control }: CompletenessRules): Buffer[] {
  const endings = new Set([...MARKERS, ...(markers ?? []), ...ALGORITHMS.map((one) => `.${one}`)]);
  const paths = [...endings].map((ending) => withEnding(path, ending));
  return control === null ? paths : [...paths, controlPath(path, control)];
}

export function withEnding(path: Buffer, ending: string): Buffer {
  return Buffer.concat([path, Buffer.from(ending)]);
}

/** Where the control file of a file lies. */
export function controlPath(path: Buffer, { file }: ControlRule): Buffer {
  const slash = path.lastIndexOf('/') + 1;
  const name = path.subarray(slash).toString('latin1');
  const own = Buffer.from(file).toString('latin1');
  const filled = own.replaceAll('{name}', () => name).replaceAll('{stem}', () => name.replace(EXTENSION, ''));
  return Buffer.concat([path.subarray(0, slash), Buffer.from(filled, 'latin1')]);
}

function controlPattern({ file }: ControlRule): RegExp {
  const parts = Buffer.from(file).toString('latin1').split(PLACEHOLDER);
  return new RegExp(`^${parts.map(escaped).join('.+')}$`, 's');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
