const EXTENSION = /\.(gpg|pgp|asc)$/i;

/** True for the names of encrypted files, in any letter case. */
export function isEncryptedName(fileName: string): boolean {
  return EXTENSION.test(fileName);
}

/** The name of what is inside. */
export function stripEncryptedExtension(fileName: string): string {
  return fileName.replace(EXTENSION, '');
}
