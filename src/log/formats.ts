import winston from 'winston';
import { maskUrl } from '../config/mask-url.ts';
import { messageOf } from '../errors.ts';
import { safeJson, safeText } from './safe-text.ts';

/** `2026-11-21 14:03:07 message`, the level before the message unless it is info. Local time. */
export const consoleFormat = winston.format.printf(({ level, message }) => {
  const shownLevel = level === 'info' ? '' : `${level.toUpperCase()} `;
  return `${localTime(new Date())} ${shownLevel}${safeText(String(message))}`;
});

/** One JSON object per line: `time` (ISO 8601, UTC), `level`, `message`, then the fields. */
export const jsonFormat = winston.format.printf(({ level, message, fields }) =>
  toJson(level, String(message), fields),
);

function toJson(level: string, message: string, fields: unknown): string {
  const head = { time: new Date().toISOString(), level, message };
  try {
    // Once before the fields, for the order of keys; once after, so that no field can pose as one of them.
    return safeJson(JSON.stringify({ ...head, ...asObject(fields), ...head }, plainValue));
  } catch (error) {
    return safeJson(JSON.stringify({ ...head, fieldsNotShown: messageOf(error) }, plainValue));
  }
}

function asObject(fields: unknown): object {
  return typeof fields === 'object' && fields !== null ? fields : {};
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return maskUrl(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error)
    return { ...value, message: value.message, stack: value.stack, cause: value.cause };
  return value;
}

function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
