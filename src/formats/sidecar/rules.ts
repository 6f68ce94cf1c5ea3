/** What has to lie beside a source file, or stand in it, before it counts as complete. */
export interface CompletenessRules {
  /** One of these endings, each behind the file's whole name, has to be there; null: no marker is needed. */
  readonly markers: readonly string[] | null;
  readonly checksumRequired: boolean;
  /** The control file that says how many records the file has; null: there is none. */
  readonly control: ControlRule | null;
  /** Milliseconds that are waited; null: as long as for any incomplete file. */
  readonly waitMs: number | null;
}

export interface ControlRule {
  /** Its name, with `{name}` or `{stem}` for that of the file. */
  readonly file: string;
  /** The field that holds the count; null: the usual ones. */
  readonly field: string | null;
}

export const NO_RULES: CompletenessRules = {
  markers: null,
  checksumRequired: false,
  control: null,
  waitMs: null,
};

export const MARKERS = ['.done', '.ready'];
export const ALGORITHMS = ['sha512', 'sha256', 'sha1', 'md5'];
