/** A run whose rows everybody can see. */
export interface PublishedRun {
  readonly runId: number;
  readonly rowsLoaded: number;
}
