// What a paired phone keeps for the hours without a network, in IndexedDB: of each list of its doors what it accepts, the beginnings of
// lookups, sealed records and who passed, and the scans that no server has yet. No name, no address, no code and no nonce of a ticket.
import type { Bytes } from "./_ticket";
import type { Rules } from "./_rules";

// DoorList is what the server says of a door.
export interface DoorList {
  list: Rules & { id: string; name: string; starts_at: string | null; ends_at: string | null; ticket_types: number[]; add_ons: string[] };
  event: { number: number; title: string; time_zone: string };
  keys: { id: number; public: string }[];
  ticket_types: { number: number; id: string; name: string }[];
  add_ons: { id: string; name: string }[];
}

// Known is what is kept of a list beside its rows.
export interface Known {
  door?: DoorList;
  tickets?: string; // cursors: how far we read
  records?: string;
  chunk: number; // the newest
  synced?: number; // when the server was heard last, by its clock
}

// Past is when a ticket passed this door, in minutes from 1970.
export interface Past {
  entries: number[];
  exits: number[];
  inside: boolean;
  entered_at: string; // RFC 3339, "" for never
  gate: string;
}

// Waiting is a scan that this door decided and no server has.
export interface Waiting {
  list: string;
  nonce: string;
  number: number; // of the ticket
  lookup: string;
  direction: string;
  gate: string;
  scanned_at: string; // by this phone's clock
  skew_ms: number; // what was known then to be missing from it
  result: string;
  reason: string;
  refused?: string; // by the server, in its words: it cannot be taken, and sending it again does not help
}

// Change is what of the tickets changed: "" for one that may come in, else why not; null for one to be forgotten.
export type Change = [short: string, state: string];

type Stores = "lists" | "chunks" | "records" | "passes" | "waiting" | "clock";

export class Kept {
  private constructor(private db: IDBDatabase) {}

  // open fails where the browser keeps nothing, as some private windows do.
  static async open(): Promise<Kept> {
    const kept = new Kept(await opened());
    void navigator.storage?.persist?.().catch(() => false); // the browser may need the place
    return kept;
  }

  async known(list: string): Promise<Known> {
    return ((await done(this.read("lists").get(list))) as Known | undefined) ?? { chunk: 0 };
  }

  // tickets replays what was kept of a list's tickets.
  async tickets(list: string): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    for (const chunk of (await done(this.read("chunks").getAll(of(list)))) as { valid: string; others: Change[] }[]) {
      for (let at = 0; at < chunk.valid.length; at += 32) all.set(chunk.valid.slice(at, at + 32), "");
      for (const [short, state] of chunk.others) all.set(short, state);
    }
    return all;
  }

  async passes(list: string): Promise<Map<string, Past>> {
    const store = this.read("passes");
    const [keys, rows] = await Promise.all([done(store.getAllKeys(of(list))), done(store.getAll(of(list)))]);
    return new Map(keys.map((key, i) => [(key as string[])[1] ?? "", rows[i] as Past]));
  }

  async record(list: string, short: string): Promise<Bytes | undefined> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return await done(this.read("records").get([list, short]));
      } catch {
        this.db = await opened(); // the browser had closed it
      }
    }
    return undefined;
  }

  async note(list: string, known: Known): Promise<void> {
    await this.write(["lists"], (store) => store("lists").put(known, list));
  }

  // learn keeps what changed and how far we read, at once or not at all.
  async learn(list: string, known: Known, valid: string[], others: Change[], passes: [string, Past | null][], reset: boolean): Promise<void> {
    await this.write(["lists", "chunks", "passes"], (store) => {
      if (reset) for (const name of ["chunks", "passes"] as const) store(name).delete(of(list));
      if (valid.length + others.length > 0) store("chunks").put({ valid: valid.join(""), others }, [list, ++known.chunk]);
      for (const [short, past] of passes) {
        if (past) store("passes").put(past, [list, short]);
        else store("passes").delete([list, short]);
      }
      store("lists").put(known, list);
    });
  }

  async learnRecords(list: string, known: Known, records: [string, Bytes][], reset: boolean): Promise<void> {
    await this.write(["lists", "records"], (store) => {
      if (reset) store("records").delete(of(list));
      for (const [short, sealed] of records) store("records").put(sealed, [list, short]);
      store("lists").put(known, list);
    });
  }

  // queue keeps a scan before anybody sees its answer: on the disk, where the browser can say so.
  async queue(scan: Waiting): Promise<IDBValidKey> {
    let added: IDBRequest<IDBValidKey> | undefined;
    await this.write(["waiting"], (store) => (added = store("waiting").add(scan)), "strict");
    return added?.result ?? 0;
  }

  async waiting(): Promise<[IDBValidKey, Waiting][]> {
    const store = this.read("waiting");
    const [keys, rows] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    return keys.map((key, i) => [key, rows[i] as Waiting]);
  }

  // settle forgets scans that the server has, keeps what it says of others, and what became of their tickets.
  async settle(list: string, taken: IDBValidKey[], refused: [IDBValidKey, Waiting][], passes: [string, Past][]): Promise<void> {
    await this.write(["waiting", "passes"], (store) => {
      for (const key of taken) store("waiting").delete(key);
      for (const [key, scan] of refused) store("waiting").put(scan, key);
      for (const [short, past] of passes) store("passes").put(past, [list, short]);
    });
  }

  async skew(): Promise<number> {
    return (await done(this.read("clock").get("skew"))) ?? 0;
  }

  async keepSkew(ms: number): Promise<void> {
    await this.write(["clock"], (store) => store("clock").put(ms, "skew"));
  }

  // forget drops everything that is known of tickets. Scans that wait stay: nobody else has them.
  async forget(): Promise<void> {
    await this.write(["lists", "chunks", "records", "passes"], (store) => {
      for (const name of ["lists", "chunks", "records", "passes"] as const) store(name).clear();
    });
  }

  private read(name: Stores): IDBObjectStore {
    return this.db.transaction(name).objectStore(name);
  }

  // write opens the store again where the browser has closed it, as some do with a page that was in the background.
  private async write(names: Stores[], work: (store: (name: Stores) => IDBObjectStore) => void, durability: IDBTransactionDurability = "default"): Promise<void> {
    try {
      await this.written(names, work, durability);
    } catch {
      this.db.close();
      this.db = await opened();
      await this.written(names, work, durability);
    }
  }

  private written(names: Stores[], work: (store: (name: Stores) => IDBObjectStore) => void, durability: IDBTransactionDurability): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction(names, "readwrite", { durability });
      tx.oncomplete = () => resolve();
      tx.onabort = tx.onerror = () => reject(tx.error ?? new Error("nothing was kept"));
      work((name) => tx.objectStore(name));
    });
  }
}

// untold is how many scans wait on this phone that a server can take, of whichever pairing.
export async function untold(): Promise<number> {
  try {
    const db = await opened();
    const waiting = (await done(db.transaction("waiting").objectStore("waiting").getAll())) as Waiting[];
    db.close();
    return waiting.filter((scan) => !scan.refused).length;
  } catch {
    return 0; // this browser keeps nothing
  }
}

async function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open("turnout-door", 1);
  request.onupgradeneeded = () => {
    for (const store of ["lists", "chunks", "records", "passes", "clock"]) request.result.createObjectStore(store);
    request.result.createObjectStore("waiting", { autoIncrement: true });
  };
  const db = await done(request);
  db.onversionchange = () => db.close();
  return db;
}

const of = (list: string): IDBKeyRange => IDBKeyRange.bound([list], [list, []]);

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("nothing can be kept here"));
  });
}
