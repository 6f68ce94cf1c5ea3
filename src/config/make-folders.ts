import { messageOf, SluiceError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import type { Settings } from './settings.ts';

/** Makes the folders that files come from and go to. Throws FOLDER_UNUSABLE. */
export async function makeFolders(settings: Settings): Promise<void> {
  const folders = [
    ['imports', settings.importsDir],
    ['exports', settings.exportsDir],
  ] as const;
  for (const [purpose, folder] of folders) {
    await makeFolder(folder).catch((error: unknown) => {
      throw new SluiceError('FOLDER_UNUSABLE', { purpose, path: folder, reason: messageOf(error) }, error);
    });
  }
}
