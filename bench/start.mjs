// `npm run bench`, also as the first command after a clone. Plain JavaScript: it runs before anything is installed.
import { ensureReady } from '../scripts/ensure-ready.mjs';

await ensureReady();
const { createJiti } = await import('jiti');
await createJiti(import.meta.url).import('./main.ts');
