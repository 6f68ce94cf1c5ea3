const DOT = 0x2e;
/** Folders at the top that hold what Sluice has finished with. */
const OUTCOME_FOLDERS = new Set(['processed', 'failed', 'held']);
/** The temporary names that transfer programs and browsers give, to files and to folders. */
const UNFINISHED = /\.(part|tmp|crdownload|filepart)$/i;

/** True for dotfiles and dot-folders. */
export function isHiddenName(name: Buffer): boolean {
  return name[0] === DOT;
}

/** True for a base name that is no source file: hidden, or still under a transfer's temporary name. */
export function isIgnoredFile(name: Buffer): boolean {
  const text = name.toString('latin1');
  return isHiddenName(name) || UNFINISHED.test(text);
}

/** True for the base name of a folder that is not entered. */
export function isIgnoredFolder(name: Buffer, atTop: boolean): boolean {
  const text = name.toString('latin1');
  return isHiddenName(name) || UNFINISHED.test(text) || (atTop && OUTCOME_FOLDERS.has(text));
}
