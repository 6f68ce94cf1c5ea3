/** Row types of the bookkeeping tables as `openPool` delivers them. Types only: importing this loads nothing. */
export type { DatasetRow } from './dataset.ts';
export type { ExportRow } from './export.ts';
export type { ExportInputRow } from './export-input.ts';
export type { ExportRunRow } from './export-run.ts';
export type { LayoutColumn } from './layout-column.ts';
export type { LoadJobRow } from './load-job.ts';
export type { ModelRow } from './model.ts';
export type { ModelInputRow } from './model-input.ts';
export type { ModelRunRow } from './model-run.ts';
export type { RejectRow } from './reject.ts';
export type { RunRow } from './run.ts';
export type { FileOrigin, SourceFileRow } from './source-file.ts';
export type { VersionRow } from './version.ts';
export type { ExportsView, FilesView, LoadsView, ModelsView, RejectsView, VersionsView } from './views.ts';
