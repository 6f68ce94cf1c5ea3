import type { StagingDataset } from '../../ledger/models.ts';

/** Datasets that models may refer to, published or only declared. */
export class StagingTables {
  private readonly byName: ReadonlyMap<string, StagingDataset>;

  constructor(
    published: readonly StagingDataset[],
    private readonly declared: ReadonlySet<string>,
  ) {
    this.byName = new Map(published.map((dataset) => [dataset.name, dataset]));
  }

  /** The dataset that a name in the staging schema belongs to: itself, or one of its versions. */
  datasetOf(name: string): string | null {
    for (const candidate of [name, name.replace(/__(v\d+|all)$/, '')]) {
      if (this.byName.has(candidate) || this.declared.has(candidate)) return candidate;
    }
    return null;
  }

  /** Null while nothing of it has been published. */
  get(dataset: string): StagingDataset | null {
    return this.byName.get(dataset) ?? null;
  }
}
