/** What a check that does not hold does: `warn` says so, `hold` waits for a decision, `fail` stops. */
export type CheckSeverity = 'warn' | 'hold' | 'fail';

interface CheckBase {
  /** Default: made from the kind and the columns. */
  readonly name?: string;
  /** Default: `fail`; for `freshness` `warn`. */
  readonly severity?: CheckSeverity;
}

type Columns = string | readonly string[];

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Something that has to hold of the rows of a delivery, or of a model. NULL is a matter of `not_null` alone. */
export type CheckConfig = CheckBase &
  (
    | { readonly check: 'not_null'; readonly columns: Columns }
    | {
        readonly check: 'unique';
        readonly columns: Columns;
        /** Of a dataset: compared with all of its published rows, or within the delivery alone. Default: `dataset`. */
        readonly within?: 'dataset' | 'delivery';
      }
    | {
        readonly check: 'accepted_values';
        readonly column: string;
        readonly values: readonly (string | number)[];
      }
    /** Both ends are allowed values; a text is taken for a value of the column's type. */
    | {
        readonly check: 'range';
        readonly column: string;
        readonly min?: number | string;
        readonly max?: number | string;
      }
    /** `references` is `warehouse.MODEL.COLUMN` or `staging.DATASET.COLUMN`. */
    | { readonly check: 'foreign_key'; readonly column: string; readonly references: string }
    /** Rows, or their ratio to the previous delivery or state: 0.5 is half as many. */
    | {
        readonly check: 'row_count';
        readonly min?: number;
        readonly max?: number;
        readonly minRatio?: number;
        readonly maxRatio?: number;
      }
    /** Of a dataset: on these days so many rows have been published by that time of day, since midnight. */
    | {
        readonly check: 'freshness';
        /** `HH:MM` on this machine's clock. */
        readonly by: string;
        /** Default: `daily`. `workdays` are Monday to Friday. */
        readonly days?: 'daily' | 'workdays' | readonly Weekday[];
        /** Default: 1. */
        readonly rows?: number;
      }
    /** One SELECT on `{{ rows }}`; each row that it gives is one that fails. */
    | { readonly check: 'sql'; readonly name: string; readonly sql: string }
  );
