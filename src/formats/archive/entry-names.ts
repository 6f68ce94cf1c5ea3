import { validateFileName } from 'yauzl';
import { SluiceError } from '../../errors.ts';

/** More than a path may have on most systems; the ledger's index holds no more. */
const LONGEST_BYTES = 1024;
const SHOWN_CHARACTERS = 100;
const CLUTTER = new Set(['thumbs.db', 'desktop.ini']);

/**
 * An entry's name with `/` between folders, as Windows tools write `\`. Names are labels and never become paths; what
 * could lead out of a folder is refused all the same, for it comes from nobody who means well.
 */
export function safeName(name: string, archive: string): string {
  const path = name.replaceAll('\\', '/');
  const reason = problemOf(path) ?? validateFileName(path);
  if (reason === null) return path;
  const entry = JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
  throw new SluiceError('ENTRY_NAME_UNSAFE', {
    file: archive,
    entry,
    reason: reason.split(':')[0] ?? reason,
  });
}

function problemOf(path: string): string | null {
  if (path === '') return 'it is empty';
  if (/\p{Cc}/u.test(path)) return 'it has a control character';
  return Buffer.byteLength(path) > LONGEST_BYTES ? `it is longer than ${LONGEST_BYTES} bytes` : null;
}

/** Why an entry holds no data of the sender's, in words; null when it may. */
export function skipReason(name: string): string | null {
  if (name.endsWith('/')) return 'a folder';
  const parts = name.split('/');
  if (parts.includes('__MACOSX')) return "macOS's notes on other entries";
  if (parts.some((part) => part.startsWith('.') && part !== '.'))
    return 'hidden (its name begins with a dot)';
  return CLUTTER.has(parts.at(-1)?.toLowerCase() ?? '') ? 'left by a file browser' : null;
}

/** Refuses a second entry of one name: which of the two is meant, nobody can know. */
export class NamesOnce {
  private readonly seen = new Set<string>();

  constructor(private readonly archive: string) {}

  add(name: string): void {
    const composed = name.normalize('NFC');
    if (this.seen.has(composed))
      throw new SluiceError('ENTRY_NAME_DUPLICATE', { file: this.archive, entry: name });
    this.seen.add(composed);
  }
}
