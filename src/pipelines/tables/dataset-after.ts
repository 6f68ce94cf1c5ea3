import type { LoadPlan, TableColumn } from '../plan/run-plan.ts';
import type { KnownDataset, KnownVersion } from './known-dataset.ts';

/** A dataset as it will be once a plan has been carried out: what the next load job of the same run is planned on. */
export function datasetAfter(known: KnownDataset | null, plan: LoadPlan): KnownDataset | null {
  if (!plan.changesDataset) return known;
  const versions = (known?.versions ?? []).map((version) => versionAfter(version, plan));
  return {
    datasetId: known?.datasetId ?? null,
    revision: (known?.revision ?? 0) + 1,
    pending: true,
    parent: plan.parent,
    columns: plan.parentColumns,
    versions: plan.isNewVersion ? [...versions, newVersion(plan)] : versions,
  };
}

function newVersion(plan: LoadPlan): KnownVersion {
  return {
    versionId: null,
    version: plan.versionNumber,
    tableName: plan.version.name,
    label: plan.label,
    folder: plan.versionFolder,
    layout: plan.layout,
    columns: plan.tableColumns,
  };
}

/** It inherits what the parent gains, and the types it is widened to. */
function versionAfter(version: KnownVersion, plan: LoadPlan): KnownVersion {
  if (version.tableName === plan.version.name) {
    return { ...version, layout: plan.layout, columns: plan.tableColumns };
  }
  const parent = new Map(plan.parentColumns.map((column) => [column.name, column]));
  const own = version.columns.map((column): TableColumn => {
    const shared = parent.get(column.name);
    parent.delete(column.name);
    return shared === undefined ? column : { ...column, type: shared.type, declared: shared.declared };
  });
  return { ...version, columns: [...own, ...parent.values()] };
}
