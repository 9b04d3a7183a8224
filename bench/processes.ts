export const processes = async () => ({ tables: [], targets: [] });
