// A database that has no code in common with this program, and reads its files.

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

export type SqlRow = Readonly<Record<string, unknown>>;

export class Database {
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.instance = instance;
    this.connection = connection;
  }

  /** In memory; files go by their paths, in quotes. */
  static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    return new Database(instance, await instance.connect());
  }

  /** Rows by column; whole numbers as such, which none of our files has too large. */
  async query(sql: string): Promise<SqlRow[]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRowObjectsJS().map((row) => {
      return Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          return [name, typeof value === "bigint" ? Number(value) : value];
        }),
      );
    });
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
