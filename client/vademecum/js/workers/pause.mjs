// @ts-check
/** The pause of an update, kept in the sync worker: it is for one update, by its number, even before that begins. */

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
