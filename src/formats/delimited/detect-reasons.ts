import type { DetectedMarks } from './detect-marks.ts';
import type { Dialect, DialectOverrides } from './dialect.ts';

/** The parts of a dialect that `sluice plan` explains. */
export type DialectPart = 'encoding' | 'delimiter' | 'quote' | 'escape' | 'newline' | 'header' | 'preamble';

/** One short sentence for each part. */
export type DialectReasons = Readonly<Record<DialectPart, string>>;

type MarkPart = 'delimiter' | 'quote' | 'escape' | 'newline';

const LINE_ENDS: Readonly<Record<Dialect['newline'], string>> = { '\n': 'LF', '\r\n': 'CRLF', '\r': 'CR' };

/** Why the text is divided as it is. */
export function explainMarks(
  text: string,
  marks: DetectedMarks,
  newline: Dialect['newline'],
  overrides: DialectOverrides,
): Pick<DialectReasons, MarkPart> {
  const explained: Record<MarkPart, string> = {
    delimiter: explainDelimiter(marks),
    quote: explainQuote(marks),
    escape: explainEscape(marks),
    newline: explainNewline(text, newline),
  };
  for (const part of Object.keys(explained) as MarkPart[]) {
    if (overrides[part] !== undefined) explained[part] = 'declared';
  }
  return explained;
}

function explainDelimiter({ candidate, shape, width }: DetectedMarks): string {
  if (candidate.single) return 'no delimiter divides the records evenly: one column';
  const even = shape.records.filter((record) => record.fields === width).length;
  return `${count(even)} of ${count(shape.records.length)} records seen have ${width} fields`;
}

function explainQuote({ candidate, shape }: DetectedMarks): string {
  if (candidate.quote === null)
    return 'quotes at the start of a field do not close at its end, or none are used';
  if (shape.quoted === 0) return `no quoted field seen; ${candidate.quote} is usual`;
  return shape.quoted === 1
    ? 'one field seen is quoted so'
    : `${count(shape.quoted)} fields seen are quoted so`;
}

function explainEscape({ candidate, shape }: DetectedMarks): string {
  if (candidate.escape === null) return 'nothing is escaped';
  if (candidate.escape !== candidate.quote) return 'the records divide evenly only when backslashes escape';
  return shape.quoted === 0 ? 'doubling is usual' : 'doubled inside quoted fields';
}

function explainNewline(text: string, newline: Dialect['newline']): string {
  const name = LINE_ENDS[newline];
  if (newline === '\n' && text.includes('\r\n')) return 'some records end in LF, some in CRLF';
  return text.includes(newline) ? `records seen end in ${name}` : `no line end seen; ${name} is usual`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
