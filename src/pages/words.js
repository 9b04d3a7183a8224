/** A day and time of the visitor's. @param {string} text in RFC 3339 */
export function moment(text) {
  return new Intl.DateTimeFormat("en", {
    weekday: "long",
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
  }).format(new Date(text));
}
