import type { Catalogue } from './entry.ts';

/** Watching the imports folder. */
export const WATCHING_ERRORS = {
  FOLDER_WATCHED: {
    kind: 'terminal',
    message:
      'another service watches {path} on this database, connected from {from} since {since} (server process {pid})',
    remedy:
      'Stop the other one first, or give this one another IMPORTS_DIR and database. `sluice once` and `load` may run beside a service.',
  },
  FOLDER_NESTED: {
    kind: 'terminal',
    message:
      'another service watches a folder {place} {path} on this database, connected from {from} since {since} (server process {pid})',
    remedy:
      'One service watches a folder with all that lies in it: stop the other one, or let the two watch folders beside each other.',
  },
  NOT_A_REGULAR_FILE: {
    kind: 'terminal',
    message: '{path} is a {type}, not a regular file; it is left alone',
    remedy: 'Drop the file itself. Links, FIFOs, sockets and devices in the imports folder are never opened.',
  },
  FOLDER_UNREADABLE: {
    kind: 'transient',
    message: 'the folder {path} cannot be read: {reason}',
    remedy:
      "Give the service's user read and execute permission on the folder; it is looked at again with every rescan.",
  },
  IMPORTS_FOLDER_GONE: {
    kind: 'transient',
    message: 'the imports folder {path} is gone: {reason}',
    remedy: 'Create or mount it again; watching goes on by itself when it is back.',
  },
  FILE_LEFT: {
    kind: 'transient',
    message: '{path} is not complete and was left where it is: {reason}',
    remedy:
      'Nothing to do: it is looked at again next time, and fails when it is older than INCOMPLETE_MS, or its dataset allows.',
  },
  FOLDER_EVENTS_UNAVAILABLE: {
    kind: 'transient',
    message:
      'the system refuses file events ({reason}); new files are found by rescanning every {rescanMs} ms',
    remedy:
      'Raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, or set USE_POLLING=true; then start again.',
  },
  HANDOVER_REFUSED: {
    kind: 'transient',
    message: 'settled files could not be taken over: {reason}',
    remedy: 'Nothing to do: they stay in the imports folder and are offered again every second.',
  },
} as const satisfies Catalogue;
