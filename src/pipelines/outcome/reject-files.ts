import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Pool } from 'pg';
import { fitFileName } from '../../fit-file-name.ts';
import { FormulaCells } from '../../formats/delimited/formula-cells.ts';
import { isEncryptedName } from '../../formats/openpgp/encrypted-name.ts';
import { type RejectedLoad, readOpenRejects, rejectedLoads } from '../../ledger/reject-reports.ts';
import type { Reject } from '../../ledger/rejects.ts';
import { WholeFile } from '../../whole-file.ts';

const REASON_COLUMNS = 'record_number,line_number,column_name,code,message,sqlstate,formula_columns\n';

/**
 * Writes `<exports>/rejects/<file name>.<run id>.csv` (with the entry's name in between, for an archive) with the open rejects of the loads a file has to do with: the
 * file's own head, then the records byte for byte, in file order. `.reasons.csv` beside it says why, line by line, and
 * which columns (numbers from 1) a spreadsheet would take for formulas.
 * What came encrypted is not written to disk in plain: those rejects are in the ledger alone.
 * Made from the ledger alone, so it can be made again at any time. Without an open reject both files go.
 */
export async function writeRejectFiles(pool: Pool, exportsDir: string, fileId: number): Promise<void> {
  for (const load of await rejectedLoads(pool, fileId)) {
    if (isEncryptedName(load.fileName)) continue;
    await writeLoad(pool, path.join(exportsDir, 'rejects'), load);
  }
}

async function writeLoad(pool: Pool, folder: string, load: RejectedLoad): Promise<void> {
  const recordsPath = path.join(folder, load.rejectFile);
  const stem = load.rejectFile.slice(0, -`.${load.runId}.csv`.length);
  const reasonsPath = path.join(folder, fitFileName(stem, `.${load.runId}.reasons.csv`));
  const remove = () => Promise.all([recordsPath, reasonsPath].map((file) => rm(file, { force: true })));
  if (!load.isOpen) return void (await remove());
  const records = await WholeFile.create(recordsPath);
  const reasons = await WholeFile.create(reasonsPath);
  try {
    await records.write(load.head);
    await reasons.write(Buffer.from(REASON_COLUMNS));
    const formulas = load.dialect === null ? null : new FormulaCells(load.dialect);
    let count = 0;
    await readOpenRejects(pool, load.loadId, async (page) => {
      const starts = page.filter(({ piece = 0 }) => piece === 0);
      count += starts.length;
      await records.write(Buffer.concat(page.map((reject) => reject.raw)));
      await reasons.write(Buffer.from(starts.map((reject) => reasonLine(reject, formulas)).join('')));
    });
    if (count > 0) {
      await reasons.finish();
      await records.finish();
    } else await remove();
  } finally {
    await Promise.all([records.discard(), reasons.discard()]);
  }
}

function reasonLine(reject: Reject, formulas: FormulaCells | null): string {
  const { record, line, column, code, message, sqlstate } = reject;
  const flagged = formulas?.in(reject.raw).join(' ') ?? '';
  const cells = [record, line, cell(column), code, cell(message), sqlstate ?? '', flagged];
  return `${cells.join(',')}\n`;
}

function cell(text: string | null): string {
  if (text === null) return '';
  // The name of a column is the sender's text, too; an apostrophe keeps it from being taken for a formula.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}
