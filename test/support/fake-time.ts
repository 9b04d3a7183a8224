/** A clock that a test sets: this machine's and Redis's in one, or apart by `ahead` milliseconds. */
export function fakeTime(start: string) {
  let now = Date.parse(start);
  return {
    set: (moment: string) => {
      now = Date.parse(moment);
    },
    /** options of `startServer` for a server whose own clock is wrong */
    options: (ahead = 0) => ({
      localTime: () => now + ahead,
      sharedTime: async () => now,
    }),
  };
}
