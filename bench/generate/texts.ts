/** Vocabulary of the generated texts; some of it is not ASCII, as in real files. */
export const CITIES = [
  'Berlin',
  'Zürich',
  'Oslo',
  'São Paulo',
  'New York',
  'Kraków',
  'Nairobi',
  'Osaka',
  'Lisbon',
  'Wellington',
] as const;

export const FIRST_NAMES = [
  'Ada',
  'Grace',
  'Linus',
  'Edsger',
  'Barbara',
  'Jürgen',
  'Katherine',
  'Ken',
] as const;
export const LAST_NAMES = [
  'Lovelace',
  'Hopper',
  'Dijkstra',
  'Liskov',
  'Schmidhuber',
  'Johnson',
  'Codd',
] as const;
export const COUNTRIES = ['DE', 'CH', 'NO', 'BR', 'US', 'PL', 'KE', 'JP', 'PT', 'NZ'] as const;
export const STATUSES = ['new', 'paid', 'packed', 'shipped', 'returned', 'cancelled'] as const;

/** Descriptions as they stand in the file: quoted, with commas and doubled quotes. */
export const DESCRIPTIONS = [
  '"Bolt, M8 x 40"',
  '"Panel 24"" wide"',
  '"Cable, 3 m, ""heavy"""',
  '"Rack, four shelves"',
  '"Lamp, E27, 9 W, warm"',
] as const;

export const REMARKS = [
  'please deliver after five',
  'leave with the neighbour',
  'gift wrapping asked for',
  'second attempt',
] as const;
