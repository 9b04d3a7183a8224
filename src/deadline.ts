/** Rejects with the timeout where `work` takes longer than `milliseconds`. The work itself goes on unobserved. */
export async function within<T>(
  milliseconds: number,
  work: PromiseLike<T>,
  timeout: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeout()), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
