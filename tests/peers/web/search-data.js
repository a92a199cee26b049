// What every way of searching gets: unit vectors in clusters, queries near them, and the true answer.

/** Numbers from 0 to 1 that look random and come again. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function unit(vector) {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square);
  return vector.map((value) => value / length);
}

/** Items, a hundred a cluster, at an angle of about 35 degrees from its centre, and queries as far from items. */
export function draw(rows, dimension, count, seed = 1) {
  const next = numbers(seed);
  const direction = () => unit(Float64Array.from({ length: dimension }, () => next() + next() + next() - 1.5));
  const near = (centre) => {
    const away = direction();
    return unit(centre.map((value, at) => value + 0.7 * away[at]));
  };
  const centres = Array.from({ length: Math.ceil(rows / 100) }, direction);
  const items = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    items.set(near(centres[Math.floor(next() * centres.length)]), row * dimension);
  }
  const queries = Array.from({ length: count }, () => {
    const row = Math.floor(next() * rows) * dimension;
    return Float32Array.from(near(Float64Array.from(items.subarray(row, row + dimension))));
  });
  return { items, queries };
}

/** The `k` best rows by the plain loop that anybody would write: an array of numbers, and a sorted list of the best. */
export function scan(items, dimension, query, k) {
  const rows = new Int32Array(k).fill(-1);
  const scores = new Float64Array(k).fill(-Infinity);
  for (let row = 0, at = 0; at < items.length; row++) {
    let score = 0;
    for (let i = 0; i < dimension; i++) score += items[at++] * query[i];
    if (score > scores[k - 1]) {
      let place = k - 1;
      for (; place > 0 && scores[place - 1] < score; place--) {
        scores[place] = scores[place - 1];
        rows[place] = rows[place - 1];
      }
      scores[place] = score;
      rows[place] = row;
    }
  }
  return rows;
}

/** The middle one. */
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
