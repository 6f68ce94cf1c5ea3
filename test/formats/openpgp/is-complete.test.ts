import { describe, expect, it } from 'vitest';
import { openpgpCompleteness } from '../../../src/formats/openpgp/is-complete.ts';
import { withFile } from '../with-file.ts';
import { encrypted } from './messages.ts';

const NEVER = new AbortController().signal;
const MESSAGE = await encrypted('id,name\n1,Ada\n'.repeat(50), { passphrases: 'p' });
const ARMORED = await encrypted('id,name\n1,Ada\n', { passphrases: 'p', armor: true });
/** Old and new headers; a body in two parts and a last one, as programs write that do not know the size beforehand. */
const IN_PARTS = Buffer.concat([
  Buffer.from([0x8c, 3, 4, 5, 6]),
  Buffer.from([0xd2, 0xe9]),
  Buffer.alloc(512, 1),
  Buffer.from([0xe0, 7, 0xc1, 2]),
  Buffer.alloc(450, 1),
]);

function isComplete(bytes: Buffer): Promise<boolean> {
  return withFile(bytes, async (handle) => {
    return (await openpgpCompleteness(handle, bytes.length, NEVER)).complete;
  });
}

describe('an encrypted file', () => {
  it.each([
    ['binary', MESSAGE],
    ['in parts', IN_PARTS],
    ['armored', ARMORED],
  ])('is complete when it is whole, and cut anywhere is not (%s)', async (_, bytes) => {
    expect(await isComplete(bytes)).toBe(true);
    const end = bytes === ARMORED ? bytes.indexOf('-----END') + 5 : bytes.length;
    for (let length = 1; length < end; length += 1 + Math.floor(length / 20))
      expect(await isComplete(bytes.subarray(0, length)), String(length)).toBe(false);
    expect(await isComplete(bytes.subarray(0, end - 1))).toBe(false);
  });

  it('is not complete while it is still being filled', async () => {
    expect(await isComplete(Buffer.alloc(500))).toBe(false);
    expect(await isComplete(Buffer.concat([MESSAGE, Buffer.alloc(100)]))).toBe(false);
    expect(await isComplete(Buffer.concat([MESSAGE.subarray(0, -20), Buffer.alloc(20)]))).toBe(false);
  });

  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['plain text', Buffer.from('id,name\n1,Ada\n')],
    ['an image', Buffer.from('\x89PNG\r\n\x1a\n\0\0', 'latin1')],
    ['something behind the message', Buffer.concat([MESSAGE, Buffer.from('x')])],
    ['a body of no stated length', Buffer.from([0x8c, 1, 1, 0xa7, 1, 2, 3])],
  ])('is left to its reader when waiting does not help: %s', async (_, bytes) =>
    expect(await isComplete(bytes)).toBe(true),
  );
});
