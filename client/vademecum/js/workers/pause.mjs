// @ts-check
/** The pause of an update, as the sync worker keeps it: it is for one update by its number, whether that has begun or not. */

export class Pause {
  #told = 0;
  #running = 0;

  /** @param {number} [turn] the number of the update that begins; 0: a command that nobody pauses */
  begin(turn = 0) {
    this.#running = turn;
  }

  /** @param {number} turn the update that is to begin no further object */
  tell(turn) {
    this.#told = turn;
  }

  get permitted() {
    return this.#running === 0 || this.#running !== this.#told;
  }
}
