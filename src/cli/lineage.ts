import { SluiceError } from '../errors.ts';
import { type LineageStep, lineageOfFile, lineageOfModel } from '../ledger/lineage.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';

/** `sluice lineage MODEL|FILE`: which files fed a model, or what a file has fed, as the ledger has it. */
export function lineage(name: string, options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const model = name.startsWith('warehouse.') ? name.slice('warehouse.'.length) : name;
    const ofModel = await lineageOfModel(pool, settings.dwSchema, model);
    const steps = ofModel.length > 0 ? ofModel : await lineageOfFile(pool, name);
    if (steps.length === 0) {
      throw new SluiceError('USAGE', {
        reason: `no model that was made, and no published file, is called ${name}`,
      });
    }
    if (options.json) printJson(steps);
    else printTable(COLUMNS, steps.map(asCells));
    return EXIT.ok;
  });
}

const COLUMNS = ['direction', 'kind', 'name', 'run', 'rows', 'at'];

function asCells({ direction, kind, name, runId, rows, at }: LineageStep): unknown[] {
  return [direction, kind, name, runId, rows, at];
}
