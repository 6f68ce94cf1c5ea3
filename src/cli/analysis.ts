import { qualified } from '../db/identifiers.ts';
import { SluiceError } from '../errors.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printLine, printTable } from './output.ts';
import { runTransform } from './transform.ts';

export interface AnalysisOptions extends CommonOptions {
  readonly limit: string;
}

/** `sluice analysis [VIEW…]`: brings the warehouse up to date, and shows the rows of its views. */
export function analysis(names: readonly string[], options: AnalysisOptions): Promise<number> {
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new SluiceError('USAGE', { reason: `--limit ${options.limit}: allowed is a whole number from 1` });
  }
  return withApplication(options, { applicationName: 'sluice analysis' }, async (application) => {
    const results = await runTransform(application, names, false);
    if (results === null) return EXIT.failed;
    const { pool } = application.context;
    const { dwSchema } = application.settings;
    const shown: { view: string; rows: unknown[] }[] = [];
    const wanted = results.filter(({ model }) => names.length === 0 || names.includes(model));
    for (const { model } of wanted.filter((one) => one.materialized === 'view' && one.status !== 'waiting')) {
      const there = await pool.query('select to_regclass($1) is not null as there', [
        qualified(dwSchema, model),
      ]);
      if (there.rows[0]?.there !== true) continue;
      const { rows, fields } = await pool.query(`select * from ${qualified(dwSchema, model)} limit ${limit}`);
      shown.push({ view: model, rows });
      if (options.json) continue;
      const columns = fields.map(({ name }) => name);
      printLine(`${model}:`);
      printTable(
        columns,
        rows.map((row) => columns.map((name) => row[name])),
      );
      printLine('');
    }
    if (options.json) printJson(shown);
    for (const { error } of results) {
      if (error !== null) process.stderr.write(`${error.code}: ${error.message}\n  ${error.remedy}\n`);
    }
    return results.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  });
}
