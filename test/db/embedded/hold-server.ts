import { acquireEmbeddedServer } from '../../../src/db/embedded/acquire-embedded-server.ts';

/** A process that holds the embedded server of the folder it is given until it is told to let go, or is killed. */
const server = await acquireEmbeddedServer(String(process.argv[2]), (message) => console.error(message));
console.log(JSON.stringify({ url: server.url }));
process.stdin.once('data', () => {
  void server.release().then(() => process.exit(0));
});
