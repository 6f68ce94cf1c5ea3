import { SluiceError } from '../../errors.ts';
import type { Contents } from '../../formats/contents.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import { findCorrectedLoad } from '../../ledger/corrections.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { datasetFrom } from '../identify/dataset-name.ts';
import { type IdentifiedEntry, type IdentifiedFile, oneEntry } from '../identify/identified.ts';
import { type IdentifiedContent, identifyContent } from '../identify/identify-content.ts';
import { sampleContents } from '../identify/sample.ts';
import { NO_VALUES } from '../inference/infer-types.ts';
import { openPlain } from './delimited-file.ts';
import type { Handler, HandlerContext } from './handler.ts';

/** `<file name>.<run id>.csv`: what a reject file is called. */
const REJECT_FILE = /^.+\.(\d{1,15})\.csv$/;

/** A reject file that comes back corrected: its records join the run they were rejected from. */
export const rejectCorrection: Handler = {
  name: 'corrected rejects',
  isArchive: false,
  accepts: (file) => REJECT_FILE.test(file.name),
  identify,
};

/** Null when the name only looks like a reject file's: then the file is a delivery of its own. */
async function identify(
  contents: Contents,
  file: SourceFile,
  { pool, settings }: HandlerContext,
): Promise<IdentifiedFile | null> {
  const run = REJECT_FILE.exec(file.name)?.[1] ?? '';
  const load = await findCorrectedLoad(pool, Number(run), file.name);
  if (load === null) return null;
  const title = file.displayPath;
  const { dataset, status } = load;
  if (status !== 'published' || dataset === null) {
    throw new SluiceError('CORRECTION_REFUSED', { file: title, run: Number(run), status });
  }
  const { bomBytes: _, ...overrides } = load.dialect;
  const content = await identifyContent({
    title,
    fileName: null,
    sample: await sampleContents(contents),
    overrides,
    open: () => openPlain(contents),
  });
  const { described } = load;
  return oneEntry({
    ...{ entryName: null, title, compression: 'none', dataset },
    kind: described === null ? 'delimited' : 'dump',
    config: settings.datasets.find((config) => datasetFrom(config.name) === dataset) ?? null,
    businessDate: load.businessDate,
    folder: load.folder,
    size: contents.size,
    label: load.label,
    correction: load.correction,
    ...content,
    ...(described !== null && asDescribed(content, described)),
  });
}

/** Read like the load that is corrected: where that had no header line, its fields are the columns that were described. */
function asDescribed(
  { detected, inferred }: IdentifiedContent,
  described: readonly DescribedColumn[],
): Pick<IdentifiedContent, 'detected' | 'inferred'> & Pick<IdentifiedEntry, 'described'> {
  if (detected.header !== null) return { detected, inferred, described };
  const header = described.map(({ name }) => name);
  return {
    detected: { ...detected, header, columnCount: header.length },
    inferred: header.map((_, at) => inferred[at] ?? { type: 'text', why: NO_VALUES }),
    described,
  };
}
