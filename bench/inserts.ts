export const inserts = async () => ({ tables: [], targets: [] });
