// Where the exchange that is selected stands in the list.
import { getJSON, query, type Spot } from './api';
import type { List } from './list.svelte';

/** How often, and how long apart, the server is asked for what it has not sorted yet. */
const tries = 20;
const pause = 250;

export class Selected {
  /** Its ordinal, when that is known. */
  ordinal = $state<number | undefined>(undefined);
  /** The ordinal of a row that is to be selected as soon as it is here. */
  pending = $state<number | undefined>(undefined);
  /** The ordinal that the list is to show, once. */
  reveal = $state<number | undefined>(undefined);
  /** The filter does not let it through. */
  hidden = $state(false);

  #list: List;
  #asked = 0;

  constructor(list: List) {
    this.#list = list;
  }

  at(ordinal: number): void {
    this.#asked++;
    this.ordinal = ordinal;
    this.reveal = ordinal;
    this.hidden = false;
  }

  forget(): void {
    this.#asked++;
    this.ordinal = undefined;
    this.pending = undefined;
    this.reveal = undefined;
    this.hidden = false;
  }

  /** Asks where an exchange stands, and has the list show it there. */
  async find(seq: number): Promise<void> {
    this.forget();
    const asked = this.#asked;
    for (let n = 0; n < tries && asked === this.#asked; n++) {
      const { filter, order, down } = this.#list;
      let spot: Spot;
      try {
        spot = await getJSON<Spot>(query(`exchanges/${seq}/place`, { filter, order, down }));
      } catch {
        return; // the details or the filter say what is wrong
      }
      if (asked !== this.#asked) return;
      if (spot.spot === 'listed') this.show(spot.ordinal);
      this.hidden = spot.spot === 'hidden';
      if (spot.spot !== 'later') return;
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  private show(ordinal: number): void {
    if (this.#list.loading || ordinal < this.#list.end - 1) this.#list.setFollow(false);
    this.ordinal = ordinal;
    this.reveal = ordinal;
  }
}
