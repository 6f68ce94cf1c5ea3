/** One column of a layout as it is kept in `dataset.columns` and `version.columns`. */
export interface LayoutColumn {
  /** The identifier in Postgres. */
  readonly name: string;
  /** Postgres type, as `format_type` writes it. */
  readonly type: string;
  /** The name as it stood in the file; null when the file has no header. */
  readonly original: string | null;
  /** True when the type was declared in the configuration or described by the feed, false when it was inferred. */
  readonly declared: boolean;
  /** The column of another type that this one stands beside: `age` of `age__text`. Absent for every other column. */
  readonly variantOf?: string;
}
