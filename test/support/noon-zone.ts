/** A zone in which it is about noon, so that no run meets a midnight: that is the model test's matter. */
export function noonZone(now: Date): string {
  const ahead = 12 - now.getUTCHours();
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}
