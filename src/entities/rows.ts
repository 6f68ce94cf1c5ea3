/** Row types of the bookkeeping tables as `openPool` delivers them. Types only: importing this loads nothing. */
export type { DatasetRow } from './dataset.ts';
export type { LayoutColumn } from './layout-column.ts';
export type { LoadJobRow } from './load-job.ts';
export type { RejectRow } from './reject.ts';
export type { RunRow } from './run.ts';
export type { FileOrigin, SourceFileRow } from './source-file.ts';
export type { VersionRow } from './version.ts';
export type { FilesView, LoadsView, RejectsView, VersionsView } from './views.ts';
