import { SluiceError } from '../errors.ts';
import { type LineageStep, lineageOfExport, lineageOfFile, lineageOfModel } from '../ledger/lineage.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';

/** `sluice lineage MODEL|FILE|EXPORT`: what fed a model or an export, or what a file has fed, as the ledger has it. */
export function lineage(name: string, options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const model = name.startsWith('warehouse.') ? name.slice('warehouse.'.length) : name;
    const ofModel = await lineageOfModel(pool, settings.dwSchema, model);
    const ofFile = ofModel.length > 0 ? [] : await lineageOfFile(pool, name);
    // A model and its export may have the same name; what feeds the one is not what feeds the other.
    const ofExport = ofModel.length + ofFile.length > 0 ? [] : await lineageOfExport(pool, name);
    const steps = [...ofModel, ...ofFile, ...ofExport];
    if (steps.length === 0) {
      throw new SluiceError('USAGE', {
        reason: `no model that was made, no published file, and no export that was written is called ${name}`,
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
