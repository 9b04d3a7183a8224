/**
 * Loads the page once more, when that can succeed: browsers don't try a script again that they could not load. Nothing
 * is lost by it: draws whose answer nobody saw, wins, and an administrator's session are kept.
 */
export function startAgain() {
  setTimeout(() => {
    if (navigator.onLine) location.reload();
    else addEventListener("online", () => location.reload());
  }, 3_000);
}
