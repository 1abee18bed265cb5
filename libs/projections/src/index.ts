export { allSchemaChanges } from './schema/changes.js';
