// Copy this file to the folder where you start Sluice. Everything in it is optional.
import { defineConfig, defineDataset } from 'sluice';

export default defineConfig({
  datasets: [
    // Files such as orders_eu_2026-11-21.csv: semicolons, Windows encoding, two lines of title.
    defineDataset({
      name: 'orders',
      match: /^orders_(?<label>[a-z]+)_(?<date>\d{4}-\d{2}-\d{2})\.csv(\.gz)?$/,
      dialect: { delimiter: ';', encoding: 'windows-1252', preambleLines: 2 },
      columns: { id: 'bigint', placed: 'timestamp', amount: 'numeric(12,2)', note: 'text' },
      rejectLimit: 100,
    }),
    // A feed whose layout is agreed: anything else is refused.
    defineDataset({
      name: 'countries',
      match: 'countries*.tsv',
      columns: { code: 'text', name: 'text', population: 'bigint' },
      contract: { newColumn: 'freeze', typeChange: 'freeze' },
      rejectLimit: 0,
    }),
  ],
});
