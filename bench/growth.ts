export const growth = async () => ({ tables: [], targets: [] });
