/** What upkeep has deleted or folded of one kind, or would. */
export interface KeptUp {
  readonly what:
    | 'processed files'
    | 'failed files'
    | 'receipts'
    | 'reject files'
    | 'log files'
    | 'temporary files'
    | 'ledger entries'
    | 'detached segments'
    | 'segments folded';
  readonly count: number;
  readonly bytes: number;
  /** Old enough, but needed. */
  readonly needed: number;
  /** What could not be done, by code and message. */
  readonly errors: readonly string[];
}
