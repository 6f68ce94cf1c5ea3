import path from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { DefinedModel } from '../docs-page/contents.ts';
import { pageOf } from '../docs-page/page.ts';
import { readContents } from '../docs-page/read-contents.ts';
import { messageOf, SluiceError } from '../errors.ts';
import { referencesOf } from '../pipelines/transform/model.ts';
import { readModels } from '../pipelines/transform/read-models.ts';
import { syncFolder, WholeFile } from '../whole-file.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printLine } from './output.ts';

export interface DocsOptions extends CommonOptions {
  readonly out?: string;
}

/** `sluice docs`: one HTML page that tells what is loaded, what is made of it, and how it went last. */
export function docs(options: DocsOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const contents = await readContents(pool, await definedModels(settings));
    const file = path.resolve(options.out ?? path.join(settings.exportsDir, 'docs', 'index.html'));
    const page = Buffer.from(pageOf(contents));
    await writePage(file, page);
    const [datasets, models] = [contents.datasets.length, contents.models.length];
    if (options.json) printJson({ file, bytes: page.length, datasets, models });
    else printLine(`wrote ${file}: ${datasets} datasets, ${models} models, ${page.length} bytes`);
    return EXIT.ok;
  });
}

async function definedModels(settings: Settings): Promise<DefinedModel[]> {
  return (await readModels(settings)).map((model) => ({
    ...{ name: model.name, materialized: model.materialized, file: model.file },
    ...{ description: model.description, builtIn: model.builtIn, schedule: model.schedule },
    relation: `${settings.dwSchema}.${model.name}`,
    reads: referencesOf(model).map(({ kind, name }) => `${kind}.${name}`),
  }));
}

/** Who reads the page meanwhile sees the one before. */
async function writePage(file: string, page: Buffer): Promise<void> {
  try {
    const whole = await WholeFile.create(file);
    try {
      await whole.write(page);
      await whole.finish();
    } finally {
      await whole.discard();
    }
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw new SluiceError(
      'FOLDER_UNUSABLE',
      { purpose: 'docs', path: path.dirname(file), reason: messageOf(error) },
      error,
    );
  }
}
