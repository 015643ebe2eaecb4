// @ts-check
/** Calls across a worker's messages, the worker's end (rpc.mjs): it needs nothing of a network. */

import { plainError, VademecumError } from "../errors.mjs";

/** @typedef {{id: number, command: string, args: any}} Request */
/** @typedef {(args: any) => unknown} Handler */
/** @typedef {{postMessage(message: unknown): void, addEventListener(type: "message", listener: (event: MessageEvent) => void): void}} Port */

/** Answer what a caller asks.
 * @param {Port} port @param {Record<string, Handler>} handlers @param {object} [options]
 * @param {boolean} [options.oneByOne] a command begins when the one before it has ended
 * @param {string[]} [options.atOnce] commands that begin at once all the same */
export function serve(port, handlers, { oneByOne = false, atOnce = [] } = {}) {
  let before = Promise.resolve();
  port.addEventListener("message", ({ data }) => {
    if (atOnce.includes(data.command)) return void answer(port, handlers, data);
    const turn = (oneByOne ? before : Promise.resolve()).then(() => answer(port, handlers, data));
    before = turn;
  });
}

/** @param {Port} port @param {Record<string, Handler>} handlers @param {Request} request */
async function answer(port, handlers, { id, command, args }) {
  try {
    if (!Object.hasOwn(handlers, command)) throw new VademecumError("usage", `there is no command "${command}"`);
    port.postMessage({ id, result: await handlers[command](args) });
  } catch (error) {
    port.postMessage({ id, error: plainError(error) });
  }
}
