import { CheckFailure } from './check-failure.ts';
import { CheckResult } from './check-result.ts';
import { Dataset } from './dataset.ts';
import { Export } from './export.ts';
import { ExportInput } from './export-input.ts';
import { ExportRun } from './export-run.ts';
import { LoadJob } from './load-job.ts';
import { Model } from './model.ts';
import { ModelInput } from './model-input.ts';
import { ModelRun } from './model-run.ts';
import { Reject } from './reject.ts';
import { RejectPiece } from './reject-piece.ts';
import { Run } from './run.ts';
import { SourceFile } from './source-file.ts';
import { Version } from './version.ts';
import {
  CheckFailuresView,
  ChecksView,
  ExportsView,
  FilesView,
  LoadsView,
  ModelsView,
  RejectsView,
  VersionsView,
} from './views.ts';

/** Everything in the bookkeeping schema that the program relies on. Importing this file loads TypeORM. */
export const ENTITIES = [
  SourceFile,
  Run,
  LoadJob,
  Reject,
  RejectPiece,
  Dataset,
  Version,
  Model,
  ModelRun,
  ModelInput,
  CheckResult,
  CheckFailure,
  Export,
  ExportRun,
  ExportInput,
  FilesView,
  LoadsView,
  RejectsView,
  VersionsView,
  ModelsView,
  ChecksView,
  CheckFailuresView,
  ExportsView,
];
