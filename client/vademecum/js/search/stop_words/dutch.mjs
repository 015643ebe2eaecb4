// @ts-check
/** Dutch words that say little in a question; search/stop_words.py reads them between the backticks. */

export const dutch = `
  aan al als ben bij dan dat de der deze die dit doen door dus een en er geen had heb hebben heeft het hier
  hij hoe ik in is ja je kan kunnen maar mag maken me meer met mij mijn moet na naar niet nog nu of om ook
  op over te tot uit van voor waar waarom want was wat we welke werd wie wij wil worden wordt ze zich zijn
  zo zonder`;
