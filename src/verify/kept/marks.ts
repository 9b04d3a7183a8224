// What is kept of each draw of a person, in 32 bits that are never 0.

const IS_THERE = 1;
const STANDS = 2;
const WON = 4;
const SHARD = 3;
const LOSSES = 13;
const MOST = (1 << (LOSSES - SHARD)) - 1;

export type Mark = {
  stands: boolean;
  won: boolean;
  shard: number;
  losses: number;
};

export const packMark = ({ stands, won, shard, losses }: Mark): number =>
  (IS_THERE |
    (stands ? STANDS : 0) |
    (won ? WON : 0) |
    ((shard & MOST) << SHARD) |
    (losses << LOSSES)) >>>
  0;

export const unpackMark = (value: number): Mark => ({
  stands: (value & STANDS) !== 0,
  won: (value & WON) !== 0,
  shard: (value >>> SHARD) & MOST,
  losses: value >>> LOSSES,
});
