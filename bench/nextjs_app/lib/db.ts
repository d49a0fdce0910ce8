import { Pool } from "pg";

/** One pool for the whole server; as many connections as the bench has clients. */
export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 32 });
