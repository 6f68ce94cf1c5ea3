import { briefType } from '../pipelines/tables/type-names.ts';
import type {
  CheckRow,
  DocumentedDataset,
  DocumentedModel,
  ExportRow,
  LoadRow,
  Relation,
} from './contents.ts';
import { anchorOf } from './graph.ts';
import { html, type Markup } from './markup.ts';
import { code, count, moment, none, statusMark, table } from './table.ts';

export function datasetMarkup({ name, parentTable, relation, versions }: DocumentedDataset): Markup {
  const rows = versions.reduce((sum, one) => sum + one.rows, 0);
  const cells = versions.map((one) => [
    one.label === null ? String(one.version) : `${one.version} (${one.label})`,
    code(one.version_table),
    one.folder,
    one.rows,
    one.first_file,
    one.last_file,
  ]);
  return html`<article id="${anchorOf('dataset', name)}"><h3>${name}</h3>
<p>${code(parentTable)}, ${rowsText(rows)} in ${count(versions.length)} ${versions.length === 1 ? 'version' : 'versions'}.</p>
${described(relation)}${table(['version', 'table', 'folder', 'rows', 'first file', 'last file'], cells)}${versions.map(columnsOf)}</article>
`;
}

/** As the version table has them: a small text, for there may be many. */
function columnsOf({ version, columns }: DocumentedDataset['versions'][number]): Markup {
  const list = columns.map(
    ({ name, type }, at) => html`${at === 0 ? '' : ', '}${code(name)} ${briefType(type)}`,
  );
  return html`<p class="columns">Version ${version}: ${list}</p>
`;
}

export function modelMarkup(model: DocumentedModel): Markup {
  const { name, relationName, relation, defined, run } = model;
  const materialized = defined?.materialized ?? run?.materialized ?? '';
  const reads = defined?.reads ?? [];
  const from = reads.map((one, at) => html`${at === 0 ? ', reads ' : ', '}${code(one)}`);
  const description = relation.comment === null ? (defined?.description ?? null) : null;
  return html`<article id="${anchorOf('model', relationName)}"><h3>${name}</h3>
<p>${code(relationName)}, ${materialized}${from}. ${defined === null ? 'It is defined no more; it was' : 'Defined'} in ${defined?.file ?? run?.file ?? ''}.</p>
${description === null ? '' : html`<p>${description}</p>`}${lastRun(run)}${staleText(model)}${described(relation)}</article>
`;
}

function lastRun(run: DocumentedModel['run']): Markup {
  if (run === null || run.status === null) return none('It has not been made yet.');
  const { rows_inserted, rows_updated, rows_deleted } = run;
  const changes = Object.entries({ inserted: rows_inserted, updated: rows_updated, deleted: rows_deleted })
    .filter(([, rows]) => rows !== null && rows > 0)
    .map(([what, rows]) => `, ${rowsText(rows ?? 0)} ${what}`);
  const error = run.error_code === null ? '' : html` ${code(run.error_code)}: ${run.error_message}`;
  const state = run.built_at === null ? '' : ` It shows the state of ${moment(run.built_at)}.`;
  return html`<p>Last run: ${statusMark(run.status)} ${run.finished_at === null ? '' : moment(run.finished_at)}, by ${run.trigger}${changes}.${error}${state}</p>
`;
}

function staleText({ defined, changed }: DocumentedModel): Markup | '' {
  if (changed.length === 0) return '';
  const schedule = defined?.schedule ?? null;
  const how =
    schedule === null ? 'by itself' : schedule === 'manual' ? 'by command' : `on its schedule, ${schedule}`;
  return html`<p>${statusMark('stale')}: ${changed.join(', ')} changed since. It is made ${how}.</p>
`;
}

function rowsText(rows: number): string {
  return `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}

/** Comment and columns of a table or view; comments only where there are any. */
function described({ comment, columns }: Relation): Markup {
  const text = comment === null ? '' : html`<p>${comment}</p>`;
  if (columns.length === 0) return html`${text}${none('There is no such table now.')}`;
  const hasComments = columns.some((column) => column.comment !== null);
  const cells = columns.map((column) => [
    code(column.name),
    briefType(column.type),
    ...(hasComments ? [column.comment] : []),
  ]);
  return html`${text}${table(['column', 'type', ...(hasComments ? ['comment'] : [])], cells)}`;
}

export function loadsMarkup(loads: readonly LoadRow[]): Markup {
  if (loads.length === 0) return none('Nothing has been loaded yet.');
  const cells = loads.map((one) => [
    String(one.run_id),
    one.entry_name === null ? one.file_name : `${one.file_name} / ${one.entry_name}`,
    statusMark(one.status),
    one.version_table === null ? null : code(one.version_table),
    one.rows_loaded,
    one.rows_rejected,
    one.started_at,
    one.seconds === null ? null : Number(one.seconds),
    one.error_code === null ? null : code(one.error_code),
  ]);
  return table(
    ['run', 'file', 'status', 'table', 'loaded', 'rejected', 'started', 'seconds', 'error'],
    cells,
  );
}

export function checksMarkup(checks: readonly CheckRow[]): Markup {
  if (checks.length === 0) return none('No check has been evaluated yet.');
  const cells = checks.map((one) => [
    `${one.subject_kind} ${one.subject}`,
    one.name,
    one.severity,
    statusMark(one.status),
    one.rows_failing,
    one.rows_checked,
    one.checked_at,
    one.message,
  ]);
  return table(['of', 'check', 'severity', 'status', 'failing', 'rows', 'evaluated', 'message'], cells);
}

export function exportsMarkup(exports: readonly ExportRow[]): Markup {
  if (exports.length === 0) return none('No export of the configuration has been written yet.');
  const cells = exports.map((one) => [
    html`<span id="${anchorOf('export', one.name)}">${one.name}</span>`,
    code(one.source),
    statusMark(one.status),
    one.files,
    one.file,
    one.rows,
    one.bytes,
    one.taken_at,
    one.error_code === null ? null : code(one.error_code),
  ]);
  return table(
    ['export', 'reads', 'last', 'files', 'last file', 'rows', 'bytes', 'state of', 'error'],
    cells,
  );
}
