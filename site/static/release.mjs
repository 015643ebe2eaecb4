// @ts-check
/** The release page: the command with this site's own address in it. */

const address = document.getElementById("address");
if (address) address.textContent = new URL(".", document.baseURI).href;
