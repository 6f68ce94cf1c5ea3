import type { RandomBytes } from '../random-bytes.ts';
import { openTar } from '../tar/open-tar.ts';
import { openZip } from '../zip/open-zip.ts';
import type { Archive, ArchiveLimits } from './archive.ts';

const EXTENSION = /\.(zip|tar|tgz|tar\.gz|tzst|tar\.zst)$/i;

/** True for the names of archives, in any letter case. */
export function isArchiveName(fileName: string): boolean {
  return EXTENSION.test(fileName);
}

/** The name without an archive's extension. */
export function stripArchiveExtension(fileName: string): string {
  return fileName.replace(EXTENSION, '');
}

/** Reads and checks the list of an archive, of the kind that its name says. */
export function openArchive(bytes: RandomBytes, limits: ArchiveLimits): Promise<Archive> {
  return bytes.name.toLowerCase().endsWith('.zip') ? openZip(bytes, limits) : openTar(bytes, limits);
}
