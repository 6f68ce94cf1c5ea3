/** Most file systems take 255 bytes. */
const MAX_BYTES = 255;

/** `name` + `suffix` as a file name: separators replaced, the name cut at a character's border when it is too long. */
export function fitFileName(name: string, suffix: string): string {
  const safe = name.replace(/[/\0]/g, '_');
  const room = MAX_BYTES - Buffer.byteLength(suffix);
  if (Buffer.byteLength(safe) <= room) return safe + suffix;
  let cut = '';
  let bytes = 0;
  for (const character of safe) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    cut += character;
  }
  return cut + suffix;
}
