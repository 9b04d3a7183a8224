/** The token that an `Authorization` header carries as Bearer; undefined where it carries none. */
export const bearerOf = (authorization: string | undefined) =>
  /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
