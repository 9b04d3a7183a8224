/** A mistake that somebody could make, and the test that must fail on it. */
export type Mutant = {
  /** what is wrong, in a few words */
  name: string;
  file: string;
  /** stands exactly once in the file */
  find: string;
  replace: string;
  /** file of a test that fails */
  test: string;
  /** name of the subtest that fails, or the beginning of it; default: the whole file is run */
  only?: string;
  /** quick enough for CI's handful */
  few?: true;
};
