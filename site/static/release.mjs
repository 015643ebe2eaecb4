// @ts-check
/** The release page: the command with this site's own address in it. */

import { byId } from "./dom.mjs";

byId("address").textContent = new URL(".", document.baseURI).href;
