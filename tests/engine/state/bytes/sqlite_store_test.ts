import { StateFile } from "../../../../src/engine/state/bytes/state_file.ts";
import { SqliteKeyValueStore } from "../../../../src/engine/state/bytes/sqlite_key_value_store.ts";
import { SqliteWindowStore } from "../../../../src/engine/state/bytes/sqlite_window_store.ts";
import { withDirectory } from "../../../support/temporary_directory.ts";
import { keyValueStoreContract } from "./key_value_store_contract.ts";
import { windowStoreContract } from "./window_store_contract.ts";

function withFile(body: (file: StateFile) => void): void {
  withDirectory((directory) => {
    const file = new StateFile(`${directory}/0_0.sqlite`, { guarantee: "at_least_once", now: Date.now });
    try {
      body(file);
    } finally {
      file.close(true);
    }
  });
}

keyValueStoreContract(
  "key-value store on disk",
  (body, retentionMs, onExpired) =>
    withFile((file) =>
      body(
        new SqliteKeyValueStore(file, {
          name: "s",
          changelog: "c",
          retentionMs: retentionMs ?? Infinity,
          onExpired,
        }),
      )
    ),
  2_000,
);

windowStoreContract(
  "window store on disk",
  (body, retentionMs) =>
    withFile((file) => body(new SqliteWindowStore(file, { name: "s", changelog: "c", retentionMs }))),
  1_000,
);
