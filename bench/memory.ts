export const memory = async () => ({ tables: [], targets: [] });
