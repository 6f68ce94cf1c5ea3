import { isUtf8 } from 'node:buffer';
import { SluiceError } from '../errors.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printTable } from './output.ts';

interface RejectsRow {
  run_id: number;
  file_name: string;
  entry_name: string | null;
  record_number: number;
  line_number: number;
  column_name: string | null;
  code: string;
  message: string;
  sqlstate: string | null;
  raw: Buffer;
}

/** `sluice rejects RUN`: the run's open rejects, in file order, in the fields of `sluice.rejects`. */
export function rejects(run: string, options: CommonOptions): Promise<number> {
  const runId = Number(run);
  if (!Number.isSafeInteger(runId) || runId < 1) {
    throw new SluiceError('USAGE', {
      reason: `${run}: a run is a whole number from 1; sluice runs lists them`,
    });
  }
  return withLedger(options, async ({ pool }) => {
    const found = await pool.query('select from sluice.run where run_id = $1', [runId]);
    if (found.rowCount === 0) throw new SluiceError('USAGE', { reason: `there is no run ${runId}` });
    const { rows } = await pool.query<RejectsRow>(
      'select * from sluice.rejects where run_id = $1 order by entry_name, record_number',
      [runId],
    );
    if (options.json) printJson(rows.map(asJson));
    else printTable(COLUMNS, rows.map(asCells));
    return EXIT.ok;
  });
}

/** `raw` as text; bytes that are not UTF-8 are shown as Latin-1 there, and exactly in `rawBase64`. */
function asJson(row: RejectsRow): unknown {
  const { raw, ...rest } = row;
  const fields = camelCased(rest) as Record<string, unknown>;
  if (isUtf8(raw)) return { ...fields, raw: raw.toString('utf8') };
  return { ...fields, raw: raw.toString('latin1'), rawBase64: raw.toString('base64') };
}

const COLUMNS = ['line', 'record', 'entry', 'column', 'code', 'sqlstate', 'message', 'raw'];
const SHOWN_BYTES = 60;

function asCells(row: RejectsRow): unknown[] {
  const text = row.raw.toString('utf8').trimEnd();
  const shown = text.length > SHOWN_BYTES ? `${text.slice(0, SHOWN_BYTES)}...` : text;
  const { line_number, record_number, entry_name, column_name, code, sqlstate, message } = row;
  return [line_number, record_number, entry_name, column_name, code, sqlstate, message, shown];
}
