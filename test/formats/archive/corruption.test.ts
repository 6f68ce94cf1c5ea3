import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Archive } from '../../../src/formats/archive/archive.ts';
import type { RandomBytes } from '../../../src/formats/random-bytes.ts';
import { readWhole } from '../../../src/formats/read-whole.ts';
import { openZip } from '../../../src/formats/zip/open-zip.ts';
import { buildZip } from './build-zip.ts';

const LIMITS = { entries: 100, bytes: 1 << 24, ratio: 200 };
const CONTENTS = new Map([
  ['people.csv', 'id,name\n1,Ada\n2,Grace\n'],
  ['sub/orders.csv', `id;amount\n${Array.from({ length: 400 }, (_, n) => `${n};${n * 7}.25\n`).join('')}`],
  ['stored.csv', 'a,b\n1,2\n'],
]);
const SPECS = [...CONTENTS].map(([name, content], at) => ({
  ...{ name, content, method: at === 2 ? 0 : 8, descriptor: at === 1 },
}));

function inMemory(bytes: Buffer): RandomBytes {
  return {
    name: 'x.zip',
    size: bytes.length,
    readInto: async (target, offset, length, position) =>
      bytes.copy(target, offset, position, Math.min(bytes.length, position + length)),
  };
}

/** Contents by name; an entry or archive that is refused is not in it. Anything but a refusal is thrown. */
async function readAll(bytes: Buffer): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const archive: Archive | null = await openZip(inMemory(bytes), LIMITS).catch(refusal);
  for (const entry of archive?.entries ?? []) {
    if (entry.problem !== null) continue;
    const content = await readWhole(archive?.open(entry) as ReturnType<Archive['open']>, LIMITS.bytes).catch(
      refusal,
    );
    if (content !== null) found.set(entry.name, content.toString());
  }
  return found;
}

function refusal(error: unknown): null {
  if (error instanceof SluiceError && error.kind === 'terminal') return null;
  throw error;
}

const WHOLE = [false, true].map((zip64) => buildZip(SPECS.map((spec) => ({ ...spec, zip64 }))));

test('a whole archive gives exactly what was packed', async () => {
  for (const bytes of WHOLE) expect(await readAll(bytes)).toEqual(CONTENTS);
});

test('bytes flipped or cut anywhere give the exact content or a refusal, never another content', async () => {
  const damage = fc.record({
    zip64: fc.boolean(),
    flips: fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), by: fc.integer({ min: 1, max: 255 }) }),
      {
        maxLength: 4,
      },
    ),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ zip64, flips, cut }) => {
      const bytes = Buffer.from(WHOLE[zip64 ? 1 : 0] as Buffer);
      for (const { at, by } of flips) {
        const place = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
        bytes[place] = (bytes[place] as number) ^ by;
      }
      const length = cut === null ? bytes.length : Math.floor(cut * bytes.length);
      const contents = [...CONTENTS.values()];
      for (const content of (await readAll(bytes.subarray(0, length))).values())
        expect(contents).toContain(content);
    }),
    { numRuns: 1500, seed: 12 },
  );
});
