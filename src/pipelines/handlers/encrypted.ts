import type { Settings } from '../../config/settings.ts';
import type { Contents } from '../../formats/contents.ts';
import { DecryptedContents } from '../../formats/openpgp/decrypted-contents.ts';
import { isEncryptedName, stripEncryptedExtension } from '../../formats/openpgp/encrypted-name.ts';
import { openKeys } from '../../formats/openpgp/keys.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import type { IdentifiedFile } from '../identify/identified.ts';
import type { Handler, HandlerContext } from './handler.ts';

/** The same kinds of drop, encrypted: read as they would be if they had been dropped decrypted. All or none are archives. */
export function encrypted(first: Handler, ...others: readonly Handler[]): Handler {
  const inner = [first, ...others];
  return {
    name: `encrypted ${inner.map((handler) => handler.name).join(' or ')}`,
    isArchive: first.isArchive,
    accepts: (file) => isEncryptedName(file.name) && inner.some((handler) => handler.accepts(insideOf(file))),
    identify: (contents, file, context) => identify(inner, contents, file, context),
  };
}

/** The file as what is in it, under the path that people know. */
function insideOf(file: SourceFile): SourceFile {
  return { ...file, name: stripEncryptedExtension(file.name) };
}

async function identify(
  inner: readonly Handler[],
  encryptedContents: Contents,
  file: SourceFile,
  context: HandlerContext,
): Promise<IdentifiedFile | null> {
  const contents = await open(encryptedContents, file, context.settings);
  const inside = insideOf(file);
  for (const handler of inner.filter((one) => one.accepts(inside))) {
    const identified = await handler.identify(contents, inside, context);
    if (identified === null) continue;
    if (handler.isArchive) return identified;
    const entries = identified.entries.map((entry) => ({ ...entry, compression: 'openpgp' as const }));
    return { ...identified, entries };
  }
  return null;
}

function open(contents: Contents, file: SourceFile, settings: Settings): Promise<DecryptedContents> {
  return DecryptedContents.open(contents, {
    keys: () => openKeys(settings.decryption),
    limit: settings.maxEncryptedArchiveBytes,
    file: file.displayPath,
    innerName: stripEncryptedExtension(file.displayPath),
  });
}
