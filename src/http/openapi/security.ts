import type { Settings } from "../../services.js";

type Scheme = {
  type: "http";
  scheme: "bearer";
  bearerFormat?: string;
  description: string;
};

export const asksUsers = (settings: Settings): boolean =>
  Boolean(settings.AUTH_JWT_SECRET ?? settings.AUTH_JWKS_URL);

/** The tokens that these settings ask for. */
export function securitySchemes(settings: Settings): Record<string, Scheme> {
  const schemes: Record<string, Scheme> = {};
  if (asksUsers(settings)) {
    schemes.userToken = {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "The user's token. Its subject is the username.",
    };
  }
  if (settings.ADMIN_TOKEN) {
    schemes.adminToken = {
      type: "http",
      scheme: "bearer",
      description: "`ADMIN_TOKEN`.",
    };
  }
  return schemes;
}
