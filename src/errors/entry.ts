/** `terminal` errors are not cured by trying again; `transient` ones are. */
export type ErrorKind = 'terminal' | 'transient';

/** What the catalogue says of one error. */
export interface CatalogueEntry {
  readonly kind: ErrorKind;
  /** `{name}` is replaced by the fact of that name. */
  readonly message: string;
  /** What a tired operator does next. */
  readonly remedy: string;
}

/** One part of the catalogue: entries by code. */
export type Catalogue = Readonly<Record<string, CatalogueEntry>>;
