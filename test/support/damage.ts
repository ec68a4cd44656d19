/** Numbers below `limit` that are the same in every run (mulberry32). */
export function chance(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Anywhere, or where most depends on it: the header, and the text of the tables behind it. */
function placeIn(length: number, draw: (limit: number) => number): number {
  switch (draw(4)) {
    case 0:
      return draw(Math.min(length, 200));
    case 1:
      return Math.min(2700 + draw(1400), length - 1);
    default:
      return draw(length);
  }
}

/** Flips, cuts and zeros as disks, and people, leave them; sometimes several. */
export function damage(bytes: Uint8Array, draw: (limit: number) => number): Uint8Array {
  let damaged = Uint8Array.from(bytes);
  for (let times = 1 + draw(3); times > 0 && damaged.length > 0; times -= 1) {
    const at = placeIn(damaged.length, draw);
    const page = at - (at % 4096);
    switch (draw(6)) {
      case 0:
      case 1:
        damaged[at] = (damaged[at] ?? 0) ^ (1 << draw(8));
        break;
      case 2:
        damaged = damaged.slice(0, draw(2) === 0 ? at : page);
        break;
      case 3:
        damaged.fill(0, page, Math.min(page + 512 * (1 + draw(16)), damaged.length));
        break;
      case 4:
        // What is to stand elsewhere.
        damaged.copyWithin(page, 4096 * draw(Math.ceil(damaged.length / 4096)));
        break;
      default:
        for (let byte = at; byte < Math.min(at + 64, damaged.length); byte += 1) {
          damaged[byte] = draw(256);
        }
    }
  }
  return damaged;
}
